//! Warnings of what is accepted and has no effect in this version.
//!
//! A key leaves this list with the change that acts upon it.

use super::super::error::{Findings, Path};
use super::super::raw::{Model, Raw};

/// Warns of every key that is given and idle.
pub(super) fn warn(raw: &Raw, findings: &mut Findings) {
    let root = Path::Root;
    idle(&root, sections(raw), findings);
    if raw.failover.max_attempts > 1 {
        return;
    }
    let models = root.key("models");
    for (name, model) in &raw.models {
        let model_at = models.key(name);
        idle(&model_at.key("fallbacks"), model.iter().flat_map(kinds), findings);
    }
}

fn idle(
    at: &Path<'_>,
    keys: impl IntoIterator<Item = (&'static str, bool)>,
    findings: &mut Findings,
) {
    for (key, _) in keys.into_iter().filter(|(_, is_given)| *is_given) {
        findings.warn(&at.key(key), "is checked, but not active in this version");
    }
}

const fn sections(raw: &Raw) -> [(&'static str, bool); 1] {
    [("shadow", raw.shadow.is_some())]
}

const fn kinds(model: &Model) -> [(&'static str, bool); 3] {
    let fallbacks = &model.fallbacks;
    [
        ("context_window", fallbacks.context_window.is_some()),
        ("content_policy", fallbacks.content_policy.is_some()),
        ("rate_limit", fallbacks.rate_limit.is_some()),
    ]
}
