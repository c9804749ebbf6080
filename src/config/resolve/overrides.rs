//! `request_overrides`: which members may be replaced, and how a candidate's go
//! over its deployment's.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::error::{Findings, Path};
use super::super::raw::Body;
use super::super::{Deployment, Model, Overrides};

/// Members that say what is asked and of whom, and what to use instead of overriding them.
const REFUSED: [(&str, &str); 5] = [
    ("model", "use the deployment's model"),
    ("messages", "what the client asks is not configuration"),
    ("input", "what the client asks is not configuration"),
    ("prompt", "what the client asks is not configuration"),
    ("contents", "what the client asks is not configuration"),
];

/// The overrides of a deployment or candidate at that place.
pub(super) fn overrides(at: &Path<'_>, body: Option<&Body>, findings: &mut Findings) -> Overrides {
    let at = at.key("request_overrides");
    let members = body.into_iter().flatten();
    for (key, why) in members.clone().filter_map(|(key, _)| refused(key)) {
        findings.problem(&at.key(key), format!("cannot be overridden; {why}"));
    }
    Overrides(members.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn refused(key: &str) -> Option<(&'static str, &'static str)> {
    REFUSED.into_iter().find(|(refused, _)| *refused == key)
}

/// A candidate's overrides over its deployment's, objects merged one level deep.
pub(super) fn merged(candidate: Overrides, deployment: &Arc<Overrides>) -> Arc<Overrides> {
    if candidate.0.is_empty() {
        return Arc::clone(deployment);
    }
    let mut body = Body::new();
    body.extend(deployment.0.iter().cloned());
    for (key, value) in candidate.0 {
        match (body.get_mut(&key), value) {
            (Some(Value::Object(under)), Value::Object(over)) => under.extend(over),
            (_, value) => _ = body.insert(key, value),
        }
    }
    Arc::new(Overrides(body.into_iter().collect()))
}

/// Every top-level member that some override replaces, sorted.
pub(super) fn keys(deployments: &[Deployment], models: &[Model]) -> Arc<[String]> {
    let groups = models.iter().flat_map(|model| &model.groups);
    let candidates = groups.flat_map(|group| &group.candidates);
    let overrides = deployments
        .iter()
        .map(|deployment| &deployment.request_overrides)
        .chain(candidates.map(|candidate| &candidate.request_overrides));
    let mut keys: BTreeSet<&String> = BTreeSet::new();
    keys.extend(overrides.flat_map(|overrides| overrides.0.iter().map(|(key, _)| key)));
    keys.into_iter().cloned().collect()
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
        assert_eq!(*merged(candidate, &deployment), wanted);
    }

    #[test]
    fn a_candidate_without_overrides_shares_its_deployments() {
        let deployment = Arc::new(of(json!({"a": 1})));
        assert!(Arc::ptr_eq(&merged(Overrides::default(), &deployment), &deployment));
    }
}
