//! What operators see of candidates that requests are translated for: explain, the shadow, the admin endpoints and
//! metrics treat them like any other.

use pointsman::lifecycle::{RequestHead, explained};
use pointsman::routing::explain::Fresh;
use serde_json::{Value, json};

use crate::admin::BEARER;
use crate::translated::{CHAT, HELLO_CHAT, MESSAGE, Proxy};

/// Returns a chat for that model with further members, each with a comma after it.
fn chat(model: &str, further: &str) -> String {
    HELLO_CHAT.replace("\"model\":\"m\",", &format!("\"model\":\"{model}\",{further}"))
}

/// Explains a chat as the native tool does, without a running proxy.
fn explain(with: Value, body: &str) -> Value {
    let proxy = Proxy::new(with);
    let headers = [(":method", "POST"), (":path", CHAT), ("content-type", "application/json")];
    let head = RequestHead::new(headers.into_iter().collect());
    let explained = explained(proxy.router.config(), &head, body.as_bytes(), &Fresh, None, 1);
    serde_json::to_value(explained.shown()).unwrap()
}

/// Returns a proxy with admin endpoints.
fn watched(with: Value) -> Proxy {
    let mut all = json!({"admin": {"token_env": "ADMIN_TOKEN"}});
    for (key, value) in with.as_object().unwrap() {
        all[key] = value.clone();
    }
    Proxy::new(all)
}

/// Asks an admin endpoint.
fn ask(proxy: &Proxy, method: &str, path: &str, body: &str) -> Value {
    let head = [(":method", method), (":path", path), BEARER];
    let pieces = [body.as_bytes()];
    proxy.host.request(&proxy.router, &head, if body.is_empty() { &[] } else { &pieces });
    let (status, reply) = proxy.host.refused().unwrap();
    assert_eq!(status, 200, "{reply}");
    serde_json::from_str(&reply).unwrap()
}

/// Returns the candidate of Anthropic's API.
fn claude(trace: &Value) -> &Value {
    let candidates = trace["candidates"].as_array().unwrap();
    let found = candidates.iter().find(|one| one["deployment"] == "claude");
    found.unwrap_or_else(|| panic!("{trace}"))
}

#[test]
fn explain_tells_what_lenient_leaves_out() {
    for (further, dropped) in [
        ("", Value::Null),
        ("\"seed\":7,", json!(["seed has no counterpart"])),
        (
            "\"seed\":7,\"store\":true,",
            json!(["seed has no counterpart", "store has no counterpart"]),
        ),
    ] {
        let trace = explain(json!({}), &chat("m", further));
        let candidate = claude(&trace);
        assert_eq!(candidate["eligible"], true, "{trace}");
        assert_eq!(candidate["translation"]["into"], "anthropic-messages", "{trace}");
        assert_eq!(candidate["translation"]["dropped"], dropped, "{trace}");
        assert_eq!(candidate.get("because"), None, "{trace}");
        assert_eq!(trace["plan"], json!(["gpt", "claude"]));
        assert_eq!(trace["candidates"][0].get("translation"), None, "it is sent as it is: {trace}");
    }
}

#[test]
fn explain_tells_why_strict_refuses_what_lenient_leaves_out() {
    let strict = json!({"translate": "strict"});
    let trace = explain(strict.clone(), &chat("m", "\"seed\":7,"));
    let because = "cannot be translated into anthropic-messages: seed has no counterpart";
    let candidate = claude(&trace);
    assert_eq!((&candidate["eligible"], &candidate["because"]), (&json!(false), &json!(because)));
    assert_eq!(candidate["translation"]["dropped"], json!(["seed has no counterpart"]));
    assert_eq!(trace["plan"], json!(["gpt"]));
    let candidate = explain(strict.clone(), &chat("m", ""));
    assert_eq!(claude(&candidate)["eligible"], true, "nothing is lost");
    // Where it is alone, the error is the one that a client gets.
    let body = chat("only-claude", "\"seed\":7,");
    let trace = explain(strict.clone(), &body);
    assert_eq!((&trace["error"]["status"], &trace["decision"]), (&json!(400), &Value::Null));
    let message = trace["error"]["message"].as_str().unwrap();
    assert!(message.contains("seed has no counterpart"), "{message}");
    let proxy = Proxy::new(strict);
    proxy.send(CHAT, &body, &[]);
    let (status, told) = proxy.host.refused().unwrap();
    assert_eq!(status, 400);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["error"]["message"], message);
}

#[test]
fn explain_tells_what_is_refused_in_either_mode() {
    for translate in ["lenient", "strict"] {
        for (further, because) in [
            ("\"n\":2,", "n "),
            ("\"modalities\":[\"audio\"],", "modalities"),
            ("\"x_unknown\":1,", "x_unknown is not known to the translation"),
        ] {
            let trace = explain(json!({"translate": translate}), &chat("m", further));
            let candidate = claude(&trace);
            assert_eq!(candidate["eligible"], false, "{trace}");
            assert_eq!(candidate.get("translation"), None, "{trace}");
            let told = candidate["because"].as_str().unwrap();
            let start = format!("cannot be translated into anthropic-messages: {because}");
            assert!(told.starts_with(&start), "{told}");
            assert_eq!(trace["plan"], json!(["gpt"]), "{trace}");
        }
    }
    let trace = explain(json!({"translate": "off"}), &chat("m", ""));
    assert_eq!(claude(&trace)["because"], "its provider does not speak the request's format");
    assert_eq!(claude(&trace).get("translation"), None);
}

#[test]
fn the_admin_endpoint_explains_what_the_next_request_meets() {
    for (translate, further) in
        [("lenient", "\"seed\":7,"), ("strict", "\"seed\":7,"), ("strict", "")]
    {
        let with = json!({"translate": translate});
        let proxy = watched(with.clone());
        for model in ["m", "only-claude", "only-gpt"] {
            let body = chat(model, further);
            let told = ask(&proxy, "POST", "/admin/explain", &body);
            assert_eq!(told["candidates"], explain(with.clone(), &body)["candidates"]);
            proxy.send(CHAT, &body, &[]);
            let refused = proxy.host.refused();
            assert_eq!(told["error"].is_null(), refused.is_none(), "{model} {told}");
            assert_eq!(told["error"]["status"].as_u64(), refused.map(|(status, _)| status.into()));
        }
    }
}

#[test]
fn the_admin_endpoints_list_drain_and_trace_it() {
    let proxy = watched(json!({}));
    let of_claude = |proxy: &Proxy| {
        ask(proxy, "GET", "/admin/state?deployment=claude", "")["deployments"][0].clone()
    };
    let body = chat("only-claude", "");
    proxy.send(CHAT, &body, &[]);
    let (mut stream, _) = proxy.attempt(&body, body.len());
    let during = of_claude(&proxy);
    assert_eq!((&during["id"], &during["in_flight"]), (&json!("claude"), &json!(1)), "{during}");
    proxy.answer(&mut stream, 200, "application/json", &[MESSAGE.as_bytes()]);
    proxy.host.done(stream, None);
    let after = of_claude(&proxy);
    assert_eq!(after["in_flight"], 0, "{after}");
    let total = json!({"attempts": 1, "successes": 1, "failures": 0, "tokens": 12});
    assert_eq!(after["total"], total, "{after}");
    ask(&proxy, "POST", "/admin/deployments/claude/drain", "");
    proxy.send(CHAT, &body, &[]);
    assert_eq!(proxy.host.refused().unwrap().0, 503);
    let told = ask(&proxy, "POST", "/admin/explain", &chat("m", ""));
    assert_eq!(claude(&told)["because"], "drained");
    assert_eq!(claude(&told)["translation"]["into"], "anthropic-messages");
}

#[test]
fn a_translated_attempt_is_counted_by_what_its_provider_said() {
    let proxy = Proxy::new(json!({}));
    let body = chat("m", "");
    proxy.send(CHAT, &body, &[]);
    let (mut first, _) = proxy.attempt(&body, body.len());
    proxy.host.answer(&mut first, 503, &[("content-type", "application/json")], &[b"{}"]);
    proxy.host.done(first, None);
    let (mut second, _) = proxy.attempt(&body, body.len());
    proxy.answer(&mut second, 200, "application/json", &[MESSAGE.as_bytes()]);
    proxy.host.done(second, None);
    let host = &proxy.host;
    let counted = |name: &str| host.recorded(&format!("pointsman.{name}"));
    assert_eq!(counted("attempts.deployment=.gpt;.outcome=.server;"), [1]);
    assert_eq!(counted("attempts.deployment=.claude;.outcome=.success;"), [1]);
    assert_eq!(counted("tokens.deployment=.claude;.direction=.input;.source=.provider;"), [9]);
    assert_eq!(counted("tokens.deployment=.claude;.direction=.output;.source=.provider;"), [3]);
    let of = "deployment=.claude;.gen_ai_operation_name=.chat;.gen_ai_provider_name=.anthropic;\
              .gen_ai_request_model=.claude;";
    for once in ["gen_ai.server.request.duration", "gen_ai.server.time_to_first_token"] {
        assert_eq!(host.recorded(&format!("{once}.{of}")).len(), 1, "{once}");
    }
    let usage =
        |direction: &str| format!("gen_ai.client.inference.operation.{direction}_tokens.{of}");
    assert_eq!(host.recorded(&usage("input")), [9]);
    assert_eq!(host.recorded(&usage("output")), [3]);
}

#[test]
fn failures_of_a_translated_attempt_have_the_outcomes_of_its_provider() {
    let error =
        |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"x"}}}}"#);
    let whole = "application/json";
    for (status, answer, outcome) in [
        (429, error("rate_limit_error"), "rate_limit"),
        (529, error("overloaded_error"), "server"),
        (401, error("authentication_error"), "auth"),
        (400, error("invalid_request_error"), "client"),
        (200, error("overloaded_error"), "in_band"),
    ] {
        let proxy = Proxy::new(json!({"failover": {"max_attempts": 1, "attempt_filter": true}}));
        let body = chat("only-claude", "");
        proxy.send(CHAT, &body, &[]);
        let (mut stream, _) = proxy.attempt(&body, body.len());
        proxy.answer(&mut stream, status, whole, &[answer.as_bytes()]);
        proxy.host.done(stream, None);
        let metrics = proxy.host.metrics.borrow();
        let attempts: Vec<_> = metrics
            .iter()
            .filter(|(_, name, values)| {
                name.starts_with("pointsman.attempts.") && !values.is_empty()
            })
            .map(|(_, name, values)| (name.as_str(), values.clone()))
            .collect();
        let wanted = format!("pointsman.attempts.deployment=.claude;.outcome=.{outcome};");
        assert_eq!(attempts, [(wanted.as_str(), vec![1])], "{status}");
    }
}

/// Returns how the shadow's decision of the only request differs.
fn kind(proxy: &Proxy) -> String {
    let metrics = proxy.host.metrics.borrow();
    let start = "pointsman.shadow.requests.kind=.";
    let counted = metrics.iter().filter(|(_, _, values)| !values.is_empty());
    let kinds: Vec<_> = counted.filter_map(|(_, name, _)| name.strip_prefix(start)).collect();
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    kinds[0].trim_end_matches(';').to_owned()
}

/// Sends a request by `path`, and returns how the shadow's decision differs.
fn difference(with: Value, path: &str, body: &str) -> String {
    let proxy = Proxy::new(with);
    proxy.send(path, body, &[]);
    kind(&proxy)
}

#[test]
fn a_shadow_decides_by_what_it_would_translate_itself() {
    let shadow = |translate: &str, candidates: Value| json!({"models": {"m": {"candidates": candidates, "translate": translate}}});
    let both = json!(["gpt", "claude"]);
    let seed = chat("m", "\"seed\":7,");
    for (live, shadow, body, kind) in [
        ("off", shadow("lenient", json!(["claude", "gpt"])), &seed, "other_deployment"),
        ("off", shadow("strict", json!(["claude", "gpt"])), &seed, "same"),
        ("off", shadow("strict", json!(["claude", "gpt"])), &chat("m", ""), "other_deployment"),
        ("off", shadow("strict", json!(["claude"])), &seed, "shadow_refuses"),
        ("lenient", shadow("off", json!(["claude"])), &seed, "shadow_refuses"),
        ("lenient", shadow("strict", both.clone()), &seed, "same"),
        ("off", shadow("lenient", both), &chat("m", "\"n\":2,"), "same"),
    ] {
        let with = json!({"translate": live, "shadow": shadow});
        assert_eq!(difference(with, CHAT, body), kind, "{live} {shadow} {body}");
    }
}

/// Three providers of three APIs. The live rules send every chat to `gpt`. The shadow would send it to `claude` if
/// nothing is lost, and else to `gemini`.
fn of_three() -> Value {
    let deployment = |provider: &str| json!({"provider": provider, "model": provider});
    json!({
        "providers": {"open": {"cluster": "open"},
                      "anthropic": {"cluster": "anthropic", "api": "anthropic"},
                      "google": {"cluster": "google", "api": "gemini"}},
        "deployments": {"gpt": deployment("open"), "claude": deployment("anthropic"),
                        "gemini": deployment("google")},
        "models": {"m": {"candidates": ["gpt"]}},
        "translate": "off",
        "shadow": {"models": {
            "m": {"candidates": ["claude"], "fallbacks": ["n"], "translate": "strict"},
            "n": {"candidates": ["gemini"], "translate": "strict"},
        }},
    })
}

#[test]
fn a_shadow_asks_again_for_its_fallbacks() {
    assert_eq!(difference(of_three(), CHAT, HELLO_CHAT), "other_deployment");
    assert_eq!(difference(of_three(), CHAT, &chat("m", "\"seed\":7,")), "other_model");
    assert_eq!(difference(of_three(), CHAT, &chat("m", "\"n\":2,")), "shadow_refuses");
}

#[test]
fn a_shadow_that_would_translate_what_has_gone_on_early_is_undecided() {
    let body = chat("m", "").replace("Hello", &"Hello ".repeat(2000));
    let (start, rest) = body.as_bytes().split_at(5000);
    let proxy = Proxy::new(of_three());
    let length = body.len().to_string();
    let head = crate::head(&[("content-length", &length)]);
    let (mut stream, _) = proxy.host.begin(&proxy.router, &head, false);
    proxy.host.piece(&mut stream, start, false);
    assert!(proxy.host.properties.borrow().iter().len() > 0, "it goes on early");
    proxy.host.piece(&mut stream, rest, true);
    assert_eq!(kind(&proxy), "undecided");
}

#[test]
fn a_shadow_reads_a_body_only_where_its_own_candidates_are_translated() {
    let read = |shadow: Value| {
        let models = json!({"m": {"candidates": ["gpt"]}, "n": {"candidates": ["claude"]}});
        let with = json!({"translate": "off", "models": models, "shadow": {"models": shadow}});
        let proxy = Proxy::new(with);
        proxy.host.bytes_read.set(0);
        proxy.send(CHAT, HELLO_CHAT, &[]);
        proxy.host.bytes_read.get()
    };
    let (gpt, claude) = (json!({"candidates": ["gpt"]}), json!({"candidates": ["claude"]}));
    let translated = |mut model: Value| {
        model["translate"] = "lenient".into();
        model
    };
    let plain = read(json!({"m": gpt, "n": claude}));
    assert_eq!(read(json!({"m": translated(gpt.clone()), "n": translated(claude.clone())})), plain);
    let more = read(json!({"m": translated(claude), "n": gpt}));
    assert_eq!(more, plain + HELLO_CHAT.len());
}

#[test]
fn explain_shows_what_the_shadow_would_translate() {
    for (live, shadow) in [("off", "lenient"), ("lenient", "off"), ("lenient", "strict")] {
        let models = json!({"m": {"candidates": ["gpt", "claude"], "translate": shadow}});
        let with = json!({"translate": live, "shadow": {"models": models}});
        let trace = explain(with, &chat("m", "\"seed\":7,"));
        for (trace, translate) in [(&trace, live), (&trace["shadow"], shadow)] {
            assert_eq!(claude(trace)["eligible"], translate == "lenient", "{translate} {trace}");
            let plan =
                if translate == "lenient" { json!(["gpt", "claude"]) } else { json!(["gpt"]) };
            assert_eq!(trace["plan"], plan, "{translate}");
        }
    }
}

#[test]
fn the_header_tells_how_many_drops_it_does_not_list() {
    let message = r#"{"role":"user","name":"ada","content":"a"},"#;
    for (count, end) in
        [(31, ",messages[31].name"), (32, ",messages[32].name"), (50, ",and 18 more")]
    {
        let body = chat("only-claude", "");
        let (head, last) = body.split_once(",{\"role\":\"user\"").unwrap();
        let body = format!("{head},{}{{\"role\":\"user\"{last}", message.repeat(count));
        let proxy = Proxy::new(json!({}));
        proxy.send(CHAT, &body, &[]);
        let (mut stream, _) = proxy.attempt(&body, body.len());
        proxy.answer(&mut stream, 200, "application/json", &[MESSAGE.as_bytes()]);
        let told = proxy.host.received("x-llm-translation").unwrap();
        let start = "openai-chat>anthropic-messages; dropped=messages[1].name,messages[2].name,";
        assert!(told.starts_with(start) && told.ends_with(end), "{told}");
    }
}
