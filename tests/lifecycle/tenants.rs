//! Budgets of tenants: what is refused, and that everything is counted once, however a request ends.

use std::rc::Rc;

use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::failover::Proxy;
use crate::fake_host::{FakeHost, NOW_MS};
use crate::{engine, head};

const JSON: (&str, &str) = ("content-type", "application/json");
const USAGE: &[u8] = br#"{"choices":[{"message":{"content":"Yes."},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":30,"completion_tokens":70}}"#;
const BODY: &[u8] =
    br#"{"model":"open","messages":[{"role":"user","content":"Hello"}],"max_tokens":400}"#;

fn with(tenants: Value) -> (FakeHost, Value) {
    let (host, mut document) = admin();
    document["limits"] = json!({"tenants": tenants});
    document["deployments"]["open"]["facts"] =
        json!({"input_usd_per_million": 10, "output_usd_per_million": 100});
    (host, document)
}

/// A tenant with a budget that nothing here uses up.
fn roomy() -> (FakeHost, Rc<Engine>) {
    let (host, document) =
        with(json!({"named": {"acme": {"tokens_per_day": 1_000_000, "usd_per_day": 100}}}));
    let engine = engine(&host, &document);
    (host, engine)
}

fn send(host: &FakeHost, engine: &Rc<Engine>, tenant: &str) -> Stream {
    host.request(engine, &head(&[("x-llm-tenant", tenant)]), &[BODY])
}

fn served(host: &FakeHost, engine: &Rc<Engine>, tenant: &str) -> bool {
    let mut stream = send(host, engine, tenant);
    if host.refused().is_some() {
        return false;
    }
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    host.done(stream, None);
    true
}

fn state(host: &FakeHost, engine: &Rc<Engine>) -> Value {
    host.request(engine, &[(":method", "GET"), (":path", "/admin/state"), BEARER], &[]);
    let body = host.reply.borrow_mut().take().unwrap().body;
    serde_json::from_str::<Value>(&body).unwrap()["tenants"].take()
}

/// Requests, tokens and cost of the first tenant on this day.
fn spent(host: &FakeHost, engine: &Rc<Engine>) -> [u64; 3] {
    let state = state(host, engine);
    ["requests", "tokens", "nano_usd"].map(|key| state["named"][0]["day"][key].as_u64().unwrap())
}

fn refusal(host: &FakeHost) -> (u32, Value, Option<String>) {
    let reply = host.reply.borrow().clone().unwrap();
    let retry = reply.headers.iter().find(|(name, _)| name == "retry-after");
    (
        reply.status,
        serde_json::from_str(&reply.body).unwrap(),
        retry.map(|(_, value)| value.clone()),
    )
}

#[test]
fn requests_are_limited_over_all_workers_and_refused_in_the_clients_dialect() {
    let (one, document) = with(json!({"budget": {"requests_per_minute": 3}}));
    let mut two = FakeHost::sharing(&one.shared);
    two.environment.clone_from(&one.environment);
    let engines = [engine(&one, &document), engine(&two, &document)];
    let went: Vec<bool> =
        [0, 1, 0, 1, 0].map(|at| served([&one, &two][at], &engines[at], "a")).to_vec();
    assert_eq!(went, [true, true, true, false, false]);
    let (status, body, retry) = refusal(&one);
    assert_eq!((status, retry.as_deref()), (429, Some("60")));
    assert_eq!(body["error"]["code"], "budget_exceeded");
    assert_eq!(
        body["error"]["message"],
        "the budget requests_per_minute is used up; try again in 60 s"
    );
    assert!(served(&one, &engines[0], "b"), "another tenant");
    assert_eq!(one.sent("x-llm-tenant"), None, "it goes to no provider");
    assert_eq!(
        one.counted("pointsman.tenants.refused.tenant=.other;.budget=.requests_per_minute;"),
        1
    );
    one.now_ms.set(NOW_MS + 60_000);
    assert!(served(&one, &engines[0], "a"));
    // Nothing was begun for those that were refused.
    assert_eq!(one.shared.record("open").total.attempts, 5);
}

#[test]
fn what_the_provider_reports_stands_in_the_place_of_the_estimate() {
    let (host, engine) = roomy();
    let mut stream = send(&host, &engine, "acme");
    let [requests, tokens, cost] = spent(&host, &engine);
    assert!(requests == 1 && tokens > 400 && tokens < 450 && cost > 40_000_000, "{tokens} {cost}");
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    host.done(stream, None);
    assert_eq!(spent(&host, &engine), [1, 100, 30 * 10_000 + 70 * 100_000]);
}

#[test]
fn every_end_is_counted_once() {
    let input = 9;
    for (name, wanted) in [("failed", 0), ("left", input + 400), ("broken", 0), ("cut", 30)] {
        let (host, engine) = roomy();
        let mut stream = send(&host, &engine, "acme");
        match name {
            "failed" => host.answer(&mut stream, 503, &[JSON], &[b"{}"]),
            "broken" => host.respond(&mut stream, 504, &[]),
            "cut" => {
                host.begin_answer(
                    &mut stream,
                    200,
                    &[("content-type", "text/event-stream")],
                    false,
                );
                let piece = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":10}}\n\n";
                host.answer_piece(&mut stream, piece, false);
            }
            // The client leaves before anything of the answer has come.
            _ => {}
        }
        host.done(stream, None);
        let [requests, tokens, _] = spent(&host, &engine);
        let is_as_wanted = tokens.abs_diff(wanted) <= 5;
        assert!(requests == 1 && is_as_wanted, "{name}: {requests} {tokens}");
    }
}

#[test]
fn a_budget_of_tokens_waits_for_the_whole_body_and_one_of_requests_does_not() {
    for (budget, is_early) in [("requests_per_day", true), ("tokens_per_day", false)] {
        let (host, document) = with(json!({"budget": {budget: 1_000_000}}));
        let engine = engine(&host, &document);
        let (mut stream, _) = host.begin(
            &engine,
            &head(&[("x-llm-tenant", "a"), ("content-length", "100000")]),
            false,
        );
        host.piece(
            &mut stream,
            br#"{"model":"open","messages":[{"role":"user","content":"He"#,
            false,
        );
        assert_eq!(host.sent("x-llm-cluster").is_some(), is_early, "{budget}");
        // A client that never sends the rest has spent nothing where it has not gone on.
        host.done(stream, None);
        let used = state(&host, &engine)["used"].as_u64().unwrap();
        assert_eq!(used, u64::from(is_early), "{budget}");
    }
}

#[test]
fn a_request_that_is_more_than_the_budget_is_told_so() {
    let (host, document) = with(json!({"budget": {"tokens_per_minute": 3}}));
    let engine = engine(&host, &document);
    assert!(!served(&host, &engine, "a"));
    let (status, body, retry) = refusal(&host);
    assert_eq!((status, retry), (429, None));
    assert!(body["error"]["message"].as_str().unwrap().contains("shorten it"), "{body}");
}

#[test]
fn a_request_without_a_tenant_shares_a_budget_or_is_refused_or_passes() {
    let nobody: &[(&str, &str)] = &[];
    let cases = [("share", [0, 429]), ("reject", [403, 403]), ("allow", [0, 0])];
    for (on_missing, wanted) in cases {
        let (host, document) =
            with(json!({"budget": {"requests_per_day": 1}, "on_missing": on_missing}));
        let engine = engine(&host, &document);
        for further in [nobody, &[("x-llm-tenant", " ")]] {
            host.reply.replace(None);
            host.request(&engine, &head(further), &[BODY]);
            let status = host.refused().map_or(0, |(status, _)| status);
            let at = usize::from(!further.is_empty());
            assert_eq!(status, wanted[at], "{on_missing} {further:?}");
        }
    }
}

#[test]
fn a_client_cannot_add_its_own_tenant_to_the_one_it_has() {
    let (host, engine) = roomy();
    let further = [("x-llm-tenant", "made-up"), ("x-llm-tenant", "acme")];
    host.request(&engine, &head(&further), &[BODY]);
    assert_eq!(refusal(&host).0, 400);
    assert_eq!(spent(&host, &engine), [0; 3]);
}

#[test]
fn counting_tokens_is_free() {
    let (host, document) = with(json!({"budget": {"requests_per_day": 1}}));
    let engine = engine(&host, &document);
    let mut head = head(&[("x-llm-tenant", "a")]);
    head[1].1 = "/v1/messages/count_tokens";
    for _ in 0..3 {
        host.reply.replace(None);
        host.request(&engine, &head, &[br#"{"model":"open","messages":[]}"#]);
        assert_eq!(host.refused().filter(|(status, _)| *status == 429), None);
    }
    assert!(served(&host, &engine, "a"));
}

#[test]
fn long_and_many_names_are_bounded() {
    let (host, document) = with(json!({"budget": {"requests_per_day": 2}, "slots": 8}));
    let engine = engine(&host, &document);
    let long = "x".repeat(10 * 1024);
    let went = [0; 3].map(|_| served(&host, &engine, &long));
    assert_eq!(went, [true, true, false], "{:?}", host.reply.borrow());
    assert!(!refusal(&host).1.to_string().contains("xxx"), "it is told to nobody");
    for at in 0..1000 {
        assert!(served(&host, &engine, &at.to_string()));
    }
    let state = state(&host, &engine);
    assert_eq!((&state["slots"], &state["used"]), (&json!(8), &json!(8)));
    let forgotten = state["forgotten"].as_u64().unwrap();
    assert_eq!(host.counted("pointsman.tenants.evicted"), forgotten);
    assert!((993..1000).contains(&forgotten), "{forgotten}");
}

#[test]
fn lost_writes_refuse_nobody_and_are_counted() {
    let (host, engine) = roomy();
    // An account has to exist before a write to it can be lost.
    assert!(served(&host, &engine, "acme"));
    host.shared.conflicts.set(16);
    assert!(served(&host, &engine, "acme"));
    assert_eq!(host.counted("pointsman.cas.exhausted"), 1);
    assert_eq!(spent(&host, &engine)[1], 100, "it is not counted at its end either");
    host.shared.conflicts.set(15);
    assert!(served(&host, &engine, "acme"));
    assert_eq!(spent(&host, &engine)[..2], [2, 200]);
}

#[test]
fn a_new_configuration_ends_what_the_old_one_began() {
    let (host, document) = with(json!({"named": {"acme": {"tokens_per_day": 1_000_000}}}));
    let old = engine(&host, &document);
    let mut stream = send(&host, &old, "acme");
    let new = engine(&host, &document);
    drop(old);
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    host.done(stream, None);
    assert_eq!(spent(&host, &new)[..2], [1, 100]);
}

#[test]
fn a_model_that_the_client_names_itself_is_billed_too() {
    let (host, mut document) = with(json!({"named": {"acme": {"tokens_per_day": 1_000_000}}}));
    document["allow_direct"] = json!(true);
    let engine = engine(&host, &document);
    let body = br#"{"model":"open:any","messages":[{"role":"user","content":"Hello"}]}"#;
    let mut stream = host.request(&engine, &head(&[("x-llm-tenant", "acme")]), &[body]);
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    host.done(stream, None);
    assert_eq!(spent(&host, &engine)[..2], [1, 100]);
}

/// A proxy with attempt filters, and an engine that shows what was spent.
fn proxy() -> (Proxy, Rc<Engine>) {
    let tenants = json!({"tenants": {"named": {"acme": {"tokens_per_day": 1_000_000}}}});
    let proxy = Proxy::new(json!({"limits": tenants}));
    let (admin, mut document) = admin();
    document["limits"] = json!({"tenants": {"named": {"acme": {"tokens_per_day": 1_000_000}}}});
    let mut host = FakeHost::sharing(&proxy.host.shared);
    host.environment.clone_from(&admin.environment);
    let engine = engine(&host, &document);
    (proxy, engine)
}

fn spent_at(proxy: &Proxy, engine: &Rc<Engine>) -> [u64; 2] {
    let host = FakeHost::sharing(&proxy.host.shared);
    let [requests, tokens, _] = spent(&host, engine);
    [requests, tokens]
}

#[test]
fn the_attempts_of_a_request_are_one_request_and_each_counts_its_tokens() {
    let (proxy, engine) = proxy();
    let router = proxy.send(&[("x-llm-tenant", "acme")]);
    assert!(spent_at(&proxy, &engine)[1] > 1000, "reserved");
    let attempt = proxy.attempt(100);
    assert!(proxy.answer(attempt, 503, b"{}"));
    assert_eq!(spent_at(&proxy, &engine), [1, 0], "a failure costs nothing");
    let attempt = proxy.attempt(100);
    assert!(!proxy.answer(attempt, 200, USAGE));
    assert_eq!(spent_at(&proxy, &engine), [1, 100]);
    proxy.host.done(router, None);
    assert_eq!(spent_at(&proxy, &engine), [1, 100]);
}

#[test]
fn what_no_attempt_has_taken_over_is_given_back() {
    let (proxy, engine) = proxy();
    let router = proxy.send(&[("x-llm-tenant", "acme")]);
    proxy.host.done(router, None);
    assert_eq!(spent_at(&proxy, &engine), [1, 0]);
    // The attempt filter takes it over, and the client leaves before the answer.
    let router = proxy.send(&[("x-llm-tenant", "acme")]);
    let reserved = spent_at(&proxy, &engine)[1];
    let attempt = proxy.attempt(100);
    proxy.host.done(attempt, Some("downstream_remote_disconnect"));
    proxy.host.done(router, None);
    assert_eq!(spent_at(&proxy, &engine), [2, reserved]);
}

/// Explains the request with these headers.
fn explained(host: &FakeHost, engine: &Rc<Engine>, further: &[(&str, &str)]) -> Value {
    let head = [&[(":method", "POST"), (":path", "/admin/explain"), BEARER], further].concat();
    host.request(engine, &head, &[BODY]);
    serde_json::from_str(&host.reply.borrow_mut().take().unwrap().body).unwrap()
}

#[test]
fn explain_tells_whose_budget_it_is_and_what_is_left_and_spends_nothing() {
    let (host, document) = with(json!({
        "budget": {"requests_per_day": 1},
        "named": {"acme": {"tokens_per_day": 1_000_000, "usd_per_day": 100}, "free": {}},
    }));
    let engine = engine(&host, &document);
    assert!(served(&host, &engine, "acme"));
    host.accesses.set((0, 0));
    let trace = explained(&host, &engine, &[("x-llm-tenant", "acme")]);
    assert_eq!(host.accesses.get().1, 0, "explain writes nothing");
    assert_eq!(
        trace["tenant"],
        json!({"name": "acme", "budget": "its own", "limits": [
            {"limit": "tokens_per_day", "most": 1_000_000, "spent": 100, "left": 999_900},
            {"limit": "nano_usd_per_day", "most": 100_000_000_000_u64, "spent": 7_300_000,
             "left": 99_992_700_000_u64}]})
    );
    assert_eq!(trace["decision"]["deployment"], "open");
    let free = explained(&host, &engine, &[("x-llm-tenant", "free")]);
    assert_eq!(free["tenant"], json!({"name": "free", "budget": "its own", "limits": []}));
    // One that is not named, and those without a tenant, each have a budget of one request.
    for (further, budget) in [
        (&[("x-llm-tenant", "b")][..], "that of a tenant without its own"),
        (&[], "that of all requests without a tenant"),
    ] {
        let before = explained(&host, &engine, further);
        assert_eq!((&before["tenant"]["budget"], &before["error"]), (&json!(budget), &Value::Null));
        let mut stream = host.request(&engine, &head(further), &[BODY]);
        host.answer(&mut stream, 200, &[JSON], &[USAGE]);
        host.done(stream, None);
        let after = explained(&host, &engine, further);
        assert_eq!(after["tenant"]["limits"][0]["left"], 0, "{after}");
        assert_eq!(
            (&after["error"]["code"], &after["decision"]),
            (&json!("budget_exceeded"), &Value::Null)
        );
        host.request(&engine, &head(further), &[BODY]);
        let told: Value = serde_json::from_str(&host.refused().unwrap().1).unwrap();
        assert_eq!(told["error"]["message"], after["error"]["message"]);
        host.reply.replace(None);
    }
    let several = [("x-llm-tenant", "a"), ("x-llm-tenant", "b")];
    assert_eq!(explained(&host, &engine, &several)["error"]["code"], "invalid_header");
}
