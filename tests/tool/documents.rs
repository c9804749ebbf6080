//! FILE and `--config FILE` name the document alike in every command, and what is said of other arguments.

use super::{file, pointsman, with_input};

const DOCUMENT: &str = "tests/configs/valid/smallest.json";

#[test]
fn every_command_takes_its_document_in_both_ways() {
    for (command, rest) in [
        (&["check"][..], &[][..]),
        (&["convert"], &["--to", "yaml"]),
        (&["envoy"], &[]),
        (&["explain"], &["--body", "{\"model\": \"llama\"}", "--seed", "1"]),
        (&["istio"], &["--form", "envoy-filter"]),
        (&["gateway"], &[]),
    ] {
        let with = |document: &[&str]| {
            let ran = pointsman(&[command, document, rest].concat());
            assert_eq!(ran.code, 0, "{command:?} {document:?}: {}", ran.err);
            ran.out
        };
        let wanted = with(&[DOCUMENT]);
        assert!(!wanted.trim().is_empty(), "{command:?}");
        assert_eq!(with(&["--config", DOCUMENT]), wanted, "{command:?}");
        assert_eq!(with(&["-c", DOCUMENT]), wanted, "{command:?}");
        let both = pointsman(&[command, &[DOCUMENT, "--config", DOCUMENT], rest].concat());
        assert!(both.code == 2 && both.err.contains("cannot be used with"), "{}", both.err);
        let none = pointsman(&[command, rest].concat());
        assert!(none.code == 2 && none.err.contains("not provided:\n  <FILE>"), "{}", none.err);
        let help = pointsman(&[command, &["--help"]].concat());
        let usage = help.out.lines().find(|line| line.starts_with("Usage: ")).unwrap();
        assert!(usage.ends_with("FILE]") || usage.ends_with("FILE>"), "{usage}");
        assert!(!help.out.contains("--config <FILE>"), "{}", help.out);
    }
    // It asks for the token next.
    let permanent =
        |document: &[&str]| pointsman(&[&["admin", "permanent"], document].concat()).err;
    let said = permanent(&[DOCUMENT]);
    assert!(said.contains("POINTSMAN_ADMIN_TOKEN"), "{said}");
    assert_eq!(permanent(&["--config", DOCUMENT]), said);
    // Without Envoy it goes no further. The module may not be built yet; any file will do.
    let run = |document: &[&str]| {
        let without = ["run", "--envoy", "no/envoy", "--module", "Cargo.toml"];
        pointsman(&[&without, document].concat()).err
    };
    let said = run(&[DOCUMENT]);
    assert!(said.contains("no/envoy"), "{said}");
    assert_eq!(run(&["--config", DOCUMENT]), said);
}

#[test]
fn lint_takes_envoys_file_without_its_option() {
    let wanted = pointsman(&["lint", "--envoy", "envoy/envoy.yaml"]);
    let same = pointsman(&["lint", "envoy/envoy.yaml"]);
    assert_eq!((same.out, same.code), (wanted.out, wanted.code));
    let apart = pointsman(&["lint", "--envoy", "envoy/envoy.yaml", "--config", DOCUMENT]);
    let same = pointsman(&["lint", DOCUMENT, "--envoy", "envoy/envoy.yaml"]);
    assert_eq!((same.out, same.code), (apart.out, apart.code));
    let codes = pointsman(&["lint", "--codes"]);
    assert_eq!(codes.code, 0, "{}", codes.err);
    let document = pointsman(&["lint", DOCUMENT]);
    assert!(document.err.contains("give Envoy's file to --envoy"), "{}", document.err);
    assert!(pointsman(&["lint"]).err.contains("--envoy <FILE>"));
}

#[test]
fn a_file_in_place_of_a_command_is_told_its_commands() {
    for (arguments, wanted) in [
        (&["config.yaml"][..], "pointsman check config.yaml"),
        (&["config.yaml"], "pointsman import litellm config.yaml"),
        (&["import", "config.yaml", "--output", "llm"], "pointsman import litellm config.yaml"),
        (&["import", "Cargo.lock"], "pointsman import litellm Cargo.lock"),
        (&["catalog", "a.yaml", "prices.json"], "pointsman catalog PRICES --config DOCUMENT"),
        (&["chekc"], "'check'"),
    ] {
        let ran = pointsman(arguments);
        assert!(ran.code == 2 && ran.err.contains(wanted), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_body_may_be_given_as_its_text() {
    let body = "{\"model\": \"llama\", \"messages\": []}";
    let explain = |body: &str, input| {
        with_input(&["explain", DOCUMENT, "--seed", "1", "--body", body], input)
    };
    let wanted = explain("-", body);
    assert!(wanted.code == 0 && wanted.out.contains("llama"), "{}{}", wanted.out, wanted.err);
    assert_eq!(explain(body, "").out, wanted.out);
    assert_eq!(explain(&file("body.json", body), "").out, wanted.out);
    let missing = explain("no/such.json", "");
    assert!(missing.err.starts_with("no/such.json: cannot be read"), "{}", missing.err);
}
