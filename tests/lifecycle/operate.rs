//! Deployments that an operator controls, and what the state endpoint says about them.

use std::rc::Rc;

use log::Level;
use pointsman::lifecycle::Engine;
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::{FakeHost, NOW_MS};
use crate::{engine, head};

/// Sends an admin request. Returns the status and body of its reply.
fn call(
    host: &FakeHost,
    engine: &Rc<Engine>,
    method: &str,
    path: &str,
    body: &str,
) -> (u32, Value) {
    let pieces = [body.as_bytes()];
    let pieces = if body.is_empty() { &pieces[..0] } else { &pieces[..] };
    host.request(engine, &[(":method", method), (":path", path), BEARER], pieces);
    let (status, body) = host.refused().unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

fn done(host: &FakeHost, engine: &Rc<Engine>, path: &str, body: &str) -> Value {
    let (status, reply) = call(host, engine, "POST", path, body);
    assert_eq!(status, 200, "{reply}");
    reply
}

/// Returns where a request for a model goes, or the status with which it is refused.
fn goes(host: &FakeHost, engine: &Rc<Engine>, model: &str, with: &[(&str, &str)]) -> String {
    let body = format!(r#"{{"model":"{model}"}}"#);
    let mut stream = host.request(engine, &head(with), &[body.as_bytes()]);
    if let Some((status, _)) = host.refused() {
        return status.to_string();
    }
    host.respond(&mut stream, 200, &[]);
    host.received("x-llm-deployment").unwrap()
}

#[test]
fn a_drained_deployment_gets_nothing_from_any_worker_until_that_ends() {
    let (one, document) = admin();
    let mut two = FakeHost::sharing(&one.shared);
    two.environment.clone_from(&one.environment);
    let (first, second) = (engine(&one, &document), engine(&two, &document));
    let under_way = one.request(&first, &head(&[]), &[br#"{"model":"open"}"#]);
    let state = done(&one, &first, "/admin/deployments/open/drain", "");
    assert_eq!((&state["drained"], &state["in_flight"]), (&json!(true), &json!(1)));
    for _ in 0..30 {
        assert_eq!(goes(&two, &second, "pair", &[]), "open2");
        assert_ne!(goes(&two, &second, "turns", &[]), "open");
    }
    // A stream that is open ends as usual.
    let mut under_way = under_way;
    one.respond(&mut under_way, 200, &[]);
    let record = one.shared.record("open");
    assert_eq!((record.total.successes, record.flight.count(NOW_MS)), (1, 0));
    assert_eq!(done(&two, &second, "/admin/deployments/open/undrain", "{}")["drained"], false);
    assert_eq!(goes(&one, &first, "pair", &[]), "open");
}

#[test]
fn when_all_are_drained_none_is_tried_however_it_is_requested() {
    for when_all_cooling in ["least_remaining", "reject"] {
        let (host, mut document) = admin();
        document["cooldown"] = json!({"when_all_cooling": when_all_cooling});
        document["client_headers"] = json!("all");
        document["allow_direct"] = json!(true);
        let engine = engine(&host, &document);
        done(&host, &engine, "/admin/deployments/open/drain", "");
        let refused = |model: &str, with: &[(&str, &str)], further: &str| {
            let body = format!(r#"{{"model":"{model}"{further}}}"#);
            let mut head = head(with);
            head[1].1 = "/v1/responses";
            host.request(&engine, &head, &[body.as_bytes()]);
            host.reply.borrow().clone().unwrap_or_else(|| panic!("{model} {further} goes on"))
        };
        for reply in [
            refused("open", &[], ""),
            refused("turns", &[("x-llm-deployment", "open")], ""),
            // The provider's state is kept at this deployment, and no other one can read it.
            refused("open", &[], r#","previous_response_id":"resp_1""#),
        ] {
            assert_eq!(reply.status, 503, "{reply:?}");
            assert!(reply.body.contains("no_deployment_available"), "{reply:?}");
            assert!(
                reply.body.contains("is currently out of service; try again later"),
                "{reply:?}"
            );
            assert!(reply.headers.contains(&("retry-after".to_owned(), "10".to_owned())));
        }
        // A deployment that is only cooling is tried, or waited for.
        done(&host, &engine, "/admin/deployments/open2/cool", r#"{"for_ms":3000}"#);
        let goes = goes(&host, &engine, "pair", &[]);
        assert_eq!(goes, if when_all_cooling == "reject" { "503" } else { "open2" });
    }
}

#[test]
fn a_deployment_drained_during_an_attempt_is_not_tried_next() {
    // The drained one comes next after one that fails, and was chosen when that attempt began.
    // Another one in its cluster is tried, if there is one.
    for (drained, wanted) in [("open", Some("open2")), ("own", None)] {
        let (host, mut document) = admin();
        document["failover"] = json!({"max_attempts": 3});
        document["models"]["three"] = json!({"candidates": match drained {
            "open" => ["own", "open", "open2"],
            _ => ["open", "own", "open2"],
        }});
        let router = engine(&host, &document);
        let operator = FakeHost::sharing(&host.shared);
        document["role"] = json!("attempt");
        let attempts = engine(&host, &document);
        document["role"] = json!("router");
        host.request(&router, &head(&[]), &[br#"{"model":"three"}"#]);
        assert_eq!(host.refused(), None);
        // The first attempt begins, and nobody answers it.
        let first = pointsman::lifecycle::Stream::new(Rc::clone(&attempts));
        let mut first = first;
        host.head(&mut first, false);
        let mut operator = operator;
        operator.environment.clone_from(&host.environment);
        let engine = engine(&operator, &document);
        done(&operator, &engine, &format!("/admin/deployments/{drained}/drain"), "");
        host.done(first, Some("upstream_reset_before_response_started{connection_termination}"));
        let mut second = pointsman::lifecycle::Stream::new(attempts);
        host.head(&mut second, false);
        let noted = String::from_utf8(host.properties.borrow()["llm.attempts"].clone()).unwrap();
        match wanted {
            Some(name) => {
                assert_eq!(host.refused(), None);
                assert!(noted.ends_with(&format!("{name}=network")), "{noted}");
            }
            None => {
                assert_eq!(host.refused().unwrap().0, 503);
                assert_eq!(noted, "open=network");
            }
        }
        let record = host.shared.record(drained);
        assert_eq!(record.total.attempts, 0);
    }
}

#[test]
fn a_manual_cooldown_ends_by_itself_and_reset_ends_any_cooldown() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let state = done(&host, &engine, "/admin/deployments/open/cool", r#"{"for_ms":2000}"#);
    assert_eq!(state["health"], "cooling");
    assert_eq!(state["cooldown"], json!({"left_ms": 2000, "cause": "admin"}));
    assert_eq!(goes(&host, &engine, "pair", &[]), "open2");
    host.now_ms.set(NOW_MS + 2000);
    assert_eq!(goes(&host, &engine, "pair", &[]), "open");
    // The default is the length of a first cooldown.
    assert_eq!(
        done(&host, &engine, "/admin/deployments/open/cool", "")["cooldown"]["left_ms"],
        5000
    );
    let state = done(&host, &engine, "/admin/deployments/open/reset", "");
    assert_eq!((&state["health"], state.get("cooldown")), (&json!("healthy"), None));
    assert_eq!(goes(&host, &engine, "pair", &[]), "open");
    let lines = |level| {
        let log = host.log.borrow();
        let lines = log.iter().filter(|(at, line)| *at == level && line.starts_with("admin: "));
        lines.map(|(_, line)| line.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        lines(Level::Info),
        [
            "admin: deployment \"open\" cools for 2000 ms",
            "admin: deployment \"open\" cools for 5000 ms",
            "admin: deployment \"open\" is reset",
        ]
    );
}

#[test]
fn an_invalid_operation_names_its_error_and_changes_nothing() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let before = host.shared.record("open");
    for (path, body, status, field) in [
        ("none/drain", "", 404, Some("id")),
        ("open/drained", "", 404, None),
        ("open/", "", 404, None),
        ("open", "", 404, None),
        ("", "", 404, None),
        ("%ff/drain", "", 404, Some("id")),
        ("open/drain", r#"{"for_ms":1}"#, 400, Some("for_ms")),
        ("open/drain", "drain", 400, None),
        ("open/drain", "[]", 400, None),
        ("open/cool", r#"{"for_ms":0}"#, 400, Some("for_ms")),
        ("open/cool", r#"{"for_ms":300001}"#, 400, Some("for_ms")),
        ("open/cool", r#"{"for_ms":1.5}"#, 400, Some("for_ms")),
        ("open/cool", r#"{"for_ms":"1"}"#, 400, Some("for_ms")),
        ("open/cool", r#"{"for_ms":null}"#, 400, Some("for_ms")),
        ("open/cool", r#"{"ms":1}"#, 400, Some("ms")),
        ("open/cool", "{", 400, None),
    ] {
        let path = format!("/admin/deployments/{path}");
        let (found, reply) = call(&host, &engine, "POST", &path, body);
        assert_eq!((found, reply["error"]["field"].as_str()), (status, field), "{path} {body}");
        assert!(reply["error"]["message"].as_str().is_some_and(|message| message.len() > 5));
    }
    assert_eq!(call(&host, &engine, "GET", "/admin/deployments/open/drain", "").0, 405);
    // Lose as many writes as there are tries.
    host.shared.conflicts.set(16);
    let (status, _) = call(&host, &engine, "POST", "/admin/deployments/open/drain", "");
    assert_eq!(status, 503);
    assert_eq!(host.shared.record("open"), before);
}

#[test]
fn with_cooldown_off_nothing_can_be_made_to_cool() {
    let (host, mut document) = admin();
    document["cooldown"] = json!({"enabled": false});
    let engine = engine(&host, &document);
    assert_eq!(call(&host, &engine, "POST", "/admin/deployments/open/cool", "").0, 409);
    done(&host, &engine, "/admin/deployments/open/drain", "");
    assert_eq!(goes(&host, &engine, "pair", &[]), "open2");
}

#[test]
fn ids_with_any_characters_stay_distinct() {
    let (host, mut document) = admin();
    for id in ["a/b", "a%2Fb", "a b+c", "ü/drain"] {
        document["deployments"][id] = json!({"provider": "open", "model": id});
    }
    let engine = engine(&host, &document);
    for (path, id) in [
        ("a/b", "a/b"),
        ("a%2fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("a%20b+c", "a b+c"),
        ("%C3%BC/drain", "ü/drain"),
    ] {
        let state = done(&host, &engine, &format!("/admin/deployments/{path}/drain"), "");
        assert_eq!((state["id"].as_str(), &state["drained"]), (Some(id), &json!(true)), "{path}");
    }
}

#[test]
fn the_state_shows_what_is_recorded() {
    let (host, mut document) = admin();
    host.now_ms.stop();
    document["deployments"]["open"]["rpm_limit"] = json!(60);
    let engine = engine(&host, &document);
    let mut stream = host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    host.now_ms.set(NOW_MS + 250);
    let usage = br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":20,"completion_tokens":1}}"#;
    let headers = [
        ("content-type", "application/json"),
        ("x-ratelimit-remaining-requests", "7"),
        ("x-ratelimit-limit-requests", "10"),
        ("x-ratelimit-reset-requests", "20s"),
    ];
    host.answer(&mut stream, 200, &headers, &[usage]);
    host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    assert_eq!(goes(&host, &engine, "turns", &[]), "own");
    host.shared.conflicts.set(16);
    goes(&host, &engine, "turns", &[]);
    let (status, state) = call(&host, &engine, "GET", "/admin/state", "");
    assert_eq!(status, 200);
    assert_eq!(state["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&state["dropped_updates"], &state["next"]), (&json!(1), &Value::Null));
    assert_eq!(state["turns"], json!([{"model": "turns", "all": 1, "some": 0}]));
    let of = |id: &str| {
        let mut all = state["deployments"].as_array().unwrap().iter();
        all.find(|one| one["id"] == id).unwrap().clone()
    };
    let counts = json!({"attempts": 2, "successes": 1, "failures": 0, "tokens": 21});
    let wanted = json!({
        "id": "open", "provider": "open", "upstream_model": "open-model", "enabled": true,
        "drained": false, "health": "healthy", "consecutive_failures": 0, "in_flight": 1,
        "minute": counts, "total": counts, "first_byte_ms": 250, "answer_ms": 250,
        "limits": {"rpm": 60},
        "headroom": {"requests": {"remaining": 6, "limit": 10, "reset_ms": 20_000}},
    });
    assert_eq!(of("open"), wanted);
    assert_eq!(of("open2")["first_byte_ms"], Value::Null);
    host.now_ms.set(NOW_MS + 60_250);
    let (_, later) = call(&host, &engine, "GET", "/admin/state?deployment=open", "");
    assert_eq!(later["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(later["deployments"][0]["minute"]["attempts"], 0);
    assert_eq!(later["deployments"][0]["total"], counts);
    // It contains no secret of any kind.
    assert!(!state.to_string().contains("sk-own") && !state.to_string().contains(BEARER.1));
}

#[test]
fn the_state_comes_in_pages() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let ids = |query: &str| {
        let (status, state) = call(&host, &engine, "GET", &format!("/admin/state{query}"), "");
        assert_eq!(status, 200, "{query}: {state}");
        let ids = state["deployments"].as_array().unwrap().iter();
        let ids: Vec<String> = ids.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        (ids.join(","), state["next"].as_str().unwrap_or("none").to_owned())
    };
    let page = |ids: &str, next: &str| (ids.to_owned(), next.to_owned());
    assert_eq!(ids(""), page("open,open2,own", "none"));
    assert_eq!(ids("?limit=2"), page("open,open2", "open2"));
    assert_eq!(ids("?limit=2&after=open2"), page("own", "none"));
    assert_eq!(ids("?limit=1&after=nothing"), page("open", "open"));
    assert_eq!(ids("?provider=open&limit=1"), page("open", "open"));
    assert_eq!(ids("?provider=open&limit=1&after=open"), page("open2", "none"));
    assert_eq!(ids("?deployment=own"), page("own", "none"));
    for (query, status, field) in [
        ("?deployment=none", 404, "deployment"),
        ("?provider=none", 404, "provider"),
        ("?limit=0", 400, "limit"),
        ("?limit=1001", 400, "limit"),
        ("?limit=x", 400, "limit"),
        ("?x", 400, "x"),
    ] {
        let (found, reply) = call(&host, &engine, "GET", &format!("/admin/state{query}"), "");
        assert_eq!((found, reply["error"]["field"].as_str()), (status, Some(field)), "{query}");
    }
}
