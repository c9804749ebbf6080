//! Hostile clients and providers: the harm to others that they cannot cause.

use serde_json::json;

use crate::fake_host::{ANSWER, NOW_MS};
use crate::{document, engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_403_counts_only_where_it_cannot_be_of_what_the_request_says() {
    let denied = json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
                                  "message": "The caller does not have permission"}});
    let denied = denied.to_string();
    let page = "<html>Attention Required!</html>";
    let file = r#"{"model":"own","messages":[{"role":"user","content":[
        {"type":"file","file":{"file_url":"gs://other/file"}}]}]}"#;
    let image = r#"{"model":"own","messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"gs://other/image"}}]}]}"#;
    let chat = r#"{"model":"own","messages":[{"role":"user","content":"Hello"}]}"#;
    let state = r#"{"model":"own","messages":[{"role":"user","content":[
        {"type":"file","file":{"file_id":"file-1"}}]}]}"#;
    let html = ("content-type", "text/html; charset=UTF-8");
    /// A case: the request's pieces, the answer's type and text, and (failures, whether it cools).
    type Case<'a> = (&'a [&'a str], (&'a str, &'a str), &'a str, (u64, bool));
    let refused = json!({"error": {"code": "invalid_api_key"}}).to_string();
    let cases: [Case<'_>; 7] = [
        // A code that only the account can have.
        (&[chat], JSON, &refused, (1, true)),
        (&[chat], JSON, &denied, (0, false)),
        // It may be somebody else's.
        (&[file], JSON, &denied, (0, false)),
        (&[image], JSON, &denied, (0, false)),
        (&[state], JSON, &denied, (0, false)),
        // The body went on before its content was known.
        (&[r#"{"model":"own","#, r#""messages":[]}"#], JSON, &denied, (0, false)),
        // A firewall goes by words in the request, or by addresses.
        (&[chat], html, page, (0, false)),
    ];
    for (pieces, kind, answer, wanted) in cases {
        let host = host();
        let mut document = document();
        document["models"]["own"]["candidates"] = json!(["own", "open"]);
        let engine = engine(&host, &document);
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let mut stream = host.request(&engine, &head(&[]), &pieces);
        host.answer(&mut stream, 403, &[kind], &[answer.as_bytes()]);
        let record = host.shared.record("own");
        let found = (record.total.failures, host.shared.until_ms("own") > 0);
        assert_eq!(found, wanted, "{pieces:?} {kind:?}");
    }
}

/// Returns the headers in which a provider reports how many tokens and requests are left.
fn left<'a>(tokens: &'a str, limit: &'a str, reset: &'a str) -> [(&'a str, &'a str); 4] {
    [
        JSON,
        ("x-ratelimit-remaining-tokens", tokens),
        ("x-ratelimit-limit-tokens", limit),
        ("x-ratelimit-reset-tokens", reset),
    ]
}

#[test]
fn an_older_answers_remaining_limits_do_not_replace_a_newer_ones() {
    let host = host();
    let engine = engine(&host, &document());
    let send = || host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    let (mut slow, mut fast) = (send(), send());
    host.begin_answer(&mut slow, 200, &left("0", "1000", "60s"), false);
    host.now_ms.set(NOW_MS + 1000);
    host.answer(&mut fast, 200, &left("900", "1000", "60s"), &[ANSWER]);
    host.now_ms.set(NOW_MS + 2000);
    host.answer_piece(&mut slow, ANSWER, true);
    let tokens = || host.shared.record("open").headroom.tokens.remaining;
    assert_eq!(tokens(), 900);
    // If the clock has jumped back, nothing waits until the old time is reached again.
    host.now_ms.set(NOW_MS - 1000);
    let mut stream = send();
    host.answer(&mut stream, 200, &left("7", "1000", "60s"), &[ANSWER]);
    assert_eq!(tokens(), 7);
}

#[test]
fn a_providers_wrong_remaining_limit_costs_at_most_the_longest_cooldown() {
    let host = host();
    let engine = engine(&host, &document());
    host.now_ms.stop();
    let send = || host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    host.answer(&mut send(), 200, &left("0", "1000", "24h"), &[ANSWER]);
    host.now_ms.set(NOW_MS + 299_999);
    send();
    assert_eq!(host.refused().unwrap().0, 429);
    host.now_ms.set(NOW_MS + 300_000);
    send();
    assert_eq!(host.refused(), None);
}

#[test]
fn counting_tokens_uses_up_no_limit() {
    let host = host();
    let mut document = document();
    document["deployments"]["open"]["tpm_limit"] = json!(300);
    let engine = engine(&host, &document);
    let body = json!({"model": "open", "input": "word ".repeat(400)}).to_string();
    let mut counting = head(&[]);
    counting[1].1 = "/v1/responses/input_tokens";
    host.answer(
        &mut host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]),
        200,
        &left("250", "300", "60s"),
        &[ANSWER],
    );
    for _ in 0..3 {
        let mut stream = host.request(&engine, &counting, &[body.as_bytes()]);
        assert_eq!(host.refused(), None);
        host.answer(&mut stream, 200, &[JSON], &[br#"{"input_tokens":400}"#]);
    }
    assert_eq!(host.shared.record("open").headroom.tokens.remaining, 250);
}

#[test]
fn a_request_larger_than_a_whole_limit_cools_no_deployment() {
    let text = "word ".repeat(400);
    let whole = json!({"model": "open", "messages": [{"role": "user", "content": text}]});
    let whole = whole.to_string();
    let (start, rest) = whole.split_at(60);
    let cases: [(&str, &str, &[&str], bool); 4] = [
        ("90", "100", &[&whole], false),
        // The body went on before its length was known.
        ("90", "100", &[start, rest], false),
        // Smaller ones still fit, and larger ones are kept away by what is left.
        ("90", "100000", &[&whole], false),
        ("0", "100000", &[&whole], true),
    ];
    for (rest, limit, pieces, cools) in cases {
        let host = host();
        let engine = engine(&host, &document());
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let mut stream = host.request(&engine, &head(&[]), &pieces);
        let error = json!({"type": "error", "error": {"type": "rate_limit_error", "message":
            "This request would exceed your organization's rate limit of input tokens per minute"}});
        host.answer(&mut stream, 429, &left(rest, limit, "20s"), &[error.to_string().as_bytes()]);
        assert_eq!(host.shared.until_ms("open") > 0, cools, "{rest} {limit}");
    }
}

#[test]
fn a_worker_that_is_a_minute_late_keeps_what_others_counted() {
    let host = host();
    let mut document = document();
    document["deployments"]["open"]["rpm_limit"] = json!(2);
    let engine = engine(&host, &document);
    let send = |at_ms: u64| {
        host.now_ms.set(at_ms);
        host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#])
    };
    let next_minute = NOW_MS - NOW_MS % 60_000 + 60_000;
    send(next_minute);
    // This worker read the clock before the other one, and writes after it.
    send(next_minute - 1);
    send(next_minute + 1);
    assert_eq!(host.refused().unwrap().0, 429, "two have been sent");
}

#[test]
fn a_slow_upload_that_outlasts_a_stream_counts_as_the_clients() {
    for details in [
        "upstream_max_stream_duration_reached",
        "upstream_response_timeout",
        "upstream_reset_before_response_started{connection_termination|timeout}",
    ] {
        let host = host();
        let engine = engine(&host, &document());
        let (mut stream, _) = host.begin(&engine, &head(&[("content-length", "41")]), false);
        host.piece(&mut stream, br#"{"model":"open","messages":[], "#, false);
        let code = ("response.code_details".to_owned(), details.as_bytes().to_vec());
        host.properties.borrow_mut().extend([code]);
        host.respond(&mut stream, 504, &[]);
        assert_eq!(host.shared.record("open").total.failures, 0, "{details}");
    }
}

#[test]
fn a_client_waiting_for_a_probe_is_not_told_to_wait_for_its_lease() {
    let host = host();
    let mut document = document();
    document["cooldown"] = json!({"when_all_cooling": "reject"});
    let engine = engine(&host, &document);
    let send = || host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    host.respond(&mut send(), 429, &[("retry-after", "1")]);
    host.now_ms.set(NOW_MS + 1500);
    let _probe = send();
    assert_eq!(host.refused(), None);
    send();
    let reply = host.reply.borrow().clone().unwrap();
    assert_eq!(reply.status, 503);
    assert!(reply.headers.contains(&("retry-after".to_owned(), "1".to_owned())), "{reply:?}");
}

/// A client would wait for what such an answer does not bring.
#[test]
fn a_status_that_ends_an_answer_unasked_is_replaced() {
    let live = [(":method", "GET"), (":path", "/v1/realtime?model=open"), (":authority", "a")];
    let chat = head(&[]);
    let body: &[&[u8]] = &[br#"{"model":"open","messages":[]}"#];
    /// A case: the request's head and body, the answer's status, and whether it is replaced.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a [u8]], u16, bool);
    let cases: [Case<'_>; 5] = [
        (&chat, body, 101, true),
        (&chat, body, 304, true),
        (&chat, body, 204, false),
        (&live, &[], 101, false),
        (&live, &[], 304, true),
    ];
    for (head, body, status, is_replaced) in cases {
        let host = host();
        let engine = engine(&host, &document());
        let mut stream = host.request(&engine, head, body);
        host.respond(&mut stream, status, &[]);
        host.done(stream, None);
        let wanted = is_replaced.then_some(502);
        assert_eq!(host.refused().map(|(status, _)| status), wanted, "{head:?} {status}");
        // An empty 204 is a failure as well, and passes.
        let is_failure = host.shared.record("open").total.failures == 1;
        assert_eq!(is_failure, is_replaced || status == 204, "{head:?} {status}");
    }
}

#[test]
fn a_path_that_is_longer_than_servers_take_is_refused() {
    let host = host();
    let engine = engine(&host, &document());
    for (length, wanted) in [(8192, None), (8193, Some(414))] {
        let path = format!("{:a<length$}", "/v1/chat/completions?");
        let mut head = head(&[]);
        head[1].1 = &path;
        let stream = host.request(&engine, &head, &[br#"{"model":"open"}"#]);
        assert_eq!(host.refused().map(|(status, _)| status), wanted, "{length}");
        host.done(stream, None);
    }
}
