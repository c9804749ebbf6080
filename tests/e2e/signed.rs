//! Credentials that a filter of Envoy's adds: each provider gets its own, over what it is really
//! sent, and nothing of what another attempt got.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::generated::{endpoints, file, generated, mocks};
use crate::harness::{Ask, Group, Reply, ask};
use crate::mock::{Behaviour, Mock, Seen};
use crate::sigv4::{Keys, verify};

pub(crate) const CONFIG: &str = "tests/configs/envoy/credentials.json";

/// Clusters, and the mock that each leads to.
pub(crate) const CLUSTERS: [(&str, &str); 8] = [
    ("bedrock-us", "us"),
    ("bedrock-eu", "eu"),
    ("keyed", "key"),
    ("authorized", "oauth"),
    ("injected", "sent"),
    ("vllm", "open"),
    ("login", "login"),
    ("website", "site"),
];

const KEYS: Keys = Keys { id: "AKIDPOINTSMAN", secret: "secret+of/the/proxy" };
const SESSION: &str = "session-of-the-proxy";
const TOKEN: &str = "token-for-the-proxy";

const VARIABLES: [(&str, &str); 6] = [
    ("AWS_ACCESS_KEY_ID", KEYS.id),
    ("AWS_SECRET_ACCESS_KEY", KEYS.secret),
    ("AWS_SESSION_TOKEN", SESSION),
    ("ALPHA_KEY", "sk-alpha"),
    ("CLIENT_SECRET", "sk-client-of-login"),
    ("INJECTED_KEY", "sk-injected"),
];

/// What the client sends of credentials.
const CLIENTS: [(&str, &str); 7] = [
    ("authorization", "Bearer of-the-client"),
    ("x-api-key", "of-the-client"),
    ("api-key", "of-the-client"),
    ("x-amz-date", "of-the-client"),
    ("x-amz-content-sha256", "of-the-client"),
    ("x-amz-region-set", "of-the-client"),
    ("x-amz-security-token", "of-the-client"),
];

static FAILING_OVER: LazyLock<Group> = LazyLock::new(|| start(CONFIG));

/// One attempt: the router edits the request itself, and only the signer is in the cluster.
static DIRECT: LazyLock<Group> =
    LazyLock::new(|| start(&with("failover", json!({"max_attempts": 1}))));

/// A buffer filter holds heads, so the router changes none.
static HELD: LazyLock<Group> = LazyLock::new(|| start(&with("hold", json!("buffer_filter"))));

/// Returns a file with the configuration and another value in it.
fn with(key: &str, value: Value) -> String {
    let mut config: Value =
        serde_json::from_str(include_str!("../configs/envoy/credentials.json")).unwrap();
    config[key] = value;
    file("json", &config.to_string())
}

/// Starts an Envoy with what the tool writes.
fn start(config: &str) -> Group {
    std::thread::scope(|scope| scope.spawn(|| started(config, &token())).join().unwrap())
}

fn started(config: &str, login: &Behaviour) -> Group {
    let mocks: BTreeMap<_, Mock> = mocks(&CLUSTERS.map(|(_, mock)| mock));
    mocks["login"].script_anew(login.clone());
    // Envoy reads the clusters that get tokens from here.
    let clusters = file("yaml", "");
    let text = generated(config, &endpoints(&mocks, &CLUSTERS), &["--clusters", &clusters]);
    Group::of(mocks, &text, &VARIABLES)
}

/// The answer of an authorization server.
fn token() -> Behaviour {
    let body = json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600});
    Behaviour { body: Some(body.to_string().into()), ..Behaviour::default() }
}

/// Fails unless a provider got its own credential, and none beside it.
#[track_caller]
fn check(mock: &str, seen: &Seen) {
    let of = |name: &str| seen.header(name);
    let amz = || seen.headers.iter().filter(|(name, _)| name.starts_with("x-amz-"));
    let all = format!("{mock}: {:#?}", seen.headers);
    if mock != "open" {
        assert!(seen.headers.iter().all(|(_, value)| !value.contains("of-the-client")), "{all}");
    }
    if let Some(region) = [("us", "us-east-1"), ("eu", "eu-west-1")]
        .into_iter()
        .find_map(|(name, region)| (name == mock).then_some(region))
    {
        let scope = verify(seen, KEYS).unwrap_or_else(|why| panic!("{why}\n{all}"));
        assert_eq!((scope.region.as_str(), scope.service.as_str()), (region, "bedrock"), "{all}");
        assert_eq!(of("x-amz-security-token"), Some(SESSION), "{all}");
        assert_eq!(amz().count(), 3, "{all}");
        assert_eq!((of("x-api-key"), of("api-key")), (None, None), "{all}");
        assert_eq!(seen.authority, format!("bedrock-runtime.{region}.amazonaws.com"));
        return;
    }
    let secrets = [KEYS.id, SESSION, TOKEN, "sk-alpha", "sk-injected", "sk-client-of-login"];
    let own: Vec<&str> = secrets
        .into_iter()
        .filter(|secret| seen.headers.iter().any(|(_, value)| value.contains(secret)))
        .collect();
    let wanted = match mock {
        "key" => "sk-alpha",
        "oauth" => TOKEN,
        "sent" => "sk-injected",
        _ => {
            assert!(own.is_empty(), "{all}");
            for (name, value) in CLIENTS {
                assert_eq!(of(name), Some(value), "{all}");
            }
            return;
        }
    };
    assert_eq!(own, [wanted], "{all}");
    assert_eq!(amz().count(), 0, "{all}");
    let places = ["authorization", "x-api-key", "api-key"].map(of);
    assert_eq!(places.iter().flatten().count(), 1, "{all}");
    match mock {
        "oauth" => assert_eq!(of("authorization"), Some("Bearer token-for-the-proxy")),
        "sent" => assert_eq!(of("api-key"), Some("sk-injected")),
        _ => {}
    }
}

/// Adds every credential that a client could have.
fn with_all(asked: Ask<'_>) -> Ask<'_> {
    CLIENTS.iter().fold(asked, |asked, (name, value)| asked.header(name, value))
}

fn converse<'g>(group: &'g Group, model: &str, operation: &str) -> Ask<'g> {
    let body = json!({"messages": [{"role": "user", "content": [{"text": "Hello, é 漢"}]}]});
    with_all(ask(group)).path(&format!("/model/{model}/{operation}")).json(&body)
}

/// Fails unless exactly these providers were asked, each with its own credential.
#[track_caller]
fn check_all(reply: &Reply, wanted: &[&str]) {
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let mut mocks: Vec<&str> = reply.seen.iter().map(|(mock, _)| *mock).collect();
    mocks.sort_unstable();
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    assert_eq!(mocks, wanted);
    reply.seen.iter().for_each(|(mock, seen)| check(mock, seen));
}

#[test]
fn each_attempt_has_the_credential_of_its_provider_alone() {
    let group = &*FAILING_OVER;
    for (model, first, second) in
        [("us-then-eu", "us", "eu"), ("us-then-key", "us", "key"), ("key-then-us", "key", "us")]
    {
        for operation in ["converse", "converse-stream"] {
            let asked = converse(group, model, operation).header("x-mock-only", first);
            let reply = asked.header("x-mock-status", "503").send();
            check_all(&reply, &[first, second]);
        }
    }
    for (model, first, second) in [
        ("signed-key", "us", "key"),
        ("signed-open", "us", "open"),
        ("signed-oauth", "us", "oauth"),
        ("signed-sent", "us", "sent"),
        ("key-signed", "key", "us"),
        ("open-signed", "open", "us"),
        ("oauth-signed", "oauth", "us"),
        ("sent-signed", "sent", "us"),
        ("oauth-open", "oauth", "open"),
        ("sent-open", "sent", "open"),
        ("open-sent", "open", "sent"),
    ] {
        let asked = with_all(ask(group)).model(model).header("x-mock-only", first);
        let reply = asked.header("x-mock-status", "503").send();
        check_all(&reply, &[first, second]);
        let reply = with_all(ask(group)).model(model).send();
        check_all(&reply, &[first]);
    }
    group.assert_no_trap();
}

/// A connection that breaks is answered by nobody, so the next attempt follows without a callback.
#[test]
fn a_broken_connection_leaves_no_signature_behind() {
    for (model, first, second) in
        [("signed-open", "us", "open"), ("signed-key", "us", "key"), ("open-signed", "open", "us")]
    {
        let asked = with_all(ask(&FAILING_OVER)).model(model).header("x-mock-only", first);
        let reply = asked.header("x-mock-reset", "before-headers").send();
        check_all(&reply, &[first, second]);
    }
}

#[test]
fn what_is_signed_is_what_is_sent() {
    for group in [&*DIRECT, &*FAILING_OVER, &*HELD] {
        let reply = converse(group, "us", "converse").send();
        check_all(&reply, &["us"]);
        let path = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse";
        assert_eq!(reply.seen[0].1.path, path);
        let reply = converse(group, "us", "converse-stream").send();
        check_all(&reply, &["us"]);
        // The model in the body, the path and the host change. The query stays, without what it
        // carries of the client's.
        let asked = with_all(ask(group)).path("/v1/chat/completions?b=%20x&a=1&X-Amz-Date=y&c");
        let reply = asked.model("signed-key").send();
        check_all(&reply, &["us"]);
        let seen = &reply.seen[0].1;
        assert_eq!(seen.json()["model"], "openai.gpt-oss-120b-1:0");
        assert_eq!(seen.path, "/openai/v1/chat/completions?b=%20x&a=1&c");
        // Without a length, and over many pieces.
        let text = "x".repeat(100_000);
        let pieces: Vec<String> =
            std::iter::once(r#"{"model":"signed-key","messages":["#.to_owned())
                .chain((0..20).map(|_| format!(r#"{{"role":"user","content":"{text}"}},"#)))
                .chain([r#"{"role":"user","content":"end"}]}"#.to_owned()])
                .collect();
        let reply = with_all(ask(group)).pieces(pieces).send();
        check_all(&reply, &["us"]);
        assert!(reply.seen[0].1.body_bytes > 2_000_000);
        group.assert_no_trap();
    }
}

#[test]
fn a_refused_signature_is_the_proxys() {
    let asked = converse(&FAILING_OVER, "us-then-eu", "converse").header("x-mock-only", "us");
    let reply = asked.header("x-mock-status", "401").send();
    check_all(&reply, &["us", "eu"]);
}

#[test]
fn one_attempt_has_the_credential_of_its_provider_too() {
    for (model, mock) in [
        ("signed-open", "us"),
        ("open-signed", "open"),
        ("oauth-open", "oauth"),
        ("sent-open", "sent"),
        ("key-signed", "key"),
    ] {
        check_all(&with_all(ask(&DIRECT)).model(model).send(), &[mock]);
    }
    DIRECT.assert_no_trap();
}

#[test]
fn the_token_is_asked_for_with_the_secret() {
    check_all(&with_all(ask(&FAILING_OVER)).model("oauth-open").send(), &["oauth"]);
    let seen = FAILING_OVER.mock("login").seen();
    let asked = &seen[0];
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/oauth2/token"));
    let form = asked.text();
    for part in ["grant_type=client_credentials", "pointsman", "sk-client-of-login", "models"] {
        assert!(form.contains(part), "{form}");
    }
}

#[test]
fn without_a_token_the_provider_refuses_and_another_is_tried() {
    let refused = Behaviour { status: Some(500), ..Behaviour::default() };
    let group = started(CONFIG, &refused);
    let asked = with_all(ask(&group)).model("oauth-open").header("x-mock-only", "oauth");
    let reply = asked.header("x-mock-status", "401").send();
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.header("x-llm-attempts"), Some("auth-gpt=401,llama=200"));
    for (mock, seen) in &reply.seen {
        if *mock == "open" {
            check(mock, seen);
        } else {
            assert_eq!((*mock, seen.header("authorization")), ("oauth", None));
        }
    }
    group.assert_no_trap();
}

/// Envoy has `gcp_authn` among the filters of a listener only.
#[test]
fn an_identity_token_is_got_for_the_audience() {
    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln";
    let config = json!({
        "providers": {
            "run": { "cluster": "run", "credential": { "envoy": "gcp_authn", "token_cluster": "metadata",
                                                       "audience": "https://models.example" } },
            "open": { "cluster": "vllm" },
        },
        "deployments": { "gemma": { "provider": "run", "model": "gemma" },
                         "llama": { "provider": "open", "model": "llama" } },
        "models": { "gemma": { "candidates": [ "gemma" ] }, "llama": { "candidates": [ "llama" ] } },
        "default_cluster": "website",
    });
    let mocks = mocks(&["run", "open", "metadata", "site"]);
    mocks["metadata"].script_anew(Behaviour { body: Some(TOKEN.into()), ..Behaviour::default() });
    let clusters =
        [("run", "run"), ("vllm", "open"), ("metadata", "metadata"), ("website", "site")];
    let config = file("json", &config.to_string());
    let text = generated(&config, &endpoints(&mocks, &clusters), &[]);
    let group = Group::of(mocks, &text, &[]);
    for _ in 0..3 {
        let reply = with_all(ask(&group)).model("gemma").send();
        let (mock, seen) = reply.served_by_one();
        assert_eq!(mock, "run");
        let own = format!("Bearer {TOKEN}");
        assert_eq!(seen.header("authorization"), Some(own.as_str()));
        for (name, _) in &CLIENTS[1..] {
            assert_eq!(seen.header(name), None, "{name}");
        }
        let reply = with_all(ask(&group)).model("llama").send();
        let (mock, seen) = reply.served_by_one();
        assert_eq!((mock, seen.header("authorization")), ("open", Some(CLIENTS[0].1)));
    }
    let asked = group.mock("metadata").seen();
    assert!(
        asked[0].path.ends_with("/identity?audience=https://models.example"),
        "{}",
        asked[0].path
    );
    assert_eq!(asked[0].header("metadata-flavor"), Some("Google"));
    group.assert_no_trap();
}
