//! Warnings of keys that a vendor does not find: they are sent in another header, or in another form.
//!
//! Knows how the vendors of `vendors` read keys. What other servers read is up to them.

use super::super::configuration::Config;
use super::super::credential::{Credential, EnvoyTask};
use super::super::error::{Diagnostics, Path, quoted};
use super::super::provider::{Api, Provider};
use super::vendors::{self, AUTHORIZATION, Vendor};

/// The text before a bearer token.
const BEARER: &str = "Bearer ";

/// A key that its vendor does not find.
pub(crate) struct Misplaced {
    /// What happens to it, to stand after the path of the credential.
    pub(crate) what: String,
    /// What to write.
    pub(crate) instead: String,
}

/// Warns of each provider whose credential its vendor would not find.
pub(super) fn warn(config: &Config, findings: &mut Diagnostics) {
    let at = Path::Root.key("providers");
    for provider in config.providers.iter() {
        if let Some(Misplaced { what, instead }) = misplaced(provider) {
            let message = format!("{what}; {instead}");
            findings.warn(&at.key(&provider.name).key("credential"), message);
        }
    }
}

/// Returns what is wrong with how a provider's key is sent; `None` where nothing is, or where it is not
/// known what the provider reads.
pub(crate) fn misplaced(provider: &Provider) -> Option<Misplaced> {
    let (header, prefix) = sent(provider)?;
    let wanted = wanted(provider)?;
    let wanted_prefix = if wanted == AUTHORIZATION { BEARER } else { "" };
    if header.eq_ignore_ascii_case(wanted) && prefix.eq_ignore_ascii_case(wanted_prefix) {
        return None;
    }
    let form = |header: &str, prefix: &str| quoted(&format!("{header}: {prefix}KEY"));
    let whose = provider.authority.as_deref().unwrap_or("the vendor");
    let what = format!(
        "is sent as {}, but {whose} reads {}, so it refuses each request",
        form(header, prefix),
        form(wanted, wanted_prefix)
    );
    let instead = if wanted == AUTHORIZATION {
        "leave out \"header\" and \"prefix\" of the credential".to_owned()
    } else {
        // Such a token looks like any other secret.
        let unless = if header == AUTHORIZATION { ", unless this is an OAuth token" } else { "" };
        format!("write \"header\": {}, \"prefix\": \"\"{unless}", quoted(wanted))
    };
    Some(Misplaced { what, instead })
}

/// Returns the header that carries a provider's key, and the text before the key; `None` where it is no
/// fixed secret.
fn sent(provider: &Provider) -> Option<(&str, &str)> {
    match provider.credential.as_ref()? {
        Credential::Secret(secret) => Some((&secret.header, &secret.prefix)),
        Credential::Envoy(envoy) => match envoy.task()? {
            EnvoyTask::Send { header, prefix, .. } => Some((header, prefix)),
            _ => None,
        },
    }
}

/// Returns the header that a provider reads its key from, if that is known.
fn wanted(provider: &Provider) -> Option<&'static str> {
    let vendor = match provider.authority {
        Some(_) => vendors::of_authority(provider)?,
        None => vendors::of_api(provider.api)?,
    };
    is_own_api(provider, vendor).then_some(vendor.header)
}

/// Whether requests go to a vendor's own API, as far as that matters: OpenAI's on the same host reads
/// bearer tokens as well.
fn is_own_api(provider: &Provider, vendor: &Vendor) -> bool {
    if vendor.header == AUTHORIZATION {
        // Some of them have Anthropic's API as well, with its header.
        return vendor.api.is_some() || matches!(provider.api, Api::OpenAi | Api::OpenAiChat);
    }
    let is_v1 = provider.path.as_deref().is_some_and(|path| path.starts_with("/openai/v1"));
    let is_changed = provider.path.is_some() || !provider.path_prefix.is_empty();
    match vendor.api {
        Some(Api::Azure) => provider.api == Api::Azure && !is_v1,
        // With the usual path, `openai` is a mistake that is warned of at `api`.
        Some(api) => provider.api == api || provider.api == Api::OpenAi && !is_changed,
        None => false,
    }
}
