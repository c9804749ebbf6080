//! Providers: headers that do not contradict each other.

use super::super::error::{Findings, Path, quoted};
use super::super::raw::{self, Named};
use super::super::{Credential, HeaderNames, Provider};
use super::{pairs, present};

/// Headers that frame a message or name its target; this filter or Envoy owns them.
const FRAMING: [&str; 4] = ["connection", "content-length", "host", "transfer-encoding"];

/// Resolves every provider, sorted by name.
pub(super) fn resolve(providers: &Named<raw::Provider>, findings: &mut Findings) -> Vec<Provider> {
    let at = Path::Root.key("providers");
    let providers = providers.iter().filter_map(|(name, raw)| Some((name, raw.as_ref()?)));
    providers.map(|(name, raw)| provider(&at.key(name), name, raw, findings)).collect()
}

fn provider(at: &Path<'_>, name: &str, raw: &raw::Provider, findings: &mut Findings) -> Provider {
    let provider = Provider {
        name: name.to_owned(),
        cluster: raw.cluster.clone().unwrap_or_default(),
        api: raw.api,
        authority: raw.authority.clone(),
        path_prefix: raw.path_prefix.clone(),
        path: raw.path.clone(),
        credential: raw.credential.as_ref().map(|credential| Credential {
            env: credential.env.clone().unwrap_or_default(),
            header: credential.header.clone(),
            prefix: credential.prefix.clone(),
        }),
        headers: pairs(&raw.headers),
        remove_headers: present(&raw.remove_headers),
    };
    check_headers(at, &provider, findings);
    provider
}

/// A header of this filter's own is taken off again, or written over.
pub(super) fn check_own(providers: &[Provider], own: &HeaderNames, findings: &mut Findings) {
    for provider in providers {
        let at = Path::Root.key("providers");
        let at = at.key(&provider.name);
        let (headers, credential) = (at.key("headers"), at.key("credential"));
        let set = provider.headers.iter().map(|(name, _)| (headers.key(name), name));
        let secret = provider.credential.iter().map(|one| (credential.key("header"), &one.header));
        for (at, name) in set.chain(secret) {
            if own.all().contains(&name.as_str()) {
                let message = format!("{} is a header of this filter's own", quoted(name));
                findings.problem(&at, message);
            }
        }
    }
}

/// Which of two settings of one header would win is not left to chance.
fn check_headers(at: &Path<'_>, provider: &Provider, findings: &mut Findings) {
    let secret = provider.credential.as_ref().map(|credential| credential.header.as_str());
    let headers = at.key("headers");
    for (name, _) in &provider.headers {
        check_framing(&headers.key(name), name, findings);
        if secret == Some(name) {
            findings.problem(&headers.key(name), "is already set by credential; set it once");
        }
    }
    let removed = at.key("remove_headers");
    for (index, name) in provider.remove_headers.iter().enumerate() {
        check_framing(&removed.index(index), name, findings);
        let is_set = provider.headers.iter().any(|(set, _)| set == name);
        if is_set || secret == Some(name) {
            let message = format!("{} is also set; set it or remove it", quoted(name));
            findings.problem(&removed.index(index), message);
        }
    }
    if let Some(secret) = secret {
        check_framing(&at.key("credential").key("header"), secret, findings);
    }
}

fn check_framing(at: &Path<'_>, name: &str, findings: &mut Findings) {
    if FRAMING.contains(&name) {
        let hint = if name == "host" { "; use authority" } else { "" };
        findings.problem(at, format!("{} is not for configuration{hint}", quoted(name)));
    }
}
