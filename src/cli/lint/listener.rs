//! Listeners that have the filter: who may call, how much is held, how long is waited.

use crate::cli::needs::Needs;
use crate::config::Config;

use super::finding::{LintFindings, LintRow, Severity};
use super::scene::{Listener, Manager, Scene, is_local};
use super::tree::At;

/// What Envoy buffers unless told.
pub(super) const BUFFER: u64 = 1 << 20;

/// Models that think are silent for about this long, in seconds.
const SILENCE: f64 = 300.0;

/// Filters that say who calls, or whether it may.
const AUTHENTICATION: [&str; 7] =
    ["JwtAuthentication", "ExtAuthz", "ApiKeyAuth", "BasicAuth", "OAuth2", "RBAC", "GcpAuthn"];

/// Filters that may do so, or something else.
const PROGRAMS: [&str; 6] =
    ["Wasm", "Lua", "Config", "ExternalProcessor", "DynamicModuleFilter", "Composite"];

/// All that concerns listeners.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    for listener in &scene.listeners {
        buffer(listener, config, findings);
        for manager in &listener.managers {
            if needs.has_credentials {
                authentication(listener, manager, findings);
            }
            if config.admin.is_some() && !listener.is_local && !is_authenticated(manager) {
                findings.warning(
                    LintRow::AdminEndpoints,
                    &manager.at.get("http_filters"),
                    "the token of admin.token_env is all that keeps others from changing routing",
                    "a filter before pointsman that lets operators alone pass to admin.path, or a \
                     listener on 127.0.0.1",
                );
            }
            paths(listener, manager, findings);
            idle(manager, findings);
            logs(manager, config, findings);
            duration(&manager.at, findings);
        }
    }
    let admin = scene.root.get("admin.address");
    if admin.is_there() && !is_local(&admin) {
        findings.warning(
            LintRow::AdminExposed,
            &admin.get("socket_address.address"),
            "whoever reaches Envoy's admin page can stop it and read its configuration",
            "address: 127.0.0.1",
        );
    }
}

fn buffer(listener: &Listener, config: &Config, findings: &mut LintFindings) {
    let at = listener.at.get("per_connection_buffer_limit_bytes");
    let (bytes, limit) = (at.number().unwrap_or(BUFFER), config.limits.max_body_bytes);
    if bytes < limit {
        let unset = if at.is_there() { "" } else { " unless set" };
        findings.error(
            LintRow::ListenerBuffer,
            &at,
            format!(
                "{bytes} bytes{unset}, and limits.max_body_bytes is {limit}: Envoy answers bodies \
                 between them with 413"
            ),
            format!("per_connection_buffer_limit_bytes: {}", roomy(limit)),
        );
    }
}

/// A buffer for bodies of that size, and for what a rewrite may add.
pub(in crate::cli) fn roomy(limit: u64) -> u64 {
    limit.saturating_add((limit / 8).max(BUFFER)).min(u64::from(u32::MAX))
}

fn has(manager: &Manager, kinds: &[&str]) -> bool {
    manager.before.iter().any(|kind| kinds.contains(&kind.as_str()))
}

/// Whether callers are known before the filter is asked.
fn is_authenticated(manager: &Manager) -> bool {
    let (_, tls) = manager.chain.get("transport_socket.typed_config").typed();
    has(manager, &AUTHENTICATION) || tls.get("require_client_certificate").is_true()
}

fn authentication(listener: &Listener, manager: &Manager, findings: &mut LintFindings) {
    if is_authenticated(manager) {
        return;
    }
    let at = manager.at.get("http_filters");
    let instead = "an authentication filter before pointsman: jwt_authn, ext_authz, api_key_auth";
    if listener.is_local {
        let what = "nobody is asked who they are before a credential is added; only this machine \
                    can reach the listener";
        findings.add((LintRow::Authentication, Severity::Note), &at, what, instead);
    } else if has(manager, &PROGRAMS) {
        let what = "whether a filter before pointsman asks who calls cannot be told, and it adds \
                    credentials";
        findings.warning(LintRow::Authentication, &at, what, instead);
    } else {
        let what = "whoever reaches the listener spends your money: nobody is asked who they are \
                    before a credential is added";
        findings.error(LintRow::Authentication, &at, what, instead);
    }
}

fn paths(listener: &Listener, manager: &Manager, findings: &mut LintFindings) {
    let is_plain = manager.at.get("normalize_path").is_true()
        && manager.at.get("merge_slashes").is_true()
        && manager.at.get("path_with_escaped_slashes_action").text().is_some();
    if !listener.is_local && !is_plain {
        findings.warning(
            LintRow::PathNormalization,
            &manager.at.get("normalize_path"),
            "a path that is spelled otherwise may pass rules of filters and routes before it means \
             the same to a provider",
            "normalize_path: true, merge_slashes: true, \
             path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT",
        );
    }
}

fn idle(manager: &Manager, findings: &mut LintFindings) {
    let mut places = vec![manager.at.get("stream_idle_timeout")];
    let decided = manager.routes.iter().map(|route| route.at.get("route.idle_timeout"));
    places.extend(decided.filter(At::is_there));
    for at in places {
        let seconds = at.seconds().unwrap_or(SILENCE);
        if seconds > 0.0 && seconds <= SILENCE {
            let unset = if at.is_there() { "" } else { " unless set" };
            findings.warning(
                LintRow::IdleTimeout,
                &at,
                format!("a model that says nothing for {seconds} s{unset} loses its client"),
                format!("{}: 900s", at.path().rsplit('.').next().unwrap_or_default()),
            );
        }
    }
}

fn logs(manager: &Manager, config: &Config, findings: &mut LintFindings) {
    let at = manager.at.get("access_log");
    let is_named = at.json().is_some_and(|log| log.to_string().contains("(wasm.llm.model:"));
    if is_named && !config.log_fields {
        findings.add(
            (LintRow::LogFields, Severity::Note),
            &at,
            "the log names wasm.llm.model and others like it, which stay empty",
            "\"log_fields\": true in the document",
        );
    }
}

/// What ends a stream at an age, whatever it does.
pub(super) fn duration(at: &At, findings: &mut LintFindings) {
    let at = at.get("common_http_protocol_options.max_stream_duration");
    cuts(&at, findings);
}

/// The same, at its place.
pub(super) fn cuts(at: &At, findings: &mut LintFindings) {
    if let Some(seconds) = at.seconds().filter(|seconds| *seconds > 0.0) {
        findings.error(
            LintRow::StreamDuration,
            at,
            format!("streams are ended after {seconds} s, in the middle of an answer"),
            "no max_stream_duration",
        );
    }
}
