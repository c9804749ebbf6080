//! Filters of Envoy's that add a credential: where the document says so, and nowhere else.
//!
//! Each belongs into the cluster of its provider, after the attempt filter: there it sees what is
//! really sent, and no request for another provider.

use crate::cli::needs::Needs;
use crate::config::{Config, EnvoyCredential, EnvoyFilter, EnvoyTask};

use super::code::LintCode;
use super::report::LintReport;
use super::scene::{Cluster, Plugin, Scene};
use crate::yaml::At;

/// Checks the credentials of every cluster that requests are routed to, and of the listeners.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, report: &mut LintReport) {
    for (name, _) in needs.routed() {
        let Some(cluster) = scene.cluster(name) else { continue };
        let mut providers = config.providers.iter().filter(|provider| provider.cluster == *name);
        let credential = providers.find_map(|provider| provider.credential.as_ref()?.envoy());
        let filters = cluster.options.get("http_filters").items();
        unknown(cluster, &filters, credential, report);
        match credential {
            Some(credential) if credential.envoy.is_upstream() => {
                in_cluster(scene, cluster, &filters, credential, report);
            }
            Some(credential) => in_listener(scene, cluster, credential, report),
            None => {}
        }
    }
    for_everyone(scene, report);
}

/// Returns the filter of Envoy's that a filter is, if it adds a credential.
fn adds(filter: &At) -> Option<EnvoyFilter> {
    kind(&filter.get("typed_config").typed().0)
}

fn kind(name: &str) -> Option<EnvoyFilter> {
    match name {
        "AwsRequestSigning" => Some(EnvoyFilter::AwsRequestSigning),
        "CredentialInjector" => Some(EnvoyFilter::CredentialInjector),
        "GcpAuthnFilterConfig" => Some(EnvoyFilter::GcpAuthn),
        _ => None,
    }
}

/// Checks that a cluster has no filter that the document does not know of.
///
/// The client's credential is then kept beside it, and what the filter adds for one attempt is
/// still there in the next, which may be at another provider.
fn unknown(
    cluster: &Cluster,
    filters: &[At],
    known: Option<&EnvoyCredential>,
    report: &mut LintReport,
) {
    for filter in filters.iter().filter(|filter| !filter.get("disabled").is_true()) {
        let Some(found) = adds(filter).filter(|found| known.is_none_or(|it| it.envoy != *found))
        else {
            continue;
        };
        report.error(
            LintCode::CredentialUnknown,
            filter,
            format!(
                "{} adds a credential for {} that the document does not name, so the client's own \
                 credential stays in the request and the next attempt takes it to another \
                 provider",
                found.name(),
                cluster.name
            ),
            format!(
                "set \"credential\": {{\"envoy\": \"{}\", …}} for the providers of {}, or remove \
                 the filter",
                found.name(),
                cluster.name
            ),
        );
    }
}

/// Checks a filter that stands in the provider's cluster.
fn in_cluster(
    scene: &Scene,
    cluster: &Cluster,
    filters: &[At],
    credential: &EnvoyCredential,
    report: &mut LintReport,
) {
    let (wanted, name) = (credential.envoy, credential.envoy.name());
    let is_on = |filter: &&At| !filter.get("disabled").is_true();
    let found = filters.iter().position(|filter| adds(filter) == Some(wanted) && is_on(&filter));
    let Some(at) = found else {
        missing(scene, cluster, wanted, report);
        return;
    };
    let Some(filter) = filters.get(at) else { return };
    if filters.iter().skip(at).any(|filter| Plugin::of(filter).is_some()) {
        report.error(
            LintCode::CredentialOrder,
            filter,
            format!(
                "{name} comes before the attempt filter, which then changes the path, the host, \
                 the body and the credential"
            ),
            format!(
                "move envoy.filters.http.{name} directly before envoy.filters.http.upstream_codec"
            ),
        );
    }
    let (_, fields) = filter.get("typed_config").typed();
    match credential.task() {
        Some(EnvoyTask::Sign { service, region }) => signer(&fields, service, region, report),
        Some(EnvoyTask::Authorize { .. }) if !cluster.is_apart => report.error(
            LintCode::CredentialStatic,
            &cluster.at,
            format!(
                "Envoy gets tokens for {} by OAuth, and does not start with such a cluster in its \
                 own file (envoyproxy/envoy#41653)",
                cluster.name
            ),
            "move the cluster to a file that dynamic_resources.cds_config names, as `pointsman \
             envoy --clusters FILE` does",
        ),
        _ => {}
    }
}

/// Reports a cluster without the filter that its provider's credential needs.
fn missing(scene: &Scene, cluster: &Cluster, wanted: EnvoyFilter, report: &mut LintReport) {
    let in_listener = scene.managers().any(|manager| has(&manager.after, wanted));
    let why = if in_listener {
        "; the filter in the listener runs too early, before the attempt filter prepares the \
         request for this provider"
    } else {
        ""
    };
    report.error(
        LintCode::CredentialFilter,
        &cluster.options.get("http_filters"),
        format!("no filter adds the credential of {} here{why}", cluster.name),
        format!(
            "add envoy.filters.http.{} after the attempt filter and before \
             envoy.filters.http.upstream_codec",
            wanted.name()
        ),
    );
}

/// Checks that the signer signs for the service and the region of the document, in headers.
fn signer(fields: &At, service: &str, region: Option<&str>, report: &mut LintReport) {
    let settings = [("service_name", Some(service)), ("region", region)];
    for (field, wanted) in settings {
        let at = fields.get(field);
        if let (Some(found), Some(wanted)) = (at.text(), wanted)
            && found != wanted
        {
            report.error(
                LintCode::CredentialDiffers,
                &at,
                format!("this is {found:?}, but the document says {wanted:?}"),
                format!("set {field}: {wanted}"),
            );
        }
    }
    let at = fields.get("query_string");
    if at.is_there() {
        report.error(
            LintCode::CredentialDiffers,
            &at,
            "the signature is in the query, so access logs show it",
            "remove query_string, so that the signature is in a header",
        );
    }
}

/// Checks `gcp_authn`, which Envoy has among the filters of a listener only. It has to know which
/// cluster has been decided.
fn in_listener(
    scene: &Scene,
    cluster: &Cluster,
    credential: &EnvoyCredential,
    report: &mut LintReport,
) {
    let name = credential.envoy.name();
    for manager in scene.managers().filter(|manager| !has(&manager.after, credential.envoy)) {
        let is_before = has(&manager.before, credential.envoy);
        let (code, what) = if is_before {
            let what = format!("{name} comes before the filter, when the cluster is not known yet");
            (LintCode::CredentialOrder, what)
        } else {
            let what = format!("no filter adds the credential of {} here", cluster.name);
            (LintCode::CredentialFilter, what)
        };
        let instead = format!(
            "put envoy.filters.http.{name} after the filter and before envoy.filters.http.router"
        );
        report.error(code, &manager.at.get("http_filters"), what, instead);
    }
    let metadata = cluster.at.get("metadata.typed_filter_metadata");
    let at = metadata.member("envoy.filters.http.gcp_authn");
    let url = at.get("url");
    let wanted = credential.audience.as_deref();
    if url.text() != wanted {
        let found = url.text().map_or_else(|| "not set".to_owned(), |url| format!("{url:?}"));
        report.error(
            LintCode::CredentialDiffers,
            &at,
            format!("this is {found}, but the document says {:?}", wanted.unwrap_or_default()),
            "set the audience of the document here, as `pointsman envoy` does",
        );
    }
}

/// Checks that no listener adds a credential to requests for every provider.
fn for_everyone(scene: &Scene, report: &mut LintReport) {
    for filter in scene.managers().flat_map(|manager| &manager.after) {
        let Some(found) = adds(filter).filter(|found| found.is_upstream()) else { continue };
        report.error(
            LintCode::CredentialEveryone,
            filter,
            format!("{} adds its credential to the requests for every provider", found.name()),
            "move the filter to the cluster of the provider that the credential is for",
        );
    }
}

fn has(filters: &[At], wanted: EnvoyFilter) -> bool {
    filters.iter().any(|filter| adds(filter) == Some(wanted))
}
