//! What is likely meant by a value that a routing document has at the wrong place or in the wrong form.
//!
//! Adds to messages of the configuration, which the filter gives as well and which are short there. Goes
//! by path and message; knows no rule of the configuration.

use std::sync::LazyLock;

use serde_json::Value;

use crate::config::{self, Located, Problem};

use super::words;

/// What stands before the key that was probably meant.
const MEANT: &str = "; did you mean \"";

/// The keys of a whole document.
static SECTIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let schema = config::schema();
    let keys = schema.get("properties").and_then(Value::as_object);
    keys.into_iter().flat_map(|keys| keys.keys().cloned()).collect()
});

/// Returns what to do with a file whose keys are none of a routing document; `None` where one is or may be a
/// misspelt one, or where there are few.
pub(super) fn of_strange(keys: &[String]) -> Option<String> {
    const FEW: usize = 2;
    const MOST_EDITS: usize = 2;
    let is_near = |key: &String| {
        SECTIONS.iter().any(|section| strsim::osa_distance(key, section) <= MOST_EDITS)
    };
    if keys.len() <= FEW || keys.iter().any(is_near) {
        return None;
    }
    let (first, second) = (keys.first()?, keys.get(1)?);
    Some(format!(
        "has keys such as {first:?} and {second:?}, and none of a routing document; name the file that has providers, \
         deployments and models"
    ))
}

/// Puts a hint after what is wrong. It stands in place of the list of all keys, and before that of all
/// values.
pub(super) fn put(problem: &mut Problem, hint: &str) {
    let message = &mut problem.message;
    let allowed =
        message.split_once("; allowed: ").map(|(start, list)| (start.len(), list.to_owned()));
    match allowed {
        Some((at, _)) if message.starts_with("unknown key ") && !hint.is_empty() => {
            message.truncate(at);
            message.push_str(hint);
        }
        Some((at, list)) if hint.ends_with('?') => {
            message.truncate(at);
            message.push_str(hint);
            message.push_str(" allowed: ");
            message.push_str(&list);
        }
        _ => message.push_str(hint),
    }
}

/// Returns what to write instead, to stand after what is wrong; empty where that is not known. `found` is
/// the text of the value in the document, as JSON.
pub(super) fn of(problem: &Problem, found: &str) -> String {
    let found = serde_json::from_str::<Value>(found).unwrap_or_default();
    let hint = match found.as_str() {
        Some(text) => variable(problem, text)
            .or_else(|| strategy(problem, text))
            .or_else(|| authority(problem, text))
            .or_else(|| list_of_text(problem, text)),
        None => text_in_quotes(problem, &found),
    };
    let hint =
        hint.or_else(|| key(problem)).or_else(|| section(problem)).or_else(|| shorthand(problem));
    hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}

/// Returns the variable that other tools' ways to name one mean: `os.environ/KEY`, `${KEY}`.
fn variable(problem: &Problem, text: &str) -> Option<String> {
    if !problem.message.contains("expected the name of an environment variable") {
        return None;
    }
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let prefixes = ["os.environ/", "env/", "env.", "env:", "$"];
    let name = inner.or_else(|| prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)))?;
    let name = name.strip_prefix("env:").unwrap_or(name);
    let is_start = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
    let is_name = is_start && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    is_name.then(|| format!("did you mean {name:?}?"))
}

/// Returns the strategy that another router's name stands for.
fn strategy(problem: &Problem, text: &str) -> Option<String> {
    let is_unknown = problem.message.starts_with("unknown value ");
    if !is_unknown || !problem.path.ends_with(".strategy") {
        return None;
    }
    // A name that differs from ours by its hyphens alone has a suggestion already.
    let is_said = problem.message.contains("did you mean");
    let ours = words::of_strategy(text).filter(|_| !is_said)?;
    Some(format!("did you mean {ours:?}?"))
}

/// Returns the key that another tool's stands for.
fn key(problem: &Problem) -> Option<String> {
    let name = problem.message.strip_prefix("unknown key \"")?.split('"').next()?;
    let is_said = problem.message.contains("did you mean");
    if is_said { None } else { words::of_key(&problem.path, name) }
}

/// Returns the problems without those that have gone with another one: where a section's key is misspelt,
/// every name of the section is missing as well, and where a key in a section is, what needs this key has none.
pub(super) fn without_consequences(problems: Vec<Located>) -> Vec<Located> {
    let misspelt = |found: &Located| {
        let (_, meant) = found.problem.message.strip_prefix("unknown key ")?.split_once(MEANT)?;
        let meant = meant.split('"').next()?;
        Some(match found.problem.path.as_str() {
            "configuration" => format!("unknown {} ", meant.trim_end_matches('s')),
            path => format!("{path}.{meant} "),
        })
    };
    let missing: Vec<String> = problems.iter().filter_map(misspelt).collect();
    let is_consequence = |message: &str| {
        let is_name = message.contains("; none is declared") || message.ends_with("s: none");
        missing.iter().any(|key| match message.strip_prefix(key.as_str()) {
            Some(_) => is_name,
            None => !key.starts_with("unknown ") && message.contains(key.as_str()),
        })
    };
    problems.into_iter().filter(|found| !is_consequence(&found.problem.message)).collect()
}

/// Returns the host of a URL that stands for it.
fn authority(problem: &Problem, text: &str) -> Option<String> {
    if !problem.path.ends_with(".authority") {
        return None;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", text),
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let is_host = |it: char| it.is_ascii_alphanumeric() || ".-_:[]".contains(it);
    if host.is_empty() || !host.chars().all(is_host) {
        return None;
    }
    let has_path = !path.trim_matches('/').is_empty();
    let left_out = match (scheme.is_empty(), has_path) {
        (false, true) => "the scheme and the path",
        (false, false) => "the scheme",
        (true, _) => "the path",
    };
    let mut hint = format!("leave out {left_out}: write {host:?}");
    if has_path {
        hint.push_str(" (path_prefix or path of the provider changes the path of requests)");
    }
    if scheme == "http" {
        hint.push_str("; Envoy's cluster says that there is no TLS (--endpoint CLUSTER=HOST:PORT)");
    }
    Some(hint)
}

/// Returns that a text is written like a number or a truth value.
fn text_in_quotes(problem: &Problem, found: &Value) -> Option<String> {
    if !wants(problem, "text") {
        return None;
    }
    match found {
        Value::Number(number) => Some(format!("write \"{number}\"")),
        Value::Bool(_) => Some(
            "put it into quotation marks; in YAML, y, n, yes, no, on and off are true or false without them"
                .to_owned(),
        ),
        _ => None,
    }
}

/// Returns a list of a text, where a list is expected.
fn list_of_text(problem: &Problem, text: &str) -> Option<String> {
    // A text that the message does not show may be a secret.
    let is_shown = problem.message.starts_with("found \"");
    let words: Vec<&str> = text.split_whitespace().collect();
    (is_shown && wants(problem, "a list")).then(|| match words.as_slice() {
        [] | [_] => format!("write [{text:?}]"),
        // In YAML, items of several lines without their dashes are one text.
        items => format!("write {items:?}, or [{text:?}] if that is one item"),
    })
}

fn wants(problem: &Problem, what: &str) -> bool {
    let expected = problem.message.split_once("expected ");
    expected.is_some_and(|(_, expected)| expected.starts_with(what))
}

/// Returns that a key is one of the whole document, which is written further in.
fn section(problem: &Problem) -> Option<String> {
    let is_section = |name: &str| SECTIONS.iter().any(|section| section == name);
    let message = &problem.message;
    if let Some(name) =
        message.strip_prefix("unknown key \"").and_then(|rest| rest.split('"').next())
    {
        // What is misspelt has a better suggestion.
        if is_section(name) && problem.path != "configuration" && !message.contains("did you mean")
        {
            return Some(format!("{name:?} is a key of the whole document; indent it less"));
        }
    }
    let (outer, name) = problem.path.split_once('.')?;
    let one = match outer {
        "providers" => "provider",
        "deployments" => "deployment",
        "models" => "model",
        _ => return None,
    };
    is_section(name).then(|| {
        format!("if this is no {one} but the section {name:?} of the document, indent it less")
    })
}

/// Returns the long form of what some other tools write shorter.
fn shorthand(problem: &Problem) -> Option<String> {
    let (outer, name) = problem.path.split_once('.')?;
    if outer == "providers" && name.ends_with(".credential") && wants(problem, "an object") {
        let form = "write { \"env\": \"NAME\" } with the name of the environment variable that holds the key";
        return Some(form.to_owned());
    }
    if outer == "models" && name.ends_with(".candidates") && wants(problem, "a list") {
        return Some("write a list, such as [{ \"deployment\": \"ID\" }]".to_owned());
    }
    if name.contains(['.', '[']) || !wants(problem, "an object") {
        return None;
    }
    let form = match outer {
        "models" => "{ \"candidates\": [\"ID\"] } with the ids of deployments",
        "providers" => "{ \"cluster\": \"NAME\" } with the name of Envoy's cluster",
        "deployments" => "{ \"provider\": \"NAME\", \"model\": \"NAME\" }",
        _ => return None,
    };
    Some(format!("write {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(path: &str, message: &str, found: &str) -> String {
        of(&Problem { path: path.to_owned(), message: message.to_owned() }, found)
    }

    #[test]
    fn variables_are_known_by_the_forms_of_other_tools() {
        let message = "found a text; expected the name of an environment variable: letters";
        for text in ["os.environ/A_KEY", "$A_KEY", "${A_KEY}", "${env:A_KEY}", "env:A_KEY"] {
            let found = format!("{text:?}");
            assert_eq!(hint("a.env", message, &found), "; did you mean \"A_KEY\"?", "{text}");
        }
        for text in ["sk-proj-1", "$sk-1", "os.environ/", "${}", "os.environ/a-b"] {
            assert_eq!(hint("a.env", message, &format!("{text:?}")), "", "{text}");
        }
    }

    #[test]
    fn a_url_is_no_authority() {
        let of = |text: &str| hint("providers.p.authority", "found; expected a host name", text);
        assert_eq!(of("\"https://a.example\""), "; leave out the scheme: write \"a.example\"");
        assert!(of("\"a.example/v1\"").starts_with("; leave out the path: write \"a.example\" ("));
        assert!(of("\"http://h:1/x\"").contains("the scheme and the path: write \"h:1\""));
        assert!(of("\"http://h:1\"").contains("no TLS"));
        assert_eq!(of("\"https://a b\""), "");
        assert_eq!(of("7"), "");
    }

    #[test]
    fn a_text_that_is_not_shown_is_not_repeated() {
        let message = "found a text that begins with \"sk-\"; expected a list";
        assert_eq!(hint("providers.p.keep", message, "\"sk-proj-123456789012345\""), "");
    }

    #[test]
    fn sections_are_the_keys_of_the_document() {
        for name in ["providers", "deployments", "models", "routes", "limits"] {
            assert!(SECTIONS.iter().any(|section| section == name), "{name}");
        }
    }
}
