//! Warnings of keys that are accepted but have no effect, because of other keys.

use super::super::error::{Diagnostics, Path};
use super::super::raw::{Raw, RawFallbacks, RawModel};
use super::lists::given;

/// Warns of every key that is given and has no effect, because nothing is tried after a failure.
#[inline(never)]
pub(super) fn warn(raw: &Raw, findings: &mut Diagnostics) {
    // Any kind of failure can then lead to a second attempt, so no list is idle.
    if raw.settings.failover.max_attempts > 1 {
        return;
    }
    let models = Path::Root.key("models");
    for (name, model) in given(&raw.models) {
        let model_at = models.key(name);
        let at = model_at.key("fallbacks");
        for (key, _) in kinds(model).into_iter().filter(|(_, is_given)| *is_given) {
            findings.warn(
                &at.key(key),
                "has no effect, because failover.max_attempts is 1 and nothing else is tried \
                 after a failure; set failover.max_attempts above 1, or remove it",
            );
        }
    }
}

/// Returns the lists of fallbacks that are for one kind of failure, and whether they are given.
fn kinds(model: &RawModel) -> [(&'static str, bool); 3] {
    let lists = match &model.fallbacks {
        RawFallbacks::ByKind(lists) => Some(lists),
        RawFallbacks::General(_) => None,
    };
    [
        ("context_window", lists.is_some_and(|lists| lists.context_window.is_some())),
        ("content_policy", lists.is_some_and(|lists| lists.content_policy.is_some())),
        ("rate_limit", lists.is_some_and(|lists| lists.rate_limit.is_some())),
    ]
}
