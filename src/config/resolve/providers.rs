//! Providers: headers that do not contradict each other.

use std::sync::Arc;

use super::super::credential::Credential;
use super::super::error::{Diagnostics, Path, quoted};
use super::super::headers::HeaderNames;
use super::super::provider::Provider;
use super::super::raw::{ByName, Raw};
use super::lists::given;
use super::{credentials, timeouts};

/// Headers that frame a message or name its target; this filter or Envoy owns them.
const FRAMING: [&str; 4] = ["connection", "content-length", "host", "transfer-encoding"];

/// Refuses settings of headers that contradict each other, credentials in the wrong place, and times
/// that cannot be kept.
#[inline(never)]
pub(super) fn check(raw: &Raw, findings: &mut Diagnostics) {
    let at = Path::Root.key("providers");
    for (name, provider) in given(&raw.providers) {
        check_headers(&at.key(name), provider, findings);
    }
    credentials::check(raw, findings);
    timeouts::check(raw, findings);
}

/// Returns the providers with their names, sorted by name. Their places are the ids that
/// deployments refer to.
#[inline(never)]
pub(super) fn named(providers: ByName<Provider>) -> Arc<[Provider]> {
    let providers = providers.into_iter();
    providers.filter_map(|(name, provider)| Some(Provider { name, ..provider? })).collect()
}

/// Refuses to set headers of this filter's own, which it would remove or overwrite later.
#[inline(never)]
pub(super) fn check_own(
    providers: &ByName<Provider>,
    own: &HeaderNames,
    findings: &mut Diagnostics,
) {
    for (name, provider) in given(providers) {
        let at = Path::Root.key("providers");
        let at = at.key(name);
        let (headers, credential) = (at.key("headers"), at.key("credential"));
        let set = provider.headers.iter().map(|(name, _)| (headers.key(name), name.as_str()));
        let names = provider.credential.iter().flat_map(Credential::header_names);
        let secret = names.map(|name| (credential.key("header"), name));
        for (at, name) in set.chain(secret) {
            // The names that hold now: a name that was given up by renaming is free.
            if own.all().contains(&name) {
                let message = format!(
                    "{} is a header that the filter itself uses; choose another header, or rename \
                     the filter's in \"headers\"",
                    quoted(name)
                );
                findings.problem(&at, message);
            }
        }
    }
}

/// Refuses two settings of one header, because the order of steps would decide which one wins.
fn check_headers(at: &Path<'_>, provider: &Provider, findings: &mut Diagnostics) {
    let credential = provider.credential.as_ref();
    let secret = credential.map(Credential::header_names).unwrap_or_default();
    let headers = at.key("headers");
    for (name, _) in &provider.headers {
        check_framing(&headers.key(name), name, findings);
        // Both are set in one step, and their order would decide which stays.
        if secret.contains(&name.as_str()) {
            findings
                .problem(&headers.key(name), "is already set by credential; set it in one place");
        }
    }
    let removed = at.key("remove_headers");
    for (index, name) in provider.remove_headers.iter().enumerate() {
        check_framing(&removed.index(index), name, findings);
        let is_set = provider.headers.iter().any(|(set, _)| set == name);
        if is_set || secret.contains(&name.as_str()) {
            let message = format!(
                "{} is also set by headers or credential; either set it or remove it",
                quoted(name)
            );
            findings.problem(&removed.index(index), message);
        }
    }
    for secret in secret {
        check_framing(&at.key("credential").key("header"), secret, findings);
    }
}

/// Refuses a header that frames messages or names their target.
fn check_framing(at: &Path<'_>, name: &str, findings: &mut Diagnostics) {
    if FRAMING.contains(&name) {
        // Envoy keeps the host in `:authority`, which has a key of its own.
        let hint = if name == "host" { "; use authority instead" } else { "" };
        findings.problem(
            at,
            format!("{} cannot be configured, because Envoy sets it{hint}", quoted(name)),
        );
    }
}
