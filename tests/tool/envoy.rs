//! The text of the Envoy configurations that the tool writes. tests/e2e lets them serve.

use super::written::dynamic;
use super::{file, pointsman};

/// Returns the document in an Envoy configuration, without its indentation.
fn document(yaml: &str) -> String {
    let (_, rest) = yaml.split_once("value: |\n").unwrap();
    let lines = rest.lines().take_while(|line| line.starts_with("                    "));
    lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
}

/// Returns the lines that are not comments.
fn statements(yaml: &str) -> Vec<&str> {
    yaml.lines().filter(|line| !line.trim_start().starts_with('#')).collect()
}

/// Returns what a command leaves for the user to do, but for the variables, which it always tells.
fn left_to_do(said: &str) -> String {
    said.lines()
        .filter(|line| !line.starts_with("Envoy needs the environment variables "))
        .collect()
}

#[test]
fn the_shipped_documents_give_the_shipped_configurations() {
    for name in ["envoy", "failover", "buffer"] {
        let shipped = std::fs::read_to_string(format!("envoy/{name}.yaml")).unwrap();
        let config = file(&format!("{name}-shipped.json"), &document(&shipped));
        let ran = pointsman(&[
            "envoy",
            "--config",
            &config,
            "--module",
            "target/wasm32-wasip1/release/pointsman.wasm",
            "--endpoint",
            "north=127.0.0.1:9101",
            "--endpoint",
            "south=127.0.0.1:9102",
            "--endpoint",
            "website=127.0.0.1:9101",
        ]);
        assert_eq!((ran.code, left_to_do(&ran.err)), (0, String::new()));
        // Apart from the document's own indentation, only comments differ.
        let trimmed = |text| statements(text).into_iter().map(str::trim).collect::<Vec<_>>();
        assert_eq!(trimmed(ran.out.trim()), trimmed(shipped.trim()), "{name}");
    }
}

#[test]
fn clusters_have_the_given_addresses() {
    let config = "tests/configs/envoy/failover.json";
    let ran = pointsman(&[
        "envoy",
        "-c",
        config,
        "-e",
        "vllm=gpu.internal:8000",
        "-e",
        "website=[::1]:80",
    ]);
    assert_eq!((ran.code, left_to_do(&ran.err)), (0, String::new()));
    assert!(!ran.out.contains("CHANGE ME:"), "{}", ran.out);
    let cluster = |name: &str| {
        let (_, rest) = ran.out.split_once(&format!("  - name: {name}\n    ")).unwrap();
        rest.split("\n  - name: ").next().unwrap().to_owned()
    };
    let openai = cluster("openai");
    for part in [
        "# The address is from providers.openai.authority.",
        "type: LOGICAL_DNS",
        "{address: api.openai.com, port_value: 443}",
        "sni: api.openai.com",
        "matcher: {exact: api.openai.com}",
        "filename: /etc/ssl/certs/ca-certificates.crt",
    ] {
        assert!(openai.contains(part), "{part} is missing of\n{openai}");
    }
    assert!(cluster("vllm").contains("{address: gpu.internal, port_value: 8000}"));
    assert!(!cluster("vllm").contains("transport_socket"));
    assert!(cluster("website").contains("{address: \"::1\", port_value: 80}"));
    assert!(ran.out.contains("host_env_keys: [ANTHROPIC_API_KEY, OPENAI_API_KEY]"));
    assert!(ran.out.contains("num_retries: 3\n"));
    assert!(ran.out.contains("# Put authentication here"));
}

#[test]
fn the_route_waits_as_long_as_any_deployment_may_take() {
    let text = std::fs::read_to_string("tests/configs/envoy/failover.json").unwrap();
    let with = |from: &str, to: &str| {
        let path = file("timed.json", &text.replace(from, to));
        (
            pointsman(&["envoy", "-c", &path]).out,
            pointsman(&["istio", "-c", &path, "-f", "envoy-filter"]).out,
        )
    };
    let (envoy, istio) = with("{}", "{}");
    assert!(
        envoy.contains("per_try_timeout: 120s\n") && istio.contains("per_try_timeout: \"120s\"")
    );
    let timed = r#""model": "gpt-4o", "timeouts": { "first_token_ms": 180500 }"#;
    let (envoy, istio) = with(r#""model": "gpt-4o""#, timed);
    assert!(envoy.contains("per_try_timeout: 181s\n"), "{envoy}");
    assert!(istio.contains("per_try_timeout: \"181s\""), "{istio}");
    let path = file("timed.yaml", &envoy);
    let ran = pointsman(&["lint", "--envoy", &path]);
    assert!(!ran.out.contains("first-token-time"), "{}", ran.out);
    // A plugin of Istio's cannot hold what comes before the first content.
    let one = text
        .replace(r#""model": "gpt-4o""#, timed)
        .replace("\"max_attempts\": 4", "\"max_attempts\": 1");
    let path = file("timed.json", &one);
    let ran = pointsman(&["istio", "-c", &path, "-f", "wasm-plugin"]);
    assert!(ran.code != 0 && ran.err.contains("timeouts.first_token_ms"), "{}", ran.err);
}

#[test]
fn a_buffer_filter_that_holds_headers_is_written_with_the_other_options() {
    let held = pointsman(&["envoy", "-c", "tests/configs/envoy/held.json"]).out;
    for part in [
        "fails over inside\n# the request; a buffer filter holds its headers.",
        "# `pointsman envoy`, for Envoy 1.39 and later",
        "    circuit_breakers: &limits {",
        "                  retry_policy:\n",
        "                    num_retries: 2\n",
        "vm_config: &vm\n",
        "max_request_bytes: 18874368\n",
    ] {
        assert_eq!(held.matches(part).count(), 1, "{part} is missing of\n{held}");
    }
    // The first cluster of all is one that the filter calls, and it has none of this.
    let (_, clusters) = held.split_once("\n  clusters:\n").unwrap();
    assert!(clusters.find("name: a-picker") < clusters.find("&limits"), "{clusters}");
    let bare = pointsman(&["envoy", "-c", "tests/configs/envoy/held-bare.json"]).out;
    for part in ["# Anchors", "&vm", "&document", "http_protocol_options", "retry_policy:"] {
        assert!(!bare.contains(part), "{part} is in\n{bare}");
    }
    for part in ["max_request_bytes: 2097152\n", "where a buffer\n# filter holds", "1.36 and later"]
    {
        assert_eq!(bare.matches(part).count(), 1, "{part} is missing of\n{bare}");
    }
    for text in [held, bare] {
        assert!(!text.contains("allow_on_headers_stop_iteration: true"), "{text}");
        assert!(text.contains("key: wasm.llm.cluster\n"), "{text}");
        let ran = pointsman(&["lint", "--envoy", &file("held.yaml", &text)]);
        assert!(ran.out.contains(": 0 errors, 0 warnings, "), "{}", ran.out);
    }
}

#[test]
fn missing_information_is_easy_to_see() {
    let ran = pointsman(&["envoy", "-c", "tests/configs/envoy/simple.json"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out.matches("CHANGE ME: this address is a placeholder").count(), 2);
    assert!(ran.err.contains("cluster vllm: its address is not known"), "{}", ran.err);
    let second = pointsman(&["envoy", "-c", "tests/configs/envoy/simple.json"]);
    assert_eq!(ran.out, second.out);
    let ran = pointsman(&["envoy", "-c", "tests/configs/envoy/failover.json", "-l", "0.0.0.0:80"]);
    assert!(ran.err.contains("give --filters with a file"), "{}", ran.err);
    let odd = pointsman(&["envoy", "-c", "tests/configs/envoy/odd.json"]);
    assert!(odd.err.contains("default_cluster: is not set"), "{}", odd.err);
    assert!(odd.err.contains("log_fields: is not set"), "{}", odd.err);
    // These are clusters that the filter calls itself.
    for path in ["route_source.cluster", "models.pick.custom.cluster"] {
        assert!(
            odd.out.contains(&format!("# {path}: the filter calls this cluster")),
            "{}",
            odd.out
        );
    }
}

#[test]
fn text_in_a_document_is_never_taken_for_a_place_to_fill() {
    let simple = std::fs::read_to_string("tests/configs/envoy/failover.json").unwrap();
    let odd = "num_retries: 2, {name: x-llm-retry, [x-llm-cluster, x-llm-model] http_filters: map:";
    let mut document: serde_json::Value = serde_json::from_str(&simple).unwrap();
    let models = document["models"].as_object_mut().unwrap();
    models.values_mut().next().unwrap()["description"] = odd.into();
    document["headers"] = serde_json::json!({"x-llm-retry": "x-again", "x-llm-cluster": "x-to"});
    let config = file("places.json", &document.to_string());
    let ran = pointsman(&["envoy", "--config", &config]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains(odd), "{}", ran.out);
    let lint = pointsman(&["lint", "--config", &config, "--envoy", &file("places.yaml", &ran.out)]);
    assert!(!lint.out.contains("document-differs"), "{}", lint.out);
}

#[test]
fn a_configuration_that_cannot_be_written_exits_2() {
    let simple = "tests/configs/envoy/simple.json";
    let attempt = file(
        "attempt.json",
        &std::fs::read_to_string(simple).unwrap().replacen('{', "{ \"role\": \"attempt\",", 1),
    );
    let alone = file(
        "alone.json",
        &std::fs::read_to_string(simple).unwrap().replacen(
            '{',
            "{ \"failover\": {\"attempt_filter\": true},",
            1,
        ),
    );
    for (arguments, wanted) in [
        (
            vec!["-c", simple, "--mode", "failover"],
            "needs failover.max_attempts 2 or more, but it is 1; change it or the mode",
        ),
        (
            vec!["-c", "tests/configs/envoy/failover.json", "-m", "simple"],
            "needs failover.max_attempts 1, but it is 4",
        ),
        (
            vec!["-c", simple, "-m", "buffer"],
            "--mode buffer: needs \"hold\": \"buffer_filter\", but hold is \"stop_iteration\"",
        ),
        (
            vec!["-c", "tests/configs/envoy/held.json", "-m", "simple"],
            "--mode simple: needs \"hold\": \"stop_iteration\", but hold is \"buffer_filter\"; change hold or the mode",
        ),
        (vec!["-c", &alone], "failover.attempt_filter: is true, but no mode of this command"),
        (
            vec!["-c", simple, "-e", "vlm=a:1"],
            "unknown cluster \"vlm\"; known: \"vllm\", \"website\"",
        ),
        (vec!["-c", simple, "-e", "vllm=a"], "expected HOST:PORT"),
        (
            vec!["-c", "tests/configs/envoy/credentials.json"],
            "cluster authorized: Envoy gets tokens for this cluster by OAuth",
        ),
        (vec!["-c", &attempt], "role: found \"attempt\"; expected the document of the router"),
        (vec!["-c", "tests/configs/invalid/many_at_once.json"], "unknown key"),
        (vec!["-c", "no/such.json"], "cannot be read"),
    ] {
        let ran = pointsman(&[&["envoy"], arguments.as_slice()].concat());
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(wanted), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty());
    }
}

/// Envoy runs the filters of a cluster in their order, and the last one sends.
#[test]
fn credentials_are_added_after_the_attempt_filter_and_where_they_belong() {
    let clusters = file("clusters.yaml", "");
    let config = "tests/configs/envoy/credentials.json";
    let ran = pointsman(&["envoy", "-c", config, "--clusters", &clusters]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let apart = std::fs::read_to_string(&clusters).unwrap();
    let filters = |text: &str, cluster: &str| {
        let begin = format!("- name: {cluster}\n");
        let (_, rest) = text.split_once(&begin).unwrap();
        let rest = rest.split("\n  - name: ").next().unwrap();
        let names = rest.lines().filter_map(|line| line.trim().strip_prefix("- name: "));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let codec = "envoy.filters.http.upstream_codec";
    for (cluster, filter) in [
        ("bedrock-us", "envoy.filters.http.aws_request_signing"),
        ("bedrock-eu", "envoy.filters.http.aws_request_signing"),
        ("injected", "envoy.filters.http.credential_injector"),
    ] {
        assert_eq!(filters(&ran.out, cluster), ["pointsman", filter, codec], "{cluster}");
    }
    // The one that other clusters refer to.
    assert_eq!(filters(&ran.out, "keyed"), ["pointsman", codec]);
    assert!(!ran.out.contains("- name: authorized\n"), "{}", ran.out);
    let order = ["pointsman", "envoy.filters.http.credential_injector", codec].map(|name| {
        apart
            .find(&format!("- name: {name}\n"))
            .unwrap_or_else(|| apart.find(&format!("name: {name}\n")).expect(name))
    });
    assert!(order.is_sorted(), "{apart}");
    // Secrets are there by name only, and not for the module.
    assert!(ran.out.contains("host_env_keys: [ALPHA_KEY]"), "{}", ran.out);
    assert!(ran.out.contains("{environment_variable: CLIENT_SECRET}"), "{}", ran.out);
}

#[test]
fn files_that_envoy_follows_hold_the_same_as_one_file() {
    for config in ["tests/configs/envoy/failover.json", "tests/configs/envoy/credentials.json"] {
        let folder = dynamic(config, "same");
        let text = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        assert!(
            !text("envoy.yaml").contains("load_assignment"),
            "clusters are in a file of their own"
        );
        let count = |file: &str, kind: &str| {
            text(file).matches(&format!("type.googleapis.com/envoy.config.{kind}")).count()
        };
        assert_eq!(count("listeners.yaml", "listener.v3.Listener"), 1);
        let one_file = std::fs::read_to_string(config).unwrap();
        assert!(
            count("clusters.yaml", "cluster.v3.Cluster") >= one_file.matches("\"cluster\"").count()
        );
        // lint follows the files as Envoy does, and finds the filter in them.
        let start = format!("{folder}/envoy.yaml");
        let ran = pointsman(&["lint", "--config", config, "--envoy", &start]);
        assert_eq!(ran.code, 0, "{}", ran.out);
        assert!(!ran.out.contains("no-filter"), "{}", ran.out);
    }
}

#[test]
fn the_document_of_an_envoy_file_is_read_from_it() {
    let ran = pointsman(&["check", "envoy/failover.yaml"]);
    assert!(ran.out.contains("envoy/failover.yaml, its document: ok: 3 providers"), "{}", ran.out);
    let ran = pointsman(&["convert", "envoy/failover.yaml", "--to", "yaml"]);
    assert!(ran.out.starts_with("providers:\n  north:\n"), "{}", ran.out);
    let path = file("empty-envoy.yaml", "static_resources: {listeners: []}\n");
    let ran = pointsman(&["check", &path]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("without a routing document"), "{}", ran.err);
}

#[test]
fn the_admin_page_can_be_elsewhere_and_standard_error_warns() {
    let config = file(
        "admin.json",
        r#"{"providers": {"a": {"cluster": "a"}}, "deployments": {"d": {"provider": "a", "model": "m"}}, "models": {"m": {"candidates": ["d"]}}, "log_fields": true, "default_cluster": "a"}"#,
    );
    let with = |more: &[&str]| {
        let ran =
            pointsman(&[&["envoy", "-c", config.as_str(), "-e", "a=127.0.0.1:1"], more].concat());
        let (_, admin) = ran.out.split_once("admin:\n  address: ").unwrap_or(("", "\n"));
        (admin.lines().next().unwrap().to_owned(), ran)
    };
    let warning = |address: &str| {
        format!(
            "--admin {address} can be reached from elsewhere: whoever reaches it can stop Envoy; let only probes and metrics reach it\n"
        )
    };
    let address =
        |ip: &str, port: u16| format!("{{socket_address: {{address: {ip}, port_value: {port}}}}}");
    for (more, ip, port, err) in [
        (&[][..], "127.0.0.1", 9901, String::new()),
        (&["--admin-port", "9000"], "127.0.0.1", 9000, String::new()),
        (&["--admin", "127.0.0.1:9000"], "127.0.0.1", 9000, String::new()),
        (&["--admin", "9000"], "127.0.0.1", 9000, String::new()),
        (&["--admin", "[::1]:9000"], "\"::1\"", 9000, String::new()),
        (&["--admin", "0.0.0.0:9901"], "0.0.0.0", 9901, warning("0.0.0.0:9901")),
        (&["--admin", "[::]:9000"], "\"::\"", 9000, warning("[::]:9000")),
        // Each at the address that the other has without options.
        (
            &["--admin", "127.0.0.1:10000", "--listen", "127.0.0.1:9901"],
            "127.0.0.1",
            10000,
            String::new(),
        ),
    ] {
        let (admin, ran) = with(more);
        assert_eq!((admin, ran.err), (address(ip, port), err), "{more:?}");
    }
    let (_, ran) = with(&["--admin", "127.0.0.1:1", "--admin-port", "2"]);
    assert!(ran.code != 0 && ran.err.contains("cannot be used with"), "{}", ran.err);
    let (_, ran) = with(&["--admin", "localhost:9901"]);
    let wanted = "'--admin <IP:PORT>': expected an IP address and a port, such as 127.0.0.1:10000";
    assert!(ran.code != 0 && ran.err.contains(wanted), "{}", ran.err);
}

#[test]
fn the_document_of_the_release_asks_for_what_its_page_says() {
    let page = std::fs::read_to_string("release/START.md").unwrap();
    let endpoints = ["north=127.0.0.1:9101", "south=127.0.0.1:9102"];
    assert!(endpoints.iter().all(|endpoint| page.contains(&format!("--endpoint {endpoint}"))));
    let ran = pointsman(&[
        "envoy",
        "--config",
        "release/routing.yaml",
        "--endpoint",
        endpoints[0],
        "--endpoint",
        endpoints[1],
    ]);
    // Both addresses are given, so nothing is left to change in what is written.
    assert!(ran.code == 0 && !ran.out.contains("CHANGE ME:"), "{}", ran.err);
    assert!(ran.out.contains("num_retries: 1\n"), "{}", ran.out);
}
