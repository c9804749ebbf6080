//! What `pointsman gateway` writes against the schemas of its resources, and what it refuses.
//! `tests/gateway/README.md` says where the schemas come from.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use super::{file, pointsman};

const SCHEMAS: [(&str, &str, &str); 4] = [
    ("Gateway", "gateway.networking.k8s.io/v1", include_str!("../gateway/Gateway.json")),
    ("HTTPRoute", "gateway.networking.k8s.io/v1", include_str!("../gateway/HTTPRoute.json")),
    ("Backend", "gateway.envoyproxy.io/v1alpha1", include_str!("../gateway/Backend.json")),
    (
        "EnvoyPatchPolicy",
        "gateway.envoyproxy.io/v1alpha1",
        include_str!("../gateway/EnvoyPatchPolicy.json"),
    ),
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
        ("HTTPRoute", "/apiVersion", json!("gateway.networking.k8s.io/v1beta1")),
    ] {
        let mut resource = written.iter().find(|one| one["kind"] == kind).unwrap().clone();
        let (place, member) = pointer.rsplit_once('/').unwrap();
        resource.pointer_mut(place).unwrap()[member] = value;
        assert_eq!(problems(&resource).len(), 1, "{pointer}");
    }
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
