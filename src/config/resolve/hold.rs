//! What a configuration may ask for where the head of a request has gone on before
//! the decision.
//!
//! Two ways are left: the attempt filter changes the head, or nothing has to be changed
//! of it. What fits neither is refused here, so that no request meets it.

use super::super::error::{Diagnostics, Path};
use super::super::provider::Provider;
use super::super::raw::{Raw, RawUnknownModel, Settings};
use super::super::settings::{BodyPolicy, Hold};
use super::lists::given;

/// Refuses what cannot be done for a head that has gone on.
#[inline(never)]
pub(super) fn check(raw: &Raw, findings: &mut Diagnostics) {
    let settings = &raw.settings;
    // Envoy holds the head back until the decision is made, so everything in it can be changed.
    if settings.hold == Hold::StopIteration {
        return;
    }
    // The attempt filter can change the head after the decision.
    if settings.failover.has_attempts() {
        refuse_passing(settings, findings);
    } else {
        refuse_changes(raw, findings);
    }
}

/// Refuses to let requests pass unchanged. Their head goes to the attempt filter without the
/// client's credential, before the body is read. A request that then turns out to pass would arrive
/// without its credential.
fn refuse_passing(settings: &Settings, findings: &mut Diagnostics) {
    let root = Path::Root;
    let limits = root.key("limits");
    let is_passing = |policy: BodyPolicy| policy == BodyPolicy::PassThrough;
    for (at, is_passing) in [
        (limits.key("on_oversize"), is_passing(settings.limits.on_oversize)),
        (limits.key("on_unparsable"), is_passing(settings.limits.on_unparsable)),
        (root.key("unknown_model"), matches!(settings.unknown_model, RawUnknownModel::PassThrough)),
    ] {
        if is_passing {
            let message = "\"pass_through\" does not work with \"hold\": \"buffer_filter\" and an \
                           attempt filter, because the client's credential is removed before the \
                           body is read; allowed: \"reject\"";
            findings.problem(&at, message);
        }
    }
}

/// Refuses what changes the head of requests, where no attempt filter does it.
fn refuse_changes(raw: &Raw, findings: &mut Diagnostics) {
    let root = Path::Root;
    let providers = root.key("providers");
    for (name, provider) in given(&raw.providers) {
        let at = providers.key(name);
        for key in changes(provider) {
            refuse_change(&at.key(key), findings);
        }
    }
    let routes = root.key("routes");
    for (index, route) in raw.routes.iter().enumerate() {
        let then = route.as_ref().and_then(|route| route.then.as_ref());
        if then.is_some_and(|then| then.disable_cache) {
            let route = routes.index(index);
            refuse_change(&route.key("then").key("disable_cache"), findings);
        }
    }
}

/// Reports a key that has the head changed, with the two ways out.
fn refuse_change(at: &Path<'_>, findings: &mut Diagnostics) {
    let message = "changes request headers, but with \"hold\": \"buffer_filter\" the headers go \
                   on before the decision; let an attempt filter change them \
                   (failover.max_attempts above 1, or \"failover\": {\"attempt_filter\": true}), \
                   or set \"hold\": \"stop_iteration\"";
    findings.problem(at, message);
}

/// Returns the keys by which a provider has the head changed.
fn changes(provider: &Provider) -> impl Iterator<Item = &'static str> {
    [
        ("authority", provider.authority.is_some()),
        ("path_prefix", !provider.path_prefix.is_empty()),
        ("path", provider.path.is_some()),
        ("credential", provider.credential.is_some()),
        ("headers", !provider.headers.is_empty()),
        ("remove_headers", !provider.remove_headers.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, is_given)| is_given.then_some(key))
}
