//! What keeps a deployment from being picked: probes, limits, and what its provider has left.

use std::rc::Rc;

use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::{ANSWER, FakeHost, NOW_MS};
use crate::{document, engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Two workers that share data.
fn workers(document: &Value) -> [(FakeHost, Rc<Engine>); 2] {
    let one = host();
    let mut two = FakeHost::sharing(&one.shared);
    two.environment.clone_from(&one.environment);
    let engines = [engine(&one, document), engine(&two, document)];
    let [first, second] = engines;
    [(one, first), (two, second)]
}

/// Sends a request for `pair`. Returns where it went, and its stream.
fn send((host, engine): &(FakeHost, Rc<Engine>)) -> (String, Stream) {
    let body = json!({"model": "pair", "messages": [{"role": "user", "content": "Hello there."}]});
    let stream = host.request(engine, &head(&[]), &[body.to_string().as_bytes()]);
    let went = match host.refused() {
        Some((status, _)) => status.to_string(),
        None if host.sent_body().contains("open-model-2") => "open2".to_owned(),
        None => "open".to_owned(),
    };
    (went, stream)
}

fn end((host, _): &(FakeHost, Rc<Engine>), mut stream: Stream, status: u16, head: &[(&str, &str)]) {
    host.respond(&mut stream, status, head);
    host.done(stream, None);
}

fn limited(limits: &Value) -> Value {
    let mut document = document();
    for (key, value) in limits.as_object().unwrap() {
        document["deployments"]["open"][key] = value.clone();
    }
    document
}

fn retry_after((host, _): &(FakeHost, Rc<Engine>)) -> Option<String> {
    let reply = host.reply.borrow();
    let mut headers = reply.as_ref()?.headers.iter();
    headers.find(|(name, _)| name == "retry-after").map(|(_, value)| value.clone())
}

#[test]
fn half_open_admits_one_probe_over_all_workers() {
    let mut document = document();
    document["cooldown"] = json!({"success_threshold": 2});
    let [one, two] = workers(&document);
    let (_, stream) = send(&one);
    end(&one, stream, 429, &[("retry-after", "1")]);
    for (host, _) in [&one, &two] {
        host.now_ms.set(NOW_MS + 1500);
    }
    let (first, mut probe) = send(&one);
    assert_eq!(first, "open");
    let (second, stream) = send(&two);
    assert_eq!(second, "open2", "the probe is in flight");
    end(&two, stream, 200, &[]);
    // Its answer has begun, which frees the probe's place, but the answer is not whole yet.
    one.0.begin_answer(&mut probe, 200, &[JSON], false);
    let (third, next) = send(&two);
    assert_eq!(third, "open");
    one.0.answer_piece(&mut probe, ANSWER, true);
    end(&two, next, 200, &[]);
    assert_eq!(one.0.shared.until_ms("open"), 0, "two successes close it");
    let went: Vec<String> = [&one, &two, &one].map(|worker| send(worker).0).to_vec();
    assert_eq!(went, ["open"; 3]);
}

#[test]
fn a_probe_without_an_outcome_gives_its_place_back_in_time() {
    let mut document = document();
    document["cooldown"] = json!({"probe_lease_ms": 2000});
    let [one, two] = workers(&document);
    one.0.now_ms.stop();
    two.0.now_ms.stop();
    let (_, stream) = send(&one);
    end(&one, stream, 429, &[("retry-after", "1")]);
    for (offset, wanted) in [(1000, "open"), (2999, "open2"), (3000, "open")] {
        two.0.now_ms.set(NOW_MS + offset);
        let (went, _lost) = send(&two);
        assert_eq!(went, wanted, "{offset} ms");
    }
}

#[test]
fn a_client_that_leaves_gives_its_probe_back() {
    let [one, two] = workers(&document());
    let (_, stream) = send(&one);
    end(&one, stream, 429, &[("retry-after", "1")]);
    one.0.now_ms.set(NOW_MS + 1500);
    two.0.now_ms.set(NOW_MS + 1500);
    let (went, probe) = send(&one);
    assert_eq!(went, "open");
    one.0.done(probe, None);
    assert_eq!(send(&two).0, "open");
}

#[test]
fn requests_a_minute_are_limited_over_all_workers() {
    let [one, two] = workers(&limited(&json!({"rpm_limit": 3})));
    let mut went = Vec::new();
    for worker in [&one, &two, &one, &two, &one] {
        let (to, stream) = send(worker);
        end(worker, stream, 200, &[]);
        went.push(to);
    }
    assert_eq!(went, ["open", "open", "open", "open2", "open2"]);
    one.0.now_ms.set(NOW_MS + 60_000);
    assert_eq!(send(&one).0, "open");
}

#[test]
fn requests_at_a_time_are_limited_over_all_workers() {
    let [one, two] = workers(&limited(&json!({"max_parallel_requests": 2})));
    let (first, stream) = send(&one);
    let (second, _held) = send(&two);
    let (third, _other) = send(&one);
    assert_eq!([first, second, third], ["open", "open", "open2"]);
    end(&one, stream, 200, &[]);
    assert_eq!(send(&two).0, "open");
}

#[test]
fn tokens_a_minute_are_limited_by_what_providers_count() {
    let [one, two] = workers(&limited(&json!({"tpm_limit": 1000})));
    let usage =
        br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":600,"completion_tokens":390}}"#;
    let (went, mut stream) = send(&one);
    assert_eq!(went, "open");
    one.0.answer(&mut stream, 200, &[JSON], &[usage]);
    // A few more tokens fit, and the next request has exactly as many.
    let (went, mut stream) = send(&two);
    assert_eq!(went, "open");
    two.0.answer(&mut stream, 200, &[JSON], &[usage]);
    assert_eq!(send(&one).0, "open2");
    one.0.now_ms.set(NOW_MS + 59_999);
    assert_eq!(send(&one).0, "open2");
    one.0.now_ms.set(NOW_MS + 60_000);
    assert_eq!(send(&one).0, "open");
}

#[test]
fn when_only_limits_block_a_request_the_client_is_told_when_to_retry() {
    let mut document = limited(&json!({"rpm_limit": 1}));
    document["models"]["pair"]["candidates"] = json!(["open"]);
    let [one, two] = workers(&document);
    one.0.now_ms.set(NOW_MS + 48_500);
    two.0.now_ms.set(NOW_MS + 48_500);
    send(&one);
    assert_eq!(send(&two).0, "429");
    assert_eq!(retry_after(&two).as_deref(), Some("12"));
    let (_, body) = two.0.refused().unwrap();
    assert!(body.contains("rate_limited"), "{body}");
}

#[test]
fn a_deployment_is_passed_over_before_its_provider_refuses() {
    let [one, two] = workers(&document());
    let (_, stream) = send(&one);
    let left = [("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "20s")];
    end(&one, stream, 200, &left);
    // One request is left, and the next one takes it.
    let (second, _stream) = send(&two);
    let (third, _other) = send(&one);
    assert_eq!([second, third], ["open", "open2"]);
    one.0.now_ms.set(NOW_MS + 21_000);
    assert_eq!(send(&one).0, "open");
}

#[test]
fn the_remaining_limit_of_a_clients_own_account_affects_no_other_client() {
    let [one, _] = workers(&document());
    let (host, engine) = &one;
    let head = head(&[("authorization", "Bearer sk-their-own")]);
    let mut stream = host.request(engine, &head, &[br#"{"model":"pair"}"#]);
    host.respond(&mut stream, 200, &[("x-ratelimit-remaining-requests", "0")]);
    host.done(stream, None);
    assert_eq!(send(&one).0, "open");
}

#[test]
fn too_few_tokens_count_as_none() {
    let [one, _] = workers(&document());
    let (_, stream) = send(&one);
    let left = |tokens: &'static str| {
        [("x-ratelimit-remaining-tokens", tokens), ("x-ratelimit-reset-tokens", "20s")]
    };
    end(&one, stream, 200, &left("200"));
    let (went, stream) = send(&one);
    assert_eq!(went, "open");
    end(&one, stream, 200, &left("2"));
    assert_eq!(send(&one).0, "open2");
}

#[test]
fn values_of_another_layout_are_ignored() {
    let [one, _] = workers(&limited(&json!({"rpm_limit": 100})));
    for length in [0, 1, 8, 40, 161, 162, 163, 205, 478, 1000] {
        for byte in [0, 1, 2, 3, 4, 255] {
            one.0.shared.overwrite(&vec![byte; length]);
            let (went, stream) = send(&one);
            // Of our own layout's version, any bytes are a record: whatever they say, there is an answer.
            let is_ours = byte == 4 && length == 478;
            assert!(is_ours || went == "open", "{byte} × {length}: {went}");
            end(&one, stream, 200, &[]);
        }
    }
}

#[test]
fn lost_keys_come_back_with_the_next_attempt() {
    let [one, two] = workers(&document());
    one.0.shared.lose_all();
    let (went, stream) = send(&one);
    assert_eq!(went, "open");
    end(&one, stream, 429, &[("retry-after", "9")]);
    assert_eq!(send(&two).0, "open2");
}

#[test]
fn a_start_that_cannot_be_written_fails_no_request() {
    let [one, _] = workers(&limited(&json!({"rpm_limit": 2})));
    one.0.shared.conflicts.set(16);
    let (went, stream) = send(&one);
    assert_eq!(went, "open");
    assert_eq!(one.0.counted("pointsman.cas.exhausted"), 1);
    end(&one, stream, 200, &[]);
    let record = one.0.shared.record("open");
    assert_eq!((record.total.attempts, record.total.successes), (0, 1));
    assert_eq!(record.flight.count(NOW_MS), 0);
}

#[test]
fn a_probe_whose_start_cannot_be_written_is_not_made() {
    let [one, _] = workers(&document());
    let (_, stream) = send(&one);
    end(&one, stream, 429, &[("retry-after", "1")]);
    one.0.now_ms.set(NOW_MS + 1500);
    one.0.shared.conflicts.set(16);
    assert_eq!(send(&one).0, "open2");
}

#[test]
fn when_one_cools_and_another_is_at_a_limit_none_is_tried() {
    let mut document = limited(&json!({"rpm_limit": 1}));
    document["cooldown"] = json!({"when_all_cooling": "least_remaining"});
    let [one, _] = workers(&document);
    let (went, stream) = send(&one);
    assert_eq!(went, "open");
    end(&one, stream, 200, &[]);
    let (went, stream) = send(&one);
    assert_eq!(went, "open2");
    end(&one, stream, 429, &[("retry-after", "7")]);
    assert_eq!(send(&one).0, "429");
    assert_eq!(retry_after(&one).as_deref(), Some("7"));
}

#[test]
fn a_clock_that_jumps_blocks_nothing_forever() {
    let [one, _] = workers(&limited(&json!({"rpm_limit": 1, "max_parallel_requests": 1})));
    let (_, stream) = send(&one);
    end(&one, stream, 429, &[("retry-after", "200"), ("x-ratelimit-remaining-requests", "0")]);
    for jump in [-3_600_000i64, 86_400_000, -2000] {
        one.0.now_ms.set(NOW_MS.saturating_add_signed(jump));
        let (went, stream) = send(&one);
        assert_eq!(went, "open", "{jump}");
        end(&one, stream, 200, &[]);
    }
}

/// Requests that take nothing of the provider's limit leave it to others: the clients of some left,
/// others were refused without a word about limits.
#[test]
fn what_requests_have_not_taken_of_a_limit_is_given_back() {
    let mut document = document();
    document["models"]["pair"]["strategy"] = json!("rate_limit_aware");
    let [one, two] = workers(&document);
    let tokens =
        |tokens| [("x-ratelimit-remaining-tokens", tokens), ("x-ratelimit-reset-tokens", "60s")];
    let (went, stream) = send(&one);
    assert_eq!(went, "open");
    end(&one, stream, 200, &tokens("5000"));
    let left = || one.0.shared.record("open").headroom.tokens.remaining;
    let body = json!({"model": "open", "messages": [{"role": "user", "content": "some words ".repeat(2000)}]});
    for _ in 0..20 {
        // The client leaves before it is answered, or the provider refuses the request.
        for answer in [None, Some(400)] {
            let mut stream = one.0.request(&one.1, &head(&[]), &[body.to_string().as_bytes()]);
            assert!(left() < 2000, "{}", left());
            if let Some(status) = answer {
                one.0.respond(&mut stream, status, &[JSON]);
            }
            one.0.done(stream, None);
            assert_eq!(left(), 5000);
        }
    }
    assert_eq!(send(&two).0, "open");
}
