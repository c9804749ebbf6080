//! What answers say of deployments, through both filters: what is tried elsewhere, what counts,
//! what is taken back, and for whom.

use pointsman::request::format::Task;
use pointsman::state::Record;
use serde_json::{Value, json};

use crate::failover::Proxy;
use crate::fake_host::{FakeHost, NOW_MS};
use crate::{document, engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");

/// An answer with content.
const ANSWER: &str = r#"{"choices":[{"message":{"role":"assistant","content":"Hello"}}]}"#;

fn chat(model: &str, text: &str) -> String {
    json!({"model": model, "messages": [{"role": "user", "content": text}]}).to_string()
}

/// Lets the attempts of a request be answered one after another, and returns which deployments
/// were asked.
fn attempts(proxy: &Proxy, text: &str, answers: &[(u16, &str)]) -> String {
    let body = chat("m", text);
    let request = proxy.host.request(&proxy.router, &head(&[]), &[body.as_bytes()]);
    for (at, (status, answer)) in answers.iter().enumerate() {
        let is_last = at + 1 == answers.len();
        let goes_on = proxy.answered(body.as_bytes(), *status, answer.as_bytes());
        assert_eq!(goes_on, !is_last, "{status} {answer}");
    }
    let went = proxy.property("llm.attempts");
    proxy.host.done(request, None);
    // The next request has filter state of its own.
    proxy.host.properties.borrow_mut().clear();
    went
}

fn failures(proxy: &Proxy) -> [(u64, bool); 3] {
    ["a", "b", "c"].map(|id| {
        let record = proxy.host.shared.record(id);
        (record.total.failures, proxy.host.shared.until_ms(id) > 0)
    })
}

const NONE: [(u64, bool); 3] = [(0, false); 3];

#[test]
fn what_nobody_knows_is_tried_elsewhere_and_counts_for_nothing() {
    for (status, body) in [
        (400, r#"{"error":{"code":"brand_new","message":"Brand new."}}"#),
        (404, "{}"),
        (410, "{}"),
        (424, "{}"),
        (413, "{}"),
        (409, "{}"),
    ] {
        let proxy = Proxy::new(json!({}));
        let went = attempts(&proxy, "Hello", &[(status, body), (200, ANSWER)]);
        assert_eq!(went, format!("a={status},b=200"));
        assert!(!failures(&proxy)[0].1, "{status}");
    }
}

#[test]
fn a_plain_mistake_is_not_tried_elsewhere() {
    for (status, body) in [
        (400, r#"{"error":{"message":"m","param":"temperature"}}"#),
        (400, r#"{"error":{"code":"invalid_value","message":"m"}}"#),
        (422, "{}"),
    ] {
        let proxy = Proxy::new(json!({}));
        assert_eq!(attempts(&proxy, "Hello", &[(status, body)]), format!("a={status}"));
        assert_eq!(failures(&proxy), NONE);
    }
}

#[test]
fn what_fails_everywhere_counts_against_none() {
    let failing: [(u16, &str); 6] = [
        (500, "{}"),
        (503, "{}"),
        (404, "{}"),
        (403, r#"{"error":{"type":"permission_error"}}"#),
        (429, "{}"),
        (504, "{}"),
    ];
    for one in failing {
        for other in failing {
            let own = |model: &str| json!({"provider": "own", "model": model});
            let deployments = json!({"a": own("a"), "b": own("b"), "c": own("c")});
            let cooldown = json!({"consecutive_failures": 1});
            let proxy = Proxy::new(json!({"cooldown": cooldown, "deployments": deployments}));
            attempts(&proxy, "Hello", &[one, other, one]);
            assert_eq!(failures(&proxy), NONE, "{one:?} {other:?}");
            for id in ["a", "b", "c"] {
                let health = proxy.host.shared.record(id).health(Task::Chat);
                assert_eq!(health.consecutive_failures, 0);
                assert_eq!(
                    health.suspicion,
                    pointsman::state::Suspicion::default(),
                    "{id} {one:?} {other:?}"
                );
            }
        }
    }
}

#[test]
fn the_mistake_that_the_last_deployment_names_excuses_those_before() {
    let proxy = Proxy::new(json!({"cooldown": {"consecutive_failures": 1}}));
    let wrong = (400, r#"{"error":{"code":"invalid_value"}}"#);
    attempts(&proxy, "Hello", &[(500, "{}"), (500, "{}"), wrong]);
    assert_eq!(failures(&proxy), NONE);
}

#[test]
fn what_was_not_tried_everywhere_counts() {
    // There is a third deployment, and two attempts.
    let proxy = Proxy::new(json!({"failover": {"max_attempts": 2}}));
    attempts(&proxy, "Hello", &[(500, "{}"), (500, "{}")]);
    assert_eq!(failures(&proxy), [(1, false), (1, false), (0, false)]);
    // Another one has answered.
    let proxy = Proxy::new(json!({}));
    attempts(&proxy, "Hello", &[(500, "{}"), (500, "{}"), (200, ANSWER)]);
    assert_eq!(failures(&proxy), [(1, false), (1, false), (0, false)]);
    // Alone, a deployment cannot be told from the request.
    let proxy = Proxy::new(json!({"models": {"m": {"candidates": ["a"]}}}));
    attempts(&proxy, "Hello", &[(500, "{}")]);
    assert_eq!(failures(&proxy), [(1, false), (0, false), (0, false)]);
}

#[test]
fn what_only_an_account_can_have_counts_even_where_all_fail() {
    let empty = r#"{"error":{"code":"insufficient_quota"}}"#;
    let proxy = Proxy::new(json!({"models": {"m": {"candidates": ["a", "b"]}}}));
    attempts(&proxy, "Hello", &[(429, empty), (500, "{}")]);
    assert_eq!(failures(&proxy), [(1, true), (1, false), (0, false)]);
}

#[test]
fn a_request_that_only_one_provider_refuses_takes_that_one_from_nobody() {
    let denied = (403, r#"{"error":{"type":"permission_error"}}"#);
    let proxy = Proxy::new(json!({"cooldown": {"consecutive_failures": 1}}));
    for _ in 0..9 {
        attempts(&proxy, "Hello", &[denied, (200, ANSWER)]);
        assert_eq!(failures(&proxy), NONE);
    }
    attempts(&proxy, "Something else", &[denied, (200, ANSWER)]);
    assert!(failures(&proxy)[0].1, "another one confirms it");
}

/// Sends a request for `own`, which has the proxy's credential, or `open`, which gets the
/// client's.
fn once(
    host: &FakeHost,
    document: &Value,
    body: &str,
    further: &[(&str, &str)],
    answer: (u16, &str),
) {
    let engine = engine(host, document);
    let mut stream = host.request(&engine, &head(further), &[body.as_bytes()]);
    host.answer(&mut stream, answer.0, &[JSON], &[answer.1.as_bytes()]);
    host.done(stream, None);
    host.properties.borrow_mut().clear();
}

#[test]
fn weak_evidence_of_one_request_cools_nothing_and_that_of_two_does() {
    for answer in [(403, "{}"), (404, "{}"), (410, "{}")] {
        let host = host();
        for _ in 0..9 {
            once(&host, &document(), &chat("own", "one"), &[], answer);
        }
        assert_eq!(host.shared.until_ms("own"), 0, "{answer:?}");
        once(&host, &document(), &chat("own", "two"), &[], answer);
        assert!(host.shared.until_ms("own") > 0, "{answer:?}");
    }
    // Another session is another request, and so is one for another operation.
    for (path, session) in [("/v1/chat/completions", "s"), ("/v1/responses", "")] {
        let host = host();
        once(&host, &document(), &chat("own", "one"), &[], (403, "{}"));
        let mut head = head(&[("x-llm-session", session)]);
        head[1].1 = path;
        let engine = engine(&host, &document());
        let body = chat("own", "one");
        let mut stream = host.request(&engine, &head, &[body.as_bytes()]);
        host.answer(&mut stream, 403, &[JSON], &[b"{}"]);
        assert!(host.shared.until_ms("own") > 0, "{path} {session}");
    }
    // A success in between says that it is well.
    let host = host();
    for (text, answer) in [("one", (403, "{}")), ("two", (200, ANSWER)), ("three", (403, "{}"))] {
        once(&host, &document(), &chat("own", text), &[], answer);
    }
    assert_eq!(host.shared.until_ms("own"), 0);
}

#[test]
fn what_a_clients_own_key_gets_is_kept_nowhere() {
    let client = [("authorization", "Bearer sk-client")];
    let empty = r#"{"error":{"code":"insufficient_quota"}}"#;
    for answer in [(401, "{}"), (402, "{}"), (403, "{}"), (429, "{}"), (429, empty), (404, "{}")] {
        let host = host();
        for text in ["one", "two", "three"] {
            once(&host, &document(), &chat("open", text), &client, answer);
        }
        assert_eq!(host.shared.record("open").total.failures, 0, "{answer:?}");
        assert_eq!(host.shared.until_ms("open"), 0, "{answer:?}");
    }
    // A key in the body is one as well.
    for key in ["api_key", "aws_secret_access_key"] {
        let host = host();
        let body = json!({"model": "open", key: "sk-client", "messages": []}).to_string();
        for _ in 0..3 {
            once(&host, &document(), &body, &[], (429, "{}"));
        }
        assert_eq!(host.shared.record("open").total.failures, 0, "{key}");
    }
    // What is the deployment's counts whoever finds it out.
    let host = host();
    once(&host, &document(), &chat("open", "one"), &client, (503, "{}"));
    assert_eq!(host.shared.record("open").total.failures, 1);
    // Without any credential a limit is the deployment's.
    once(&host, &document(), &chat("open", "one"), &[], (429, "{}"));
    assert!(host.shared.until_ms("open") > 0);
}

#[test]
fn operations_of_one_deployment_fail_apart() {
    let host = host();
    let engine = engine(&host, &document());
    let mut counting = head(&[]);
    counting[1].1 = "/v1/responses/input_tokens";
    let body = json!({"model": "open", "input": "Hello"}).to_string();
    for _ in 0..6 {
        let mut stream = host.request(&engine, &counting, &[body.as_bytes()]);
        host.answer(&mut stream, 501, &[JSON], &[b"{}"]);
    }
    let record: Record = host.shared.record("open");
    assert!(record.health(Task::CountTokens).until_ms > 0);
    assert_eq!(record.health(Task::Responses).until_ms, 0);
    let mut stream = host.request(&engine, &head(&[]), &[chat("open", "Hello").as_bytes()]);
    host.respond(&mut stream, 200, &[]);
    assert_eq!(host.received("x-llm-deployment").as_deref(), Some("open"));
    assert!(host.shared.record("open").health(Task::CountTokens).until_ms > 0);
}

#[test]
fn a_slow_client_is_cancelled_in_both_roles() {
    // The provider answers 408 before it has the whole request.
    let host = host();
    let one = engine(&host, &document());
    let cancelled = "pointsman.attempts.deployment=.open;.outcome=.cancelled;";
    for (status, details) in [(408, "via_upstream"), (408, "stream_idle_timeout")] {
        host.properties.borrow_mut().clear();
        let (mut stream, _) = host.begin(&one, &head(&[("content-length", "100")]), false);
        host.piece(&mut stream, br#"{"model":"open","messages":[], "#, false);
        let details = ("response.code_details".to_owned(), details.as_bytes().to_vec());
        host.properties.borrow_mut().extend([details]);
        host.respond(&mut stream, status, &[]);
        host.done(stream, None);
    }
    assert_eq!(host.counted(cancelled), 2);
    let proxy = Proxy::new(json!({"cooldown": {"consecutive_failures": 1}}));
    let cancelled = "pointsman.attempts.deployment=.a;.outcome=.cancelled;";
    // It answers 408; it resets; or Envoy ends the stream. The connection was there.
    for (at, answer) in [Some(408), None].into_iter().enumerate() {
        let (request, mut attempt) = proxy.uploading();
        let address = ("upstream.local_address".to_owned(), b"127.0.0.1:9".to_vec());
        proxy.host.properties.borrow_mut().extend([address]);
        if let Some(status) = answer {
            proxy.host.respond(&mut attempt, status, &[]);
            assert_eq!(proxy.host.received("x-llm-retry"), None);
        }
        proxy.host.done(attempt, None);
        proxy.host.done(request, None);
        proxy.host.properties.borrow_mut().clear();
        assert_eq!(proxy.host.counted(cancelled), at as u64 + 1, "{answer:?}");
        assert_eq!(failures(&proxy), NONE, "{answer:?}");
    }
    // A connection that could not be made is the deployment's, however much has come.
    let (request, attempt) = proxy.uploading();
    proxy.host.done(attempt, None);
    proxy.host.done(request, None);
    assert_eq!(failures(&proxy)[0], (1, true));
}

#[test]
fn what_holds_a_place_is_whole() {
    let host = host();
    let mut limited = document();
    limited["deployments"]["open"]["max_parallel_requests"] = json!(1);
    let engine = engine(&host, &limited);
    let length = ("content-length", "100");
    let (_slow, _) = host.begin(&engine, &head(&[length]), false);
    let mut slow = _slow;
    host.piece(&mut slow, br#"{"model":"open","messages":[], "#, false);
    assert_eq!(host.shared.record("open").total.attempts, 0, "it has not begun");
    let mut stream = host.request(&engine, &head(&[]), &[chat("open", "Hello").as_bytes()]);
    assert_eq!(host.refused(), None);
    host.respond(&mut stream, 200, &[]);
}

#[test]
fn a_probe_is_whole() {
    let host = host();
    let engine = engine(&host, &document());
    let limited = host.request(&engine, &head(&[]), &[chat("open", "Hello").as_bytes()]);
    let mut limited = limited;
    host.respond(&mut limited, 429, &[("retry-after", "1")]);
    host.now_ms.set(NOW_MS + 2000);
    let (mut slow, _) = host.begin(&engine, &head(&[("content-length", "100")]), false);
    host.piece(&mut slow, br#"{"model":"open","messages":[], "#, false);
    assert_eq!(host.shared.record("open").total.attempts, 1, "it has not begun");
    host.request(&engine, &head(&[]), &[chat("open", "Hello").as_bytes()]);
    let record = host.shared.record("open");
    assert_eq!(record.total.attempts, 2);
    assert_ne!(record.health(Task::Chat).probes, pointsman::state::Probes::default());
}
