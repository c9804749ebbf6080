//! The filter itself, in both of its roles: its settings and its document.

use serde_json::Value;

use crate::cli::needs::Needs;
use crate::config::{Config, Hold};

use super::code::LintCode;
use super::report::LintReport;
use super::scene::{Plugin, Scene};
use crate::yaml::At;

/// Checks the settings of the filter wherever it is, and that its role fits the place.
pub(super) fn settings(scene: &Scene, config: &Config, needs: &Needs, report: &mut LintReport) {
    for manager in scene.managers() {
        check_one(&manager.plugin, config, needs, report);
        if manager.plugin.is_attempt() {
            report.error(
                LintCode::Role,
                &manager.plugin.at.get("root_id"),
                "this filter is the attempt filter, which is for clusters; a listener needs the \
                 router",
                "remove root_id here, and \"role\" from the document",
            );
        }
    }
    for plugin in scene.cluster_plugins() {
        check_one(plugin, config, needs, report);
        if !plugin.is_attempt() && config.is_handing_over() {
            report.error(
                LintCode::Role,
                &plugin.at.get("root_id"),
                "this filter is the router, but a cluster needs the attempt filter",
                "set root_id: attempt",
            );
        }
    }
}

/// Checks what both roles need of their settings.
///
/// That is how the head is held, what happens after a trap, and which variables are given.
fn check_one(plugin: &Plugin, config: &Config, needs: &Needs, report: &mut LintReport) {
    let at = plugin.at.get("allow_on_headers_stop_iteration");
    if !at.is_true() && config.hold == Hold::StopIteration {
        report.error(
            LintCode::StopIteration,
            &at,
            "the filter may not hold the headers while it reads the body, so requests hang",
            "set allow_on_headers_stop_iteration: true (Envoy 1.35 or later)",
        );
    }
    // The deprecated `fail_open` has no value that reloads, so it is not looked at.
    let at = plugin.at.get("failure_policy");
    if at.text() != Some("FAIL_RELOAD") {
        let what = match at.text() {
            Some(policy) => format!("this is {policy}, so after a trap"),
            None => "this is FAIL_CLOSED (the default), so after a trap".to_owned(),
        };
        report.error(
            LintCode::FailurePolicy,
            &at,
            format!("{what} no request is routed until Envoy gets a new configuration"),
            "set failure_policy: FAIL_RELOAD",
        );
    }
    environment(&plugin.at.get("vm_config.environment_variables"), needs, report);
}

/// Checks that every variable which the document names reaches the filter: from Envoy's own
/// environment, or with its value in the file.
fn environment(at: &At, needs: &Needs, report: &mut LintReport) {
    // Values count as well: a file is no place for secrets, but Envoy accepts them there.
    let listed = at.get("host_env_keys").texts();
    let values = at.get("key_values");
    let given = values.keys();
    for (name, path) in &needs.variables {
        if !listed.contains(name) && !given.contains(&name.as_str()) {
            report.error(
                LintCode::Environment,
                &at.get("host_env_keys"),
                format!(
                    "{path} names the environment variable {name}, which the filter does not get, \
                     so Envoy does not start"
                ),
                format!("add {name} to host_env_keys in vm_config.environment_variables"),
            );
        }
    }
}

/// Checks that both roles have the same shared data, and share it with no other filter.
///
/// Cooldowns, counts and turns live there, under keys that another filter could write to.
pub(super) fn shared(scene: &Scene, report: &mut LintReport) {
    let id = |plugin: &Plugin| plugin.at.get("vm_config.vm_id");
    for manager in scene.managers() {
        let at = id(&manager.plugin);
        if at.text().is_none_or(str::is_empty) {
            report.warning(
                LintCode::VmIdEmpty,
                &at,
                "without an id the filter shares its data with every other filter without one, \
                 even with filters of others",
                "set vm_id: pointsman",
            );
        }
    }
    // Of several listeners with different ids one may be meant to stand apart, so clusters are
    // compared with the first alone.
    let Some(first) = scene.managers().next() else { return };
    let first = id(&first.plugin);
    let first = first.text().unwrap_or_default();
    for plugin in scene.cluster_plugins() {
        let at = id(plugin);
        let other = at.text().unwrap_or_default();
        if other != first {
            report.error(
                LintCode::VmIdDiffers,
                &at,
                format!(
                    "this is {other:?}, but the router has {first:?}, so the router does not \
                     learn what attempts find out"
                ),
                format!("set vm_id: {first}"),
            );
        }
    }
}

/// Checks the documents in the file: that each is JSON, is the one of `--config` where that is
/// given, and is the same for both roles.
pub(super) fn documents(scene: &Scene, config: Option<&Value>, report: &mut LintReport) {
    let mut first = None;
    for manager in scene.managers() {
        let Some(document) = valid(&manager.plugin, report) else { continue };
        let document = without_role(document);
        if let Some(path) = config.and_then(|config| difference(config, &document)) {
            report.warning(
                LintCode::DocumentDiffers,
                &manager.plugin.configuration(),
                format!("the document here differs from that of --config at {path}"),
                "use the same document in both",
            );
        }
        // Clusters are compared with the first listener's, which decides for most of them.
        first.get_or_insert(document);
    }
    for plugin in scene.cluster_plugins() {
        let (Some(document), Some(first)) = (valid(plugin, report), &first) else { continue };
        if let Some(path) = difference(first, &without_role(document)) {
            report.error(
                LintCode::RolesDiffer,
                &plugin.configuration(),
                format!("the document here differs from that of the router at {path}"),
                "use the same document, with root_id: attempt; in YAML, refer to it by an alias",
            );
        }
    }
}

/// Returns the document of a filter, if it is in the file; reports one that is not JSON.
fn valid(plugin: &Plugin, report: &mut LintReport) -> Option<Value> {
    match plugin.document()? {
        Ok(document) => Some(document),
        Err(_) => {
            report.error(
                LintCode::DocumentInvalid,
                &plugin.configuration(),
                "the document here is not JSON, so Envoy does not start",
                "correct the document until `pointsman check` accepts it",
            );
            None
        }
    }
}

/// Returns a document without the one key by which the two roles may differ.
fn without_role(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.remove("role");
    }
    document
}

/// Returns the path of the first difference between two documents, if there is one:
/// `models.assistant.candidates[1]`. It is empty where they differ as a whole.
fn difference(one: &Value, other: &Value) -> Option<String> {
    // One step of the path, and the rest of it from the value below.
    let below = |step: &str, one, other| {
        let rest = difference(one, other)?;
        let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
        Some(format!("{step}{dot}{rest}"))
    };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys());
            // A key that one of them lacks differs, unless the other's value is null.
            let null = Value::Null;
            let of = |key: &String| {
                below(key, one.get(key).unwrap_or(&null), other.get(key).unwrap_or(&null))
            };
            keys.into_iter().find_map(of)
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.into_iter().find_map(|(at, (one, other))| below(&format!("[{at}]"), one, other))
        }
        _ => (!is_same(one, other)).then(String::new),
    }
}

/// Whether two values say the same. Envoy keeps the numbers of a `Struct` as doubles, so `1`
/// and `1.0` are one.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one.to_bits() == other.to_bits())
}
