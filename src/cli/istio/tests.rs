//! What is written against the schemas of Istio's own resources: no member that it does
//! not know, none missing, every type and word one of its own.
//!
//! `tests/istio/README.md` says where the schemas come from, and what they leave out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, ValidationError};
use serde_json::{Value, json};

use crate::yaml::read_tree;

use super::manifests::{IstioArgs, Loader, OutputFormat};
use super::run;

/// Each resource, the version that Istio serves it in, and its schema.
const SCHEMAS: [(&str, &str, &str); 7] = [
    (
        "WasmPlugin",
        "extensions.istio.io/v1alpha1",
        include_str!("../../../tests/istio/WasmPlugin.json"),
    ),
    (
        "TrafficExtension",
        "extensions.istio.io/v1alpha1",
        include_str!("../../../tests/istio/TrafficExtension.json"),
    ),
    (
        "EnvoyFilter",
        "networking.istio.io/v1alpha3",
        include_str!("../../../tests/istio/EnvoyFilter.json"),
    ),
    (
        "ServiceEntry",
        "networking.istio.io/v1",
        include_str!("../../../tests/istio/ServiceEntry.json"),
    ),
    (
        "DestinationRule",
        "networking.istio.io/v1",
        include_str!("../../../tests/istio/DestinationRule.json"),
    ),
    ("Gateway", "networking.istio.io/v1", include_str!("../../../tests/istio/Gateway.json")),
    (
        "VirtualService",
        "networking.istio.io/v1",
        include_str!("../../../tests/istio/VirtualService.json"),
    ),
];

/// What is wrong with resources, by Istio's schemas.
struct Schemas {
    all: boon::Schemas,
    by_kind: BTreeMap<&'static str, (&'static str, SchemaIndex)>,
}

/// What is wrong in itself, without the wholes that are wrong by it.
fn leaves(error: &ValidationError<'_, '_>, found: &mut Vec<String>) {
    if error.causes.is_empty() {
        found.push(format!("{}: {}", error.instance_location, error.kind));
    }
    for cause in &error.causes {
        leaves(cause, found);
    }
}

impl Schemas {
    fn new() -> Self {
        let mut all = boon::Schemas::new();
        let mut compiler = Compiler::new();
        let mut by_kind = BTreeMap::new();
        for (kind, version, text) in SCHEMAS {
            let place = format!("https://istio.example/{kind}.json");
            compiler.add_resource(&place, serde_json::from_str(text).unwrap()).unwrap();
            by_kind.insert(kind, (version, compiler.compile(&place, &mut all).unwrap()));
        }
        Self { all, by_kind }
    }

    fn problems(&self, resource: &Value) -> Vec<String> {
        let kind = resource["kind"].as_str().unwrap();
        let Some((version, schema)) = self.by_kind.get(kind) else {
            return vec![format!("no schema of {kind}")];
        };
        let mut found = Vec::new();
        if let Err(error) = self.all.validate(&resource["spec"], *schema) {
            leaves(&error, &mut found);
        }
        let mut members: Vec<&String> = resource.as_object().unwrap().keys().collect();
        members.sort_unstable();
        if members != ["apiVersion", "kind", "metadata", "spec"] {
            found.push(format!("{kind}: {members:?}"));
        }
        if resource["apiVersion"] != *version {
            found.push(format!("{kind}: {}", resource["apiVersion"]));
        }
        found
    }
}

/// The resources in a YAML text.
fn documents(text: &str) -> Vec<Value> {
    let text = format!("\n{text}");
    let parts = text.split("\n---\n").map(str::trim);
    let is_something = |part: &&str| part.lines().any(|line| !line.trim_start().starts_with('#'));
    parts.filter(is_something).map(|part| read_tree(part).unwrap().json().unwrap()).collect()
}

fn shipped() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/istio");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            all.extend(documents(&text).into_iter().map(|resource| (path.clone(), resource)));
        }
    }
    all
}

fn is_of_istio(resource: &Value) -> bool {
    resource["apiVersion"].as_str().is_some_and(|version| version.contains("istio.io/"))
}

#[test]
fn the_shipped_resources_are_what_istio_knows() {
    let schemas = Schemas::new();
    let mut kinds = BTreeMap::<String, usize>::new();
    for (path, resource) in shipped().iter().filter(|(_, resource)| is_of_istio(resource)) {
        let problems = schemas.problems(resource);
        assert!(problems.is_empty(), "{}: {problems:#?}", path.display());
        *kinds.entry(resource["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let known: Vec<&str> = schemas.by_kind.keys().copied().collect();
    assert_eq!(kinds.keys().collect::<Vec<_>>(), known);
}

fn written(config: &Path, form: Loader, output: OutputFormat) -> Option<String> {
    let arguments = IstioArgs {
        config: config.to_owned(),
        form,
        namespace: "gateways".to_owned(),
        gateway: "app=llm".to_owned(),
        hosts: vec!["llm.example".to_owned()],
        tls: (form == Loader::EnvoyFilter).then(|| "llm-certificate".to_owned()),
        endpoints: Vec::new(),
        image: Some("oci://registry.example/pointsman:1".to_owned()),
        module: "/pointsman/plugin.wasm".to_owned(),
        secrets: "/etc/pointsman/secrets".to_owned(),
        output,
    };
    run(&arguments).ok()
}

#[test]
fn of_every_valid_configuration_resources_are_written_that_istio_knows() {
    let schemas = Schemas::new();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs");
    let folders = ["valid", "envoy"].map(|name| std::fs::read_dir(tests.join(name)).unwrap());
    let forms = [Loader::WasmPlugin, Loader::TrafficExtension, Loader::EnvoyFilter];
    let mut count = [0; 3];
    for entry in folders.into_iter().flatten() {
        let path = entry.unwrap().path();
        for (form, count) in forms.into_iter().zip(&mut count) {
            // What a form cannot serve is refused.
            let Some(text) = written(&path, form, OutputFormat::Json) else { continue };
            let list: Value = serde_json::from_str(&text).unwrap();
            let resources = list["items"].as_array().unwrap();
            for resource in resources.iter().filter(|resource| is_of_istio(resource)) {
                let problems = schemas.problems(resource);
                assert!(problems.is_empty(), "{}: {problems:#?}", path.display());
            }
            let yaml = written(&path, form, OutputFormat::Yaml).unwrap();
            assert_eq!(documents(&yaml), *resources, "{}", path.display());
            *count += 1;
        }
    }
    assert!(count.iter().all(|count| *count > 5), "{count:?}");
}

#[test]
fn what_istio_does_not_know_is_refused() {
    let schemas = Schemas::new();
    let all = shipped();
    for (kind, pointer, value, says) in [
        ("WasmPlugin", "/spec/failStrategy", json!("FAIL_NEVER"), "must be one of 'FAIL_CLOSE'"),
        ("WasmPlugin", "/spec/plugin_config", json!({}), "plugin_config"),
        ("WasmPlugin", "/spec/vmConfig/env/0/from", json!("HOST"), "from"),
        ("WasmPlugin", "/spec/url", json!(1), "want string"),
        ("WasmPlugin", "/apiVersion", json!("extensions.istio.io/v1"), "extensions.istio.io/v1"),
        ("WasmPlugin", "/data", json!({}), "data"),
        ("TrafficExtension", "/spec/wasm/failStrategy", json!("FAIL_NEVER"), "must be one of"),
        ("TrafficExtension", "/spec/pluginConfig", json!({}), "pluginConfig"),
        ("TrafficExtension", "/spec/wasm/vmConfig/env/0/from", json!("HOST"), "from"),
        ("EnvoyFilter", "/spec/configPatches/0/applyTo", json!("LISTENERS"), "must be one of"),
        ("EnvoyFilter", "/spec/configPatches/0/match/context", json!("EGRESS"), "must be one of"),
        ("EnvoyFilter", "/spec/configPatches/0/patch/values", json!({}), "values"),
        ("ServiceEntry", "/spec/ports/0/number", json!("443"), "want "),
        ("ServiceEntry", "/spec/resolution", json!("dns"), "must be one of"),
        ("DestinationRule", "/spec/trafficPolicy/tls", json!({"mode": "TLS"}), "must be one of"),
        ("DestinationRule", "/spec/hosts", json!(["a"]), "hosts"),
        ("Gateway", "/spec/servers/0/port/protocols", json!("HTTP"), "protocols"),
        ("Gateway", "/spec/servers/0/tls", json!({"mode": "TERMINATE"}), "must be one of"),
        ("VirtualService", "/spec/http/0/retries", json!(0), "want "),
        ("VirtualService", "/spec/http/0/routes", json!([]), "routes"),
    ] {
        let (place, member) = pointer.rsplit_once('/').unwrap();
        let has = |one: &Value| one["kind"] == kind && one.pointer(place).is_some();
        let (_, resource) = all.iter().find(|(_, resource)| has(resource)).unwrap();
        let mut resource = resource.clone();
        assert_eq!(schemas.problems(&resource), Vec::<String>::new());
        resource.pointer_mut(place).unwrap()[member] = value;
        let problems = schemas.problems(&resource);
        assert_eq!(problems.len(), 1, "{pointer}: {problems:#?}");
        assert!(problems[0].contains(says), "{pointer}: {problems:#?}");
    }
    for (kind, pointer) in [("DestinationRule", "/spec/host"), ("ServiceEntry", "/spec/hosts")] {
        let (_, resource) = all.iter().find(|(_, resource)| resource["kind"] == kind).unwrap();
        let mut resource = resource.clone();
        let (place, member) = pointer.rsplit_once('/').unwrap();
        resource.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(member);
        let problems = schemas.problems(&resource);
        assert!(problems[0].contains("missing"), "{pointer}: {problems:#?}");
    }
}
