//! The filter itself, in both of its roles: its settings and its document.

use serde_json::Value;

use crate::cli::needs::Needs;
use crate::config::{Config, Hold};

use super::finding::{LintFindings, LintRow};
use super::scene::{Plugin, Scene};
use super::tree::At;

/// Settings of the filter in each of its places.
pub(super) fn settings(scene: &Scene, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    for manager in scene.managers() {
        of_one(&manager.plugin, config, needs, findings);
        if manager.plugin.is_attempt() {
            findings.error(
                LintRow::Role,
                &manager.plugin.at.get("root_id"),
                "this filter makes attempts and decides nothing: it is the one for clusters",
                "no root_id here, and no \"role\" in the document",
            );
        }
    }
    for cluster in &scene.clusters {
        let Some(plugin) = &cluster.plugin else { continue };
        of_one(plugin, config, needs, findings);
        if !plugin.is_attempt() && config.is_handing_over() {
            findings.error(
                LintRow::Role,
                &plugin.at.get("root_id"),
                "on a cluster the filter has to make attempts, and this one decides",
                "root_id: attempt",
            );
        }
    }
}

fn of_one(plugin: &Plugin, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    let at = plugin.at.get("allow_on_headers_stop_iteration");
    if !at.is_true() && config.hold == Hold::StopIteration {
        findings.error(
            LintRow::StopIteration,
            &at,
            "the filter cannot hold the headers while it reads the body: requests hang",
            "allow_on_headers_stop_iteration: true (Envoy 1.35 and later)",
        );
    }
    let at = plugin.at.get("failure_policy");
    if at.text() != Some("FAIL_RELOAD") {
        let what = match at.text() {
            Some(policy) => format!("{policy}: after a trap"),
            None => "FAIL_CLOSED unless set: after a trap".to_owned(),
        };
        findings.error(
            LintRow::FailurePolicy,
            &at,
            format!("{what} requests are not routed until Envoy is configured anew"),
            "failure_policy: FAIL_RELOAD",
        );
    }
    environment(&plugin.at.get("vm_config.environment_variables"), needs, findings);
}

fn environment(at: &At, needs: &Needs, findings: &mut LintFindings) {
    let listed = at.get("host_env_keys").texts();
    let values = at.get("key_values");
    let given = values.keys();
    for (name, path) in &needs.variables {
        if !listed.contains(name) && !given.contains(&name.as_str()) {
            findings.error(
                LintRow::Environment,
                &at.get("host_env_keys"),
                format!("{path} names {name}, which the filter is not given: Envoy does not start"),
                format!("host_env_keys: [{name}] in vm_config.environment_variables"),
            );
        }
    }
}

/// Data that both roles have to share.
pub(super) fn shared(scene: &Scene, findings: &mut LintFindings) {
    let id = |plugin: &Plugin| plugin.at.get("vm_config.vm_id");
    for manager in scene.managers() {
        let at = id(&manager.plugin);
        if at.text().is_none_or(str::is_empty) {
            findings.warning(
                LintRow::VmIdEmpty,
                &at,
                "shared data belongs to every filter without an id, those of others included",
                "vm_id: pointsman",
            );
        }
    }
    let Some(first) = scene.managers().next() else { return };
    let first = id(&first.plugin);
    let first = first.text().unwrap_or_default();
    for cluster in &scene.clusters {
        let Some(plugin) = &cluster.plugin else { continue };
        let at = id(plugin);
        let other = at.text().unwrap_or_default();
        if other != first {
            findings.error(
                LintRow::VmIdDiffers,
                &at,
                format!(
                    "{other:?} here, {first:?} where requests are decided: what attempts find out \
                     is not known there"
                ),
                format!("vm_id: {first}"),
            );
        }
    }
}

/// The documents in the file: valid, that of `--config`, and one for both roles.
pub(super) fn documents(scene: &Scene, config: Option<&Value>, findings: &mut LintFindings) {
    let mut first = None;
    for manager in scene.managers() {
        let Some(document) = valid(&manager.plugin, findings) else { continue };
        let document = without_role(document);
        if let Some(path) = config.and_then(|config| difference(config, &document)) {
            findings.warning(
                LintRow::DocumentDiffers,
                &manager.plugin.configuration(),
                format!("the document here is not the one of --config: {path} differs"),
                "the same document in both",
            );
        }
        first.get_or_insert(document);
    }
    for cluster in &scene.clusters {
        let document = cluster.plugin.as_ref().and_then(|plugin| valid(plugin, findings));
        let (Some(document), Some(first), Some(plugin)) = (document, &first, &cluster.plugin)
        else {
            continue;
        };
        if let Some(path) = difference(first, &without_role(document)) {
            findings.error(
                LintRow::RolesDiffer,
                &plugin.configuration(),
                format!(
                    "the document here is not the one by which requests are decided: {path} differs"
                ),
                "the same document, with root_id: attempt; in YAML by an alias of the other one",
            );
        }
    }
}

fn valid(plugin: &Plugin, findings: &mut LintFindings) -> Option<Value> {
    match plugin.document()? {
        Ok(document) => Some(document),
        Err(_) => {
            findings.error(
                LintRow::DocumentInvalid,
                &plugin.configuration(),
                "what stands here is not JSON: Envoy does not start",
                "the document that `pointsman check` accepts",
            );
            None
        }
    }
}

fn without_role(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.remove("role");
    }
    document
}

/// The path of the first thing that differs.
fn difference(one: &Value, other: &Value) -> Option<String> {
    let below = |step: &str, one, other| {
        let rest = difference(one, other)?;
        let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
        Some(format!("{step}{dot}{rest}"))
    };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys());
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

/// Whether two values say the same: numbers may have another form in Envoy's YAML.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one.to_bits() == other.to_bits())
}
