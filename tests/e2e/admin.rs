//! The admin endpoints in a real Envoy: who is let in, and what a change does on every worker.

mod path;
mod size;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;

use hyper::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Group, Spec, ask, chat, fresh, run, validate};

const TOKEN: &str = "the-admin-token-of-the-tests";

/// Enough requests, each on its own connection, to reach every worker.
const MANY: usize = 200;

fn document() -> Value {
    let deployment = |provider: &str| json!({"provider": provider, "model": provider});
    json!({
        "providers": {"alpha": {"cluster": "alpha"}, "beta": {"cluster": "beta"},
                      "gamma": {"cluster": "gamma"}},
        "deployments": {"a": deployment("alpha"), "b": deployment("beta"),
                        "c/slashed": deployment("gamma")},
        "models": {
            "turns": {"strategy": "round_robin", "candidates": ["a", "b", "c/slashed"]},
            "listed": {"candidates": ["a", "b"], "description": "two of them"},
            "only": {"candidates": ["c/slashed"]},
        },
        "aliases": {"nickname": "listed"},
        "client_headers": "all",
        "admin": {"token_env": "ADMIN_TOKEN"},
        "serve_models": true,
        "default_cluster": "site",
    })
}

fn spec(document: Value) -> Spec {
    let mut spec = Spec::new(document);
    spec.environment.push(("ADMIN_TOKEN", TOKEN));
    spec
}

fn failing_over(mut document: Value) -> Spec {
    document["failover"] = json!({"max_attempts": 3});
    Spec { has_attempts: true, ..spec(document) }
}

static GROUP: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(document())));

/// An admin request with the token.
fn call<'g>(group: &'g Group, method: Method, path: &str) -> Ask<'g> {
    ask(group).method(method).path(path).header("authorization", &format!("Bearer {TOKEN}"))
}

/// Returns the JSON that an endpoint answers. Fails if anything went upstream.
#[track_caller]
fn told(asked: Ask<'_>) -> Value {
    let reply = asked.send();
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    reply.refused(200)
}

#[track_caller]
fn operate(group: &Group, path: &str) -> Value {
    told(call(group, Method::POST, &format!("/admin/deployments/{path}")))
}

/// Counts how often each provider serves a model.
fn served(group: &Group, model: &str, times: usize) -> BTreeMap<&'static str, usize> {
    let mut served = BTreeMap::new();
    for _ in 0..times {
        let reply = ask(group).model(model).send();
        *served.entry(reply.served_by_one().0).or_default() += 1;
    }
    served
}

#[test]
fn every_caller_without_access_gets_the_same_bytes() {
    let mut answers = BTreeMap::new();
    let wrong = "x".repeat(TOKEN.len());
    for method in ["GET", "POST", "DELETE", "PATCH"] {
        for path in ["/admin", "/admin/state", "/admin/explain?path=/v1/x", "/admin/x/../state"] {
            let lines = [
                String::new(),
                "authorization: Bearer\r\n".to_owned(),
                format!("authorization: Bearer {wrong}\r\n"),
                format!("authorization: Bearer {TOKEN}x\r\n"),
                format!("authorization: Basic {TOKEN}\r\n"),
                format!("authorization: {TOKEN}\r\n"),
                format!("x-api-key: {TOKEN}\r\n"),
                format!("authorization: Bearer {TOKEN}\r\nauthorization: Bearer {TOKEN}\r\n"),
            ];
            for line in lines {
                let sent = format!(
                    "{method} {path} HTTP/1.1\r\nhost: x\r\n{line}connection: close\r\n\r\n"
                );
                let answer = run(path::exchange(&GROUP, sent.as_bytes()));
                let undated = answer.lines().filter(|line| !line.starts_with("date: "));
                let undated = undated.collect::<Vec<_>>().join("\n");
                answers.entry(undated).or_insert(sent);
            }
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let (answer, _) = answers.pop_first().unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.ends_with(r#"{"error":{"message":"unauthorized"}}"#), "{answer}");
}

#[test]
fn the_token_is_checked_before_the_body_arrives() {
    let head = "POST /admin/explain HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n";
    let answer = run(path::exchange(&GROUP, head.as_bytes()));
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[test]
fn endpoints_answer_and_refuse() {
    let state = told(call(&GROUP, Method::GET, "/admin/state"));
    assert_eq!(state["deployments"].as_array().unwrap().len(), 3);
    let reply = call(&GROUP, Method::HEAD, "/admin/state").send();
    assert_eq!((reply.status.as_u16(), reply.body.as_deref()), (200, Some(&b""[..])));
    let reply = call(&GROUP, Method::DELETE, "/admin/state").send();
    reply.refused(405);
    assert_eq!(reply.header("allow"), Some("GET, HEAD"));
    call(&GROUP, Method::GET, "/admin").send().refused(404);
    call(&GROUP, Method::POST, "/admin/deployments/none/drain").send().refused(404);
    call(&GROUP, Method::POST, "/admin/deployments/a/cool").body("{").send().refused(400);
    call(&GROUP, Method::POST, "/admin/deployments/a/cool")
        .body(vec![b' '; 70_000])
        .send()
        .refused(413);
    let pieces =
        call(&GROUP, Method::POST, "/admin/deployments/a/cool").pieces(vec![vec![b' '; 9_000]; 8]);
    pieces.send().refused(413);
    call(&GROUP, Method::POST, "/admin/v1/chat/completions").model("only").send().refused(404);
    // The body in pieces, with trailers, and over HTTP/2.
    let pieces = [&b"{\"for"[..], b"_ms\":", b"1}"];
    for asked in [
        call(&GROUP, Method::POST, "/admin/deployments/b/cool").pieces(pieces),
        call(&GROUP, Method::POST, "/admin/deployments/b/cool")
            .pieces(pieces)
            .trailer("x-end", "1"),
        call(&GROUP, Method::POST, "/admin/deployments/b/cool").pieces(pieces).http2(),
    ] {
        assert_eq!(told(asked)["cooldown"]["cause"], "admin");
    }
    operate(&GROUP, "b/reset");
    GROUP.assert_no_trap();
}

#[test]
fn the_admin_token_reaches_no_provider() {
    for path in ["/v1/chat/completions", "/v1/files"] {
        for (name, value) in
            [("authorization", format!("Bearer {TOKEN}")), ("x-api-key", TOKEN.to_owned())]
        {
            let reply = ask(&GROUP).path(path).header(name, &value).model("only").send();
            let (_, seen) = reply.served_by_one();
            assert!(!format!("{:?}", seen.headers).contains(TOKEN), "{path} {name}");
        }
    }
}

#[test]
fn a_drain_counts_for_the_next_request_on_every_worker_and_lets_the_rest_end() {
    let group = Group::start(&spec(document()));
    assert_eq!(served(&group, "turns", 30).len(), 3);
    // A stream that is still open while the deployment is drained.
    let stream = json!({"model": "only", "stream": true, "messages": []});
    let answer = run(ask(&group).json(&stream).header("x-mock-hold", "drained").open());
    let state = operate(&group, "c/slashed/drain");
    assert_eq!((&state["drained"], &state["in_flight"]), (&json!(true), &json!(1)));
    let all = served(&group, "turns", MANY);
    assert_eq!(all, BTreeMap::from([("alpha", MANY / 2), ("beta", MANY / 2)]));
    for _ in 0..MANY / 4 {
        let reply = ask(&group).model("only").send();
        assert_eq!(reply.refused(503)["error"]["code"], "no_deployment_available");
        assert_eq!(reply.header("retry-after"), Some("10"));
        let pinned = ask(&group).model("turns").header("x-llm-deployment", "c/slashed").send();
        pinned.refused(503);
    }
    group.mock("gamma").release("drained");
    let body = run(http_body_util::BodyExt::collect(answer.into_body())).unwrap().to_bytes();
    assert!(body.ends_with(b"data: [DONE]\n\n"), "{}", String::from_utf8_lossy(&body));
    operate(&group, "c%2Fslashed/undrain");
    assert_eq!(served(&group, "turns", 30).len(), 3);
    group.assert_no_trap();
}

#[test]
fn a_drain_counts_for_every_attempt_of_failover() {
    let group = Group::start(&failing_over(document()));
    operate(&group, "a/drain");
    assert_eq!(served(&group, "listed", MANY), BTreeMap::from([("beta", MANY)]));
    operate(&group, "a/undrain");
    operate(&group, "b/drain");
    for _ in 0..MANY / 4 {
        let failing = |asked: Ask<'_>| asked.header("x-mock-status", "500").send();
        let reply = failing(ask(&group).model("listed"));
        assert_eq!(reply.reached_one().0, "alpha");
        assert_eq!(reply.header("x-llm-attempts"), Some("a=500"));
        operate(&group, "a/reset");
    }
    group.assert_no_trap();
}

#[test]
fn a_deployment_drained_during_the_attempt_before_it_is_not_tried() {
    let mut document = document();
    document["deployments"]["b2"] = json!({"provider": "beta", "model": "b2"});
    document["models"]["shared"] = json!({"candidates": ["a", "b", "b2"]});
    let group = Group::start(&failing_over(document));
    // If the cluster that the retry goes to has another deployment, that one is tried.
    for (model, status) in [("listed", 503), ("shared", 200)] {
        let key = fresh("under-way");
        let asked = ask(&group)
            .model(model)
            .header("x-patient", "1")
            .header("x-mock-only", "alpha")
            .header("x-mock-hang", &key)
            .header("x-mock-reset", "before-headers");
        let reply = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| asked.send());
            while !group.mock("alpha").is_hanging(&key) {
                std::thread::yield_now();
            }
            operate(&group, "b/drain");
            group.mock("alpha").release(&key);
            waiting.join().unwrap()
        });
        assert_eq!(reply.status, status, "{reply:?}");
        let asked: Vec<_> =
            reply.seen.iter().map(|(_, seen)| seen.upstream_model.as_deref()).collect();
        let wanted =
            if status == 200 { vec![Some("alpha"), Some("b2")] } else { vec![Some("alpha")] };
        assert_eq!(asked, wanted, "{reply:?}");
        operate(&group, "b/undrain");
    }
    group.assert_no_trap();
}

#[test]
fn explain_predicts_what_the_next_request_does() {
    for group in [Group::start(&spec(document())), Group::start(&failing_over(document()))] {
        for _ in 0..20 {
            let body = chat("turns", "Hello");
            let explain = || told(call(&group, Method::POST, "/admin/explain").json(&body));
            let trace = explain();
            assert_eq!(explain(), trace, "it takes no turn");
            let reply = ask(&group).json(&body).send();
            reply.served_by_one();
            assert_eq!(trace["decision"]["deployment"].as_str(), reply.header("x-llm-deployment"));
        }
        operate(&group, "a/cool");
        let trace = told(call(&group, Method::POST, "/admin/explain").model("nickname"));
        assert_eq!(trace["candidates"][0]["deployment"], "a");
        let because = trace["candidates"][0]["because"].as_str().unwrap();
        assert!(
            because.starts_with("cooling for") && because.ends_with("after admin"),
            "{because}"
        );
        assert_eq!(trace["plan"], json!(["b"]));
        let path = "/admin/explain?path=/v1/embeddings&header=x-llm-deployment:a";
        let trace =
            told(call(&group, Method::POST, path).json(&json!({"model": "only", "input": "x"})));
        assert_eq!(trace["decision"]["provider"], "alpha");
        let state = told(call(&group, Method::GET, "/admin/state"));
        let attempts = |at: usize| state["deployments"][at]["total"]["attempts"].as_u64().unwrap();
        assert_eq!((0..3).map(attempts).sum::<u64>(), 20);
        assert_eq!(state["turns"], json!([{"model": "turns", "all": 20, "some": 0}]));
        group.assert_no_trap();
    }
}

#[test]
fn models_are_listed_for_the_clients_of_openai_and_anthropic() {
    let python = std::env::var("POINTSMAN_PYTHON").expect("`make test-e2e` sets it");
    let script = "import sys, openai, anthropic\n\
        base = sys.argv[1]\n\
        client = openai.OpenAI(base_url=base + '/v1', api_key='none')\n\
        print([(m.id, m.object) for m in client.models.list()], client.models.retrieve('listed').description)\n\
        client = anthropic.Anthropic(base_url=base, api_key='none')\n\
        print([m.id for m in client.models.list(limit=1)], client.models.retrieve('nickname').display_name)\n";
    let output = Command::new(python)
        .args(["-c", script, &format!("http://127.0.0.1:{}", GROUP.port())])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = "[('listed', 'model'), ('nickname', 'model'), ('only', 'model'), ('turns', 'model')] two of them\n\
        ['listed', 'nickname', 'only', 'turns'] nickname\n";
    assert_eq!(said, wanted, "{}", String::from_utf8_lossy(&output.stderr));
    let reply = ask(&GROUP).method(Method::GET).path("/v1/models/none").send();
    assert_eq!(reply.refused(404)["error"]["code"], "model_not_found");
    let reply = ask(&GROUP).method(Method::HEAD).path("/v1/models").send();
    assert_eq!((reply.status.as_u16(), reply.seen.len()), (200, 0));
    let reply = ask(&GROUP).method(Method::GET).path("/v1/files").send();
    assert_eq!(reply.served_by_one().0, "site");
}

#[test]
fn a_short_or_missing_token_refuses_the_configuration() {
    for (token, wanted) in [(None, "is not set"), (Some("secret-too-sho"), "is too short")] {
        let mut spec = Spec::new(document());
        spec.environment.extend(token.map(|token| ("ADMIN_TOKEN", token)));
        let (is_valid, said) = validate(&spec);
        assert!(!is_valid);
        let line = format!("admin.token_env: environment variable \"ADMIN_TOKEN\" {wanted}");
        assert!(said.contains(&line) && !said.contains("pointsman: secret"), "{said}");
    }
}
