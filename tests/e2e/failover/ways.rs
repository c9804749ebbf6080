//! Ways through a plan, and the kinds of requests that take them.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::ledger::{LAYOUT, WRITTEN, now_ms, record};
use crate::harness::load::hanging;
use crate::harness::{Ask, Group, Reply, Spec, ask, chat, fresh, run};

use super::{hash_of, text_of};

/// `alpha` and `gamma` have credentials of the proxy; `beta` takes the client's.
fn document() -> Value {
    let mut document = json!({
        "providers": {
            "alpha": {"cluster": "alpha", "api": "any", "path_prefix": "/alpha",
                      "credential": {"env": "ALPHA_KEY"}, "headers": {"x-of-alpha": "1"}},
            "alpha-too": {"cluster": "alpha", "api": "any", "headers": {"x-of-alpha-too": "1"}},
            "beta": {"cluster": "beta", "api": "any"},
            "gamma": {"cluster": "gamma", "api": "any", "credential":
                      {"env": "GAMMA_KEY", "header": "x-goog-api-key", "prefix": ""}},
            "closed": {"cluster": "closed", "api": "any"},
        },
        "deployments": {},
        "models": {
            "ab": {"candidates": ["a", "b"]},
            "ba": {"candidates": ["b", "a"]},
            "abg": {"candidates": ["a", "b", "g"]},
            "down": {"candidates": ["none", "b"]},
            "neighbours": {"candidates": ["a", "a2", "a3", "b"]},
            "longer": {"candidates": ["a", "none"], "fallbacks": {"context_window": ["b", "g"]}},
            "solo": {"strategy": "single", "candidates": ["a"],
                     "fallbacks": {"rate_limit": ["g"]}},
            "left": {"candidates": ["left-first", "left-second"]},
            "b": {"candidates": ["b"]}, "g": {"candidates": ["g"]}, "a2": {"candidates": ["a2"]},
        },
        "failover": {"max_attempts": 5},
        "cooldown": {"enabled": false},
        "client_headers": "all",
        "default_cluster": "site",
    });
    for (id, provider) in [
        ("a", "alpha"),
        ("a2", "alpha"),
        ("a3", "alpha-too"),
        ("b", "beta"),
        ("g", "gamma"),
        ("none", "closed"),
        ("left-first", "alpha"),
        ("left-second", "beta"),
    ] {
        document["deployments"][id] = json!({"provider": provider, "model": format!("up-{id}")});
    }
    document
}

static GROUP: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec { with_peek: true, ..Spec::failing_over(document()) }));

/// The same document, with one more try of each deployment.
static RETRYING: LazyLock<Group> = LazyLock::new(|| {
    let mut document = document();
    document["failover"] = json!({"max_attempts": 3, "retries_per_deployment": 1});
    Group::start(&Spec::failing_over(document))
});

/// Begins a request with the client's credential; `each` says what providers or upstream models do.
fn asked<'g>(group: &'g Group, each: &Value) -> Ask<'g> {
    ask(group).header("authorization", "Bearer sk-client").header("x-mock-each", &each.to_string())
}

/// Checks the upstream models that were asked, sorted, and what the client is told about them.
#[track_caller]
fn assert_went(reply: &Reply, models: &[&str], attempts: &str) {
    assert_eq!(reply.header("x-llm-attempts"), Some(attempts), "{:?}", reply.body);
    let mut asked: Vec<&str> =
        reply.seen.iter().map(|(_, seen)| seen.upstream_model.as_deref().unwrap()).collect();
    asked.sort_unstable();
    assert_eq!(asked, models);
    for (provider, seen) in &reply.seen {
        assert!(seen.is_complete, "{provider}");
        let internal = seen.headers.iter().find(|(name, _)| name.starts_with("x-llm-"));
        assert_eq!(internal, None, "{provider}");
    }
    assert_eq!(reply.header("x-llm-retry"), None);
}

fn failing(model: &str) -> Value {
    json!({model: {"status": "503"}})
}

#[test]
fn attempts_beyond_the_plan_reach_no_provider() {
    // If the first failed in another way, three could be tried, so Envoy makes three attempts.
    let limited = json!({"up-a": {"status": "429", "retry-after": "7"}});
    let reply = asked(&GROUP, &limited).model("longer").send();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.json()["error"]["code"], "rate_limited");
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_went(&reply, &["up-a"], "a=429,none=network");

    let reply = asked(&GROUP, &failing("up-a")).model("longer").send();
    assert_eq!(reply.status, 503);
    let message = "no deployment that could serve this request could be reached; try again later";
    assert_eq!(reply.json()["error"]["message"], message);
    assert_went(&reply, &["up-a"], "a=503,none=network");
}

#[test]
fn a_deployment_is_tried_again_if_that_may_help() {
    let reply = asked(&RETRYING, &json!({})).model("down").send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-b"], "none=network,none=network,b=200");

    let reply = asked(&RETRYING, &failing("up-a")).model("ab").send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-a", "up-a", "up-b"], "a=503,a=503,b=200");

    let refused = json!({"up-a": {"status": "401"}});
    let reply = asked(&RETRYING, &refused).model("ab").send();
    assert_went(&reply, &["up-a", "up-b"], "a=401,b=200");

    // The tries never exceed the limit for the whole request.
    let reply = asked(&RETRYING, &json!({"alpha": {"status": "503"}, "beta": {"status": "503"}}));
    let reply = reply.model("abg").send();
    assert_eq!(reply.status, 503);
    assert_went(&reply, &["up-a", "up-a", "up-b"], "a=503,a=503,b=503");
    RETRYING.assert_no_trap();
}

#[test]
fn deployments_in_one_cluster_are_kept_apart() {
    let each = json!({"up-a": {"status": "500"}, "up-a2": {"reset": "before-headers"},
                      "up-a3": {"status": "429"}});
    let body = chat("neighbours", "Hello").to_string();
    let reply = asked(&GROUP, &each).body(body.clone()).send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-a", "up-a2", "up-a3", "up-b"], "a=500,a2=network,a3=429,b=200");
    for (_, seen) in &reply.seen {
        let model = seen.upstream_model.as_deref().unwrap();
        assert_eq!(seen.text(), body.replace("neighbours", model));
        let is_keyed = ["up-a", "up-a2"].contains(&model);
        let key = if is_keyed { "Bearer sk-alpha" } else { "Bearer sk-client" };
        assert_eq!(seen.header("authorization"), Some(key), "{model}");
        assert_eq!(seen.header("x-of-alpha").is_some(), is_keyed, "{model}");
        assert_eq!(seen.header("x-of-alpha-too").is_some(), model == "up-a3", "{model}");
        assert_eq!(seen.path.starts_with("/alpha/"), is_keyed, "{model}");
    }
}

#[test]
fn a_single_candidate_is_followed_by_the_list_of_one_kind() {
    let limited = json!({"up-a": {"status": "429"}});
    let reply = asked(&GROUP, &limited).model("solo").send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-a", "up-g"], "a=429,g=200");
    for each in [failing("up-a"), json!({"up-a": {"refusal": "context-length"}})] {
        let reply = asked(&GROUP, &each).model("solo").send();
        let status = reply.status.as_str().to_owned();
        assert_went(&reply, &["up-a"], &format!("a={status}"));
    }
}

#[test]
fn a_client_may_name_the_fallbacks() {
    let reply = asked(&GROUP, &failing("up-a")).model("solo").header("x-llm-fallback", "b").send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-a", "up-b"], "a=503,b=200");
}

#[test]
fn a_client_that_leaves_during_the_second_attempt_counts_as_no_failure() {
    LazyLock::force(&GROUP);
    run(async {
        for times in 1..=6 {
            let key = fresh("left");
            let each = json!({"alpha": {"status": "503"}, "beta": {"hang": key}});
            let ask = asked(&GROUP, &each).model("left").header("x-patient", "1");
            let ask = if times % 2 == 0 { ask.http2() } else { ask };
            tokio::select! {
                response = ask.open() => panic!("{response:?}"),
                () = hanging(&GROUP, &key) => {}
            }
            recorded("left-first", (times, 0, times, 0)).await;
            recorded("left-second", (times, 0, 0, 0)).await;
        }
    });
    GROUP.assert_no_trap();
}

/// Waits until these attempts, successes, failures and attempts in flight are recorded.
async fn recorded(deployment: &str, wanted: (u64, u64, u64, u32)) {
    let started = Instant::now();
    loop {
        let record = record(&GROUP, LAYOUT, deployment).await;
        let (total, in_flight) = (record.total, record.flight.count(now_ms()));
        let found = (total.attempts, total.successes, total.failures, in_flight);
        if found == wanted || started.elapsed() > WRITTEN {
            return assert_eq!(found, wanted, "{deployment}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn however_a_request_is_sent_it_can_be_sent_again() {
    for fault in [json!({"status": "503"}), json!({"reset": "before-headers"})] {
        for length in [10, 300_000] {
            let body = chat("abg", "x".repeat(length)).to_string();
            let pieces = || body.as_bytes().chunks(7000).map(<[u8]>::to_vec).collect::<Vec<_>>();
            let each = json!({"alpha": fault, "beta": fault});
            let asked = || asked(&GROUP, &each).header("x-patient", "1");
            let ways = [
                ("over HTTP/2", asked().body(body.clone()).http2()),
                ("over HTTP/2 in pieces", asked().pieces(pieces()).http2()),
                ("without a length", asked().pieces(pieces())),
                ("with trailers", asked().body(body.clone()).trailer("x-sum", "abc")),
                (
                    "over HTTP/2 with trailers",
                    asked().body(body.clone()).trailer("x-sum", "abc").http2(),
                ),
            ];
            for (way, ask) in ways {
                let reply = ask.send();
                assert_eq!(reply.status, 200, "{way}: {:?}", reply.body);
                assert_eq!(reply.seen.len(), 3, "{way}");
                for (provider, seen) in &reply.seen {
                    let model = seen.upstream_model.as_deref().unwrap();
                    let body = body.replace("\"abg\"", &format!("\"{model}\""));
                    assert_eq!(seen.body_sha256, hash_of(body.as_bytes()), "{way}: {provider}");
                    if way.ends_with("trailers") {
                        let sum = ("x-sum".to_owned(), "abc".to_owned());
                        assert_eq!(seen.trailers, [sum], "{way}: {provider}");
                    }
                }
            }
        }
    }
    GROUP.assert_no_trap();
}

#[test]
fn answers_that_end_with_trailers_end() {
    let trailed = |key: &str, value: &str| json!({"up-a": {key: value, "trailer": "1"}});
    let ask = |each: Value, model: &str| {
        asked(&GROUP, &each).model(model).header("te", "trailers").send()
    };
    let reply = ask(trailed("words", "3"), "ab");
    assert_eq!(reply.status, 200);
    assert!(reply.trailers.is_some());
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "word word word ");
    assert_went(&reply, &["up-a"], "a=200");
    let reply = ask(trailed("status", "503"), "ab");
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-a", "up-b"], "a=503,b=200");
    // The filter holds this answer until it is whole.
    let reply = ask(trailed("refusal", "context-length"), "longer");
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["up-a", "up-b"], "a=400,b=200");
    let reply = ask(trailed("status", "422"), "ab");
    assert_eq!(reply.status, 422);
    assert_eq!(reply.json()["error"]["code"], "invalid_request");
    assert!(reply.trailers.is_some());
    assert_went(&reply, &["up-a"], "a=422");
    GROUP.assert_no_trap();
}

#[test]
fn a_form_has_the_model_of_each_attempt() {
    let form = |model: &str| {
        format!(
            "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n{}\r\n\
             --cut\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--cut--\r\n",
            "\u{1}wave".repeat(20_000)
        )
    };
    let reply = asked(&GROUP, &json!({"alpha": {"status": "503"}}))
        .path("/v1/audio/transcriptions")
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(form("ab"))
        .send();
    assert_eq!(reply.header("x-llm-attempts"), Some("a=503,b=200"));
    for ((provider, seen), model) in reply.seen.iter().zip(["up-a", "up-b"]) {
        assert_eq!(seen.body_sha256, hash_of(form(model).as_bytes()), "{provider}");
        assert_eq!(seen.header("content-length"), Some(form(model).len().to_string().as_str()));
    }
    assert_eq!(reply.seen.len(), 2);
}

#[test]
fn a_model_in_the_path_is_that_of_each_attempt() {
    let each = json!({"up-a": {"status": "503"}, "up-b": {"reset": "before-headers"}});
    let body = r#"{"contents":[{"parts":[{"text":"Hello"}]}]}"#;
    for operation in ["generateContent", "streamGenerateContent"] {
        let came = |model: &str, query| format!("/v1beta/models/{model}:{operation}{query}");
        let reply = asked(&GROUP, &each)
            .path(&came("abg", "?key=sk-of-client&alt=sse"))
            .header("x-goog-api-key", "sk-of-client-too")
            .body(body)
            .send();
        assert_eq!(reply.status, 200);
        assert_went(&reply, &["up-a", "up-b", "up-g"], "a=503,b=network,g=200");
        let paths: Vec<&str> = reply.seen.iter().map(|(_, seen)| seen.path.as_str()).collect();
        // The client's key goes to the provider that has none of its own.
        let wanted = [
            format!("/alpha{}", came("up-a", "?alt=sse")),
            came("up-b", "?key=sk-of-client&alt=sse"),
            came("up-g", "?alt=sse"),
        ];
        assert_eq!(paths, wanted);
        let keys: Vec<_> =
            reply.seen.iter().map(|(_, seen)| seen.header("x-goog-api-key")).collect();
        assert_eq!(keys, [None, Some("sk-of-client-too"), Some("sk-gamma")]);
        assert!(reply.seen.iter().all(|(_, seen)| seen.text() == body));
    }
    GROUP.assert_no_trap();
}

#[test]
fn the_client_is_told_in_its_own_dialect() {
    let asked = |model: &str, each: Value| {
        asked(&GROUP, &each)
            .path("/v1/messages")
            .json(&json!({"model": model, "max_tokens": 5,
            "stream": true, "messages": [{"role": "user", "content": "Hello"}]}))
            .send()
    };
    let reply = asked("longer", json!({"alpha": {"status": "429"}}));
    assert_eq!(reply.status, 429);
    assert_eq!(reply.json()["type"], "error");
    assert_eq!(reply.json()["error"]["type"], "rate_limit_error");
    let reply =
        asked("ab", json!({"alpha": {"status": "529"}, "beta": {"refusal": "model-not-found"}}));
    assert_eq!(reply.status, 404);
    assert_eq!(reply.json()["error"]["type"], "not_found_error");
    assert_went(&reply, &["up-a", "up-b"], "a=529,b=404");
    let reply = asked("ab", json!({"alpha": {"refusal": "model-not-found"}}));
    assert_eq!(text_of(reply.body.as_ref().unwrap(), true), "Hello from beta.");
    assert_went(&reply, &["up-a", "up-b"], "a=404,b=200");
}
