//! `--json` is understood by every command that can print JSON.

use super::{file, pointsman, with_input};

const DOCUMENT: &str = "tests/configs/valid/smallest.json";

/// Whether something is JSON.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| !value.is_null())
}

#[test]
fn every_command_that_prints_json_does_so_by_the_same_option() {
    let lines = file("requests.jsonl", "{\"model\": \"llama\", \"messages\": []}\n");
    let litellm = "tests/import/litellm/quickstart.yaml";
    let commands: [(&[&str], &str); 8] = [
        (&["check", DOCUMENT], "--output"),
        (&["lint", "--envoy", "envoy/envoy.yaml"], "--output"),
        (&["explain", "--config", DOCUMENT, "--body", "-"], "--output"),
        (&["replay", "--config", DOCUMENT, &lines], "--output"),
        (&["gateway", "--config", DOCUMENT], "--output"),
        (&["istio", "--config", DOCUMENT], "--output"),
        (&["convert", DOCUMENT], "--to"),
        (&["import", "litellm", litellm], "--to"),
    ];
    for (command, other) in commands {
        let ran = with_input(&[command, &["--json"]].concat(), "{}");
        assert!(is_json(&ran.out), "{command:?}: {}{}", ran.out, ran.err);
        let same = with_input(&[command, &[other, "json"]].concat(), "{}");
        assert!(is_json(&same.out), "{command:?}: {}{}", same.out, same.err);
        let without = with_input(command, "{}");
        assert!(!is_json(&without.out), "{command:?}: {}", without.out);
        let name = if command[0] == "import" { &command[..2] } else { &command[..1] };
        let help = pointsman(&[name, &["--help"]].concat());
        assert!(help.out.contains("--json"), "{command:?}: {}", help.out);
    }
}
