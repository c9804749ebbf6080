//! The native tool as people run it: its output and exit codes.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/tool.rs"]
mod run;

use run::{file, pointsman, with_input};
use serde_json::Value;

/// Writes the first configuration of the README to a file, and returns its path.
fn readme() -> String {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    file("readme.yaml", rest.split_once("```").unwrap().0)
}

const FULL: &str = "tests/configs/valid/full.json";
const SMALLEST: &str = "tests/configs/valid/smallest.json";

#[test]
fn check_summarizes_a_valid_configuration() {
    let ran = pointsman(&["check", SMALLEST]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let wanted = "smallest.json: ok: 1 provider, 1 deployment, 1 model, 0 routes; document ";
    let (_, hash) = ran.out.trim_end().rsplit_once(wanted).unwrap_or_else(|| panic!("{}", ran.out));
    assert!(hash.len() == 12 && hash.bytes().all(|it| it.is_ascii_hexdigit()), "{hash}");
}

#[test]
fn check_reports_all_problems_and_exits_1() {
    let file = "tests/configs/invalid/many_at_once.json";
    let ran = pointsman(&["check", file]);
    let wanted = include_str!("configs/invalid/many_at_once.txt");
    // Each begins with its place: `FILE:LINE:COLUMN: error: `.
    let lines: Vec<&str> =
        ran.err.lines().map(|line| line.split_once(": error: ").unwrap().1).collect();
    assert_eq!((ran.code, lines.join("\n").as_str()), (1, wanted.trim()));
    assert!(ran.err.lines().all(|line| line.starts_with(&format!("{file}:"))), "{}", ran.err);
    assert!(ran.out.is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_a_bad_argument() {
    let ran = pointsman(&["check", "no/such.json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("no/such.json: cannot be read"), "{}", ran.err);
}

#[test]
fn explain_names_the_budget_that_applies() {
    let document = r#"{
        "providers": {"p": {"cluster": "p"}}, "deployments": {"d": {"provider": "p", "model": "m"}},
        "models": {"m": {"candidates": ["d"]}},
        "limits": {"tenants": {"named": {"acme": {"tokens_per_day": 1000, "usd_per_day": 2.5}},
                               "share": 0.5, "on_missing": "reject"}}}"#;
    let config = file("tenants.json", document);
    let explain = |further: &[&str]| {
        let arguments = [&["explain", "--config", &config, "--body", "-"], further].concat();
        with_input(&arguments, r#"{"model":"m","messages":[]}"#).out
    };
    let found = explain(&["--header", "x-llm-tenant: acme"]);
    let wanted = "tenant\n  name            acme\n  budget          its own\n  \
                  tokens_per_day  500\n  usd_per_day     $1.25\n\ndecision\n  plan            d\n";
    assert!(found.contains(wanted), "{found}");
    let found = explain(&["--header", "x-llm-tenant: other"]);
    assert!(found.contains("  name    other\n") && found.contains("  limits  none\n"), "{found}");
    let found = explain(&[]);
    assert!(found.contains("403 tenant_missing") && !found.contains("\ntenant\n"), "{found}");
}

#[test]
fn explain_shows_the_trace_as_json() {
    let body = r#"{"model":"auto","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#;
    let ran = with_input(&["explain", "--config", &readme(), "--body", "-", "--json"], body);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let trace: Value = serde_json::from_str(&ran.out).unwrap();
    let keys: Vec<&String> = trace.as_object().unwrap().keys().collect();
    for key in [
        "facts",
        "routes",
        "route",
        "model",
        "variant",
        "strategy",
        "candidates",
        "release",
        "plan",
        "decision",
        "error",
    ] {
        assert!(keys.contains(&&key.to_owned()), "{key} is missing of {keys:?}");
    }
    assert_eq!(trace["route"], "pictures");
    assert_eq!(trace["decision"]["upstream_model"], "gpt-4o");
}

#[test]
fn explain_shows_how_long_an_attempt_may_take() {
    let config = r#"{"providers": {"p": {"cluster": "p", "timeouts": {"idle_ms": 10}}, "q": {"cluster": "q"}},
        "deployments": {"a": {"provider": "p", "model": "a", "timeouts": {"first_token_ms": 5}},
                        "b": {"provider": "q", "model": "b"}},
        "models": {"m": {"candidates": ["a", "b"]}}, "failover": {"max_attempts": 2}}"#;
    let config = file("timed.json", config);
    let body = r#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;
    let ran = with_input(&["explain", "--config", &config, "--body", "-", "--json"], body);
    let trace: Value = serde_json::from_str(&ran.out).unwrap();
    let times = |at: usize| trace["candidates"][at].get("timeouts").map(Value::to_string);
    let wanted = r#"{"first_token_ms":5,"idle_ms":10,"total_ms":null}"#;
    assert_eq!(times(0).as_deref(), Some(wanted));
    assert_eq!(times(1), None);
}

#[test]
fn explain_shows_a_table_to_people() {
    let config = readme();
    let arguments = ["explain", "--config", &config, "--body", "-", "--seed", "1"];
    let ran = with_input(&arguments, r#"{"model":"auto"}"#);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in
        ["pictures  no", "has_images: expected true, the request has no images", "plan", "weighted"]
    {
        assert!(ran.out.contains(part), "{part} is missing of\n{}", ran.out);
    }
}

#[test]
fn explain_suggests_the_path_that_is_meant() {
    let config = readme();
    for (path, meant) in [
        ("/v1/chat/completion", Some("/v1/chat/completions")),
        ("/chat/completion?a=b", Some("/v1/chat/completions")),
        ("/v1/chat", Some("/v1/chat/completions")),
        ("/v1/message", Some("/v1/messages")),
        ("/v1/embedding", Some("/v1/embeddings")),
        ("/v1/files", None),
        ("/", None),
    ] {
        let ran = with_input(
            &["explain", "--config", &config, "--body", "-", "--path", path],
            "{\"model\": \"m\"}",
        );
        let told = ran.out.lines().find_map(|line| line.strip_prefix("  did you mean     "));
        assert_eq!(told, meant, "{path}: {}", ran.out);
    }
}

#[test]
fn explain_says_what_a_client_gets_where_the_filter_knows_no_such_request() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/valid/smallest.json");
    let explained = |method: &str, path: &str| {
        let arguments =
            ["explain", "--config", config, "--body", "-", "--path", path, "-X", method];
        with_input(&arguments, "{\"model\": \"m\"}").out
    };
    let unknown = explained("POST", "/v1/files");
    assert!(
        unknown.contains("404 unknown_path") && unknown.contains("send a POST to"),
        "{unknown}"
    );
    let list = explained("GET", "/v1/models");
    assert!(list.contains("404 unknown_path") && list.contains("serve_models"), "{list}");
    assert!(!explained("GET", "/").contains("404"));
}

#[test]
fn explain_shows_what_the_shadow_would_do() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/valid/shadow.json");
    let body = r#"{"model":"auto","messages":[{"role":"user","content":"How is the weather?"}]}"#;
    let arguments = ["explain", "--config", config, "--body", "-", "--json"];
    let trace: Value = serde_json::from_str(&with_input(&arguments, body).out).unwrap();
    assert_eq!(trace["decision"]["deployment"], "large");
    assert_eq!(trace["shadow"]["route"], "weather");
    assert_eq!(trace["shadow"]["decision"]["deployment"], "small");
    assert!(trace["shadow"]["shadow"].is_null());
    let table = with_input(&arguments[..5], body).out;
    assert!(table.contains("shadow\n  route       weather\n"), "{table}");
    // Equal rules lead to the same result with every draw.
    for _ in 0..20 {
        let body = body.replace("weather", "food");
        let trace: Value = serde_json::from_str(&with_input(&arguments, &body).out).unwrap();
        assert_eq!(trace["shadow"]["plan"], trace["plan"]);
    }
}

#[test]
fn explain_exits_0_whatever_the_decision() {
    for (body, wanted) in [
        (r#"{"model":"nope"}"#, "404 model_not_found"),
        (r#"{"model":"#, "400 invalid_body"),
        (r#"{}"#, "400 missing_model"),
    ] {
        let ran = with_input(&["explain", "--config", SMALLEST, "--body", "-"], body);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains(wanted), "{wanted} is missing of\n{}", ran.out);
    }
    let arguments = ["explain", "-c", SMALLEST, "-b", "-", "--path", "/v1/files", "--json"];
    let ran = pointsman(&arguments);
    assert!(ran.code == 0 && ran.out.contains(r#""pass_through": true"#), "{}", ran.out);
}

#[test]
fn explain_reads_headers_however_they_are_spaced() {
    let arguments = [
        "explain",
        "-c",
        FULL,
        "-b",
        "-",
        "--json",
        "--header",
        "X-LLM-Tag :  eu, us ",
        "--header",
        "x-llm-params:tier=fast",
    ];
    let ran = with_input(&arguments, "{}");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let trace: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(trace["facts"].is_object(), "{trace}");
}

#[test]
fn explain_exits_2_for_unusable_input() {
    let invalid = "tests/configs/invalid/many_at_once.json";
    assert_eq!(with_input(&["explain", "-c", invalid, "-b", "-"], "{}").code, 2);
    assert_eq!(pointsman(&["explain", "-c", SMALLEST, "-b", "no/such.json"]).code, 2);
    assert_eq!(pointsman(&["explain", "-c", SMALLEST]).code, 2);
    let ran = with_input(&["explain", "-c", SMALLEST, "-b", "-", "--header", "nocolon"], "{}");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("expected \"NAME: VALUE\""), "{}", ran.err);
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = pointsman(&["--version"]);
    assert_eq!((ran.code, ran.out.trim()), (0, concat!("pointsman ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_reference_is_markdown() {
    let ran = pointsman(&["schema", "--markdown"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out, include_str!("../docs/configuration.md"));
}

#[test]
fn schema_is_a_json_schema() {
    let ran = pointsman(&["schema"]);
    assert_eq!(ran.code, 0);
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["properties"]["providers"].is_object());
}

#[test]
fn the_shipped_resources_of_istio_are_what_the_tool_writes() {
    let (one, several) = ("envoy/istio/one-attempt.json", "envoy/istio/pointsman.json");
    for (form, config, shipped) in [
        ("wasm-plugin", one, include_str!("../envoy/istio/wasm-plugin.yaml")),
        ("traffic-extension", one, include_str!("../envoy/istio/traffic-extension.yaml")),
        ("envoy-filter", several, include_str!("../envoy/istio/envoy-filter.yaml")),
    ] {
        let arguments = [
            ["istio", "--config"],
            [config, "--form"],
            [form, "--endpoint"],
            ["vllm=vllm.models.svc.cluster.local:8000", "--endpoint"],
        ];
        let mut arguments = arguments.concat();
        arguments.push("website=website.default.svc.cluster.local:80");
        if form != "envoy-filter" {
            arguments.extend(["--image", "oci://registry.example/pointsman:0.1.0"]);
        }
        let ran = pointsman(&arguments);
        assert!(ran.code == 0 && ran.err.ends_with(ISTIO_VARIABLES), "{form}: {}", ran.err);
        assert_eq!(
            ran.err.contains("in Istio 1.31 or later"),
            form == "envoy-filter",
            "{}",
            ran.err
        );
        assert!(ran.out == shipped, "the shipped {form} is out of date:\n{}", ran.out);
    }
}

/// What the shipped documents need of the gateway.
const ISTIO_VARIABLES: &str =
    "the gateway's container needs the environment variables ANTHROPIC_API_KEY, OPENAI_API_KEY\n";

#[test]
fn an_image_that_is_not_given_is_told() {
    let endpoints = ["--endpoint", "vllm=a.b.svc:80", "--endpoint", "website=c.b.svc:80"];
    let errors = |more: &[&str]| {
        let arguments =
            [&["istio", "--config", "envoy/istio/one-attempt.json"], &endpoints[..], more].concat();
        let ran = pointsman(&arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err
    };
    for (form, kind) in [("wasm-plugin", "WasmPlugin"), ("traffic-extension", "TrafficExtension")] {
        let told = errors(&["--form", form]);
        let wanted = format!("--image: is not given, so the {kind} has the placeholder oci://");
        assert!(told.starts_with(&wanted), "{told}");
        let told = errors(&["--form", form, "--image", "file:///pointsman/plugin.wasm"]);
        assert_eq!(told, ISTIO_VARIABLES);
    }
    // This form takes the module from the container.
    assert_eq!(errors(&["--form", "envoy-filter"]), ISTIO_VARIABLES);
}

#[test]
fn a_setting_that_a_form_of_istio_cannot_serve_is_a_problem() {
    let document = r#"{"providers": {"p": {"cluster": "p", "authority": "p.example"}},
        "deployments": {"d": {"provider": "p", "model": "d"}}, "models": {"m": {"candidates": ["d"]}},
        "unknown_model": "pass_through", "default_cluster": "p"}"#;
    let file = file("istio-passing.json", document);
    let ran = pointsman(&["istio", "--config", &file]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("unknown_model: \"pass_through\" does not work"), "{}", ran.err);
}

#[test]
fn no_form_of_istio_drops_a_setting_without_a_word() {
    let document = |more: &str| {
        format!(
            r#"{{"providers": {{"p": {{"cluster": "p"}}}},
            "deployments": {{"d": {{"provider": "p", "model": "d"}}}}, {more}, "default_cluster": "p"}}"#
        )
    };
    let attempts = r#""failover": {"max_attempts": 3}"#;
    for (form, more, says) in [
        ("wasm-plugin", attempts, "failover.max_attempts: is 3, but the form wasm-plugin"),
        (
            "traffic-extension",
            attempts,
            "use --form envoy-filter (Istio 1.31 or later), or set it to 1",
        ),
        ("wasm-plugin", r#""hold": "stop_iteration""#, "hold: is \"stop_iteration\", but"),
        ("envoy-filter", r#""hold": "buffer_filter""#, "use --form wasm-plugin, or remove"),
        // Before anything that a plugin could not have either.
        ("wasm-plugin", r#""translate": "lenient""#, "translate: does not work with the form wasm"),
        (
            "traffic-extension",
            r#""models": {"m": {"candidates": ["d"], "translate": "strict"}}"#,
            "models.m.translate: does not work with the form traffic-extension, which cannot hold",
        ),
        (
            "envoy-filter",
            r#""translate": "lenient""#,
            "translate: needs the attempt filter, which translates; set failover.max_attempts above 1",
        ),
    ] {
        let config = file("istio-dropped.json", &document(more));
        let at = ["--endpoint", "p=p.example:80"];
        let ran = pointsman(&["istio", "--config", &config, "--form", form, at[0], at[1]]);
        assert!(ran.code == 2 && ran.err.contains(says), "{form} {more}: {}", ran.err);
    }
    // What the form can do stays beside what it adds.
    let config = file("istio-kept.json", &document(r#""failover": {"on_empty": false}"#));
    let at = ["--endpoint", "p=p.example:80"];
    let ran = pointsman(&["istio", "--config", &config, "--output", "json", at[0], at[1]]);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    let items = list["items"].as_array().unwrap();
    let plugin = items.iter().find(|one| one["kind"] == "WasmPlugin").unwrap();
    let failover = serde_json::json!({"on_empty": false, "attempt_filter": true});
    assert_eq!(plugin["spec"]["pluginConfig"]["failover"], failover);
}

#[test]
fn lint_knows_the_buffer_filter_that_holds_headers() {
    let ran = pointsman(&["lint", "--envoy", "envoy/buffer.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}
