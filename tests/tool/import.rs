//! Documents from LiteLLM's files. Whatever a file says is in the document, or in the report.

use std::collections::BTreeSet;

use serde_json::Value;

use super::run::Ran;
use super::{file, pointsman, yaml};

pub(super) const FOLDER: &str = "tests/import/litellm";

/// Returns the names of the fixtures, without their ending.
pub(super) fn names() -> Vec<String> {
    let names: BTreeSet<String> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    assert!(names.len() >= 10, "{names:?}");
    names.into_iter().collect()
}

fn import(file: &str) -> Ran {
    pointsman(&["import", "litellm", file, "--to", "json"])
}

/// Compares a text with the file that has what is expected, or writes that file.
fn assert_golden(path: &str, text: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, text).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, expected, "{path}; UPDATE_EXPECTED=1 writes it");
}

#[test]
fn every_fixture_leads_to_its_document_and_report() {
    for name in names() {
        let ran = import(&format!("{FOLDER}/{name}.yaml"));
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        assert_golden(&format!("{FOLDER}/{name}.json"), &ran.out);
        assert_golden(&format!("{FOLDER}/{name}.txt"), &ran.err);
    }
}

#[test]
fn every_fixture_leads_to_files_that_check_and_lint_accept() {
    for name in names() {
        let folder = folder(&format!("import-{name}"));
        let source = format!("{FOLDER}/{name}.yaml");
        let ran = pointsman(&["import", "litellm", &source, "--output", &folder]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let [routing, envoy] =
            ["routing.yaml", "envoy.yaml"].map(|file| format!("{folder}/{file}"));
        assert_eq!(ran.out, format!("{routing}\n{envoy}\n"));
        let checked = pointsman(&["check", &routing]);
        assert_eq!(checked.code, 0, "{name}: {}", checked.err);
        let linted = pointsman(&["lint", "--config", &routing, "--envoy", &envoy]);
        assert_eq!(linted.code, 0, "{name}: {}", linted.out);
        assert!(linted.out.contains(": 0 errors, "), "{name}: {}", linted.out);
    }
}

/// Returns a folder that is not there yet.
pub(super) fn folder(name: &str) -> String {
    let folder = format!("{}/tool/{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// One step into a value.
#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// Returns the way to every value below this one, objects and lists included.
fn ways(value: &Value, before: &[Step], all: &mut Vec<Vec<Step>>) {
    let inner: Vec<(Step, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (Step::Index(at), value)).collect()
        }
        _ => vec![],
    };
    for (step, value) in inner {
        let way = [before, &[step]].concat();
        all.push(way.clone());
        ways(value, &way, all);
    }
}

/// Returns the value without what the way leads to, or with its key changed.
fn without(value: &Value, way: &[Step], renamed: Option<&str>) -> Value {
    let mut value = value.clone();
    let mut at = &mut value;
    let (last, steps) = way.split_last().unwrap();
    for step in steps {
        at = match step {
            Step::Key(key) => &mut at[key],
            Step::Index(index) => &mut at[index],
        };
    }
    match last {
        Step::Key(key) => {
            let removed = at.as_object_mut().unwrap().remove(key).unwrap();
            if let Some(name) = renamed {
                at[name] = removed;
            }
        }
        Step::Index(index) => drop(at.as_array_mut().unwrap().remove(*index)),
    }
    value
}

/// Returns the last key on a way.
fn key(way: &[Step]) -> &str {
    way.iter()
        .rev()
        .find_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None })
        .unwrap_or_default()
}

/// Settings that say what is so anyway: whatever they say, nothing changes.
const USUAL: [(&str, &str); 3] = [
    ("mode", "chats and most others need none"),
    ("fallbacks", "there are none in the list"),
    ("hidden", "aliases that lead nowhere"),
];

/// Returns the value with another scalar at the end of the way; `None` where there is no scalar.
fn changed(value: &Value, way: &[Step]) -> Option<Value> {
    let mut value = value.clone();
    let at = way.iter().fold(&mut value, |at, step| match step {
        Step::Key(key) => &mut at[key],
        Step::Index(index) => &mut at[index],
    });
    *at = match at {
        Value::Bool(flag) => Value::from(!*flag),
        Value::Number(_) => Value::from(77),
        Value::String(_) => Value::from("os.environ/ANOTHER_ONE"),
        _ => return None,
    };
    Some(value)
}

/// Returns a fixture as JSON, which has no lines that could move.
fn fixture(name: &str) -> Value {
    yaml::value(&std::fs::read_to_string(format!("{FOLDER}/{name}.yaml")).unwrap())
}

/// Imports a value, and returns the report without the name of the file.
fn run_value(value: &Value) -> Ran {
    let path = file("config.json", &value.to_string());
    let ran = import(&path);
    Ran { err: ran.err.replace(&path, ""), ..ran }
}

#[test]
fn nothing_of_a_file_is_passed_over() {
    let (mut tried, mut unheard) = (0, Vec::new());
    for name in names() {
        let whole = fixture(&name);
        let before = run_value(&whole);
        let mut all = Vec::new();
        ways(&whole, &[], &mut all);
        for way in all {
            tried += 1;
            let is_heard = |value: Value| {
                let after = run_value(&value);
                (&before.out, &before.err, 0) != (&after.out, &after.err, after.code)
            };
            let is_usual = USUAL.iter().any(|(name, _)| key(&way) == *name);
            if !is_usual
                && !reported(&before, &way)
                && !is_heard(without(&whole, &way, None))
                && !changed(&whole, &way).is_some_and(is_heard)
            {
                unheard.push(format!("{name}: {}", path(&way)));
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert!(unheard.is_empty(), "changes neither document nor report: {unheard:#?}");
}

/// Whether the report names a place or something that it is in.
fn reported(ran: &Ran, way: &[Step]) -> bool {
    (1..=way.len()).any(|length| ran.err.contains(&format!(": {}: ", path(&way[..length]))))
}

/// Returns a way as the report writes it.
fn path(way: &[Step]) -> String {
    let mut path = String::new();
    for step in way {
        match step {
            Step::Index(at) => path.push_str(&format!("[{at}]")),
            Step::Key(key) if key.contains('.') => path.push_str(&format!("[{key:?}]")),
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path.push_str(&format!(".{key}")),
        }
    }
    path
}

/// Whether a way leads to a setting of LiteLLM's, and not to a name or into a value.
fn is_setting(way: &[Step]) -> bool {
    match way {
        [Step::Key(top)] => top != "model_list",
        [Step::Key(top), Step::Key(_)] => top.ends_with("_settings"),
        [Step::Key(top), Step::Index(_), Step::Key(part), Step::Key(_)] => {
            top == "model_list" && (part == "litellm_params" || part == "model_info")
        }
        _ => false,
    }
}

#[test]
fn a_setting_that_the_importer_does_not_know_is_reported() {
    let mut tried = 0;
    for name in names() {
        let whole = fixture(&name);
        let mut all = Vec::new();
        ways(&whole, &[], &mut all);
        for way in all.iter().filter(|way| is_setting(way)) {
            let ran = run_value(&without(&whole, way, Some("quite_unheard_of")));
            let entry = path(&way[..way.len().min(2)]);
            let is_left_out = ran.err.contains(&format!(": {entry}: is left out"));
            let is_named = ran.err.contains("quite_unheard_of: ");
            assert!(is_named || is_left_out, "{name}: {way:?}\n{}", ran.err);
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn no_secret_of_a_file_is_repeated() {
    let secrets = [
        "sk-not-for-anyone-to-see",
        "azure-secret-of-the-south",
        "azure-secret-of-the-north",
        "sk-written-into-the-file",
        "password-of-the-database",
        "token-of-ours",
        "secret-of-a-header",
        "gsk-of-a-second-account",
    ];
    let (mut sources, mut written) = (String::new(), String::new());
    for name in names() {
        let path = format!("{FOLDER}/{name}.yaml");
        sources.push_str(&std::fs::read_to_string(&path).unwrap());
        let ran = import(&path);
        written.push_str(&ran.out);
        written.push_str(&ran.err);
    }
    for secret in secrets {
        assert!(sources.contains(secret), "{secret}");
        assert!(!written.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_no_file_of_litellm_is_refused() {
    for (name, text, wanted) in [
        ("a.yaml", "providers: {}\n", "is not LiteLLM's configuration: it has no model_list"),
        ("b.yaml", "model_list: []\n", "is not LiteLLM's configuration: it has no model_list"),
        ("c.yaml", "a: [1\n", "line "),
        ("d.yaml", "", "is empty"),
        ("e.yaml", "just a text\n", "is not LiteLLM's configuration"),
    ] {
        let ran = import(&file(name, text));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}");
        assert!(ran.err.contains(&format!("{name}: {wanted}")), "{}", ran.err);
    }
    assert_eq!(import("no/such/file.yaml").code, 2);
}

#[test]
fn each_time_is_mapped_or_reported() {
    let entry = "model_list:\n- model_name: m\n  litellm_params: {model: openai/m, ";
    for (times, wanted) in [
        ("timeout: 60", "timeout: becomes first_token_ms (until the first content;"),
        ("stream_timeout: 60", "stream_timeout: becomes idle_ms (between two pieces)"),
        ("timeout: soon", "timeout: is no time here, so it is left out; wanted seconds"),
        (
            "stream_timeout: -1",
            "stream_timeout: is no time here, so it is left out; wanted seconds",
        ),
    ] {
        let ran = import(&file("times.yaml", &format!("{entry}{times}}}\n")));
        assert!(ran.code == 0 && ran.err.contains(wanted), "{times}: {}", ran.err);
    }
    let settings = "litellm_settings: {request_timeout: 9}\nrouter_settings: {timeout: 8}\n";
    let ran = import(&file("times.yaml", &format!("{entry}api_key: none}}\n{settings}")));
    for wanted in [
        "litellm_settings.request_timeout: is left out: timeout of the router is the same and counts",
        "router_settings.timeout: becomes first_token_ms",
    ] {
        assert!(ran.err.contains(wanted), "{}", ran.err);
    }
}

#[test]
fn a_key_of_openai_goes_to_no_other_server() {
    let text = "model_list:\n- model_name: m\n  litellm_params: {model: openai/m, api_base: \"https://other.example/v1\"}\n";
    let ran = import(&file("other.yaml", text));
    assert!(!ran.out.contains("credential"), "{}", ran.out);
    assert!(ran.out.contains(r#""api": "openai-chat""#), "{}", ran.out);
}
