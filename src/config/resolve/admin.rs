//! The admin endpoints' place: a folder that no LLM request is in.

use super::super::error::{Findings, Path, quoted};
use super::super::{Admin, raw};
use crate::request::path::{PathTable, canonical};

/// Where the admin endpoints are; none where that was reported.
pub(super) fn resolve(
    raw: &raw::Admin,
    paths: &PathTable,
    findings: &mut Findings,
) -> Option<Admin> {
    let at = Path::Root.key("admin");
    let path = &raw.path;
    let own = "allowed: a folder of its own such as \"/admin\"";
    if path.is_empty() {
        findings.problem(&at.key("path"), format!("is the root of all paths; {own}"));
    } else if canonical(path) != *path {
        // It is compared letter for letter, and proxies make other spellings plain.
        let message = format!(
            "{} is not plain; allowed: letters, digits and punctuation, without dot segments, \
             doubled \"/\", \"%\", \";\" and \"\\\"",
            quoted(path)
        );
        findings.problem(&at.key("path"), message);
    } else if let Some(judged) = paths.below(path) {
        let message =
            format!("{} would take in LLM requests on {}; {own}", quoted(path), quoted(&judged));
        findings.problem(&at.key("path"), message);
    }
    Some(Admin { path: path.clone(), token_env: raw.token_env.clone()? })
}
