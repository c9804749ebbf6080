//! Whether a client can choose which tenant its requests are billed to.
//!
//! Decides whether something before the filter may set, check or remove the header that names
//! the tenant. Lint cannot see what a program or a service does with the header, so it takes each of
//! them for one that does.

use crate::config::Config;

use super::code::LintCode;
use super::report::LintReport;
use super::scene::{Listener, Manager, Scene, kind};
use crate::yaml::At;

/// Types of filters that run a program or ask a service, which may set any header.
const ANYTHING: [&str; 7] =
    ["ExtAuthz", "Wasm", "Lua", "Config", "ExternalProcessor", "DynamicModuleFilter", "Composite"];

/// Types of filters that act on a header only if their configuration names it.
const BY_NAME: [&str; 4] = ["JwtAuthentication", "ApiKeyAuth", "BasicAuth", "RBAC"];

/// Checks every listener that clients can reach, where budgets of tenants are in force.
pub(super) fn check(scene: &Scene, config: &Config, report: &mut LintReport) {
    if config.limits.tenants.is_none() {
        return;
    }
    let reachable = |listener: &&Listener| !listener.is_local;
    for manager in scene.listeners.iter().filter(reachable).flat_map(|one| &one.managers) {
        if !is_settled(manager, &config.headers.tenant) {
            complain(manager, &config.headers.tenant, report);
        }
    }
}

/// Returns whether something before the filter may decide what the header says.
///
/// `internal_only_headers` counts too: Envoy removes such a header from what clients send.
fn is_settled(manager: &Manager, header: &str) -> bool {
    let early = manager.at.get("early_header_mutation_extensions").items();
    let early = early.iter().any(|one| mutates(&one.get("typed_config").typed().1, header));
    let internal = manager.at.get("route_config.internal_only_headers");
    early
        || names(&internal, header)
        || manager.before.iter().any(|one| settles(manager, one, header))
}

/// Returns whether a filter may decide what the header says, by its own settings or by those that
/// a route, virtual host or route table has for it.
fn settles(manager: &Manager, filter: &At, header: &str) -> bool {
    let kind = kind(filter);
    let by_settings = match kind.as_str() {
        "HeaderMutation" => mutates,
        kind if BY_NAME.contains(&kind) => names,
        kind => return ANYTHING.contains(&kind) || filter.get("config_discovery").is_there(),
    };
    let around = manager.routes.iter().flat_map(|route| &route.around);
    let of_filter = |at: &At| {
        let own = at.get("typed_per_filter_config").member(filter.get("name").text()?);
        Some(own.typed().1)
    };
    // Routes that come by RDS are not in the file.
    manager.at.get("rds").is_there()
        || by_settings(&filter.get("typed_config").typed().1, header)
        || around.filter_map(of_filter).any(|at| by_settings(&at, header))
}

/// Returns whether a filter with these settings changes the header of requests. `ADD_IF_ABSENT` does
/// not count, because it leaves the client's value. Appending does: this filter refuses a request with
/// two values.
fn mutates(fields: &At, header: &str) -> bool {
    let mutations = fields.get("mutations.request_mutations").items();
    let is_weak = |one: &At| one.get("append.append_action").text() == Some("ADD_IF_ABSENT");
    // The early ones are a list without a request and a response.
    let mutations = mutations.into_iter().chain(fields.get("mutations").items());
    mutations.filter(|one| !is_weak(one)).any(|one| names(&one, header))
}

/// Returns whether the header is named anywhere here. Names of headers have no case.
fn names(at: &At, header: &str) -> bool {
    let quoted = format!("\"{header}\"");
    at.json().is_some_and(|json| json.to_string().to_ascii_lowercase().contains(&quoted))
}

fn complain(manager: &Manager, header: &str, report: &mut LintReport) {
    let late = manager.routes.iter().flat_map(|route| &route.around);
    let late = late.map(|at| at.get("request_headers_to_add")).find(|at| names(at, header));
    let (at, what) = match late {
        Some(at) => (
            at,
            format!("this adds {header} after all filters, too late to replace the client's value"),
        ),
        None => {
            let what = format!(
                "no filter before pointsman sets, checks or removes {header}, so a client can \
                 spend the budget of any tenant, or a new budget with each request"
            );
            (manager.at.get("http_filters"), what)
        }
    };
    let instead = format!(
        "add a filter before pointsman that overwrites {header}: jwt_authn with claim_to_headers, \
         ext_authz or header_mutation"
    );
    report.warning(LintCode::TenantHeader, &at, what, instead);
}
