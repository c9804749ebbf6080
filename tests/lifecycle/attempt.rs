//! Attempts from start to end: what is counted, and that none stays in flight.

use std::rc::Rc;

use pointsman::lifecycle::{Engine, Stream};
use pointsman::state::Counts;
use serde_json::{Value, json};

use crate::fake_host::{FakeHost, NOW_MS};
use crate::{document, engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");
const EVENTS: (&str, &str) = ("content-type", "text/event-stream");
const USAGE: &[u8] =
    br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":20,"completion_tokens":3}}"#;

/// Sends a request for the deployment `open`.
fn send(host: &FakeHost, engine: &Rc<Engine>) -> Stream {
    host.request(engine, &head(&[]), &[br#"{"model":"open"}"#])
}

/// Returns what is counted for `open`: attempts, successes, failures, tokens.
fn counted(host: &FakeHost) -> [u64; 4] {
    let record = host.shared.record("open");
    assert_eq!(record.flight.count(host.now_ms.get()), 0, "no attempt may stay in flight");
    assert_eq!(record.minute, record.total, "it is all of one minute");
    let Counts { attempts, successes, failures, tokens } = record.total;
    [attempts, successes, failures, tokens]
}

#[test]
fn an_attempt_is_in_flight_until_the_last_byte() {
    let host = host();
    let engine = engine(&host, &document());
    let in_flight = || host.shared.record("open").flight.count(NOW_MS);
    let mut stream = send(&host, &engine);
    assert_eq!(in_flight(), 1);
    host.begin_answer(&mut stream, 200, &[JSON], false);
    host.answer_piece(&mut stream, &USAGE[..30], false);
    assert_eq!(in_flight(), 1);
    host.answer_piece(&mut stream, &USAGE[30..], true);
    assert_eq!(in_flight(), 0);
    host.done(stream, None);
    assert_eq!(counted(&host), [1, 1, 0, 23]);
}

#[test]
fn tokens_are_counted_as_the_provider_reports_them() {
    let anthropic = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n\
        event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n";
    let openai = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":8}}\n\ndata: [DONE]\n\n";
    for answer in [&anthropic[..], openai] {
        for piece in [1, 7, answer.len()] {
            let host = host();
            let engine = engine(&host, &document());
            let mut stream = send(&host, &engine);
            let pieces: Vec<&[u8]> = answer.chunks(piece).collect();
            host.answer(&mut stream, 200, &[EVENTS], &pieces);
            assert_eq!(counted(&host), [1, 1, 0, 12]);
        }
    }
}

#[test]
fn without_a_count_tokens_are_estimated() {
    let mut document = document();
    // A token limit makes the count matter.
    document["deployments"]["open"]["tpm_limit"] = json!(1_000_000);
    let event: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let host = host();
    let engine = engine(&host, &document);
    let body =
        json!({"model": "open", "messages": [{"role": "user", "content": "Say something nice."}]});
    let ask = || host.request(&engine, &head(&[]), &[body.to_string().as_bytes()]);
    let mut stream = ask();
    host.answer(&mut stream, 200, &[EVENTS], &[event; 5]);
    let [.., tokens] = counted(&host);
    assert!((9..=20).contains(&tokens), "{tokens}");
    // A compressed answer does not show how many bytes its events have.
    let mut stream = ask();
    host.answer(&mut stream, 200, &[EVENTS, ("content-encoding", "gzip")], &[b"\x1f\x8b"]);
    let [.., more] = counted(&host);
    assert!((4..=15).contains(&(more - tokens)), "{more}");
}

#[test]
fn every_way_to_end_ends_the_attempt() {
    type Way = fn(&FakeHost, Stream);
    let answered: Way = |host, mut stream| host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    let ways: [(&str, Way, [u64; 4]); 12] = [
        ("whole", answered, [1, 1, 0, 23]),
        (
            "trailers",
            |host, mut stream| {
                host.begin_answer(&mut stream, 200, &[JSON], false);
                host.answer_piece(&mut stream, USAGE, false);
                host.done(stream, Some("via_upstream"));
            },
            [1, 1, 0, 23],
        ),
        ("no body", |host, mut stream| host.respond(&mut stream, 204, &[]), [1, 0, 1, 0]),
        ("the client leaves before", |host, stream| host.done(stream, None), [1, 0, 0, 0]),
        (
            "the client leaves during the answer",
            |host, mut stream| {
                host.begin_answer(&mut stream, 200, &[JSON], false);
                host.answer_piece(&mut stream, &USAGE[..USAGE.len() - 1], false);
                host.done(stream, Some("downstream_remote_disconnect"));
            },
            [1, 0, 0, 23],
        ),
        (
            "the provider breaks off",
            |host, mut stream| {
                host.begin_answer(&mut stream, 200, &[JSON], false);
                host.answer_piece(&mut stream, &USAGE[..USAGE.len() - 1], false);
                host.done(stream, Some("upstream_reset_after_response_started{remote_reset}"));
            },
            [1, 0, 1, 23],
        ),
        (
            "the provider stops",
            |host, mut stream| {
                host.begin_answer(&mut stream, 200, &[EVENTS], false);
                host.done(stream, Some("stream_idle_timeout"));
            },
            [1, 0, 1, 0],
        ),
        (
            "it fails",
            |host, mut stream| host.answer(&mut stream, 503, &[JSON], &[b"{}"]),
            [1, 0, 1, 0],
        ),
        (
            "a limit",
            |host, mut stream| host.answer(&mut stream, 429, &[JSON], &[b"{}"]),
            [1, 0, 1, 0],
        ),
        (
            "a mistake",
            |host, mut stream| host.answer(&mut stream, 400, &[JSON], &[b"{}"]),
            [1, 0, 0, 0],
        ),
        (
            "no provider is there",
            |host, mut stream| {
                let details = b"upstream_reset_before_response_started{connection_timeout}";
                let mut properties = host.properties.borrow_mut();
                properties.insert("response.code_details".to_owned(), details.to_vec());
                drop(properties);
                host.respond(&mut stream, 503, &[]);
            },
            [1, 0, 1, 0],
        ),
        (
            "too much at a time",
            |host, mut stream| {
                let details = b"upstream_reset_before_response_started{overflow}";
                let mut properties = host.properties.borrow_mut();
                properties.insert("response.code_details".to_owned(), details.to_vec());
                drop(properties);
                host.respond(&mut stream, 503, &[]);
            },
            [1, 0, 0, 0],
        ),
    ];
    for (name, end, wanted) in ways {
        let host = host();
        let engine = engine(&host, &document());
        let stream = send(&host, &engine);
        end(&host, stream);
        let [attempts, successes, failures, tokens] = counted(&host);
        let estimated = if wanted[3] == 0 { tokens } else { 0 };
        assert!(estimated < 10, "{name}: {tokens} tokens");
        assert_eq!([attempts, successes, failures, tokens - estimated], wanted, "{name}");
    }
}

#[test]
fn a_stream_ends_once_however_often_its_end_is_reported() {
    let host = host();
    let engine = engine(&host, &document());
    let first = send(&host, &engine);
    let mut second = send(&host, &engine);
    host.answer(&mut second, 200, &[JSON], &[USAGE]);
    host.answer_piece(&mut second, USAGE, true);
    host.done(second, None);
    assert_eq!(host.shared.record("open").flight.count(NOW_MS), 1);
    host.done(first, None);
    assert_eq!(counted(&host), [2, 1, 0, 23]);
}

#[test]
fn a_request_refused_after_it_went_on_leaves_nothing_in_flight() {
    let host = host();
    let engine = engine(&host, &document());
    let length = ("content-length", "100");
    let (mut stream, _) = host.begin(&engine, &head(&[length]), false);
    host.piece(&mut stream, br#"{"model":"open","messages":[], "#, false);
    assert_eq!(host.shared.record("open").flight.count(NOW_MS), 1, "it was let go");
    host.piece(&mut stream, br#""model":"own"}"#, true);
    assert_eq!(host.refused().unwrap().0, 400);
    host.respond(&mut stream, 400, &[]);
    host.done(stream, None);
    assert_eq!(counted(&host), [1, 0, 0, 0]);
}

#[test]
fn a_new_configuration_ends_what_the_old_one_began() {
    let host = host();
    let old = engine(&host, &document());
    let mut stream = send(&host, &old);
    let new = engine(&host, &document());
    drop(old);
    assert_eq!(host.shared.record("open").flight.count(NOW_MS), 1);
    let mut other = send(&host, &new);
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    host.answer(&mut other, 200, &[JSON], &[USAGE]);
    assert_eq!(counted(&host), [2, 2, 0, 46]);
}

/// Returns what an answer with this body means for `own`, which has the proxy's credential: the
/// failures it counts, and whether it cools at once.
fn failures_and_cooling(status: u16, content_type: &str, body: &str) -> (u64, bool) {
    let host = host();
    let mut document = document();
    document["models"]["own"]["candidates"] = json!(["own", "open"]);
    let engine = engine(&host, &document);
    let ask = || host.request(&engine, &head(&[]), &[br#"{"model":"own"}"#]);
    let mut stream = ask();
    host.answer(&mut stream, status, &[("content-type", content_type)], &[body.as_bytes()]);
    let mut next = ask();
    host.respond(&mut next, 200, &[]);
    let is_cool = host.received("x-llm-deployment").as_deref() == Some("open");
    (host.shared.record("own").total.failures, is_cool)
}

#[test]
fn a_body_says_what_its_status_does_not() {
    let error = |code: &str, message: &str| {
        json!({"error": {"code": code, "type": code, "message": message}}).to_string()
    };
    let cases: [(u16, String, (u64, bool)); 10] = [
        (429, error("insufficient_quota", "You exceeded your current quota"), (1, true)),
        (429, error("rate_limit_exceeded", "Rate limit reached"), (1, true)),
        // The request alone exceeds what a minute allows, so waiting does not help.
        (429, error("tokens", "Request too large for gpt-4o"), (0, false)),
        // It may be of this request alone.
        (404, error("model_not_found", "The model does not exist"), (0, false)),
        (404, error("not_found", "No such file"), (0, false)),
        (400, error("context_length_exceeded", "too long"), (0, false)),
        (400, error("content_policy_violation", "rejected"), (0, false)),
        (400, error("invalid_request_error", "insufficient_quota invalid_api_key"), (0, false)),
        (401, error("invalid_api_key", "Incorrect API key"), (1, true)),
        (402, error("", "Payment required"), (1, true)),
    ];
    for (status, body, wanted) in cases {
        assert_eq!(
            failures_and_cooling(status, "application/json", &body),
            wanted,
            "{status} {body}"
        );
    }
}

#[test]
fn failures_in_a_stream_count_unless_the_client_caused_them() {
    let token = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let error = |code: &str| format!("{token}data: {}\n\n", json!({"error": {"code": code}}));
    let cases: [(String, u64); 7] = [
        (format!("{token}data: [DONE]\n\n"), 0),
        // It lacks its end, but its provider may always leave that out.
        (token.to_owned(), 0),
        (error("server_error"), 1),
        (error("rate_limit_exceeded"), 1),
        (error("context_length_exceeded"), 0),
        (error("invalid_image_url"), 0),
        // The answer ends before its first token.
        (": ping\n\n".to_owned(), 1),
    ];
    for (body, failures) in cases {
        // A failure in a stream never cools a deployment at once.
        assert_eq!(
            failures_and_cooling(200, "text/event-stream", &body),
            (failures, false),
            "{body}"
        );
    }
}

#[test]
fn a_body_can_say_how_long_to_wait() {
    let host = host();
    host.now_ms.stop();
    let engine = engine(&host, &document());
    let body: Value = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}]}});
    let mut stream = send(&host, &engine);
    host.answer(&mut stream, 429, &[JSON], &[body.to_string().as_bytes()]);
    assert_eq!(host.shared.until_ms("open"), NOW_MS + 37_000);
}

#[test]
fn only_answers_count_for_the_time_to_the_first_byte() {
    let host = host();
    host.now_ms.stop();
    let engine = engine(&host, &document());
    let mut stream = send(&host, &engine);
    host.begin_answer(&mut stream, 200, &[EVENTS], false);
    host.now_ms.set(NOW_MS + 100);
    host.answer_piece(&mut stream, b"data: {\"choices\":[{}]}\n\n", false);
    host.now_ms.set(NOW_MS + 900);
    host.answer_piece(&mut stream, b"data: [DONE]\n\n", true);
    let record = host.shared.record("open");
    assert_eq!((record.first_byte_ms, record.answer_ms), (100.0, 900.0));
    // A failure is not an answer, however fast it comes.
    let mut stream = send(&host, &engine);
    host.answer(&mut stream, 500, &[JSON], &[b"{}"]);
    assert_eq!(host.shared.record("open").first_byte_ms, 100.0);
    // The next value counts for a fifth of the average.
    let mut stream = send(&host, &engine);
    host.now_ms.set(NOW_MS + 1100);
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    assert_eq!(host.shared.record("open").first_byte_ms, 120.0);
}

#[test]
fn a_failure_shown_by_the_head_counts_before_the_body_arrives() {
    let host = host();
    let engine = engine(&host, &document());
    let mut stream = send(&host, &engine);
    host.begin_answer(&mut stream, 503, &[JSON], false);
    assert_eq!(counted(&host), [1, 0, 1, 0]);
    host.answer_piece(&mut stream, b"{}", true);
    host.done(stream, None);
    assert_eq!(counted(&host), [1, 0, 1, 0]);
}

#[test]
fn an_answer_before_the_end_of_the_request_counts_for_no_time() {
    let host = host();
    let engine = engine(&host, &document());
    let (mut stream, _) = host.begin(&engine, &head(&[("content-length", "41")]), false);
    host.piece(&mut stream, br#"{"model":"open","messages":[], "#, false);
    host.now_ms.set(NOW_MS + 60_000);
    host.answer(&mut stream, 200, &[JSON], &[USAGE]);
    let record = host.shared.record("open");
    assert_eq!((record.first_byte_ms, record.answer_ms), (0.0, 0.0));
}

#[test]
fn a_client_that_stops_sending_counts_against_no_deployment() {
    let host = host();
    let engine = engine(&host, &document());
    for (status, details) in [(408, "stream_idle_timeout"), (408, "via_upstream")] {
        let (mut stream, _) = host.begin(&engine, &head(&[("content-length", "41")]), false);
        host.piece(&mut stream, br#"{"model":"open","messages":[], "#, false);
        let details = details.as_bytes().to_vec();
        host.properties.borrow_mut().insert("response.code_details".to_owned(), details);
        host.respond(&mut stream, status, &[]);
        host.done(stream, None);
    }
    assert_eq!(counted(&host), [2, 0, 0, 0]);
}

#[test]
fn compressed_answers_are_not_requested() {
    let host = host();
    let engine = engine(&host, &document());
    for (accepted, sent) in [("gzip, br", "identity"), ("identity", "identity")] {
        host.request(&engine, &head(&[("accept-encoding", accepted)]), &[br#"{"model":"open"}"#]);
        assert_eq!(host.sent("accept-encoding").as_deref(), Some(sent));
    }
    host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    assert_eq!(host.sent("accept-encoding"), None);
}
