//! The vendors' hosts: which API each speaks on its own paths, and where it reads a key.
//!
//! The one table for warnings of APIs, hosts and keys. Knows no document.

use super::super::provider::{Api, Provider};

/// A vendor's service.
#[derive(Debug)]
pub(super) struct Vendor {
    host: Host,
    /// What it speaks on its own paths; `None`: OpenAI's API, with or without the Responses.
    pub(super) api: Option<Api>,
    /// The header that it reads a key from.
    pub(super) header: &'static str,
}

/// How a vendor's hosts are known.
#[derive(Debug)]
enum Host {
    /// The whole name.
    Is(&'static str),
    /// How the name ends: each customer has another one.
    EndsWith(&'static str),
    /// How the name begins and ends: each region has another one.
    Between(&'static str, &'static str),
}
use Host::{Between, EndsWith, Is};

/// The header of keys that are bearer tokens.
pub(super) const AUTHORIZATION: &str = "authorization";

const fn vendor(host: Host, api: Api, header: &'static str) -> Vendor {
    Vendor { host, api: Some(api), header }
}

/// A vendor with OpenAI's API.
const fn like_openai(host: &'static str) -> Vendor {
    Vendor { host: Is(host), api: None, header: AUTHORIZATION }
}

static VENDORS: [Vendor; 15] = [
    vendor(Is("api.anthropic.com"), Api::Anthropic, "x-api-key"),
    vendor(Is("generativelanguage.googleapis.com"), Api::Gemini, "x-goog-api-key"),
    vendor(EndsWith(".openai.azure.com"), Api::Azure, "api-key"),
    vendor(Is("api.cohere.com"), Api::Cohere, AUTHORIZATION),
    vendor(Is("api.cohere.ai"), Api::Cohere, AUTHORIZATION),
    vendor(Between("bedrock-runtime", ".amazonaws.com"), Api::Bedrock, AUTHORIZATION),
    like_openai("api.openai.com"),
    like_openai("aiplatform.googleapis.com"),
    like_openai("api.groq.com"),
    like_openai("api.deepseek.com"),
    like_openai("api.x.ai"),
    like_openai("api.mistral.ai"),
    like_openai("openrouter.ai"),
    like_openai("api.together.xyz"),
    like_openai("api.fireworks.ai"),
];

impl Vendor {
    fn has(&self, host: &str) -> bool {
        match self.host {
            Is(name) => host == name,
            EndsWith(end) => host.ends_with(end),
            Between(start, end) => host.starts_with(start) && host.ends_with(end),
        }
    }

    /// Returns a host of the vendor, as an example. `region` is in the hosts of a vendor with regions.
    pub(super) fn example(&self, region: &str) -> String {
        match self.host {
            Is(name) => name.to_owned(),
            EndsWith(end) => format!("RESOURCE{end}"),
            Between(start, end) => format!("{start}.{region}{end}"),
        }
    }
}

/// Returns the vendor whose host a provider's authority names; `None` for other hosts, and where there is
/// no authority. The authority may have a port.
pub(super) fn of_authority(provider: &Provider) -> Option<&'static Vendor> {
    let authority = provider.authority.as_deref()?;
    let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
    VENDORS.iter().find(|vendor| vendor.has(&host))
}

/// Returns the vendor that alone has an API; `None` for an API of many.
pub(super) fn of_api(api: Api) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.api == Some(api))
}
