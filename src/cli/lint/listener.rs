//! Listeners that have the filter: who may call, how much is held, how long is waited.

use crate::cli::needs::{DEFAULT_BUFFER_BYTES, Needs, buffer_bytes};
use crate::config::Config;

use super::code::LintCode;
use super::report::{LintReport, Severity};
use super::scene::{Listener, Manager, Scene, is_local, kind};
use crate::yaml::At;

/// Seconds that models which think before they answer may be silent; also Envoy's default for
/// `stream_idle_timeout`.
const SILENCE_SECONDS: f64 = 300.0;

/// Types of filters that find out who calls, or whether the caller may.
const AUTHENTICATION: [&str; 7] =
    ["JwtAuthentication", "ExtAuthz", "ApiKeyAuth", "BasicAuth", "OAuth2", "RBAC", "GcpAuthn"];

/// Those that look for a credential of the client's. RBAC asks for none, and `gcp_authn` adds one.
const ASKS_CLIENTS: [&str; 5] =
    ["JwtAuthentication", "ExtAuthz", "ApiKeyAuth", "BasicAuth", "OAuth2"];

/// Types of filters that decide the same whatever the path is.
const BLIND_TO_PATHS: [&str; 4] = ["ApiKeyAuth", "BasicAuth", "Buffer", "Cors"];

/// Types of filters that run a program, which may find out who calls or do anything else.
/// `Config` is the type of programs in Go.
const PROGRAMS: [&str; 6] =
    ["Wasm", "Lua", "Config", "ExternalProcessor", "DynamicModuleFilter", "Composite"];

/// Checks every listener that has the filter, and Envoy's admin page.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, report: &mut LintReport) {
    for listener in &scene.listeners {
        buffer(listener, config, report);
        for manager in &listener.managers {
            // Without credentials of its own the proxy gives callers nothing that they lack.
            if needs.has_credentials {
                authentication(listener, manager, report);
            }
            if config.admin.is_some() && !listener.is_local && !is_authenticated(manager) {
                report.warning(
                    LintCode::AdminEndpoints,
                    &manager.at.get("http_filters"),
                    "only the token of admin.token_env keeps others from changing routing",
                    "add a filter before pointsman that lets only operators reach admin.path, or \
                     listen on 127.0.0.1",
                );
            }
            paths(listener, manager, report);
            idle(manager, report);
            logs(manager, config, report);
            check_stream_duration(&manager.at, report);
        }
    }
    let admin = scene.root.get("admin.address");
    let is_bounded = scene.root.get("admin.allow_paths").is_there();
    if admin.is_there() && !is_local(&admin) && !is_bounded {
        report.warning(
            LintCode::AdminExposed,
            &admin.get("socket_address.address"),
            "anyone who can reach Envoy's admin page can stop Envoy and read its configuration",
            "set address: 127.0.0.1; if probes and metrics need the page, as in a container, let nobody \
             else reach the port, or set allow_paths: [{exact: /ready}, {prefix: /stats}] (Envoy 1.40)",
        );
    }
}

fn buffer(listener: &Listener, config: &Config, report: &mut LintReport) {
    let (at, bytes) = buffer_limit(&listener.at);
    let limit = config.limits.max_body_bytes;
    if bytes < limit {
        report.error(
            LintCode::ListenerBuffer,
            &at,
            format!(
                "the limit is {bytes} bytes{}, but limits.max_body_bytes is {limit}, so Envoy \
                 answers 413 to bodies between the two",
                at.unless_set()
            ),
            format!("set per_connection_buffer_limit_bytes: {}", buffer_bytes(limit)),
        );
        return;
    }
    let held = config.failover.held_bytes();
    if bytes < held {
        report.error(
            LintCode::ListenerBuffer,
            &at,
            format!(
                "the limit is {bytes} bytes, but failover holds up to {held} bytes of an answer, \
                 so Envoy replaces longer answers with a 500"
            ),
            format!("set per_connection_buffer_limit_bytes: {}", buffer_bytes(held)),
        );
    }
}

/// Returns where the buffer limit of a listener or cluster is set, and its bytes.
///
/// Where it is not set, the place has no value and the bytes are Envoy's default.
pub(super) fn buffer_limit(of: &At) -> (At, u64) {
    let at = of.get("per_connection_buffer_limit_bytes");
    let bytes = at.number().unwrap_or(DEFAULT_BUFFER_BYTES);
    (at, bytes)
}

fn has_filter_before(manager: &Manager, kinds: &[&str]) -> bool {
    let mut before = manager.network.iter().cloned().chain(manager.before.iter().map(kind));
    before.any(|kind| kinds.contains(&kind.as_str()))
}

/// Whether it is known who calls before the filter gets the request: by a filter, or by the
/// certificate that the listener requires of clients.
fn is_authenticated(manager: &Manager) -> bool {
    let (_, tls) = manager.chain.get("transport_socket.typed_config").typed();
    has_filter_before(manager, &AUTHENTICATION) || tls.get("require_client_certificate").is_true()
}

/// Checks that not everyone can use the proxy's credentials. How bad it is depends on who
/// reaches the listener and on what the filters before this one may do.
fn authentication(listener: &Listener, manager: &Manager, report: &mut LintReport) {
    if is_authenticated(manager) {
        return;
    }
    let at = manager.at.get("http_filters");
    let instead = "add an authentication filter before pointsman, such as jwt_authn, ext_authz or \
                   api_key_auth; `pointsman envoy --filters envoy/api-keys.yaml` writes one";
    let is_after = |filter: &&At| ASKS_CLIENTS.contains(&kind(filter).as_str());
    if let Some(filter) = manager.after.iter().find(is_after) {
        late(filter, report);
        return;
    }
    let (severity, what) = if listener.is_local {
        let what = "no filter authenticates clients before a credential is added; only this \
                    machine can reach the listener";
        (Severity::Note, what)
    } else if has_filter_before(manager, &PROGRAMS) {
        let what = "pointsman adds credentials, and it is not clear whether a filter before it \
                    authenticates clients";
        (Severity::Warning, what)
    } else {
        let what = "anyone who can reach the listener spends your money, because no filter \
                    authenticates clients before a credential is added";
        (Severity::Error, what)
    };
    report.add((LintCode::Authentication, severity), &at, what, instead);
}

/// Reports a filter that finds out who calls once the request is the provider's. That is wrong on every
/// listener: it sees the credential of the proxy in place of the client's.
fn late(filter: &At, report: &mut LintReport) {
    let name = filter.get("name").text().unwrap_or_default().to_owned();
    report.error(
        LintCode::Authentication,
        filter,
        format!(
            "{name} is after pointsman, so pointsman spends a turn for an unknown caller, and \
             replaces the client's credential by the provider's"
        ),
        format!("put {name} before pointsman"),
    );
}

/// Checks that filters and routes before the filter see the path that the provider gets.
///
/// The filter recognises a path in any spelling and sends it on in its plain form. A rule
/// that denies `/v1/files` would otherwise be passed with `/v1//files`.
fn paths(listener: &Listener, manager: &Manager, report: &mut LintReport) {
    if !has_path_rules(manager) {
        return;
    }
    let is_plain = manager.at.get("normalize_path").is_true()
        && manager.at.get("merge_slashes").is_true()
        && manager.at.get("path_with_escaped_slashes_action").text().is_some();
    if !listener.is_local && !is_plain {
        report.warning(
            LintCode::PathNormalization,
            &manager.at.get("normalize_path"),
            "another spelling of a path may bypass the rules of filters and routes, although a \
             provider reads it as the same path",
            "set normalize_path: true, merge_slashes: true and path_with_escaped_slashes_action: \
             UNESCAPE_AND_REDIRECT",
        );
    }
}

/// Whether something before the filter may decide by the path: a filter, or a route for some paths.
///
/// What `pointsman envoy` writes has neither, unless the filters that it is given do.
fn has_path_rules(manager: &Manager) -> bool {
    let is_blind = |filter: &At| BLIND_TO_PATHS.contains(&kind(filter).as_str());
    let hosts = manager.at.get("route_config.virtual_hosts").items();
    let mut routes = hosts.iter().flat_map(|host| host.get("routes").items());
    // Routes that come by RDS may have any rule.
    !manager.before.iter().all(is_blind)
        || !manager.at.get("route_config").is_there()
        || routes.any(|route| is_for_some_paths(&route.get("match")))
}

/// Whether a route's match looks at the path.
fn is_for_some_paths(at: &At) -> bool {
    let is_of_path = |header: &At| header.get("name").text() == Some(":path");
    at.get("prefix").text() != Some("/") || at.get("headers").items().iter().any(is_of_path)
}

/// Checks that silence before the first token does not end a stream.
///
/// The client then loses its connection, and the provider's work is paid for all the same.
fn idle(manager: &Manager, report: &mut LintReport) {
    let mut places = vec![manager.at.get("stream_idle_timeout")];
    // A route's own replaces the manager's; where it has none, the manager's is looked at once.
    let of_routes = manager.routes.iter().map(|route| route.at.get("route.idle_timeout"));
    places.extend(of_routes.filter(At::is_there));
    for at in places {
        let seconds = at.seconds().unwrap_or(SILENCE_SECONDS);
        // 0 turns it off.
        if seconds > 0.0 && seconds <= SILENCE_SECONDS {
            let unset = at.unless_set();
            report.warning(
                LintCode::IdleTimeout,
                &at,
                format!(
                    "Envoy closes the client's connection if a model sends nothing for {seconds} \
                     s{unset}"
                ),
                format!("set {}: 900s", at.path().rsplit('.').next().unwrap_or_default()),
            );
        }
    }
}

/// Checks that the access log names no field that the document keeps from it.
fn logs(manager: &Manager, config: &Config, report: &mut LintReport) {
    let at = manager.at.get("access_log");
    // Logs have many formats, so the field is looked for in the text of all of them.
    let is_named = at.json().is_some_and(|log| log.to_string().contains("(wasm.llm.model:"));
    if is_named && !config.log_fields {
        report.add(
            (LintCode::LogFields, Severity::Note),
            &at,
            "the access log names fields such as wasm.llm.model, which stay empty without \
             log_fields",
            "set \"log_fields\": true in the document",
        );
    }
}

/// Checks that the HTTP options of a manager or cluster do not limit the age of streams.
pub(super) fn check_stream_duration(of: &At, report: &mut LintReport) {
    check_duration(&of.get("common_http_protocol_options.max_stream_duration"), report);
}

/// Checks that no such limit is set at this place. It would end a stream at an age, whatever
/// the stream does.
pub(super) fn check_duration(at: &At, report: &mut LintReport) {
    if let Some(seconds) = at.seconds().filter(|seconds| *seconds > 0.0) {
        report.error(
            LintCode::StreamDuration,
            at,
            format!("Envoy ends streams after {seconds} s, even in the middle of an answer"),
            "remove max_stream_duration",
        );
    }
}
