//! TLS to providers: the right name, and a certificate for it.

use super::finding::{LintFindings, LintRow};
use super::scene::Cluster;

/// All that concerns TLS of a cluster.
pub(super) fn check(cluster: &Cluster, fails_over: bool, findings: &mut LintFindings) {
    let options = cluster.options.get("upstream_http_protocol_options");
    let [sni, san] = ["auto_sni", "auto_san_validation"].map(|field| options.get(field));
    if fails_over {
        for at in [&sni, &san].into_iter().filter(|at| at.is_true()) {
            findings.error(
                LintRow::AutoSni,
                at,
                "with failover the host is still what the client called it when Envoy connects",
                "sni and match_typed_subject_alt_names of the provider in transport_socket",
            );
        }
    }
    let (kind, tls) = cluster.at.get("transport_socket.typed_config").typed();
    if kind != "UpstreamTlsContext" {
        return;
    }
    let at = tls.get("sni");
    if at.text().is_none_or(str::is_empty) && !sni.is_true() {
        findings.error(
            LintRow::TlsSni,
            &at,
            format!(
                "no host is named to {}, and most providers then refuse the connection",
                cluster.name
            ),
            "sni: the provider's host",
        );
    }
    let context = tls.get("common_tls_context");
    let validation = [
        context.get("validation_context"),
        context.get("combined_validation_context.default_validation_context"),
    ];
    let elsewhere = [
        context.get("validation_context_sds_secret_config"),
        context.get("combined_validation_context.validation_context_sds_secret_config"),
    ];
    let fields = [
        "match_typed_subject_alt_names",
        "match_subject_alt_names",
        "verify_certificate_hash",
        "verify_certificate_spki",
        "custom_validator_config",
    ];
    let is_bound = validation.iter().any(|at| fields.iter().any(|field| at.get(field).is_there()));
    if !is_bound && !san.is_true() && !elsewhere.iter().any(super::tree::At::is_there) {
        let [validation, _] = &validation;
        let what = if validation.get("trusted_ca").is_there() {
            "a certificate of any host is taken for the provider's"
        } else {
            "any certificate is taken for the provider's"
        };
        findings.error(
            LintRow::TlsSan,
            &validation.get("match_typed_subject_alt_names"),
            format!("{what}, and a credential may be sent to it"),
            "trusted_ca, and match_typed_subject_alt_names: \
             [{san_type: DNS, matcher: {exact: the provider's host}}]",
        );
    }
}
