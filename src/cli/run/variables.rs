//! Whether the environment holds what a document needs, before Envoy is asked to serve it.
//!
//! Envoy gets the environment of this tool at its start, and it never changes. Values are in no
//! message.

use std::ffi::{OsStr, OsString};

use crate::admin::Gate;
use crate::cli::envoy::variables;
use crate::cli::io::ToolError;
use crate::cli::routing_file::RoutingFile;
use crate::config::Config;

/// When a document is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before Envoy starts.
    Start,
    /// While Envoy runs.
    Change,
}

/// Makes sure that every environment variable that the document names can be used.
///
/// # Errors
/// What is wrong, a line for each variable, and a line that says what to do.
pub(super) fn check(file: &RoutingFile, config: &Config, moment: Moment) -> Result<(), ToolError> {
    let problems = problems(config, |name| std::env::var_os(name));
    if problems.is_empty() {
        return Ok(());
    }
    let at_its_place = |problem: &String| file.found(problem).line_of(&file.name, "error");
    let mut lines: Vec<String> = problems.iter().map(at_its_place).collect();
    lines.push(match moment {
        Moment::Start => "set these variables for `pointsman run`, for example by `export \
                          NAME=…`, and start it again"
            .to_owned(),
        Moment::Change => "the environment of the running Envoy cannot change: stop with Ctrl-C, \
                           set these variables, and start `pointsman run` again"
            .to_owned(),
    });
    Err(ToolError::unusable(lines.join("\n")))
}

/// Returns what is wrong with the variables of a document, a line each.
fn problems(config: &Config, value: impl Fn(&str) -> Option<OsString>) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, path) in variables(config) {
        let value = value(&name);
        if let Some(fault) = fault(value.as_deref()) {
            problems.push(format!("{path}: environment variable \"{name}\" {fault}"));
            continue;
        }
        // The filter's own rules, which are stricter for tokens of operators.
        let admin = config.admin.as_ref().filter(|admin| admin.token_env == name);
        let text = || value.and_then(|value| value.into_string().ok());
        if let Some(Err(problem)) = admin.map(|admin| Gate::new(admin, |_| text())) {
            problems.push(problem);
        }
    }
    problems
}

/// Returns what is wrong with a value that goes into a header; `None` where nothing is.
fn fault(value: Option<&OsStr>) -> Option<&'static str> {
    let Some(value) = value else { return Some("is not set") };
    let value = value.as_encoded_bytes();
    let trimmed = value.trim_ascii();
    if trimmed.is_empty() {
        return Some("is empty");
    }
    if trimmed.len() < value.len() {
        return Some(
            "has a space or a line break at its beginning or end; remove it (it often comes from a \
             file with the key)",
        );
    }
    if !value.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return Some(
            "has a line break, a control character or a character that is not ASCII, which no \
             header can hold; copy the key again",
        );
    }
    let is_quoted =
        |quote: u8| value.len() > 1 && value.starts_with(&[quote]) && value.ends_with(&[quote]);
    (is_quoted(b'"') || is_quoted(b'\'')).then_some(
        "is in quotation marks, which are no part of a key; remove them (some tools keep the \
         quotation marks of a .env file)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{
        "providers": {
            "a": {"cluster": "a", "credential": {"env": "A_KEY"}},
            "b": {"cluster": "b", "credential": {"envoy": "credential_injector", "env": "B_KEY"}}
        },
        "models": {"m": {"candidates": [{"provider": "a", "model": "m"}, {"provider": "b", "model": "m"}]}},
        "failover": {"max_attempts": 2},
        "admin": {"token_env": "TOKEN"}
    }"#;

    fn found(a: Option<&str>, b: &str, token: &str) -> String {
        let config = crate::config::parse(DOCUMENT.as_bytes()).unwrap();
        let value = |name: &str| match name {
            "A_KEY" => a.map(OsString::from),
            "B_KEY" => Some(b.into()),
            _ => Some(token.into()),
        };
        problems(&config, value).join("\n")
    }

    #[test]
    fn values_that_can_be_sent_are_no_problem() {
        assert_eq!(found(Some("sk-a b"), "it's", "0123456789abcdef"), "");
    }

    #[test]
    fn each_fault_names_its_variable_and_never_the_value() {
        let token = "0123456789abcdef";
        for (value, fault) in [
            ("secret\n", "at its beginning or end"),
            (" secret", "at its beginning or end"),
            ("secret\r", "at its beginning or end"),
            ("sec\nret", "has a line break"),
            ("sécret", "not ASCII"),
            ("\"secret\"", "in quotation marks"),
            ("'secret'", "in quotation marks"),
            ("", "is empty"),
            (" ", "is empty"),
        ] {
            for text in [found(Some(value), "b", token), found(Some("a"), value, token)] {
                assert!(text.contains(fault) && !text.contains("cret"), "{value:?}: {text}");
                assert!(text.starts_with("providers."), "{text}");
            }
        }
        let all = found(None, " ", "short-secret");
        let lines: Vec<&str> = all.lines().collect();
        assert_eq!(
            lines,
            [
                "providers.a.credential.env: environment variable \"A_KEY\" is not set",
                "providers.b.credential.env: environment variable \"B_KEY\" is empty",
                "admin.token_env: environment variable \"TOKEN\" is too short; use at least 16 \
                 characters",
            ]
        );
    }
}
