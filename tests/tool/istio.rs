//! What `pointsman istio` writes of hosts, routes, ports and credentials, and what the files beside it in `envoy/istio/`
//! give the pods.

use serde_json::{Value, json};

use super::{file, pointsman, yaml};

/// Returns what `pointsman istio` writes of the shipped document.
fn of_shipped(more: &[&str]) -> Vec<Value> {
    let endpoints = [
        "--endpoint",
        "vllm=vllm.models.svc:8000",
        "--endpoint",
        "website=website.default.svc:80",
        "--output",
        "json",
    ];
    let config = ["istio", "--config", "envoy/istio/pointsman.json", "--form", "envoy-filter"];
    let ran = pointsman(&[&config[..], &endpoints, more].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn of_kind<'a>(items: &'a [Value], kind: &str) -> Vec<&'a Value> {
    items.iter().filter(|one| one["kind"] == kind).map(|one| &one["spec"]).collect()
}

#[test]
fn the_gateway_of_istio_listens_with_the_certificate_that_is_given() {
    let servers = |more: &[&str]| of_kind(&of_shipped(more), "Gateway")[0]["servers"].clone();
    let plain =
        json!([{"hosts": ["*"], "port": {"name": "http", "number": 80, "protocol": "HTTP"}}]);
    assert_eq!(servers(&[]), plain);
    let tls = json!([{"hosts": ["llm.example"], "port": {"name": "https", "number": 443, "protocol": "HTTPS"},
                      "tls": {"mode": "SIMPLE", "credentialName": "llm-certificate"}}]);
    assert_eq!(servers(&["--tls", "llm-certificate", "--hosts", "llm.example"]), tls);
}

/// With `PILOT_FILTER_GATEWAY_CLUSTER_CONFIG`, a gateway has the clusters of these hosts alone.
#[test]
fn the_route_of_istio_names_every_host_and_leads_to_the_default_alone() {
    let items = of_shipped(&[]);
    let routes = of_kind(&items, "VirtualService")[0]["http"][0]["route"].as_array().unwrap();
    let routes: Vec<(&str, u64)> = routes
        .iter()
        .map(|one| (one["destination"]["host"].as_str().unwrap(), one["weight"].as_u64().unwrap()))
        .collect();
    let (website, vllm) = ("website.default.svc.cluster.local", "vllm.models.svc.cluster.local");
    let wanted = [(website, 100), ("api.anthropic.com", 0), ("api.openai.com", 0), (vllm, 0)];
    assert_eq!(routes, wanted);
}

/// It would take the place of the rule that the owner of the service wrote.
#[test]
fn only_hosts_with_tls_get_a_rule_of_istio() {
    let items = of_shipped(&[]);
    let hosts: Vec<&Value> =
        of_kind(&items, "DestinationRule").iter().map(|one| &one["host"]).collect();
    assert_eq!(hosts, ["api.anthropic.com", "api.openai.com"]);
    let items = of_shipped(&["--endpoint", "vllm=vllm.models.svc:8443,tls"]);
    let rules = of_kind(&items, "DestinationRule");
    let of_vllm = rules.iter().find(|one| one["host"] == "vllm.models.svc.cluster.local").unwrap();
    let settings = &of_vllm["trafficPolicy"]["portLevelSettings"][0];
    assert_eq!(settings["tls"]["mode"], "SIMPLE");
}

/// Returns a shipped file.
fn shipped(name: &str) -> Value {
    yaml::value(&std::fs::read_to_string(format!("envoy/{name}")).unwrap())
}

#[test]
fn the_values_of_the_chart_add_what_the_patch_adds() {
    let (patch, values) = (shipped("istio/deployment-patch.yaml"), shipped("istio/values.yaml"));
    let pod = &patch["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(values["initContainers"], pod["initContainers"]);
    assert_eq!(values["volumes"], pod["volumes"]);
    assert_eq!(values["volumeMounts"], container["volumeMounts"]);
    let set: Vec<&Value> = container["env"].as_array().unwrap().iter().collect();
    assert_eq!(set, [&json!({"name": "BOOTSTRAP_XDS_AGENT", "value": "true"})]);
    assert_eq!(values["env"], json!({"BOOTSTRAP_XDS_AGENT": "true"}));
    // The patch takes the Secret as a whole, which the chart cannot.
    let secret = &container["envFrom"][0]["secretRef"]["name"];
    for one in values["envVarFrom"].as_array().unwrap() {
        let from = &one["valueFrom"]["secretKeyRef"];
        assert_eq!((&from["name"], &from["key"]), (secret, &one["name"]));
    }
}

/// As the restricted Pod Security Standard asks of a container.
#[test]
fn the_containers_that_copy_the_module_may_do_nothing_else() {
    let proxy = shipped("gateway/envoy-proxy.yaml");
    for containers in [
        &shipped("istio/deployment-patch.yaml")["spec"]["template"]["spec"]["initContainers"],
        &shipped("istio/values.yaml")["initContainers"],
        &proxy["spec"]["provider"]["kubernetes"]["envoyDeployment"]["initContainers"],
    ] {
        let containers = containers.as_array().unwrap();
        assert_eq!(containers.len(), 1);
        let mut context = containers[0]["securityContext"].clone();
        let user = context.as_object_mut().unwrap().remove("runAsUser").unwrap();
        assert_ne!(user, 0);
        let wanted = json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true,
            "seccompProfile": {"type": "RuntimeDefault"},
        });
        assert_eq!(context, wanted);
    }
}

#[test]
fn istio_gets_the_signer_after_the_attempt_filter() {
    let document = |credential: &str| {
        format!(
            r#"{{"providers": {{"p": {{"cluster": "p", "api": "bedrock", "authority": "p.example", "credential": {credential}}}}},
            "deployments": {{"d": {{"provider": "p", "model": "d"}}}}, "models": {{"m": {{"candidates": ["d"]}}}}}}"#
        )
    };
    let signed = r#"{"envoy": "aws_request_signing", "service": "bedrock", "region": "us-east-1"}"#;
    let config = file("istio-signed.json", &document(signed));
    for form in ["wasm-plugin", "envoy-filter"] {
        let ran = pointsman(&["istio", "--config", &config, "--form", form, "--output", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let list: Value = serde_json::from_str(&ran.out).unwrap();
        let patches = list["items"].as_array().unwrap().last().unwrap();
        let patches = patches["spec"]["configPatches"].as_array().unwrap();
        let cluster = patches.iter().find(|patch| patch["applyTo"] == "CLUSTER").unwrap();
        let options = &cluster["patch"]["value"]["typed_extension_protocol_options"];
        let options = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
        let filters = options["http_filters"].as_array().unwrap();
        let names: Vec<&str> = filters.iter().map(|one| one["name"].as_str().unwrap()).collect();
        let (signer, codec) =
            ("envoy.filters.http.aws_request_signing", "envoy.filters.http.upstream_codec");
        assert_eq!(names, ["pointsman", signer, codec]);
        assert_eq!(filters[1]["typed_config"]["region"], "us-east-1");
    }
    let credential =
        r#"{"envoy": "gcp_authn", "audience": "https://p.example", "token_cluster": "m"}"#;
    let config = file("istio-secret.json", &document(credential));
    let ran = pointsman(&["istio", "--config", &config]);
    assert_eq!(ran.code, 2);
    let wanted = "providers.p.credential.envoy: Envoy runs gcp_authn only in a listener";
    assert!(ran.err.contains(wanted), "{}", ran.err);
}

#[test]
fn istio_gets_secrets_by_the_names_of_their_variables() {
    let config = "tests/configs/envoy/credentials.json";
    let arguments = ["istio", "--config", config, "--form", "envoy-filter", "--output", "json"];
    let ran = pointsman(&[&arguments[..], &["--secrets", "/secrets/"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    let items = list["items"].as_array().unwrap();
    let map = items.iter().find(|one| one["kind"] == "ConfigMap").unwrap();
    let files: Vec<&String> = map["data"].as_object().unwrap().keys().collect();
    assert_eq!(files, ["CLIENT_SECRET.json", "INJECTED_KEY.json"]);
    let file: Value =
        serde_json::from_str(map["data"]["INJECTED_KEY.json"].as_str().unwrap()).unwrap();
    let secret = json!({"environment_variable": "INJECTED_KEY"});
    assert_eq!(file["resources"][0]["generic_secret"]["secret"], secret);
    let all = items.last().unwrap()["spec"]["configPatches"].to_string();
    for wanted in [
        r#""path":"/secrets/INJECTED_KEY.json""#,
        r#""client_secret":{"name":"CLIENT_SECRET","sds_config""#,
        r#""token_endpoint":{"cluster":"outbound|443||login.example""#,
    ] {
        assert!(all.contains(wanted), "{wanted}");
    }
}

#[test]
fn a_service_without_its_full_name_is_told() {
    let config = file(
        "istio-service.json",
        r#"{"providers": {"p": {"cluster": "vllm"}}, "deployments": {"d": {"provider": "p", "model": "m"}},
            "models": {"m": {"candidates": ["d"]}}}"#,
    );
    let told = |endpoint: &str| {
        let endpoint = format!("vllm={endpoint}");
        let ran = pointsman(&[
            "istio",
            "--config",
            &config,
            "--form",
            "envoy-filter",
            "--endpoint",
            &endpoint,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err
    };
    for short in ["vllm:8000", "vllm.models:8000"] {
        let said = told(short);
        assert!(said.contains("is taken for a host outside of the mesh, without TLS"), "{said}");
        assert!(said.contains("--endpoint vllm=NAME.NAMESPACE.svc.cluster.local:8000"), "{said}");
    }
    for full in [
        "vllm.models.svc:80",
        "vllm.models.svc.cluster.local:80",
        "10.0.0.1:80",
        "a.example:443,tls",
    ] {
        assert_eq!(told(full), "", "{full}");
    }
}

#[test]
fn resources_that_kubectl_would_refuse_are_told() {
    let document = |providers: usize| {
        let mut document =
            json!({"models": {"m": {"candidates": []}}, "failover": {"max_attempts": 2}});
        for at in 0..providers {
            let name = format!("provider-{at}");
            document["providers"][&name] =
                json!({"cluster": name, "authority": format!("p{at}.example")});
            for model in 0..8 {
                let id = format!("deployment-{model}-of-{name}");
                document["deployments"][&id] = json!({"provider": name, "model": id});
                document["models"]["m"]["candidates"].as_array_mut().unwrap().push(id.into());
            }
        }
        let config = file("istio-large.json", &document.to_string());
        pointsman(&["istio", "--config", &config, "--form", "envoy-filter"])
    };
    let (small, large) = (document(2), document(16));
    assert!(small.code == 0 && !small.err.contains("the EnvoyFilter has"), "{}", small.err);
    assert!(small.err.contains("takes effect in Istio 1.31 or later"), "{}", small.err);
    assert!(large.err.contains("the EnvoyFilter has "), "{}", large.err);
    assert!(large.err.contains("`kubectl apply --server-side`"), "{}", large.err);
}
