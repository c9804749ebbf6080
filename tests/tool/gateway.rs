//! What `pointsman gateway` writes against the schemas of its resources, and what it refuses.
//! `tests/gateway/README.md` says where the schemas come from.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use super::{file, pointsman, yaml};

const SCHEMAS: [(&str, &str, &str); 5] = [
    ("Gateway", "gateway.networking.k8s.io/v1", include_str!("../gateway/Gateway.json")),
    ("HTTPRoute", "gateway.networking.k8s.io/v1", include_str!("../gateway/HTTPRoute.json")),
    ("Backend", "gateway.envoyproxy.io/v1alpha1", include_str!("../gateway/Backend.json")),
    (
        "EnvoyPatchPolicy",
        "gateway.envoyproxy.io/v1alpha1",
        include_str!("../gateway/EnvoyPatchPolicy.json"),
    ),
    ("EnvoyProxy", "gateway.envoyproxy.io/v1alpha1", include_str!("../gateway/EnvoyProxy.json")),
];

/// Returns what is wrong with a resource.
fn problems(resource: &Value) -> Vec<String> {
    let kind = resource["kind"].as_str().unwrap();
    let Some((_, version, text)) = SCHEMAS.iter().find(|(known, ..)| *known == kind) else {
        return vec![format!("no schema of {kind}")];
    };
    let (mut all, mut compiler) = (Schemas::new(), Compiler::new());
    let place = format!("https://gateway.example/{kind}.json");
    compiler.add_resource(&place, serde_json::from_str(text).unwrap()).unwrap();
    let schema = compiler.compile(&place, &mut all).unwrap();
    let mut found = Vec::new();
    if let Err(error) = all.validate(&resource["spec"], schema) {
        found.push(format!("{error:#}"));
    }
    if resource["apiVersion"] != *version {
        found.push(format!("{kind}: {}", resource["apiVersion"]));
    }
    found
}

fn resources(config: &str) -> Vec<Value> {
    let ran = pointsman(&["gateway", "--config", config, "--json"]);
    assert_eq!(ran.code, 0, "{config}: {}", ran.err);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn resources_are_written_that_envoy_gateway_knows() {
    for name in ["simple", "failover", "held", "odd"] {
        let written = resources(&format!("tests/configs/envoy/{name}.json"));
        let kinds: Vec<&str> = written.iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Gateway", "Backend", "HTTPRoute", "EnvoyPatchPolicy"]);
        for resource in &written {
            assert_eq!(problems(resource), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn what_envoy_gateway_does_not_know_is_refused() {
    let written = resources("tests/configs/envoy/simple.json");
    for (kind, pointer, value) in [
        ("EnvoyPatchPolicy", "/spec/type", json!("Merge")),
        ("EnvoyPatchPolicy", "/spec/jsonPatches/0/operation/op", json!("insert")),
        ("EnvoyPatchPolicy", "/spec/jsonPatches/0/operation/json_path", json!("x")),
        ("EnvoyPatchPolicy", "/spec/jsonPatches/0/type", json!("Listener")),
        ("Backend", "/spec/endpoints/0/fqdn", json!({"hostname": "A.b", "port": 1})),
        ("Backend", "/spec/endpoints", json!([])),
        ("Gateway", "/spec/class", json!("eg")),
        ("HTTPRoute", "/spec/rules/0/matches/0/path/type", json!("Prefix")),
        ("Gateway", "/spec/infrastructure", json!({"parametersRef": {"name": "proxy"}})),
        ("Gateway", "/spec/listeners/0/tls", json!({"certificates": []})),
        ("HTTPRoute", "/apiVersion", json!("gateway.networking.k8s.io/v1beta1")),
    ] {
        let mut resource = written.iter().find(|one| one["kind"] == kind).unwrap().clone();
        let (place, member) = pointer.rsplit_once('/').unwrap();
        resource.pointer_mut(place).unwrap()[member] = value;
        assert_eq!(problems(&resource).len(), 1, "{pointer}");
    }
}

#[test]
fn the_patched_route_still_opens_web_sockets() {
    let written = resources("tests/configs/envoy/simple.json");
    let policy = written.iter().find(|one| one["kind"] == "EnvoyPatchPolicy").unwrap();
    let patches = policy["spec"]["jsonPatches"].as_array().unwrap();
    let operations = patches.iter().map(|patch| &patch["operation"]);
    let replaced: Vec<&Value> = operations.filter(|one| one["op"] == "replace").collect();
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0]["path"], "/virtual_hosts/0/routes/0/route");
    // Envoy Gateway has them on by default, in what this replaces.
    assert_eq!(replaced[0]["value"]["upgrade_configs"], json!([{"upgrade_type": "websocket"}]));
}

#[test]
fn a_secret_that_envoy_would_read_itself_is_refused() {
    let document = r#"{"providers": {"p": {"cluster": "p", "authority": "p.example",
        "credential": {"envoy": "credential_injector", "env": "KEY"}}},
        "deployments": {"d": {"provider": "p", "model": "m"}}}"#;
    let ran = pointsman(&["gateway", "--config", &file("injected.json", document)]);
    let says = "providers.p.credential.envoy: is \"credential_injector\"";
    assert!(ran.code == 2 && ran.err.starts_with(says), "{}", ran.err);
}

/// In a pod, 127.0.0.1 is never where a provider is.
#[test]
fn a_cluster_without_an_address_is_named() {
    let config = file(
        "nowhere.json",
        r#"{"providers": {"p": {"cluster": "vllm"}}, "deployments": {"d": {"provider": "p", "model": "m"}},
            "models": {"m": {"candidates": ["d"]}}}"#,
    );
    for command in ["istio", "gateway", "envoy"] {
        let ran = pointsman(&[command, "--config", &config]);
        assert!(
            ran.err.contains("cluster vllm: its address is not known"),
            "{command}: {}",
            ran.err
        );
        let given =
            pointsman(&[command, "--config", &config, "--endpoint", "vllm=vllm.models.svc:80"]);
        assert!(!given.err.contains("is not known"), "{command}: {}", given.err);
    }
    // Istio knows a service by its full name.
    let endpoint = "vllm=vllm.models.svc:80";
    let ran = pointsman(&["istio", "--config", &config, "--endpoint", endpoint]);
    assert!(ran.out.contains("outbound|80||vllm.models.svc.cluster.local"), "{}", ran.out);
    assert!(!ran.out.contains("kind: ServiceEntry"), "{}", ran.out);
}

const ENDPOINTS: [&str; 4] = [
    "--endpoint",
    "vllm=vllm.models.svc.cluster.local:8000",
    "--endpoint",
    "website=website.default.svc.cluster.local:80",
];

#[test]
fn the_shipped_resources_are_what_the_tool_writes() {
    let arguments = ["gateway", "--config", "envoy/istio/pointsman.json", "--proxy", "pointsman"];
    let ran = pointsman(&[&arguments[..], &["--tls", "llm-certificate"], &ENDPOINTS[..]].concat());
    let told = "--proxy pointsman: this EnvoyProxy has to give the module at /pointsman/plugin.wasm and the \
                environment variables ANTHROPIC_API_KEY, OPENAI_API_KEY\n";
    assert_eq!((ran.code, ran.err.as_str()), (0, told));
    let shipped = include_str!("../../envoy/gateway/pointsman.yaml");
    assert!(ran.out == shipped, "envoy/gateway/pointsman.yaml is out of date:\n{}", ran.out);
    // A change of the document is a change of its lines.
    assert!(shipped.contains("              value: |-\n                {\n"));
}

#[test]
fn a_proxy_that_is_not_named_is_told_with_what_it_needs() {
    let ran = pointsman(
        &[&["gateway", "--config", "envoy/istio/pointsman.json"], &ENDPOINTS[..]].concat(),
    );
    let needs = "the module at /pointsman/plugin.wasm and the environment variables \
                 ANTHROPIC_API_KEY, OPENAI_API_KEY;";
    assert!(ran.err.starts_with("--proxy: is not given") && ran.err.contains(needs), "{}", ran.err);
}

/// Returns the lines of a block without their indentation, and without comments.
fn block(text: &str, key: &str) -> Vec<String> {
    let (_, rest) = text.split_once(&format!("{key}:\n")).unwrap_or_else(|| panic!("no {key}"));
    let depth = |line: &str| line.len() - line.trim_start().len();
    let first = depth(rest.lines().next().unwrap());
    let lines = rest.lines().take_while(|line| depth(line) >= first && !line.is_empty());
    let lines = lines.map(|line| line.get(first..).unwrap().to_owned());
    lines.filter(|line| !line.trim_start().starts_with('#')).collect()
}

#[test]
fn the_shipped_examples_report_what_the_shipped_envoys_report() {
    let envoy = include_str!("../../envoy/failover.yaml");
    let (istio, proxy) = (
        include_str!("../../envoy/istio/observe.yaml"),
        include_str!("../../envoy/gateway/envoy-proxy.yaml"),
    );
    let (stats, fields) = (block(envoy, "stats_config"), block(envoy, "json_format"));
    assert!(stats.len() > 20 && fields.len() > 20);
    assert_eq!((block(istio, "stats_config"), block(istio, "json_format")), (stats, fields));
    assert_eq!(block(proxy, "stats_config"), block(envoy, "stats_config"));
    assert_eq!(block(proxy, "json"), block(envoy, "json_format"));
}

#[test]
fn the_shipped_proxy_gives_what_the_resources_need() {
    let proxy = yaml::value(&std::fs::read_to_string("envoy/gateway/envoy-proxy.yaml").unwrap());
    assert_eq!(problems(&proxy), Vec::<String>::new());
    let deployment = &proxy["spec"]["provider"]["kubernetes"]["envoyDeployment"];
    let variables = deployment["container"]["env"].as_array().unwrap();
    let mut names: Vec<&str> = variables.iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]);
    // A document that names fewer of them needs no other file.
    assert!(variables.iter().all(|one| one["valueFrom"]["secretKeyRef"]["optional"] == true));
}
