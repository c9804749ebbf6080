//! Files that `pointsman envoy --dynamic` writes again and again, and filters of the user's in them.

use super::run::Ran;
use super::{file, pointsman, yaml};

/// Writes a document as files that Envoy follows, and returns their folder.
pub(crate) fn dynamic(config: &str, name: &str) -> String {
    let folder = format!("{}/dynamic/{name}-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_dir_all(&folder);
    let ran = again(config, &folder, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    folder
}

/// Writes a document to a folder that may have files.
fn again(config: &str, folder: &str, more: &[&str]) -> Ran {
    let command =
        ["envoy", "--config", config, "--dynamic", folder, "--module", "/opt/pointsman.wasm"];
    pointsman(&[&command[..], more].concat())
}

#[test]
fn a_file_that_was_edited_is_not_replaced() {
    let config = "tests/configs/envoy/failover.json";
    let folder = dynamic(config, "edited");
    assert_eq!(again("tests/configs/envoy/simple.json", &folder, &[]).code, 0, "its own files");
    for name in ["envoy.yaml", "clusters.yaml", "listeners.yaml"] {
        let file = format!("{folder}/{name}");
        let written = std::fs::read_to_string(&file).unwrap();
        let edits =
            [written.replacen("name: ", "name:  ", 1), format!("{written}# mine\n"), String::new()];
        for edited in edits {
            std::fs::write(&file, &edited).unwrap();
            let ran = again(config, &folder, &[]);
            assert!(
                ran.code != 0 && ran.err.contains(name) && ran.err.contains("--force"),
                "{}",
                ran.err
            );
            assert_eq!(std::fs::read_to_string(&file).unwrap(), edited);
        }
        assert_eq!(again(config, &folder, &["--force"]).code, 0);
        assert_eq!(again(config, &folder, &[]).code, 0);
    }
}

#[test]
fn filters_of_a_file_come_before_this_one() {
    let config = "tests/configs/envoy/failover.json";
    let ran = pointsman(&["envoy", "--config", config, "--filters", "envoy/api-keys.yaml"]);
    let at = |text: &str| ran.out.find(text).expect(text);
    assert!(
        at("          - name: envoy.filters.http.api_key_auth\n")
            < at("          - name: pointsman\n")
    );
    // What looks like a place of the shipped file stays the user's.
    let text = "- name: a\n  typed_config: {\"@type\": b, value: \"x\\ny\\n\", admin: c, http_filters: []}\n";
    let ran = pointsman(&["envoy", "--config", config, "--filters", &file("places.yaml", text)]);
    let whole = yaml::value(&ran.out);
    let manager = &whole["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let first = &manager["http_filters"][0]["typed_config"];
    assert_eq!(
        *first,
        serde_json::json!({"@type": "b", "value": "x\ny\n", "admin": "c", "http_filters": []})
    );
    let own = &manager["http_filters"][1]["typed_config"]["config"]["configuration"]["value"];
    assert!(own.as_str().unwrap().contains("providers"), "{own}");
    for (text, message) in [
        ("a: 1", "expected a list of Envoy's HTTP filters"),
        ("- {typed_config: {}}", "[0].name: expected the name of a filter"),
        ("[{name: a, typed_config: {\"@type\": b}}, {name: c}]", "[1].typed_config: expected"),
        ("- [", "--filters "),
    ] {
        let file = file("filters.yaml", text);
        let ran = pointsman(&["envoy", "--config", config, "--filters", &file]);
        assert!(ran.code != 0 && ran.err.contains(message), "{}", ran.err);
    }
    let ran = pointsman(&["envoy", "--config", config, "--filters", "none.yaml"]);
    assert!(ran.err.contains("--filters none.yaml: No such file"), "{}", ran.err);
}

#[test]
fn a_service_finds_the_module_in_whatever_folder_it_starts() {
    let config = "tests/configs/envoy/simple.json";
    let folder = dynamic(config, "module");
    let ran = again(config, &folder, &["--module", "Cargo.toml"]);
    assert!(ran.code != 0, "the option is there twice");
    let command = ["envoy", "--config", config, "--dynamic", &folder, "--module"];
    let ran = pointsman(&[&command[..], &["Cargo.toml"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = std::fs::read_to_string(format!("{folder}/listeners.yaml")).unwrap();
    assert!(text.contains(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), "{text}");
    let ran = pointsman(&[&command[..], &["none.wasm"]].concat());
    assert!(ran.err.contains("--module none.wasm: No such file"), "{}", ran.err);
}

#[test]
fn files_that_are_no_certificate_and_key_are_refused() {
    let config = "tests/configs/envoy/simple.json";
    let pem = |of: &str| format!("-----BEGIN {of}-----\nAAAA\n");
    let certificate = file("tls-certificate.pem", &pem("CERTIFICATE"));
    let key = file("tls-key.pem", &pem("PRIVATE KEY"));
    let locked = file("tls-locked.pem", &pem("ENCRYPTED PRIVATE KEY"));
    let ran = |certificate: &str, key: &str| {
        let tls = ["--tls-certificate", certificate, "--tls-key", key];
        pointsman(&[&["envoy", "--config", config], &tls[..]].concat())
    };
    assert_eq!(ran(&certificate, &key).code, 0, "{}", ran(&certificate, &key).err);
    assert_eq!(
        ran("/elsewhere/cert.pem", "/elsewhere/key.pem").code,
        0,
        "only Envoy has to read them"
    );
    for (certificate, key, wanted) in [
        (&key, &certificate, "--tls-certificate "),
        (&certificate, &certificate, "has no line with \"PRIVATE KEY-----\"; give the file in PEM"),
        (&certificate, &locked, "has a passphrase; give the key without one"),
    ] {
        let ran = ran(certificate, key);
        assert!(ran.code == 2 && ran.err.contains(wanted), "{}", ran.err);
    }
    let alone = pointsman(&["envoy", "--config", config, "--tls-key", &key]);
    assert!(alone.code == 2 && alone.err.contains("--tls-certificate <FILE>"), "{}", alone.err);
    let gone = ["--dynamic", "target/tmp/gone", "--module", "/opt/pointsman.wasm"];
    let tls = ["--tls-certificate", "no/cert.pem", "--tls-key", "no/key.pem"];
    let gone = pointsman(&[&["envoy", "--config", config], &gone[..], &tls].concat());
    assert!(
        gone.code == 2 && gone.err.contains("--tls-certificate no/cert.pem: No such"),
        "{}",
        gone.err
    );
}

#[test]
fn a_list_of_keys_that_does_not_fit_the_document_is_told() {
    let document = file(
        "keyed.yaml",
        "providers: {p: {cluster: c, credential: {env: SOME_KEY}}}\n\
         deployments: {d: {provider: p, model: m, facts: {input_usd_per_million: 1, output_usd_per_million: 1}}}\n\
         models: {m: {candidates: [d]}}\n\
         limits: {tenants: {named: {intern: {usd_per_day: 1}}}}\n",
    );
    let shipped = include_str!("../../envoy/api-keys.yaml");
    let told = |name: &str, keys: &str| {
        let keys = file(name, keys);
        let ran = pointsman(&[
            "envoy",
            "--config",
            &document,
            "--filters",
            &keys,
            "--endpoint",
            "c=127.0.0.1:1",
        ]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err
    };
    let said = told("keys-shipped.yaml", shipped);
    assert!(said.contains("the key \"replace-me\" is the one of the example"), "{said}");
    let budget = "limits.tenants.named.intern: no client of ";
    assert!(said.contains(budget) && said.contains("has this name"), "{said}");
    assert!(said.contains("Envoy needs the environment variables SOME_KEY\n"), "{said}");
    let mended =
        shipped.replace("replace-me", "a-long-key").replace("client: team-a", "client: intern");
    let said = told("keys-mended.yaml", &mended);
    assert!(!said.contains("keys-mended.yaml"), "{said}");
    // A client without a budget, in a document that has none for all.
    let free = mended.replace("client: intern", "client: interm");
    let said = told("keys-free.yaml", &free);
    assert!(
        said.contains("the client \"interm\" has no budget, so it spends without limit"),
        "{said}"
    );
    // A header that names no tenant tells nothing of tenants.
    let other =
        mended.replace("intern", "team-b").replace("header: x-llm-tenant", "header: x-other");
    assert!(!told("keys-other.yaml", &other).contains(budget));
}

#[test]
fn keys_of_clients_within_a_condition_are_known_as_such() {
    let page = include_str!("../../docs/admin.md");
    let (_, block) = page.split_once("```yaml\n- name: envoy.filters.http.api_key_auth").unwrap();
    let block = block.split_once("```").unwrap().0;
    let filters = file("matched.yaml", &format!("- name: envoy.filters.http.api_key_auth{block}"));
    let document = file(
        "matched-routing.yaml",
        "providers: {p: {cluster: c, credential: {env: SOME_KEY}}}\n\
         deployments: {d: {provider: p, model: m, facts: {input_usd_per_million: 1, output_usd_per_million: 1}}}\n\
         models: {m: {candidates: [d]}}\n\
         limits: {tenants: {named: {team-a: {usd_per_day: 1}}}}\n",
    );
    let ran = pointsman(
        &[
            &["envoy", "--config", &document, "--filters", &filters, "--endpoint", "c=127.0.0.1:1"]
                [..],
            &["--listen", "0.0.0.0:10000"],
        ]
        .concat(),
    );
    assert!(ran.code == 0 && ran.err.contains("the key \"replace-me\""), "{}", ran.err);
    assert!(!ran.err.contains("team-a"), "{}", ran.err);
    let linted = pointsman(&[
        "lint",
        "--config",
        &document,
        "--envoy",
        &file("matched-envoy.yaml", &ran.out),
    ]);
    assert_eq!(linted.code, 0, "{}{}", linted.out, linted.err);
    for code in ["authentication", "tenant-header"] {
        assert!(!linted.out.contains(code), "{}", linted.out);
    }
}
