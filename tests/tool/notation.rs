//! Routing documents in YAML and JSON: every command takes both, and they mean the same.

use serde_json::Value;

use super::{file, pointsman, with_input};

/// Returns the routing documents of the tests, by name.
fn documents() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for folder in ["valid", "envoy", "lint", "replay"] {
        for entry in std::fs::read_dir(format!("tests/configs/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let is_document = serde_json::from_str::<Value>(&text)
                .is_ok_and(|document| document.get("providers").is_some());
            if is_document {
                all.push((path.to_str().unwrap().to_owned(), text));
            }
        }
    }
    assert!(all.len() >= 10, "{}", all.len());
    all
}

/// Writes a document as YAML to a file, and returns its path.
fn yaml_of(json: &str) -> String {
    let ran = pointsman(&["convert", json]);
    assert_eq!(ran.code, 0, "{json}: {}", ran.err);
    let stem = json.rsplit('/').next().unwrap().trim_end_matches(".json");
    file(&format!("{stem}.yaml"), &ran.out)
}

#[test]
fn converting_there_and_back_changes_nothing() {
    for (path, text) in documents() {
        let there = yaml_of(&path);
        let back = pointsman(&["convert", &there]).out;
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&back), value(&text), "{path}");
        // The order stays too: the text of JSON that was converted once is the same again.
        let once = pointsman(&["convert", "--to", "json", &path]).out;
        assert_eq!(back, once, "{path}");
    }
}

#[test]
fn every_command_takes_yaml_and_says_the_same() {
    let json = "tests/configs/replay/now.json";
    let (yaml, next) = (yaml_of(json), yaml_of("tests/configs/replay/next.json"));
    let body = r#"{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}"#;
    let envoy = file("envoy.yaml", &pointsman(&["envoy", "--config", json]).out);
    let replayed = "tests/configs/replay/requests.jsonl";
    let commands: [&[&str]; 5] = [
        &["explain", "--body", "-", "--seed", "1", "--config"],
        &["replay", replayed, "--config"],
        &["lint", "--envoy", &envoy, "--config"],
        &["istio", "--config"],
        &["envoy", "--config"],
    ];
    for command in commands {
        let run = |config: &str| {
            let ran = with_input(&[command, &[config]].concat(), body);
            // Envoy's file shows the document's spacing, and replay the file's name.
            let same = ran.out.replace(config, "CONFIG").split_whitespace().collect::<String>();
            (ran.code, same, ran.err.replace(config, "CONFIG"))
        };
        assert_eq!(run(&yaml), run(json), "{command:?}");
    }
    let against = pointsman(&["replay", replayed, "--config", &yaml, "--against", &next]);
    assert!(against.out.contains("differences: 3"), "{}", against.out);
    // `-` is standard input for any of them.
    let text = std::fs::read_to_string(&yaml).unwrap();
    for command in
        [["envoy", "--config", "-"], ["istio", "--config", "-"], ["check", "-", "--json"]]
    {
        let ran = with_input(&command, &text);
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.err);
    }
    let twice = with_input(&["explain", "--config", "-", "--body", "-"], &text);
    assert_eq!(twice.code, 2, "{}", twice.err);
}

#[test]
fn check_says_the_line_in_text_and_json() {
    let json = "{\n  \"providers\": {\"p\": {\"cluster\": 7}},\n  \"$schema\": \"x.json\"\n}";
    let yaml = "# one\nproviders:\n  p:\n    cluster: 7\n\"$schema\": x.json\n";
    for (name, text, place, line) in
        [("c.json", json, "2:34:", 2), ("c.yaml", yaml, "4:", 4), ("c.yml", yaml, "4:", 4)]
    {
        let path = file(name, text);
        let ran = pointsman(&["check", &path]);
        let starts = format!("{path}:{place} error: providers.p.cluster: ");
        assert!(ran.code == 1 && ran.err.starts_with(&starts), "{}", ran.err);
        let ran = pointsman(&["check", "--json", &path]);
        assert_eq!((ran.code, ran.err.as_str()), (1, ""));
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["problems"][0]["line"], line, "{}", ran.out);
        assert_eq!(report["is_valid"], false);
        assert!(!ran.out.contains("$schema"), "{}", ran.out);
    }
}

#[test]
fn a_valid_document_as_json_has_its_warnings() {
    let ran = pointsman(&["check", "--json", "tests/configs/valid/smallest.json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["is_valid"]), (0, &Value::Bool(true)));
    assert_eq!(report["warnings"][0]["path"], "default_cluster", "{}", ran.out);
}

#[test]
fn yaml_that_would_be_read_wrongly_is_refused() {
    for (text, wanted) in [
        ("a: 1\n---\nb: 2\n", "line 2: another document begins"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", "line 3: \"<<\": Envoy does not support merge keys"),
        ("a: [1\nb: 2\n", "line 2"),
        ("providers: {p: {cluster: c}, p: {cluster: d}}\n", "duplicate key \"p\""),
    ] {
        let ran = with_input(&["check", "-"], text);
        assert!(ran.code > 0 && ran.err.contains(wanted), "{text}: {}", ran.err);
    }
}

#[test]
fn the_yaml_of_the_pages_is_a_document() {
    let envoy = include_str!("../../envoy/README.md");
    let (_, section) = envoy.split_once("## The document as YAML").unwrap();
    let (_, value) = section.split_once("                    value:\n").unwrap();
    let ran = with_input(&["check", "-"], value.split_once("```").unwrap().0);
    assert_eq!(ran.code, 0, "{}", ran.err);

    let tool = include_str!("../../docs/tool.md");
    let (_, block) = tool.split_once("```yaml\n").unwrap();
    let ran = with_input(&["check", "-"], block.split_once("```").unwrap().0);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn every_command_says_how_many_problems_there_are() {
    let keys: String = (0..150).map(|at| format!("key{at}: 1\n")).collect();
    let config = file("many.yaml", &format!("providers: {{}}\n{keys}"));
    let told = |arguments: &[&str]| pointsman(arguments).err;
    let checked = told(&["check", &config]);
    assert!(checked.trim_end().ends_with("and 50 more problems"), "{checked}");
    assert_eq!(told(&["envoy", "--config", &config]), checked);
}
