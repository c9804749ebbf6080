//! TLS to providers: the right name, and a certificate for it.

use super::code::LintCode;
use super::report::LintReport;
use super::scene::Cluster;
use crate::yaml::At;

/// Fields that bind a certificate to one provider. A trusted issuer alone does not: it has
/// certified everyone else too.
const BINDING: [&str; 5] = [
    "match_typed_subject_alt_names",
    "match_subject_alt_names",
    "verify_certificate_hash",
    "verify_certificate_spki",
    "custom_validator_config",
];

/// Checks the TLS of a cluster that requests are attempted at.
///
/// `has_attempt_filter` says whether the configuration hands requests over to one there; `hosts` are
/// those of the providers whose requests go there.
pub(super) fn check(
    cluster: &Cluster,
    has_attempt_filter: bool,
    hosts: &[String],
    report: &mut LintReport,
) {
    let options = cluster.options.get("upstream_http_protocol_options");
    let [auto_sni, auto_san] = ["auto_sni", "auto_san_validation"].map(|field| options.get(field));
    // Envoy takes the name from the head as it was when the connection was asked for. The
    // attempt filter sets the host afterwards.
    if has_attempt_filter {
        for at in [&auto_sni, &auto_san].into_iter().filter(|at| at.is_true()) {
            report.error(
                LintCode::AutoSni,
                at,
                "with failover, the host is still the client's when Envoy connects",
                "set the provider's sni and match_typed_subject_alt_names in transport_socket",
            );
        }
    }
    let (kind, tls) = cluster.at.get("transport_socket.typed_config").typed();
    if kind == "UpstreamTlsContext" {
        check_server_name(cluster, &tls, auto_sni.is_true(), hosts, report);
        check_certificate(&tls.get("common_tls_context"), auto_san.is_true(), report);
    }
}

fn check_server_name(
    cluster: &Cluster,
    tls: &At,
    has_auto_sni: bool,
    hosts: &[String],
    report: &mut LintReport,
) {
    // Hosts of many names choose the certificate by this one.
    let at = tls.get("sni");
    let Some(name) = at.text().filter(|name| !name.is_empty()) else {
        if !has_auto_sni {
            report.error(
                LintCode::TlsSni,
                &at,
                format!(
                    "Envoy sends no host name to {}, and most providers refuse such a connection",
                    cluster.name
                ),
                match hosts {
                    [host] => format!("set sni: {host}"),
                    _ => "set sni to the provider's host".to_owned(),
                },
            );
        }
        return;
    };
    let is_name = |host: &String| host.eq_ignore_ascii_case(name);
    if !hosts.is_empty() && !hosts.iter().any(is_name) {
        let hosts = hosts.join(" or ");
        report.warning(
            LintCode::SniDiffers,
            &at,
            format!("TLS is made for {name}, but the authority of the provider is {hosts}"),
            format!("set sni: {hosts}, or correct the authority in the document"),
        );
    }
}

fn check_certificate(context: &At, has_auto_san: bool, report: &mut LintReport) {
    let validation = [
        context.get("validation_context"),
        context.get("combined_validation_context.default_validation_context"),
    ];
    // Settings that come by SDS are not in the file and may be right, so they are not reported.
    let elsewhere = [
        context.get("validation_context_sds_secret_config"),
        context.get("combined_validation_context.validation_context_sds_secret_config"),
    ];
    let is_bound = |at: &At| BINDING.iter().any(|field| at.get(field).is_there());
    if validation.iter().any(is_bound) || has_auto_san || elsewhere.iter().any(At::is_there) {
        return;
    }
    let [validation, _] = &validation;
    let what = if validation.get("trusted_ca").is_there() {
        "Envoy accepts a certificate of any host as the provider's"
    } else {
        "Envoy accepts any certificate as the provider's"
    };
    report.error(
        LintCode::TlsSan,
        &validation.get("match_typed_subject_alt_names"),
        format!("{what}, and may send a credential to the wrong host"),
        "set trusted_ca and match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: the \
         provider's host}}]",
    );
}
