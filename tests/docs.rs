//! Every configuration in the documentation is valid.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pointsman::config;
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::metrics::table;
use pointsman::routing::Request;
use pointsman::routing::explain::{Fresh, explain};
use serde_json::Value;

#[path = "docs/alerts.rs"]
mod alerts;
#[path = "support/promql.rs"]
mod promql;
#[path = "docs/recipes.rs"]
mod recipes;
#[path = "docs/site.rs"]
mod site;

/// Returns every Markdown file of the project.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in ["", "docs", "envoy"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// Returns the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_configuration_in_the_documentation_is_valid() {
    let mut seen = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap(), "json") {
            let value: Value = serde_json::from_str(&block)
                .unwrap_or_else(|error| panic!("{}: {error} in\n{block}", page.display()));
            if value.get("providers").is_some() {
                seen += 1;
                if let Err(problems) = config::parse(block.as_bytes()) {
                    panic!("{}:\n{problems}\nin\n{block}", page.display());
                }
            }
        }
    }
    assert!(seen > 0, "the README begins with a configuration");
}

const ENVOY: &str = include_str!("../envoy/envoy.yaml");
const FAILOVER: &str = include_str!("../envoy/failover.yaml");
const BUFFER: &str = include_str!("../envoy/buffer.yaml");

/// Returns the document in an Envoy configuration, without its indentation.
fn example(yaml: &str) -> String {
    let (_, rest) = yaml.split_once("value: |\n").unwrap();
    let indent = rest.len() - rest.trim_start().len();
    let lines = rest.lines().take_while(|line| line.len() - line.trim_start().len() >= indent);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_readmes_request_goes_where_it_says() {
    for yaml in [ENVOY, FAILOVER, BUFFER] {
        assert_goes_where_the_readme_says(yaml);
    }
}

fn assert_goes_where_the_readme_says(yaml: &str) {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("-d '").unwrap();
    let (body, rest) = rest.split_once("'\n").unwrap();
    let config =
        config::parse(example(yaml).as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let head = [(":method", "POST"), (":path", "/v1/chat/completions")];
    let head = RequestHead::new(head.into_iter().collect());
    let Whole::Read(read) = whole(&config, &head, body.as_bytes()) else {
        panic!("the request is not read");
    };
    let request =
        Request { config: &config, facts: &read.facts, controls: &read.controls, sample: 0.0 };
    let explanation = explain(request, read.early.as_ref().map_err(|because| *because), &Fresh, 1);
    let decision = explanation.trace.decision.unwrap();
    for (header, value) in [
        ("route", explanation.trace.route.unwrap()),
        ("deployment", decision.deployment),
        ("provider", decision.provider),
    ] {
        let line = format!("x-llm-{header}: {value}\n");
        assert!(rest.contains(&line), "the README does not say {line}");
    }
    assert!(rest.contains(&format!("`\"{}\"`", decision.upstream_model)));
}

#[test]
fn the_envoy_configurations_differ_only_in_holding_and_failover() {
    let read = |yaml| serde_json::from_str::<Value>(&example(yaml)).unwrap();
    let mut document = read(FAILOVER);
    assert!(document["failover"]["max_attempts"].as_u64() > Some(1));
    document.as_object_mut().unwrap().remove("failover");
    assert_eq!(document, read(ENVOY));
    let mut held = read(BUFFER);
    assert_eq!(held["hold"], "buffer_filter");
    assert!(!BUFFER.contains("allow_on_headers_stop_iteration: "));
    held.as_object_mut().unwrap().retain(|key, _| !matches!(key.as_str(), "hold" | "failover"));
    assert_eq!(held, read(ENVOY));
    // There is only one copy of the document itself.
    assert_eq!(FAILOVER.matches("\"deployments\"").count(), 1);
}

#[test]
fn every_cluster_of_the_failover_configuration_makes_attempts() {
    let config = config::parse(example(FAILOVER).as_bytes()).unwrap();
    let (before, clusters) = FAILOVER.split_once("\n  clusters:\n").unwrap();
    let buffer = before.split_once("per_connection_buffer_limit_bytes: ").unwrap().1;
    let buffer = format!("per_connection_buffer_limit_bytes: {}", buffer.lines().next().unwrap());
    let named: Vec<&str> =
        config.providers.iter().map(|provider| provider.cluster.as_str()).collect();
    for cluster in named.iter().copied().chain(config.default_cluster.as_deref()) {
        let in_map = format!("ClusterAction, cluster: {cluster}}}");
        assert!(before.contains(&in_map), "the route does not know the cluster {cluster}");
        let sections = format!("\n{clusters}");
        let mut sections = sections.split("\n  - name: ");
        let section = sections.find(|text| text.starts_with(&format!("{cluster}\n")));
        let section = section.unwrap_or_else(|| panic!("there is no cluster {cluster}"));
        if named.contains(&cluster) {
            for line in [&buffer, "typed_extension_protocol_options: ", "circuit_breakers: "] {
                assert!(section.contains(line), "{cluster} lacks {line}");
            }
        }
    }
    let retries = before.split_once("num_retries: ").unwrap().1.lines().next().unwrap();
    assert_eq!(retries.parse::<u32>().unwrap(), config.failover.max_attempts - 1);
}

#[test]
fn the_containers_have_the_versions_and_ports_of_the_makefile() {
    let compose = include_str!("../envoy/docker-compose.yaml");
    let dockerfile = include_str!("../Dockerfile");
    let after = |text: &'static str, key: &str| {
        let (_, rest) = text.split_once(key).unwrap_or_else(|| panic!("no {key}"));
        rest.lines().next().unwrap().trim().trim_matches('"')
    };
    let makefile = include_str!("../Makefile");
    let released = include_str!("../release/Dockerfile");
    for dockerfile in [dockerfile, released] {
        assert_eq!(after(dockerfile, "ARG ENVOY="), after(makefile, "ENVOY_VERSION :="));
    }
    let toolchain = include_str!("../rust-toolchain.toml");
    assert_eq!(after(dockerfile, "ARG RUST="), after(toolchain, "channel = "));
    for (name, port) in [("LISTENER", 10000), ("ADMIN", 9901), ("NORTH", 9101), ("SOUTH", 9102)] {
        let published = format!("\"127.0.0.1:${{{name}_PORT:-{port}}}:{port}\"");
        assert!(compose.contains(&published), "{published}");
        assert!(FAILOVER.contains(&format!("port_value: {port}}}")), "{port}");
    }
    for (name, port) in [("north", 9101), ("south", 9102)] {
        let command = format!(r#"["--name", "{name}", "--host", "0.0.0.0", "--port", "{port}"]"#);
        assert!(compose.contains(&command), "{command}");
    }
    // Compose sets the variables that the configuration takes from its environment.
    let variables = after(FAILOVER, "host_env_keys: [").split(']').next().unwrap();
    for variable in variables.split(", ") {
        assert!(compose.contains(&format!("      {variable}: ${{{variable}:-")), "{variable}");
    }
    let module = after(FAILOVER, "filename: ").trim_end_matches('}');
    let (folder, _) = module.rsplit_once('/').unwrap();
    assert!(dockerfile.contains(&format!("/pointsman/{module} /pointsman/{folder}/")), "{module}");
}

#[test]
fn the_recipe_for_containers_names_the_module_of_both_images() {
    let readme = include_str!("../envoy/README.md");
    let of_release = include_str!("../release/Dockerfile");
    assert!(of_release.contains("COPY pointsman.wasm /pointsman/\n"));
    assert!(readme.contains("--module /pointsman/pointsman.wasm "));
    let failover = include_str!("../envoy/failover.yaml");
    let module = failover.split("filename: ").nth(1).unwrap().split('}').next().unwrap();
    assert!(readme.contains(&format!("sources, it is `/pointsman/{module}`")), "{module}");
}

#[test]
fn the_readme_reaches_make_run_within_a_screen() {
    let readme = include_str!("../README.md");
    let line = readme.lines().position(|line| line.contains("make run")).unwrap();
    assert!(line < 40, "`make run` is in line {line}, but a screen fits only 40");
}

const OBSERVE: &str = include_str!("../docs/observe.md");

/// Returns the texts in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Returns the rows of the table that begins with this line, as their cells.
fn rows<'t>(text: &'t str, head: &str) -> Vec<Vec<&'t str>> {
    let (_, rest) = text.split_once(head).unwrap();
    let lines = rest.trim_start().lines().skip(1).take_while(|line| line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn exactly_the_existing_metrics_are_documented_correctly() {
    let documented: Vec<(String, String, Vec<String>)> =
        rows(OBSERVE, "| metric | type | labels | |")
            .into_iter()
            .map(|cells| {
                let labels = quoted(cells[2]).into_iter().map(str::to_owned).collect();
                (quoted(cells[0])[0].to_owned(), cells[1].to_owned(), labels)
            })
            .collect();
    let there: Vec<(String, String, Vec<String>)> = table::ALL
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(|&label| label.to_owned()).collect();
            (metric.name.to_owned(), format!("{:?}", metric.kind).to_lowercase(), labels)
        })
        .collect();
    assert_eq!(documented, there);
}

#[test]
fn every_label_is_explained_and_has_its_rule() {
    let used: BTreeSet<&str> =
        table::ALL.iter().flat_map(|metric| metric.labels).copied().collect();
    let explained: BTreeSet<&str> =
        rows(OBSERVE, "| label | values |").iter().flat_map(|cells| quoted(cells[0])).collect();
    assert_eq!(explained, used);
    for yaml in [ENVOY, FAILOVER, BUFFER] {
        let rules = yaml.lines().filter_map(|line| line.trim().strip_prefix("- {tag_name: "));
        let rules: BTreeSet<String> = rules.map(str::to_owned).collect();
        let rule = |label: &&str| {
            format!("{label}, regex: '(\\.{}=\\.([^;]*);)'}}", label.replace('.', "_"))
        };
        assert_eq!(rules, used.iter().map(rule).collect());
    }
}

#[test]
fn every_field_of_the_access_log_is_explained() {
    let explained: BTreeSet<&str> =
        rows(OBSERVE, "| field | `%FILTER_STATE(wasm.llm.…:PLAIN)%` | |")
            .iter()
            .map(|cells| quoted(cells[1])[0])
            .collect();
    let fields = |yaml: &'static str| -> BTreeSet<&str> {
        let (_, rest) = yaml.split_once("json_format:").unwrap();
        let (format, _) = rest.split_once("http_filters:").unwrap();
        let fields = format.split("FILTER_STATE(wasm.").skip(1);
        fields.map(|field| field.split_once(':').unwrap().0).collect()
    };
    for yaml in [FAILOVER, BUFFER] {
        assert_eq!(fields(yaml), explained);
    }
    let without: BTreeSet<&str> =
        explained.into_iter().filter(|field| *field != "llm.attempt_ms").collect();
    assert_eq!(fields(ENVOY), without);
}

/// The table of what one client can do to another names tests, which must be there.
#[test]
fn what_one_client_can_do_to_another_is_tried_in_envoy() {
    let page = std::fs::read_to_string("docs/security.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("`: `"));
    let mut named = 0;
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let (file, test) = cell.trim_matches('`').split_once("`: `").unwrap();
        let source = std::fs::read_to_string(format!("tests/e2e/{file}.rs")).unwrap();
        assert!(source.contains(&format!("fn {test}()")), "{file}: {test}");
        named += 1;
    }
    assert!(named >= 9, "{named}");
}
