//! Every row of lint: an Envoy configuration that breaks it, and what lint reports.
//!
//! `tests/configs/lint/CODE.toml`, or `CODE.WHAT.toml` if a code has several, changes one of the
//! configurations there. Those configurations have no faults.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{file, pointsman};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/lint");

/// A broken example as text.
struct Broken {
    code: String,
    envoy: String,
    config: Option<String>,
    says: String,
}

fn broken() -> Vec<Broken> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            rows.push(read(&path));
        }
    }
    rows
}

fn read(path: &Path) -> Broken {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let row: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |row: &toml::Table, key: &str| row[key].as_str().unwrap().to_owned();
    let base = format!("{FOLDER}/{}.yaml", text(&row, "base"));
    let mut envoy = std::fs::read_to_string(base).unwrap();
    for change in row.get("change").and_then(|it| it.as_array()).into_iter().flatten() {
        let change = change.as_table().unwrap();
        let (from, to) = (text(change, "from"), text(change, "to"));
        assert_eq!(envoy.matches(&from).count(), 1, "{name}: {from:?} must appear once");
        envoy = envoy.replace(&from, &to);
    }
    let config = row.contains_key("config").then(|| text(&row, "config"));
    Broken {
        code: name.split('.').next().unwrap().to_owned(),
        envoy: file(&format!("{name}.yaml"), &envoy),
        config: config.map(|config| file(&format!("{name}.json"), &config)),
        says: text(&row, "says"),
    }
}

#[test]
fn every_row_finds_what_is_broken_and_nothing_else() {
    for row in broken() {
        let mut arguments = vec!["lint", "--envoy", &row.envoy];
        if let Some(config) = &row.config {
            arguments.extend(["--config", config]);
        }
        let ran = pointsman(&arguments);
        let (findings, _) = ran.out.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(findings, row.says.trim_end(), "{}: {}", row.envoy, ran.err);
        let is_error = findings.starts_with("error");
        assert_eq!(ran.code, i32::from(is_error), "{}", row.envoy);
        let named = format!(" {}: ", row.code);
        assert!(findings.lines().next().unwrap().contains(&named), "{findings}");
    }
}

#[test]
fn every_code_has_a_broken_example_and_a_place_in_the_documentation() {
    let ran = pointsman(&["lint", "--codes"]);
    let codes: BTreeSet<&str> =
        ran.out.lines().map(|line| line.split_once(' ').unwrap().0).collect();
    let rows = broken();
    let broken: BTreeSet<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes, broken);
    let page = include_str!("../../docs/tool.md");
    for code in codes {
        assert!(page.contains(&format!("| `{code}` |")), "{code} is missing in docs/tool.md");
    }
}

#[test]
fn correct_configurations_have_no_findings() {
    for base in ["simple", "failover", "buffer", "credentials"] {
        let ran = pointsman(&["lint", "--envoy", &format!("{FOLDER}/{base}.yaml")]);
        assert_eq!(ran.code, 0, "{}", ran.out);
        assert!(ran.out.ends_with(".yaml: 0 errors, 0 warnings, 0 notes\n"), "{}", ran.out);
    }
}

#[test]
fn the_shipped_configurations_are_clean() {
    for name in ["envoy", "failover", "buffer"] {
        let ran = pointsman(&["lint", "--envoy", &format!("envoy/{name}.yaml"), "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&report["errors"], &report["warnings"]), (&0.into(), &0.into()), "{report}");
        // All of them listen on 127.0.0.1 and inject a credential.
        assert_eq!(report["findings"][0]["code"], "authentication");
        assert_eq!(report["findings"][0]["severity"], "note");
    }
}

#[test]
fn a_container_s_configuration_has_no_finding_that_its_writer_cannot_mend() {
    let document = "tests/configs/envoy/failover.json";
    let wrote = pointsman(
        &[
            &["envoy", document, "--listen", "0.0.0.0:10000", "--admin", "0.0.0.0:9901"][..],
            &["--filters", "envoy/api-keys.yaml", "--endpoint", "vllm=10.0.0.7:8000"],
        ]
        .concat(),
    );
    let ran = pointsman(&["lint", "--envoy", &file("container.yaml", &wrote.out)]);
    assert!(
        ran.out.starts_with("warning admin-exposed: ") && ran.out.contains("1 warning,"),
        "{}",
        ran.out
    );
    let bounded = wrote.out.replacen(
        "admin:\n",
        "admin:\n  allow_paths: [{exact: /ready}, {prefix: /stats}]\n",
        1,
    );
    let ran = pointsman(&["lint", "--envoy", &file("bounded.yaml", &bounded)]);
    assert!(ran.out.contains(" 0 errors, 0 warnings, "), "{}", ran.out);
}

#[test]
fn a_dump_of_a_running_envoy_is_read() {
    let read =
        super::yaml::value(&std::fs::read_to_string(format!("{FOLDER}/simple.yaml")).unwrap());
    let typed = |mut of: Value, kind: &str| {
        of["@type"] = format!("type.googleapis.com/envoy.config.{kind}").into();
        of
    };
    let taken = |key: &str| read["static_resources"][key].as_array().unwrap().clone();
    let listeners = taken("listeners").into_iter().map(|one| {
        json!({"name": "llm", "active_state": {"listener": typed(one, "listener.v3.Listener")}})
    });
    let clusters = taken("clusters")
        .into_iter()
        .map(|one| json!({"cluster": typed(one, "cluster.v3.Cluster")}));
    let (listeners, clusters): (Vec<Value>, Vec<Value>) = (listeners.collect(), clusters.collect());
    let kind = |name: &str| format!("type.googleapis.com/envoy.admin.v3.{name}ConfigDump");
    let dump = |bootstrap: &Value, listeners: &[Value], clusters: &[Value]| {
        let dump = json!({"configs": [
            {"@type": kind("Bootstrap"), "bootstrap": bootstrap},
            {"@type": kind("Clusters"), "dynamic_active_clusters": clusters},
            {"@type": kind("Listeners"), "dynamic_listeners": listeners},
        ]});
        pointsman(&["lint", "--envoy", &file("dump.json", &dump.to_string())]).out
    };
    // What Envoy was started with, and what it has loaded since.
    for told in [dump(&read, &[], &[]), dump(&json!({"admin": {}}), &listeners, &clusters)] {
        assert!(told.ends_with("dump.json: 0 errors, 0 warnings, 0 notes\n"), "{told}");
    }
    let told = dump(&json!({"admin": {}}), &listeners, &[]);
    assert!(told.contains("providers.openai.cluster names \"openai\", but there is"), "{told}");
}

#[test]
fn findings_are_json_with_a_place() {
    let path = Path::new(FOLDER).join("route-timeout.toml");
    let ran = pointsman(&["lint", "--envoy", &read(&path).envoy, "--json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let finding = &report["findings"][0];
    assert_eq!((&report["errors"], &report["notes"]), (&1.into(), &0.into()));
    assert_eq!(
        (finding["code"].as_str(), finding["severity"].as_str()),
        (Some("route-timeout"), Some("error"))
    );
    assert!(finding["path"].as_str().unwrap().ends_with(".routes[0].route.timeout"), "{finding}");
    assert!(finding["line"].is_u64() && finding["what"].is_string(), "{finding}");
    assert_eq!(finding["instead"], "set timeout: 0s");
}

#[test]
fn json_and_a_struct_are_read_as_envoy_reads_them() {
    // This is what a control plane writes: JSON, names in camel case, the document as a Struct.
    let simple = std::fs::read_to_string(format!("{FOLDER}/simple.yaml")).unwrap();
    let (_, document) = simple.split_once("value: |\n").unwrap();
    let document = document.split("          - name: envoy.filters.http.router").next().unwrap();
    let as_struct = simple
        .replace("StringValue", "Struct")
        .replace("value: |\n", "value:\n")
        .replace("allow_on_headers_stop_iteration", "allowOnHeadersStopIteration")
        .replace("per_connection_buffer_limit_bytes", "perConnectionBufferLimitBytes");
    assert!(as_struct.contains(document));
    let ran = pointsman(&["lint", "--envoy", &file("struct.yaml", &as_struct)]);
    assert!(ran.out.ends_with("0 errors, 0 warnings, 0 notes\n"), "{}", ran.out);
    let broken = as_struct.replace("[OPENAI_API_KEY]", "[]");
    let ran = pointsman(&["lint", "--envoy", &file("struct-broken.yaml", &broken)]);
    assert!(ran.out.contains("error environment: "), "{}", ran.out);
}

#[test]
fn unusable_input_exits_2() {
    let merge = file("merge.yaml", "a: &a {b: 1}\nc:\n  <<: *a\n");
    let none = file(
        "none.yaml",
        &std::fs::read_to_string(format!("{FOLDER}/simple.yaml"))
            .unwrap()
            .replace("                configuration:\n", "                unused:\n"),
    );
    let invalid = "tests/configs/invalid/many_at_once.json";
    let simple = format!("{FOLDER}/simple.yaml");
    for (arguments, wanted) in [
        (vec!["lint"], "--envoy"),
        (vec!["lint", "-e", "no/such.yaml"], "no/such.yaml: cannot be read"),
        (vec!["lint", "-e", &merge], "line 3: \"<<\": Envoy does not support merge keys"),
        (
            vec!["lint", "-e", &none],
            "holds no configuration of the filter; name its file with --config",
        ),
        (vec!["lint", "-e", &simple, "-c", invalid], "unknown key"),
    ] {
        let ran = pointsman(&arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(wanted), "{arguments:?}: {}", ran.err);
    }
    // With --config the document need not be in the file.
    let config = file(
        "given.json",
        r#"{"providers": {"openai": {"cluster": "openai"}},
        "deployments": {"gpt": {"provider": "openai", "model": "gpt-4o"}}, "default_cluster": "website"}"#,
    );
    let ran = pointsman(&["lint", "-e", &none, "-c", &config]);
    assert!(ran.out.ends_with("0 errors, 0 warnings, 0 notes\n"), "{}", ran.out);
}

#[test]
fn a_limit_for_each_client_may_stand_before_the_filter() {
    let row = std::fs::read_to_string(format!("{FOLDER}/rate-limit-order.toml")).unwrap();
    let row = row.replace("X-LLM-Model", "x-team-key");
    let client = read(Path::new(&file("rate-limit-order.client.toml", &row)));
    let ran = pointsman(&["lint", "--envoy", &client.envoy]);
    assert!(ran.out.ends_with(".yaml: 0 errors, 0 warnings, 0 notes\n"), "{}", ran.out);
}

/// Returns what lint finds where budgets of tenants are in force, with `filter` before the filter,
/// and with that beside the other keys of the connection manager.
fn with_tenants(filter: &str, beside: &str) -> String {
    let envoy = std::fs::read_to_string(format!("{FOLDER}/simple.yaml")).unwrap();
    let key = "          - name: envoy.filters.http.api_key_auth\n";
    let document = "\"default_cluster\": \"website\"";
    assert!(envoy.contains(key) && envoy.contains(document));
    let budget = "\"limits\": {\"tenants\": {\"budget\": {\"requests_per_day\": 1}}}";
    let envoy = envoy
        .replace(key, &format!("          - {filter}\n{key}"))
        .replace(document, &format!("{document}, {budget}"))
        .replace(
            "          merge_slashes: true\n",
            &format!("          merge_slashes: true\n{beside}"),
        );
    pointsman(&["lint", "--envoy", &file("tenants.yaml", &envoy)]).out
}

#[test]
fn whatever_may_name_the_tenant_before_the_filter_is_enough() {
    let of = |kind: &str, fields: &str| {
        format!("{{name: it, typed_config: {{\"@type\": type.googleapis.com/x.{kind}, {fields}}}}}")
    };
    let mutation = |of_request: &str| of("HeaderMutation", &format!("mutations: {of_request}"));
    let set = "{header: {key: X-LLM-Tenant, value: a}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}";
    for (filter, is_enough) in [
        (of("Cors", ""), false),
        (of("ExtAuthz", ""), true),
        (of("Lua", ""), true),
        ("{name: it, config_discovery: {type_urls: [x]}}".to_owned(), true),
        (of("JwtAuthentication", "providers: {a: {issuer: x}}"), false),
        (
            of(
                "JwtAuthentication",
                "providers: {a: {claim_to_headers: [{header_name: x-llm-tenant, claim_name: t}]}}",
            ),
            true,
        ),
        (of("ApiKeyAuth", "forwarding: {header: x-llm-tenant}"), true),
        (of("RBAC", "rules: {policies: {a: {principals: [{header: {name: x-other}}]}}}"), false),
        (
            of("RBAC", "rules: {policies: {a: {principals: [{header: {name: x-llm-tenant}}]}}}"),
            true,
        ),
        (mutation(&format!("{{request_mutations: [{{append: {set}}}]}}")), true),
        (mutation("{request_mutations: [{remove: x-llm-tenant}]}"), true),
        (mutation(&format!("{{response_mutations: [{{append: {set}}}]}}")), false),
        (
            mutation(
                "{request_mutations: [{append: {header: {key: x-llm-tenant, value: a}, append_action: ADD_IF_ABSENT}}]}",
            ),
            false,
        ),
    ] {
        let found = with_tenants(&filter, "");
        assert_eq!(!found.contains("warning tenant-header"), is_enough, "{filter}: {found}");
    }
    // What is off does nothing.
    let off = of("Lua", "").replace("{name: it", "{name: it, disabled: true");
    assert!(with_tenants(&off, "").contains("warning tenant-header"));
    let early = format!(
        "          early_header_mutation_extensions: [{{name: it, typed_config: {{\"@type\": \
         type.googleapis.com/x.HeaderMutation, mutations: [{{append: {set}}}]}}}}]\n"
    );
    assert!(!with_tenants(&of("Cors", ""), &early).contains("tenant-header"));
}

#[test]
fn clusters_that_envoy_reads_from_a_file_are_looked_at_too() {
    let clusters = file("apart.yaml", "");
    let config = "tests/configs/envoy/credentials.json";
    let written = pointsman(&["envoy", "-c", config, "--clusters", &clusters]).out;
    assert!(written.contains(&clusters), "{written}");
    let envoy = file("apart-envoy.yaml", &written);
    let ran = pointsman(&["lint", "--envoy", &envoy]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(!ran.out.contains("unknown-cluster"), "{}", ran.out);
    // A fault in that file has its place there.
    let apart = std::fs::read_to_string(&clusters).unwrap();
    std::fs::write(&clusters, apart.replace(".v3.CredentialInjector", ".v3.Other")).unwrap();
    let ran = pointsman(&["lint", "--envoy", &envoy]);
    let wanted = format!("error credential-filter: {clusters}: resources[0].");
    assert!(ran.code == 1 && ran.out.contains(&wanted), "{}", ran.out);
    std::fs::write(&clusters, apart).unwrap();
    // The path is one of another machine: the file beside the Envoy file counts.
    let moved = file("moved-envoy.yaml", &written.replace(&clusters, "/no/such/folder/apart.yaml"));
    std::fs::copy(&clusters, Path::new(&moved).with_file_name("apart.yaml")).unwrap();
    let ran = pointsman(&["lint", "--envoy", &moved]);
    assert!(ran.code == 0 && !ran.out.contains("unknown-cluster"), "{}", ran.out);
    // It is nowhere, unless it is given.
    let lost = file("lost-envoy.yaml", &written.replace(&clusters, "/no/such/folder/lost.yaml"));
    let ran = pointsman(&["lint", "--envoy", &lost]);
    assert!(ran.out.contains("warning unknown-cluster"), "{}", ran.out);
    let ran = pointsman(&["lint", "--envoy", &lost, "--clusters", &clusters]);
    assert!(ran.code == 0 && !ran.out.contains("unknown-cluster"), "{}", ran.out);
    let ran = pointsman(&["lint", "--envoy", &lost, "--clusters", "no/such.yaml"]);
    assert_eq!((ran.code, ran.err.contains("no/such.yaml: cannot be read")), (2, true));
    // With the whole file seen, a cluster that is not there is missing.
    let none = file("none.yaml", "resources: []");
    let ran = pointsman(&["lint", "--envoy", &envoy, "--clusters", &none]);
    assert!(ran.code == 1 && ran.out.contains("error unknown-cluster"), "{}", ran.out);
}
