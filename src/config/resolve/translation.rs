//! Checks that the other settings allow translation.

use super::super::error::{Diagnostics, Path};
use super::super::raw::Raw;
use super::super::settings::{Hold, Translate};
use super::lists::given;

/// Refuses `translate` if there is no attempt filter to do it, or if the attempt filter could not hold the heads
/// of answers.
#[inline(never)]
pub(super) fn check(raw: &Raw, findings: &mut Diagnostics) {
    let settings = &raw.settings;
    let root = Path::Root;
    check_at(&root.key("translate"), Some(settings.translate), raw, findings);
    let models = root.key("models");
    for (name, model) in given(&raw.models) {
        check_at(&models.key(name).key("translate"), model.traits.translate, raw, findings);
    }
}

fn check_at(at: &Path<'_>, translate: Option<Translate>, raw: &Raw, findings: &mut Diagnostics) {
    if translate.is_none_or(|translate| translate == Translate::Off) {
        return;
    }
    let settings = &raw.settings;
    if !settings.failover.has_attempts() {
        let message = "needs the attempt filter, which translates; set failover.max_attempts \
                       above 1 or \"failover\": {\"attempt_filter\": true}, or set this to \
                       \"off\"";
        findings.problem(at, message);
    } else if settings.hold == Hold::BufferFilter {
        let message = "does not work with \"hold\": \"buffer_filter\", because response headers \
                       cannot wait for the translation; set \"hold\": \"stop_iteration\", or set \
                       this to \"off\"";
        findings.problem(at, message);
    }
}
