//! Warnings of vendors' providers without a host: a request there carries the client's.
//!
//! Decides which providers are a vendor's, and names a host of each API as an example (`vendors`). A server of
//! one's own answers whatever the host is, so it needs none.

use super::super::configuration::Config;
use super::super::credential::{Credential, EnvoyTask};
use super::super::error::{Diagnostics, Path, quoted};
use super::super::provider::{Api, Provider};
use super::vendors;
use crate::request::credential::{Carries, of_header};

/// Warns of each provider of a vendor that has no `authority`.
pub(super) fn warn(config: &Config, findings: &mut Diagnostics) {
    let at = Path::Root.key("providers");
    for provider in config.providers.iter() {
        let Some(host) = missing(provider) else { continue };
        let message = format!(
            "is not set, so the provider gets the client's Host header; write the provider's host, \
             such as {}",
            quoted(&host)
        );
        findings.warn(&at.key(&provider.name).key("authority"), message);
    }
}

/// Returns an example of the host that a provider lacks; `None` where it has one, and for a server of
/// one's own: no credential goes there, and its API is not a single vendor's.
pub(crate) fn missing(provider: &Provider) -> Option<String> {
    if provider.authority.is_some() {
        return None;
    }
    if let Some(vendor) = vendors::of_api(provider.api) {
        return Some(vendor.example(region(provider).unwrap_or("us-east-1")));
    }
    let host = if provider.api == Api::Ollama { "ollama.com" } else { "api.openai.com" };
    has_key(provider).then(|| host.to_owned())
}

/// Whether requests to a provider carry a key: the proxy's, or the client's own.
fn has_key(provider: &Provider) -> bool {
    let is_key = |name: &String| of_header(name) == Some(Carries::Key);
    provider.credential.is_some() || provider.keep.iter().any(is_key)
}

/// Returns the region that requests to a provider are signed for, if the document says it.
fn region(provider: &Provider) -> Option<&str> {
    match provider.credential.as_ref().and_then(Credential::envoy)?.task()? {
        EnvoyTask::Sign { region, .. } => region,
        _ => None,
    }
}
