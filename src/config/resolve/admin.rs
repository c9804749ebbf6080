//! The path of the admin endpoints, which must be a folder without LLM requests.

use super::super::error::{Diagnostics, Path, quoted};
use super::super::settings::Admin;
use crate::request::path::{PathTable, canonical};

/// Refuses an admin path that is the root, is not plain, or has LLM requests below it.
#[inline(never)]
pub(super) fn check(admin: Option<&Admin>, paths: &PathTable, findings: &mut Diagnostics) {
    let Some(Admin { path, .. }) = admin else { return };
    let at = Path::Root.key("admin");
    let own = "choose a folder of its own, such as \"/admin\"";
    let message = if path.is_empty() {
        format!("is the root of all paths, so it would take every request; {own}")
    } else if canonical(path) != *path {
        // It is compared letter for letter, and proxies make other spellings plain.
        format!(
            "{} has other spellings; use letters, digits and punctuation, without dot segments, \
             \"//\", \"%\", \";\" or \"\\\"",
            quoted(path)
        )
    } else if let Some(judged) = paths.below(path) {
        // Requests below the folder go to the admin endpoints, and would never be routed.
        format!("{} would take LLM requests on {}; {own}", quoted(path), quoted(&judged))
    } else {
        return;
    };
    findings.problem(&at.key("path"), message);
}
