//! `request_overrides` and `request_defaults`: which members may be set, and how a candidate's overrides go
//! over its deployment's.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::deployment::{Deployment, Overrides};
use super::super::error::{Diagnostics, Path};
use super::super::model::Model;
use crate::request::credential::Naming;
use crate::request::rewrite::same_setting;
use crate::request::watched::WatchedKeys;

/// Members that say which model is asked and what, each with the advice for the message.
const REFUSED: [(&str, &str); 5] = [
    ("model", "set the deployment's \"model\" instead"),
    ("messages", "it belongs to the client's request, so remove it"),
    ("input", "it belongs to the client's request, so remove it"),
    ("prompt", "it belongs to the client's request, so remove it"),
    ("contents", "it belongs to the client's request, so remove it"),
];

/// Refuses overrides of members that belong to the client, such as the prompt. `at` is the
/// deployment or candidate that has the overrides.
pub(super) fn check(at: &Path<'_>, overrides: &Overrides, findings: &mut Diagnostics) {
    let at = at.key("request_overrides");
    // Outermost members only: what a provider is asked, and which model, is in these.
    for (key, why) in overrides.0.iter().filter_map(|(key, _)| refused(key)) {
        findings.problem(&at.key(key), format!("cannot be overridden; {why}"));
    }
}

/// Refuses defaults of members that belong to the client, and those that can never count. `at` is the
/// deployment.
pub(super) fn check_defaults(at: &Path<'_>, deployment: &Deployment, findings: &mut Diagnostics) {
    let at = at.key("request_defaults");
    let is_overridden =
        |key: &str| deployment.request_overrides.0.iter().any(|(over, _)| over == key);
    for (key, value) in &deployment.request_defaults.0 {
        let at = at.key(key);
        if let Some((_, why)) = refused(key) {
            findings.problem(&at, format!("cannot have a default; {why}"));
        } else if value.is_null() {
            findings
                .problem(&at, "found null; write the value that counts if the client sends none");
        } else if is_overridden(key) {
            findings.problem(&at, "is in request_overrides, which always count; keep one of them");
        }
    }
}

/// Returns what may not be overridden, and why.
fn refused(key: &str) -> Option<(&'static str, &'static str)> {
    REFUSED.into_iter().find(|(refused, _)| *refused == key)
}

/// Returns a candidate's overrides over its deployment's, objects merged one level deep.
///
/// `{"a": {"x": 1}, "b": 1}` of the deployment under `{"a": {"y": 2}, "b": null}` of the candidate
/// is `{"a": {"x": 1, "y": 2}, "b": null}`.
pub(super) fn merged(candidate: &Overrides, deployment: &Arc<Overrides>) -> Arc<Overrides> {
    if candidate.0.is_empty() {
        // Most candidates have none of their own, and share one copy.
        return Arc::clone(deployment);
    }
    let mut body = Map::new();
    body.extend(deployment.0.iter().cloned());
    for (key, value) in candidate.0.iter().cloned() {
        match (body.get_mut(&key), value) {
            // No deeper, so that a candidate can replace a nested object as a whole.
            (Some(Value::Object(under)), Value::Object(over)) => under.extend(over),
            (_, value) => _ = body.insert(key, value),
        }
    }
    Arc::new(Overrides(body.into_iter().collect()))
}

/// Returns every top-level member that some override replaces, that decides whether some default counts, or
/// that names another model than `model` does.
///
/// A body is read before its deployment is known, so the reader notes where any of these members
/// is.
pub(super) fn keys(deployments: &[Deployment], models: &[Model]) -> Arc<WatchedKeys> {
    let groups = models.iter().flat_map(|model| &model.groups);
    let candidates = groups.flat_map(|group| &group.candidates);
    let overrides = deployments
        .iter()
        .map(|deployment| &deployment.request_overrides)
        .chain(candidates.map(|candidate| &candidate.request_overrides));
    let overridden = overrides.flat_map(|overrides| overrides.0.iter().map(|(key, _)| key.clone()));
    let defaults = deployments.iter().flat_map(|deployment| &deployment.request_defaults.0);
    let filled = defaults.flat_map(|(key, _)| same_setting(key).map(str::to_owned));
    Arc::new(Naming::keys().map(str::to_owned).chain(overridden).chain(filled).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Overrides {
        let Value::Object(body) = value else { panic!("an object") };
        Overrides(body.into_iter().collect())
    }

    #[test]
    fn objects_merge_one_level_deep() {
        let deployment = Arc::new(of(json!({"a": {"x": 1, "y": {"z": 1}}, "b": 1, "c": {"k": 1}})));
        let candidate = of(json!({"a": {"y": {"w": 2}}, "b": null, "c": 3}));
        let wanted = of(json!({"a": {"x": 1, "y": {"w": 2}}, "b": null, "c": 3}));
        assert_eq!(*merged(&candidate, &deployment), wanted);
    }

    #[test]
    fn a_candidate_without_overrides_shares_its_deployments() {
        let deployment = Arc::new(of(json!({"a": 1})));
        assert!(Arc::ptr_eq(&merged(&Overrides::default(), &deployment), &deployment));
    }
}
