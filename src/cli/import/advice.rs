//! Says what to do instead of settings that have no counterpart ([`super::instead`]).
//!
//! A setting that is in no row, and that nothing has read, is not known to the importer. It is
//! reported as well, so nothing in the file is passed over.

use super::instead::{ROWS, Row, Section};
use super::place::Place;
use super::providers::Providers;
use Section::{General, Info, Module, Params, Router, Top};

/// What is said of a setting that the importer does not know.
const UNKNOWN: &str = "is not known to this importer, so nothing was made of it";

/// Reports all that nobody has read.
pub(super) fn rest(root: &Place, providers: &Providers) {
    for (name, place) in root.member("environment_variables").members() {
        let is_key = providers.names_variable(&name);
        if is_key {
            place.report("is not copied; put it into the environment of Envoy");
        } else if !place.was_resolved() {
            place.report("is not copied: nothing in the document reads it");
        }
    }
    for place in root.unread() {
        place.report(advice(place.path()));
    }
}

/// Returns what is said of the setting at a path.
fn advice(path: &str) -> &'static str {
    let (section, key) = section(path);
    let has = |row: &&Row| row.0.contains(&section) && row.1.iter().any(|name| matches(name, key));
    ROWS.iter().find(has).map_or(UNKNOWN, |row| row.2)
}

/// Returns the section of a path and the setting's name in it.
fn section(path: &str) -> (Section, &str) {
    let parts = [
        (".litellm_params.", Params),
        (".credential_values.", Params),
        (".default_litellm_params.", Params),
        (".model_info.", Info),
        ("router_settings.", Router),
        ("litellm_settings.", Module),
        ("general_settings.", General),
    ];
    let found = parts.iter().find_map(|(part, section)| Some((*section, path.split_once(part)?.1)));
    let (section, rest) = found.unwrap_or((Top, path));
    (section, rest.split(['.', '[']).next().unwrap_or_default())
}

/// Whether a name is the pattern's; a `*` at either end stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let inner = pattern.trim_matches('*');
    match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (true, true) => name.contains(inner),
        (true, false) => name.ends_with(inner),
        (false, true) => name.starts_with(inner),
        (false, false) => name == inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_their_section() {
        assert!(
            advice("model_list[3].litellm_params.mock_response")
                .starts_with("has no counterpart; to answer")
        );
        assert!(advice("model_list[0].litellm_params.aws_role_name").contains("signs"));
        assert!(advice("general_settings.master_key").contains("authenticates"));
        assert!(advice("litellm_settings.cache_params.type").contains("keeps no answers"));
        assert!(advice("guardrails[0].guardrail_name").contains("check requests"));
        assert_eq!(advice("general_settings.new_thing"), UNKNOWN);
        assert_eq!(advice("model_list[0].litellm_params.new_thing"), UNKNOWN);
        assert_eq!(advice("new_thing"), UNKNOWN);
        assert!(advice("model_list[0].model_info.new_thing").contains("decided by it"));
    }
}
