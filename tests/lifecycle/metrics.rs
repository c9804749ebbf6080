//! What is counted for requests and attempts, once each, however they end; and what logs contain.

use std::rc::Rc;

use log::Level;
use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");
const ANSWER: &[u8] = br#"{"text":"a","usage":{"prompt_tokens":200,"completion_tokens":10}}"#;

fn document(with: Value) -> Value {
    let priced = json!({"input_usd_per_million": 2.5, "output_usd_per_million": 10});
    let mut document = json!({
        "providers": {"p": {"cluster": "p"}, "q": {"cluster": "q", "api": "any"}},
        "deployments": {
            "a": {"provider": "p", "model": "up-a", "facts": priced},
            "b": {"provider": "q", "model": "up-b"}
        },
        "models": {"m": {"candidates": ["a"], "fallbacks": ["n"]}, "n": {"candidates": ["b"]}},
        "aliases": {"nick": "m"},
        "routes": [{"name": "long", "when": {"tag_equals": "long"}, "then": {"target_model": "n"}}],
        "default_cluster": "site", "allow_direct": true, "log_fields": true
    });
    for (key, value) in with.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

fn chat(model: &str) -> Vec<u8> {
    json!({"model": model, "messages": [{"role": "user", "content": "canary-prompt"}]})
        .to_string()
        .into_bytes()
}

/// Returns every series that has a value, with the sum of its values.
fn series(host: &FakeHost) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = Vec::new();
    for (_, name, values) in host.metrics.borrow().iter().filter(|(_, _, v)| !v.is_empty()) {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += values.iter().sum::<u64>(),
            None => all.push((name.clone(), values.iter().sum())),
        }
    }
    all.sort();
    all
}

/// Returns the series of a metric that have counted anything, without the metric's name.
fn of(host: &FakeHost, metric: &str) -> Vec<(String, u64)> {
    let of_one = |(name, sum): (String, u64)| {
        Some((name.strip_prefix(&format!("{metric}."))?.to_owned(), sum))
    };
    series(host).into_iter().filter_map(of_one).collect()
}

fn requests(host: &FakeHost) -> Vec<(String, u64)> {
    of(host, "pointsman.requests")
}

fn attempts(host: &FakeHost) -> Vec<(String, u64)> {
    of(host, "pointsman.attempts")
}

fn one(name: &str) -> Vec<(String, u64)> {
    vec![(name.to_owned(), 1)]
}

fn ask(host: &FakeHost, engine: &Rc<Engine>, model: &str) -> Stream {
    host.request(engine, &head(&[]), &[&chat(model)])
}

#[test]
fn a_served_request_is_counted_in_every_metric() {
    let host = host();
    let engine = engine(&host, &document(json!({})));
    let mut stream = host.request(&engine, &head(&[("x-llm-tag", "long")]), &[&chat("nick")]);
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    host.done(stream, None);
    assert_eq!(requests(&host), one("model=.n;.route=.long;.verdict=.served;.code=.2xx;"));
    assert_eq!(of(&host, "pointsman.route.matches"), one("route=.long;"));
    let mut stream = ask(&host, &engine, "nick");
    assert_eq!(host.recorded("pointsman.in_flight.deployment=.a;"), [1]);
    host.begin_answer(&mut stream, 200, &[JSON], false);
    host.answer_piece(&mut stream, &ANSWER[..9], false);
    host.answer_piece(&mut stream, &ANSWER[9..], true);
    host.done(stream, None);
    let of_a = "deployment=.a;.gen_ai_operation_name=.chat;.gen_ai_provider_name=.p;\
                .gen_ai_request_model=.up-a;";
    let count = |name: &str| host.recorded(name);
    assert_eq!(count("pointsman.in_flight.deployment=.a;"), [1, 0]);
    assert_eq!(count("pointsman.attempts.deployment=.a;.outcome=.success;"), [1]);
    let tokens = "pointsman.tokens.deployment=.a;.direction=.";
    assert_eq!(count(&format!("{tokens}input;.source=.provider;")), [200]);
    assert_eq!(count(&format!("{tokens}output;.source=.provider;")), [10]);
    // 200 tokens at 2.5 and 10 tokens at 10 millionths.
    assert_eq!(count("pointsman.cost.nano_usd.deployment=.a;"), [600_000]);
    for once in ["gen_ai.server.request.duration", "gen_ai.server.time_to_first_token"] {
        assert_eq!(count(&format!("{once}.{of_a}")).len(), 1, "{once}");
    }
    let usage =
        |direction: &str| format!("gen_ai.client.inference.operation.{direction}_tokens.{of_a}");
    assert_eq!(count(&usage("input")), [200]);
    assert_eq!(count(&usage("output")), [10]);
    assert_eq!(count("pointsman.decision.duration_us").len(), 2);
}

#[test]
fn a_list_of_models_answered_here_is_no_request_to_a_model() {
    let host = host();
    let engine = engine(&host, &document(json!({"serve_models": true})));
    for path in ["/v1/models", "/v1/models/none"] {
        let mut stream = host.request(&engine, &[(":method", "GET"), (":path", path)], &[]);
        assert!(host.refused().is_some(), "{path}");
        host.respond(&mut stream, 200, &[]);
        host.done(stream, None);
        assert_eq!(requests(&host), [], "{path}");
    }
}

#[test]
fn a_request_is_counted_once_however_it_ends() {
    let left = Some("downstream_remote_disconnect");
    let broken = Some("upstream_reset_after_response_started{protocol_error}");
    type End = fn(&FakeHost, &mut Stream);
    let nothing: End = |_, _| {};
    let refused: End = |host, stream| host.respond(stream, 503, &[]);
    let begun: End = |host, stream| host.begin_answer(stream, 200, &[JSON], false);
    let whole: End = |host, stream| host.answer(stream, 200, &[JSON], &[ANSWER]);
    let limited: End = |host, stream| host.answer(stream, 429, &[JSON], &[b"{}"]);
    let cases: [(End, Option<&str>, &str, &str); 6] = [
        (whole, None, "served;.code=.2xx", "success"),
        (refused, None, "served;.code=.5xx", "server"),
        (limited, None, "served;.code=.4xx", "rate_limit"),
        (begun, left, "served;.code=.2xx", "cancelled"),
        (begun, broken, "served;.code=.2xx", "in_band"),
        (nothing, left, "cancelled;.code=.none", "cancelled"),
    ];
    for (end, details, verdict, outcome) in cases {
        let host = host();
        let engine = engine(&host, &document(json!({})));
        let mut stream = ask(&host, &engine, "m");
        end(&host, &mut stream);
        host.done(stream, details);
        let wanted = format!("model=.m;.route=.none;.verdict=.{verdict};");
        assert_eq!(requests(&host), one(&wanted));
        assert_eq!(attempts(&host), one(&format!("deployment=.a;.outcome=.{outcome};")));
        assert_eq!(host.recorded("pointsman.in_flight.deployment=.a;").last(), Some(&0));
    }
}

#[test]
fn a_request_that_goes_nowhere_is_counted_by_its_kind() {
    let passing = json!({"limits": {"on_unparsable": "pass_through"}});
    let cases: [(Value, &str, &[u8], &str); 7] = [
        (json!({}), "/v1/files", b"x", "model=.none;.route=.none;.verdict=.passed;.code=.none;"),
        (
            passing,
            "/v1/chat/completions",
            b"x",
            "model=.none;.route=.none;.verdict=.passed;.code=.none;",
        ),
        (
            json!({"unknown_model": "pass_through"}),
            "/v1/chat/completions",
            br#"{"model":"x"}"#,
            "model=.none;.route=.none;.verdict=.passed;.code=.none;",
        ),
        (
            json!({}),
            "/v1/chat/completions",
            b"x",
            "model=.none;.route=.none;.verdict=.refused;.code=.invalid_body;",
        ),
        (
            json!({}),
            "/v1/chat/completions",
            br#"{"model":"canary-model"}"#,
            "model=.other;.route=.none;.verdict=.refused;.code=.model_not_found;",
        ),
        (
            json!({}),
            "/v1/chat/completions",
            b"{}",
            "model=.none;.route=.none;.verdict=.refused;.code=.missing_model;",
        ),
        (
            json!({}),
            "/v1/chat/completions",
            br#"{"model":"nick#v"}"#,
            "model=.m;.route=.none;.verdict=.refused;.code=.unknown_variant;",
        ),
    ];
    for (with, path, body, wanted) in cases {
        for is_left in [false, true] {
            let host = host();
            let engine = engine(&host, &document(with.clone()));
            let mut head = head(&[]);
            head[1].1 = path;
            let mut stream = host.request(&engine, &head, &[body]);
            if !is_left {
                host.respond(&mut stream, 400, &[]);
            }
            host.done(stream, Some("downstream_remote_disconnect"));
            assert_eq!(requests(&host), one(wanted));
            assert_eq!(attempts(&host), []);
        }
    }
}

#[test]
fn a_client_that_leaves_while_sending_is_counted_and_so_is_a_refusal_by_the_proxy() {
    for (is_answered, verdict) in [(false, "cancelled;.code=.none"), (true, "refused;.code=.proxy")]
    {
        let host = host();
        let engine = engine(&host, &document(json!({})));
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        host.piece(&mut stream, br#"{"messages":["#, false);
        if is_answered {
            host.respond(&mut stream, 413, &[]);
        }
        host.done(stream, Some("downstream_remote_disconnect"));
        assert_eq!(requests(&host), one(&format!("model=.none;.route=.none;.verdict=.{verdict};")));
    }
}

#[test]
fn names_that_clients_invent_make_no_series() {
    let host = host();
    let engine = engine(&host, &document(json!({})));
    let before = host.metrics.borrow().len();
    for (at, answer) in [Some(200), Some(500), None].into_iter().cycle().take(300).enumerate() {
        host.properties.borrow_mut().clear();
        let mut stream = ask(&host, &engine, &format!("q:canary-{at}"));
        if let Some(status) = answer {
            host.respond(&mut stream, status, &[]);
        }
        host.done(stream, Some("downstream_remote_disconnect"));
        let stream = ask(&host, &engine, &format!("canary-{at}"));
        host.done(stream, None);
    }
    let hundred = |name: &str| (name.to_owned(), 100);
    assert_eq!(
        attempts(&host),
        ["cancelled", "server", "success"]
            .map(|outcome| hundred(&format!("deployment=.other;.outcome=.{outcome};")))
    );
    let defined = host.metrics.borrow();
    assert!(defined.iter().all(|(_, name, _)| !name.contains("canary")), "{defined:?}");
    assert!(defined.len() - before < 10, "{:?}", &defined[before..]);
}

#[test]
fn series_beyond_the_limit_share_one() {
    let host = host();
    let models: serde_json::Map<_, _> =
        (0..50).map(|at| (format!("m{at}"), json!({"candidates": ["a"]}))).collect();
    let engine = engine(
        &host,
        &document(json!({"models": models, "routes": [], "aliases": {},
                                                "metrics": {"max_series": 20}})),
    );
    for at in 0..150 {
        let mut stream = ask(&host, &engine, &format!("m{}", at % 50));
        host.respond(&mut stream, 200, &[]);
        host.done(stream, None);
    }
    let counted = requests(&host);
    let other = "model=.other;.route=.other;.verdict=.served;.code=.2xx;";
    assert!(counted.iter().any(|(name, count)| name == other && *count > 3), "{counted:?}");
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), 150);
    assert!(host.metrics.borrow().len() < 30, "{:?}", host.metrics.borrow());
}

#[test]
fn with_metrics_off_nothing_is_counted() {
    let host = host();
    let off = json!({"metrics": {"enabled": false}, "log_fields": false});
    let engine = engine(&host, &document(off));
    let mut stream = ask(&host, &engine, "m");
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    host.done(stream, None);
    assert!(host.metrics.borrow().is_empty());
    let properties = host.properties.borrow();
    let names: Vec<_> = properties.keys().filter(|name| name.starts_with("llm.")).collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn a_fallback_that_the_plan_begins_with_is_counted() {
    let host = host();
    let engine = engine(&host, &document(json!({"cooldown": {"consecutive_failures": 1}})));
    let mut stream = ask(&host, &engine, "m");
    host.respond(&mut stream, 503, &[]);
    host.done(stream, None);
    assert_eq!(of(&host, "pointsman.cooldowns"), one("deployment=.a;.outcome=.server;"));
    let mut stream = ask(&host, &engine, "m");
    host.respond(&mut stream, 200, &[]);
    host.done(stream, None);
    let wanted = one("model=.m;.deployment=.b;.kind=.unavailable;");
    assert_eq!(of(&host, "pointsman.fallbacks"), wanted);
    assert_eq!(of(&host, "pointsman.recoveries"), []);
    // The time is past the deadline, and as many successes as required follow.
    host.now_ms.pass(60_000);
    for _ in 0..3 {
        let mut stream = ask(&host, &engine, "m");
        host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
        host.done(stream, None);
    }
    assert_eq!(of(&host, "pointsman.recoveries"), one("deployment=.a;"));
}

#[test]
fn tokens_without_a_report_are_counted_as_estimated() {
    let host = host();
    let long = json!({"routes": [{"name": "long", "when": {"input_tokens_gt": 5000},
                                  "then": {"target_model": "n"}}]});
    let engine = engine(&host, &document(long));
    let text = "word ".repeat(2000);
    let body = json!({"model": "m", "messages": [{"role": "user", "content": text}]}).to_string();
    for answer in [&br#"{"text":"a"}"#[..], br#"{"text":"a","usage":{"prompt_tokens":1000}}"#] {
        let mut stream = host.request(&engine, &head(&[]), &[body.as_bytes()]);
        host.answer(&mut stream, 200, &[JSON], &[answer]);
        host.done(stream, None);
    }
    let tokens = of(&host, "pointsman.tokens");
    let estimated = "deployment=.a;.direction=.input;.source=.estimate;";
    let (_, estimate) = tokens.iter().find(|(name, _)| name == estimated).unwrap();
    assert!((1000..4000).contains(estimate), "{estimate}");
    // Of the two, one has a reported count, and the estimate is compared with it.
    assert_eq!(host.recorded("pointsman.estimate.percent.deployment=.a;"), [estimate / 10]);
}

#[test]
fn access_logs_get_names_and_numbers_but_no_text() {
    let host = host();
    let engine = engine(&host, &document(json!({})));
    let credential = ("authorization", "Bearer canary-key");
    let further = [credential, ("x-llm-tag", "canary-tag"), ("x-llm-params", "p=canary-param")];
    let property = |name: &str| {
        let properties = host.properties.borrow();
        properties.get(name).map(|value| String::from_utf8(value.clone()).unwrap())
    };
    let mut stream = host.request(&engine, &head(&further), &[&chat("nick")]);
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    host.done(stream, None);
    let wanted = [
        ("llm.model", Some("m")),
        ("llm.deployment", Some("a")),
        ("llm.provider", Some("p")),
        ("llm.route", None),
        ("llm.attempts", Some("a=200")),
        ("llm.input_tokens", Some("200")),
        ("llm.output_tokens", Some("10")),
        ("llm.cost_usd", Some("0.000600000")),
        ("llm.refusal", None),
    ];
    for (name, value) in wanted {
        assert_eq!(property(name).as_deref(), value, "{name}");
    }
    // A name that the client invents cannot end a line or a field.
    let mut stream = host.request(&engine, &head(&further), &[&chat("q:a\r\n\"b\u{e9}")]);
    host.respond(&mut stream, 200, &[]);
    host.done(stream, None);
    assert_eq!(property("llm.deployment").unwrap(), "q:a%0D%0A%22b%C3%A9");
    let stream = host.request(&engine, &head(&further), &[&chat("nobody")]);
    host.done(stream, None);
    assert_eq!(property("llm.refusal").as_deref(), Some("model_not_found"));
    let all = format!("{:?} {:?}", host.log.borrow(), series(&host));
    assert!(!all.contains("canary"), "{all}");
    for (name, value) in host.properties.borrow().iter() {
        assert!(!String::from_utf8_lossy(value).contains("canary"), "{name}");
        assert!(value.iter().all(|byte| matches!(byte, b' '..=b'~')), "{name}");
    }
}

#[test]
fn every_decision_is_exactly_one_debug_line() {
    let host = host();
    let engine = engine(&host, &document(json!({"unknown_model": "pass_through"})));
    let before = host.log.borrow().len();
    let cases: [(&str, &[u8], &str); 4] = [
        ("m", &chat("m"), "route=none model=m deployment=a cluster=p"),
        ("unknown", &chat("unknown"), "passed: no model has this name"),
        ("bad", b"{", "refused: 400 invalid_body"),
        ("variant", &chat("m#none"), "refused: 400 unknown_variant"),
    ];
    for (at, (name, body, line)) in cases.into_iter().enumerate() {
        let mut stream = host.request(&engine, &head(&[]), &[body]);
        host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
        host.done(stream, None);
        let log = host.log.borrow();
        assert_eq!(log.len(), before + at + 1, "{name}: {log:?}");
        assert_eq!(log.last(), Some(&(Level::Debug, line.to_owned())), "{name}");
    }
}
