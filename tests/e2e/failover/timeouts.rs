//! Attempts that take too long: each is ended by its own times, and the next deployment answers.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Ask, Group, Reply, Spec, ask, chat, run};

/// Each deployment at `alpha`, and its times.
fn firsts() -> [(&'static str, Value); 6] {
    [
        // With `second`, which has the same time.
        ("equal", json!({"first_token_ms": 1500})),
        ("short", json!({"first_token_ms": 400})),
        ("idle", json!({"first_token_ms": 3000, "idle_ms": 500})),
        ("total", json!({"total_ms": 1000})),
        ("long", json!({"first_token_ms": 20_000})),
        ("none", json!({})),
    ]
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let mut document = json!({
        "providers": {
            "alpha": {"cluster": "alpha", "api": "any"},
            "beta": {"cluster": "beta", "api": "any", "timeouts": {"first_token_ms": 1500}}
        },
        "catalog": {"slow": {"timeouts": {"first_token_ms": 20_000}}},
        "deployments": {
            "second": {"provider": "beta", "model": "second"},
            "slow": {"provider": "beta", "model": "slow"},
            "impatient": {"provider": "beta", "model": "slow", "timeouts": {"first_token_ms": 600}}
        },
        "models": {
            "alone": {"candidates": ["idle"]},
            "short-slow": {"candidates": ["short", "slow"]},
            "total-slow": {"candidates": ["total", "slow"]},
            "long-impatient": {"candidates": ["long", "impatient"]},
        },
        "cooldown": {"enabled": false},
        "failover": {"max_attempts": 2}
    });
    for (name, times) in firsts() {
        let deployment = json!({"provider": "alpha", "model": name, "timeouts": times});
        document["deployments"][name] = deployment;
        document["models"][name] = json!({"candidates": [name, "second"]});
    }
    Group::start(&Spec { is_observed: true, ..Spec::failing_over(document) })
});

const MESSAGES: &str = "/v1/messages";
const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n";
const PING: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
const DELTA: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n";

/// Asks for a model. `each` says what each provider does.
fn asked(model: &str, is_stream: bool, each: &Value) -> Ask<'static> {
    let mut body = chat(model, "Hello");
    body["stream"] = is_stream.into();
    body["max_tokens"] = 99.into();
    let asked = ask(&GROUP).path(MESSAGES).json(&body).header("x-mock-each", &each.to_string());
    // The route itself would wait for a minute.
    asked.header("x-patient", "1")
}

/// What a provider does that sends these events in pieces of 60 bytes, and then nothing.
fn stalled(events: &str, between_ms: u64) -> Value {
    json!({"body_base64": STANDARD.encode(events), "header": "content-type: text/event-stream",
           "piece_bytes": 60, "event_delay_ms": between_ms, "linger_ms": 60_000})
}

/// What a provider does that sends nothing at all.
fn silent() -> Value {
    json!({"delay_ms": 60_000})
}

/// Sends a request, and returns how long it took.
fn timed(asked: Ask<'static>) -> (Reply, Duration) {
    let began = Instant::now();
    (asked.send(), began.elapsed())
}

#[track_caller]
fn assert_attempts(reply: &Reply, wanted: &str) {
    assert_eq!(reply.header("x-llm-attempts"), Some(wanted), "{:?}", reply.body);
    GROUP.assert_no_trap();
}

#[track_caller]
fn assert_whole(reply: &Reply, is_stream: bool) {
    assert_eq!(reply.status, 200);
    let body = String::from_utf8(reply.body.clone().expect("a whole body").to_vec()).unwrap();
    assert!(body.contains("beta"), "{body}");
    assert_eq!(body.matches("message_start").count(), usize::from(is_stream) * 2, "{body}");
}

/// How many attempts at a deployment have come to that.
fn counted(deployment: &str, outcome: &str) -> f64 {
    // What is counted is shown at ticks.
    std::thread::sleep(Duration::from_millis(800));
    let labels = [("deployment", deployment), ("outcome", outcome)];
    run(GROUP.envoy().scrape()).sum("pointsman_attempts", &labels)
}

#[test]
fn a_provider_that_sends_nothing_is_left_after_its_time() {
    for is_stream in [true, false] {
        let before = counted("equal", "timeout");
        let (reply, took) = timed(asked("equal", is_stream, &json!({"alpha": silent()})));
        assert_attempts(&reply, "equal=timeout,second=200");
        assert_whole(&reply, is_stream);
        assert!(took >= Duration::from_millis(1500), "{took:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert_eq!(counted("equal", "timeout"), before + 1.0);
    }
}

#[test]
fn each_attempt_has_its_own_time_once_its_head_has_come() {
    // The second begins later than the first would be waited for, and within its own time.
    let slow = json!({"delay_ms": 1500});
    for (is_stream, first) in [
        (true, stalled(START, 0)),
        (true, stalled(&PING.repeat(100), 100)),
        (
            false,
            json!({"body": r#"{"type":"message","role":"assistant","model":"short""#,
                   "header": "content-type: application/json", "piece_bytes": 1,
                   "event_delay_ms": 50}),
        ),
    ] {
        let before = counted("short", "timeout");
        let each = json!({"alpha": first, "beta": slow});
        let (reply, took) = timed(asked("short-slow", is_stream, &each));
        assert_attempts(&reply, "short=timeout,slow=200");
        assert_whole(&reply, is_stream);
        assert!(took >= Duration::from_millis(1900), "{took:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert_eq!(counted("short", "timeout"), before + 1.0);
    }
}

#[test]
fn all_that_are_late_in_one_tick_go_on() {
    std::thread::scope(|scope| {
        for number in 0..48 {
            scope.spawn(move || {
                // Some are held, and some are the client's already.
                let (model, first) = match number % 3 {
                    0 => ("total-slow", stalled(&format!("{START}{DELTA}"), 0)),
                    _ => ("short-slow", stalled(START, 0)),
                };
                let (reply, took) = timed(asked(model, true, &json!({"alpha": first})));
                assert!(took < Duration::from_secs(20), "{took:?}");
                if model == "short-slow" {
                    assert_attempts(&reply, "short=timeout,slow=200");
                    assert_whole(&reply, true);
                } else {
                    assert_eq!(reply.body, None);
                }
            });
        }
    });
    GROUP.assert_serves("none");
}

#[test]
fn a_provider_that_is_silent_before_its_head_is_waited_for_as_long_as_any_of_the_plan() {
    // `short` has 400 ms, but Envoy has one time for all attempts: that of `second`.
    let (reply, took) = timed(asked("short", true, &json!({"alpha": silent()})));
    assert_attempts(&reply, "short=timeout,second=200");
    assert_whole(&reply, true);
    assert!(took >= Duration::from_millis(1500), "{took:?}");
}

#[test]
fn the_last_attempt_ends_by_its_own_time() {
    for last in [silent(), stalled(START, 0)] {
        let each = json!({"alpha": {"status": 503}, "beta": last});
        let (reply, took) = timed(asked("long-impatient", true, &each));
        assert!(took < Duration::from_secs(15), "{took:?}");
        if last == silent() {
            assert_attempts(&reply, "long=503,impatient=timeout");
            assert_eq!(reply.status, 504);
            assert_eq!(reply.json()["error"]["type"], "timeout_error", "{reply:?}");
        } else {
            // Nothing is held where nothing follows.
            assert_eq!((reply.status.as_u16(), reply.body), (200, None));
        }
    }
}

#[test]
fn an_answer_that_stops_after_its_content_is_broken_off() {
    let before = counted("idle", "in_band");
    let events = format!("{START}{DELTA}");
    // Its pieces come often enough, until the last.
    let (reply, took) = timed(asked("alone", true, &json!({"alpha": stalled(&events, 200)})));
    assert_eq!((reply.status.as_u16(), reply.body.as_ref()), (200, None));
    assert_attempts(&reply, "idle=200");
    assert!(took >= Duration::from_millis(1000), "{took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(counted("idle", "in_band"), before + 1.0);
}

#[test]
fn an_answer_that_goes_on_too_long_is_broken_off() {
    let events = format!("{START}{}", DELTA.repeat(60));
    let (reply, took) = timed(asked("total-slow", true, &json!({"alpha": stalled(&events, 50)})));
    assert_eq!((reply.status.as_u16(), reply.body.as_ref()), (200, None));
    assert!(took >= Duration::from_millis(1000), "{took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    let (reply, _) = timed(asked("total", false, &json!({"alpha": silent()})));
    assert_attempts(&reply, "total=timeout,second=200");
    assert_whole(&reply, false);
}

#[test]
fn what_is_in_time_passes_whole() {
    for (model, _) in firsts() {
        for is_stream in [true, false] {
            let reply = asked(model, is_stream, &json!({"alpha": {"event_delay_ms": 20}})).send();
            assert_attempts(&reply, &format!("{model}=200"));
            assert!(reply.body.is_some());
        }
    }
}

#[test]
fn a_client_cannot_set_times() {
    let names = [
        "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-upstream-stream-duration-ms",
    ];
    for model in ["equal", "none"] {
        for name in names {
            let asked = asked(model, true, &json!({"alpha": {"delay_ms": 300}}));
            // Envoy takes such headers from callers that it takes for internal.
            let reply = asked.header("x-forwarded-for", "10.0.0.1").header(name, "1").send();
            assert_attempts(&reply, &format!("{model}=200"));
            for (_, seen) in &reply.seen {
                assert!(names.iter().all(|name| seen.header(name).is_none()), "{seen:?}");
            }
        }
    }
}
