//! Credentials that a filter of Envoy's adds: keys that belong together, and clusters where nothing
//! else gets that credential.
//!
//! Such a filter stands in a cluster. It knows neither providers nor who has judged a request, so
//! whatever reaches the cluster gets the credential.

use super::super::credential::{Credential, EnvoyCredential};
use super::super::error::{Diagnostics, Path, quoted};
use super::super::provider::Provider;
use super::super::raw::Raw;
use super::lists::given;

/// Refuses what would give a credential to a request that it is not for, or leave one without it.
#[inline(never)]
pub(super) fn check(raw: &Raw, findings: &mut Diagnostics) {
    let root = Path::Root;
    let providers = root.key("providers");
    for (name, provider) in given(&raw.providers) {
        let Some(envoy) = provider.credential.as_ref().and_then(Credential::envoy) else {
            continue;
        };
        let at = providers.key(name);
        let credential = at.key("credential");
        for (key, message) in envoy.problems() {
            let at = credential.key(key);
            // A value that was reported is left out, and not missing.
            if !findings.is_reported(&at) {
                findings.problem(&at, message);
            }
        }
        check_tokens(raw, envoy, &credential, findings);
        check_kept(&at, provider, findings);
        check_shared(raw, (name, provider), findings);
        check_listener(raw, envoy, &credential, findings);
    }
}

/// Refuses to get tokens at a provider, where Envoy's own request would pass the filters of attempts
/// and wait for the token that it asks for.
fn check_tokens(raw: &Raw, envoy: &EnvoyCredential, at: &Path<'_>, findings: &mut Diagnostics) {
    let Some(cluster) = &envoy.token_cluster else { return };
    if let Some((name, _)) = given(&raw.providers).find(|(_, one)| one.cluster == *cluster) {
        let message = format!(
            "{} is the cluster of provider {}; name a cluster that receives no requests from \
             clients",
            quoted(cluster),
            quoted(name)
        );
        findings.problem(&at.key("token_cluster"), message);
    }
}

/// Refuses to keep the client's value of a header that Envoy's filter sets. The signer adds its own
/// beside it, and the injector may leave the client's there.
fn check_kept(at: &Path<'_>, provider: &Provider, findings: &mut Diagnostics) {
    let names = provider.credential.iter().flat_map(Credential::header_names);
    let names: Vec<&str> = names.collect();
    let keep = at.key("keep");
    for (index, kept) in provider.keep.iter().enumerate() {
        if names.contains(&kept.as_str()) {
            let message = format!("{} is set by credential; remove it from keep", quoted(kept));
            findings.problem(&keep.index(index), message);
        }
    }
}

/// Refuses a cluster that others use with another credential, or that requests reach which the
/// filter has not judged.
fn check_shared(raw: &Raw, of: (&str, &Provider), findings: &mut Diagnostics) {
    let (name, provider) = of;
    let (root, cluster) = (Path::Root, quoted(&provider.cluster));
    let mut users = given(&raw.providers).filter(|(_, one)| one.cluster == provider.cluster);
    let other = users.find(|(_, one)| one.credential != provider.credential);
    let envoy = provider.credential.as_ref().and_then(Credential::envoy);
    let filter = envoy.map_or("", |envoy| envoy.envoy.name());
    if let Some((other, _)) = other {
        let message = format!(
            "{cluster} is also the cluster of provider {}, so {filter} would add this credential \
             to its requests too; give this provider a cluster of its own",
            quoted(other)
        );
        findings.problem(&root.key("providers").key(name).key("cluster"), message);
    }
    if raw.settings.default_cluster.as_deref() == Some(&provider.cluster) {
        let message = format!(
            "in the cluster {cluster}, {filter} adds the credential of provider {} to every \
             request, even to requests that the filter does not read; name another cluster",
            quoted(name)
        );
        findings.problem(&root.key("default_cluster"), message);
    }
}

/// Refuses a filter that runs once, before all attempts, where there are attempts.
fn check_listener(raw: &Raw, envoy: &EnvoyCredential, at: &Path<'_>, findings: &mut Diagnostics) {
    if !envoy.envoy.is_upstream() && raw.settings.failover.has_attempts() {
        let message = format!(
            "Envoy runs {} only in a listener, once before all attempts, so it cannot serve \
             several attempts; set failover.max_attempts to 1 without an attempt filter, or use \
             another credential",
            envoy.envoy.name()
        );
        findings.problem(&at.key("envoy"), message);
    }
}
