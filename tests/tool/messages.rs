//! What the tool says of files that are not what they are given for, and of values in the form of
//! another tool.

use super::{file, pointsman};

/// Returns the problems that `check` finds in a document with this text.
fn problems(text: &str) -> String {
    let ran = pointsman(&["check", &file("routing.yaml", text)]);
    assert_eq!(ran.code, 1, "{text}: {}", ran.out);
    ran.err
}

const PARTS: &str = "providers: {p: {cluster: c}}\ndeployments: {d: {provider: p, model: m}}\n";

#[test]
fn a_value_in_another_form_gets_the_form_to_write() {
    for (text, wanted) in [
        ("models: {m: {candidates: d}}", "expected a list; write [\"d\"]"),
        (
            "models: {m: {candidates: \n  d\n  e}}",
            "expected a list; write [\"d\", \"e\"], or [\"d e\"] if that is one item",
        ),
        (
            "models: {m: {candidates: [d], fallbacks: m}}",
            "expected a list or an object; write [\"m\"]",
        ),
        (
            "models: {m: {candidates: {d: {weight: 3}}}}",
            "write a list, such as [{ \"deployment\": \"ID\" }]",
        ),
        (
            "models: {m: {candidates: [{deployment: d, rpm_limit: 3}]}}",
            "unknown key \"rpm_limit\"; \"rpm_limit\" is a key of the deployment; write it there\n",
        ),
        ("aliases: {a: 4.1}", "expected text; write \"4.1\"\n"),
        (
            "aliases: {a: no}",
            "found false; expected text; put it into quotation marks; in YAML, y, n,",
        ),
        ("models: {m: d}", "expected an object; write { \"candidates\": [\"ID\"] }"),
        ("models: {m: [d]}", "expected an object; write { \"candidates\": [\"ID\"] }"),
        (
            "models: {m: {candidates: [d], models: {}}}",
            "\"models\" is a key of the whole document; indent it less",
        ),
        // A precise hint stands in place of the list of all keys.
        (
            "models: {m: {deployments: [d]}}",
            "models.m: unknown key \"deployments\"; did you mean \"candidates\"? If it is the section",
        ),
        (
            "models: {m: {candidates: [{id: d}]}}",
            "candidates[0]: unknown key \"id\"; did you mean \"deployment\"?\n",
        ),
        (
            "models: {m: {candidates: [d], strategy: weight}}",
            "unknown value \"weight\"; did you mean \"weighted\"? allowed: \"single\",",
        ),
        (
            "models: {m: {candidates: [d], strategy: round-robin}}",
            "did you mean \"round_robin\"? allowed:",
        ),
        (
            "models: {m: {candidates: [d], strategy: failover}}",
            "did you mean \"ordered_fallback\"? a",
        ),
        ("retries: 3", "unknown key \"retries\"; write \"failover\": { \"max_attempts\": 3 }\n"),
        (
            "max_attempts: 3",
            "it is a key of \"failover\": write \"failover\": { \"max_attempts\": … }\n",
        ),
        (
            "routes: [{name: r, when: {prompt_contains: [a]}, then: {target_model: d}}]",
            "unknown key \"prompt_contains\"; write \"prompt_contains_any_of\": [\"WORD\"]\n",
        ),
        (
            "routes: [{name: r, when: {any_of: [{model: a}]}, then: {target_model: d}}]",
            "unknown key \"model\"; write \"model_in\": [\"NAME\"]\n",
        ),
        (
            "routes: [{name: r, when: {}, then: {target: d}}]",
            "unknown key \"target\"; did you mean \"target_model\"?\n",
        ),
        (
            "models: {m: {candidates: [d], strategy: usage-based-routing-v2}}",
            "did you mean \"usage_based\"?",
        ),
        (
            "models: {m: {candidates: [d], strategy: cost-based-routing}}",
            "did you mean \"cost_based\"?",
        ),
        ("admin: {token_env: $TOKEN}", "did you mean \"TOKEN\"?"),
        ("admin: {token_env: os.environ/TOKEN}", "did you mean \"TOKEN\"?"),
    ] {
        let said = problems(&format!("{PARTS}{text}\n"));
        assert!(said.contains(wanted), "{text}: {said}");
    }
    for (provider, wanted) in [
        (
            "{cluster: c, authority: \"https://api.openai.com\"}",
            "leave out the scheme: write \"api.openai.com\"\n",
        ),
        (
            "{cluster: c, authority: api.openai.com/v1}",
            "leave out the path: write \"api.openai.com\" (path_prefix",
        ),
        (
            "{cluster: c, credential: {env: os.environ/OPENAI_API_KEY}}",
            "did you mean \"OPENAI_API_KEY\"?",
        ),
        ("c", "write { \"cluster\": \"NAME\" }"),
        (
            "{cluster: c, base_url: \"http://h:1\"}",
            "unknown key \"base_url\"; write a vendor's host as \"authority\"; give the address of your own server by --endpoint",
        ),
        ("{cluster: c, url: x}", "by --endpoint CLUSTER=HOST:PORT\n"),
        ("{cluster: c, endpoint: x}", "by --endpoint CLUSTER=HOST:PORT\n"),
        (
            "{cluster: c, api_key: x}",
            "unknown key \"api_key\"; write \"credential\": { \"env\": \"NAME\" } with the name of the environment",
        ),
        (
            "{cluster: c, credential: {key: x}}",
            "unknown key \"key\"; write \"env\": \"NAME\" with the name",
        ),
        (
            "{cluster: c, credential: x}",
            "expected an object; write { \"env\": \"NAME\" } with the name",
        ),
    ] {
        let said = problems(&format!("providers: {{p: {provider}}}\n"));
        assert!(said.contains(wanted), "{provider}: {said}");
    }
}

#[test]
fn facts_of_a_deployment_are_told_where_to_stand() {
    for (key, wanted) in [
        ("vision", "it is a key of \"facts\": write \"facts\": { \"vision\": … }\n"),
        ("input_usd_per_million", "it is a key of \"facts\": write "),
        ("supports_vision", "write \"facts\": { \"vision\": true }\n"),
        ("api_key", "write it at the provider, under its names there"),
        ("rpm", "did you mean \"rpm_limit\"?\n"),
    ] {
        let said = problems(&format!(
            "providers: {{p: {{cluster: c}}}}\ndeployments: {{d: {{provider: p, model: m, {key}: 1}}}}\n"
        ));
        let wanted = format!("unknown key \"{key}\"; {wanted}");
        assert!(said.contains(&wanted), "{key}: {said}");
    }
}

#[test]
fn text_that_is_no_yaml_is_told_by_line_with_what_to_do() {
    for (text, line, wanted) in [
        ("a:\n\tb: 1\n", 2, "a tab indents this line; indent it with spaces"),
        ("a: 1\n\tb: 2\n", 2, "a tab indents this line"),
        ("a:\n  b:\n\t  c: 1\n", 3, "a tab indents this line"),
        ("a: \"x\nb: 1\n", 1, "a quotation mark opens here and is not closed"),
        ("a:\n  b: 'x\n  c: d\n", 2, "a quotation mark opens here and is not closed"),
        ("a: \"x", 1, "the file ends too early; close the quotation mark"),
        ("a: 'it's'\n", 1, "text follows a closing quotation mark"),
        ("a: \"C:\\d\"\n", 1, "write \\\\, or put the value into '…'"),
        ("a:\n  b: 1\n c: 2\n", 3, "indented like no line above it"),
        ("a:\n  - b\n - c\n", 3, "indented like no line above it"),
        ("a:\n  b: 1\n    c: 2\n", 3, "this key is indented too far"),
        ("a: b: c\n", 1, "a value has a colon and a space in it; put"),
        ("a: [1, 2\nb: 1\n", 2, "a closing ] or } is missing"),
        ("a: {b: 1\nc: 2\n", 2, "a comma or a closing } is missing"),
        ("a: [b]]\n", 1, "a closing bracket has none that it closes"),
        ("a: b\nc\nd: e\n", 3, "a line has no colon"),
        ("a: @b\n", 1, "a value cannot begin with this character; put the value into"),
        ("a: *b\n", 1, "put a text into quotation marks"),
        ("a: - b\n", 1, "begin a new line with it"),
        ("a: |x\n  b\n", 1, "text follows | or >"),
    ] {
        let ran = pointsman(&["check", &file("routing.yaml", text)]);
        let at = format!("is not YAML: line {line}: ");
        assert!(
            ran.code == 2 && ran.err.contains(&at) && ran.err.contains(wanted),
            "{text}: {}",
            ran.err
        );
    }
}

#[test]
fn a_section_that_is_indented_too_far_is_hinted_at_once() {
    let text = "providers: {p: {cluster: c}}\ndeployments:\n  d: {provider: p, model: m}\n  models:\n    m: {candidates: [d]}\n";
    let said = problems(text);
    let hint =
        "if this is no deployment but the section \"models\" of the document, indent it less";
    assert_eq!(said.matches(hint).count(), 1, "{said}");
    // A deployment may have such a name.
    let fine = "providers: {p: {cluster: c}}\ndeployments: {models: {provider: p, model: m}}\n";
    let ran = pointsman(&["check", &file("routing.yaml", fine)]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn files_of_another_kind_are_recognised() {
    let several = "apiVersion: v1\nkind: Namespace\n---\napiVersion: v1\nkind: EnvoyFilter\n";
    let list = r#"{"apiVersion": "v1", "kind": "List", "items": []}"#;
    let dump =
        r#"{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"}]}"#;
    for (name, text, check, lint) in [
        (
            "a.yaml",
            several,
            "is a Kubernetes resource (Namespace), not a routing document",
            "lint reads the file that Envoy starts with",
        ),
        (
            "b.json",
            list,
            "is a Kubernetes resource (List), not",
            "`pointsman istio` and `pointsman gateway`",
        ),
        ("c.yaml", "model_list: []\n", "`pointsman import litellm ", "`pointsman import litellm`"),
        (
            "d.json",
            dump,
            "is a dump of a running Envoy",
            "is a part of what a running Envoy says at /config_dump; give all of it",
        ),
    ] {
        let path = file(name, text);
        for (arguments, wanted) in [(["check", &path], check), (["convert", &path], check)] {
            let ran = pointsman(&arguments);
            assert!(ran.code == 2 && ran.err.contains(wanted), "{name}: {}", ran.err);
        }
        let ran = pointsman(&["lint", "--envoy", &path]);
        assert!(ran.code == 2 && ran.err.contains(lint), "{name}: {}", ran.err);
    }
    let ran = pointsman(&["lint", "--envoy", "tests/configs/valid/example.json"]);
    assert!(ran.code == 2 && ran.err.contains("give Envoy's file to --envoy"), "{}", ran.err);
}

#[test]
fn a_server_of_one_s_own_behind_an_authority_is_told_to_get_tls() {
    let document = |name: &str, authority: &str| {
        let text = format!(
            "providers:\n  \"{name}\": {{cluster: c, authority: \"{authority}\"}}\nmodels: {{m: {{candidates: [{{provider: \
             \"{name}\", model: m}}]}}}}\ndefault_cluster: site\n"
        );
        file("own.yaml", &text)
    };
    for (authority, endpoint) in [
        ("localhost:8000", "localhost:8000"),
        ("127.0.0.1", "127.0.0.1:443"),
        ("vllm.models.svc.cluster.local", "vllm.models.svc.cluster.local:443"),
    ] {
        let path = document("own.one", authority);
        let ran = pointsman(&["check", &path]);
        let told = format!(
            "Envoy connects to {endpoint} with TLS, since an authority means that; for plain HTTP, give --endpoint \
             c={endpoint} to"
        );
        let wanted = format!("own.yaml:2: warning: providers.\"own.one\".authority: {told}");
        assert!(ran.code == 0 && ran.out.contains(&wanted), "{}", ran.out);
        let ran = pointsman(&["envoy", &path]);
        assert!(ran.err.contains(&format!("cluster c: {told}")), "{}", ran.err);
        // What is given is meant.
        let given = format!("c={endpoint}");
        let ran = pointsman(&["envoy", &path, "--endpoint", &given]);
        assert!(
            !ran.err.contains("with TLS") && !ran.out.contains("UpstreamTlsContext"),
            "{}",
            ran.err
        );
    }
    let ran = pointsman(&["check", &document("p", "llm.example:8443")]);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
}

#[test]
fn the_providers_of_the_documentation_and_of_an_import_get_their_keys() {
    let page = include_str!("../../docs/providers.md");
    let blocks: Vec<&str> = page.split("```json\n").skip(1).collect();
    assert!(blocks.len() > 15);
    for block in blocks {
        let (document, _) = block.split_once("```").unwrap();
        let ran = pointsman(&["check", &file("block.json", document)]);
        assert!(
            ran.code == 0 && !ran.out.contains(".credential: is sent as"),
            "{}{}",
            ran.out,
            ran.err
        );
        assert!(!ran.out.contains("with TLS, since"), "{}", ran.out);
    }
    let entry = |model: &str| {
        let base = if model.starts_with("azure") {
            ", api_base: \"https://x.openai.azure.com\""
        } else {
            ""
        };
        format!("- {{model_name: m, litellm_params: {{model: {model}{base}}}}}\n")
    };
    let models =
        ["anthropic/a", "gemini/b", "azure/c", "openai/d", "groq/e", "mistral/f", "cohere/g"];
    let litellm = models.map(entry).concat();
    let wrote = pointsman(&[
        "import",
        "litellm",
        &file("litellm.yaml", &format!("model_list:\n{litellm}")),
    ]);
    let ran = pointsman(&["check", &file("imported.yaml", &wrote.out)]);
    assert!(ran.code == 0 && wrote.out.contains("x-goog-api-key"), "{}{}", wrote.out, ran.err);
    assert!(!ran.out.contains(".credential: is sent as"), "{}", ran.out);
}

#[test]
fn a_document_that_routes_nothing_says_so() {
    for (name, text, wanted, code) in [
        ("a.yaml", "", "is empty; write providers, deployments and models", 2),
        ("c.yaml", "", "> FILE` was to write it, that command failed", 2),
        ("b.yaml", "# nothing\n", "is empty; write providers, deployments and models", 2),
        ("c.yaml", "{}", "has no models, so no request reaches a provider", 0),
        ("d.json", "{}", "has no models, so no request reaches a provider", 0),
    ] {
        let ran = pointsman(&["check", &file(name, text)]);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(ran.code == code && said.contains(wanted), "{name}: {said}");
        assert!(said.contains("docs/getting-started.md"), "{name}: {said}");
        assert!(!said.contains(":0: "), "{name}: {said}");
    }
    let other = "providers: {p: {cluster: c}}\nallow_direct: true\n";
    assert!(!pointsman(&["check", &file("e.yaml", other)]).out.contains("has no models"));
}

#[test]
fn a_misspelt_section_is_one_problem() {
    let models = "models: {m: {candidates: [d, e], fallbacks: [o]}, o: {candidates: [d]}}\n";
    let said = problems(&format!(
        "providers: {{p: {{cluster: c}}}}\ndeployment: {{d: {{provider: p, model: m}}}}\n{models}"
    ));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("did you mean \"deployments\"?"), "{said}");
    let said = problems("provider: {p: {cluster: c}}\ndeployments: {d: {provider: p, model: m}}\n");
    assert_eq!(said.lines().count(), 1, "{said}");
    // Other names are missing for another reason.
    let said = problems(&format!("provider: {{p: {{cluster: c}}}}\n{models}"));
    assert!(said.matches("none is declared").count() == 3, "{said}");
}

#[test]
fn what_a_misspelt_key_leads_to_is_not_told_beside_it() {
    for text in ["translate: lenient\nfailover: {max_atempts: 3}", "model: {}\naliases: {a: m}"] {
        let said = problems(&format!("{PARTS}{text}"));
        assert!(said.lines().count() == 1 && said.contains("did you mean"), "{said}");
    }
}

#[test]
fn the_keys_that_are_allowed_are_listed_once() {
    let said = problems(&format!("{PARTS}one: 1\ntwo: 2\nthree: 3"));
    assert_eq!(said.matches("unknown key").count(), 3, "{said}");
    assert_eq!(said.matches("; allowed: ").count(), 1, "{said}");
}

#[test]
fn a_file_of_something_else_is_told_by_its_keys() {
    for text in ["title: x\nuid: y\npanels: []\n", r#"{"title": "x", "uid": "y", "panels": []}"#] {
        let ran = pointsman(&["check", &file("grafana.json", text)]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        let wanted = "has keys such as \"title\" and \"uid\", and none of a routing document";
        assert!(ran.err.contains(wanted) && ran.err.lines().count() == 1, "{}", ran.err);
    }
    let misspelt = problems("provider: {}\ndeployment: {}\nmodel: {}\n");
    assert_eq!(misspelt.matches("did you mean").count(), 3, "{misspelt}");
}
