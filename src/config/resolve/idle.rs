//! Warnings of what is accepted and has no effect beside the rest of the document.

use super::super::error::{Findings, Path};
use super::super::raw::{Model, Raw};

/// Warns of every key that is given and idle.
pub(super) fn warn(raw: &Raw, findings: &mut Findings) {
    if raw.failover.max_attempts > 1 {
        return;
    }
    let models = Path::Root.key("models");
    for (name, model) in &raw.models {
        let model_at = models.key(name);
        let at = model_at.key("fallbacks");
        for (key, _) in model.iter().flat_map(kinds).filter(|(_, is_given)| *is_given) {
            findings.warn(&at.key(key), "has no effect: nothing else is tried after a failure while failover.max_attempts is 1");
        }
    }
}

const fn kinds(model: &Model) -> [(&'static str, bool); 3] {
    let fallbacks = &model.fallbacks;
    [
        ("context_window", fallbacks.context_window.is_some()),
        ("content_policy", fallbacks.content_policy.is_some()),
        ("rate_limit", fallbacks.rate_limit.is_some()),
    ]
}
