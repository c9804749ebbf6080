//! Malformed bodies and requests: each gets a clear answer. None traps the module or hangs, and no
//! provider gets part of a body.

use hyper::Method;

use serde_json::json;

use crate::group::{CLOSED, LENIENT, LENIENT_BUFFER, OPEN, open};
use crate::harness::{Ask, Group, Reply, Spec, ask};

/// `{"model":"plain","messages":[]}`, compressed with gzip.
const GZIPPED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\xca\xcd\x4f\x49\xcd\x51\xb2\
    \x52\x2a\xc8\x49\xcc\xcc\x53\xd2\x51\xca\x4d\x2d\x2e\x4e\x4c\x4f\x2d\x56\xb2\x8a\x8e\xad\x05\x00\
    \x2b\xce\xb1\x47\x1f\x00\x00\x00";

/// Bodies that are unreadable under every configuration.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("no JSON", b"model=plain".to_vec()),
        ("a letter too many", br#"{"model":"plain","messages":[]}x"#.to_vec()),
        ("two documents", br#"{"model":"plain"}{"model":"keyed"}"#.to_vec()),
        ("truncated in a string", br#"{"model":"plain","messages":[{"content":"Hel"#.to_vec()),
        ("truncated after the model", br#"{"model":"plain","#.to_vec()),
        ("no object", br#"["model","plain"]"#.to_vec()),
        ("a model that is a number", br#"{"model":5,"messages":[]}"#.to_vec()),
        ("a model that is an object", br#"{"model":{"a":1},"messages":[]}"#.to_vec()),
        ("an empty body", Vec::new()),
        ("white space", b" \n ".to_vec()),
        ("a control character", b"{\"model\":\"pl\nain\"}".to_vec()),
    ]
}

/// Accepts either a client error or the whole request at one provider.
#[track_caller]
fn assert_clear(what: &str, body: &[u8], reply: &Reply) {
    if reply.status.is_client_error() {
        let error = reply.refused(reply.status.as_u16());
        let message = error.pointer("/error/message").and_then(|message| message.as_str());
        assert!(message.is_some_and(|message| message.len() > 10), "{what}: {error}");
    } else {
        let (provider, seen) = reply.served_by_one();
        let sent = String::from_utf8_lossy(body);
        let want =
            if provider == "site" { sent.into_owned() } else { sent.replace("plain", "up-b1") };
        assert_eq!(seen.text(), want, "{what}");
    }
}

#[test]
fn unreadable_bodies_are_refused() {
    for (what, body) in unreadable() {
        let error = ask(&OPEN).body(body).send().refused(400);
        let message = error["error"]["message"].as_str().unwrap_or_default();
        assert!(message.len() > 10, "{what}: {error}");
        assert_eq!(error["error"]["type"], "invalid_request_error", "{what}");
    }
    OPEN.assert_serves("plain");
}

#[test]
fn unreadable_bodies_pass_untouched_where_configured() {
    for (what, body) in unreadable() {
        let reply = ask(&LENIENT).body(body.clone()).send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!((provider, &seen.body[..]), ("site", &body[..]), "{what}");
    }
    LENIENT.assert_serves("plain");
}

#[test]
fn a_gzipped_body_is_refused_or_passed() {
    let gzipped =
        |asked: Ask<'static>| asked.header("content-encoding", "gzip").body(GZIPPED).send();
    let reply = gzipped(ask(&OPEN));
    assert!(reply.status.is_client_error(), "{reply:#?}");
    reply.refused(reply.status.as_u16());

    let reply = gzipped(ask(&LENIENT));
    let (provider, seen) = reply.served_by_one();
    assert_eq!((provider, &seen.body[..]), ("site", GZIPPED));
    assert_eq!(seen.header("content-encoding"), Some("gzip"));
}

#[test]
fn a_gzipped_body_is_served_after_a_decompressor() {
    let direction = |enabled: bool| json!({"common_config": {"enabled": {"default_value": enabled, "runtime_key": "decompress"}}});
    let decompressor = json!({
        "name": "envoy.filters.http.decompressor",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.decompressor.v3.Decompressor",
            "decompressor_library": {"name": "gzip", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.compression.gzip.decompressor.v3.Gzip"}},
            "request_direction_config": direction(true),
            "response_direction_config": direction(false),
        },
    });
    let group = Group::start(&Spec { filters_before: vec![decompressor], ..Spec::new(open()) });
    let reply = ask(&group).header("content-encoding", "gzip").body(GZIPPED).send();
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.text(), r#"{"model":"up-b1","messages":[]}"#);
    assert_eq!(seen.header("content-encoding"), None);
}

#[test]
fn deep_nesting_is_no_trap() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let middle = if open == "[" { "" } else { "1" };
        let nested = format!("{}{middle}{}", open.repeat(10_000), close.repeat(10_000));
        for body in [
            format!(r#"{{"model":"plain","messages":[],"x":{nested}}}"#),
            format!(r#"{{"messages":{nested},"model":"plain"}}"#),
            format!(r#"{{"model":{nested}}}"#),
            open.repeat(10_000),
        ] {
            let reply = ask(&OPEN).body(body.clone()).send();
            assert_clear("deep nesting", body.as_bytes(), &reply);
        }
    }
    OPEN.assert_serves("plain");
}

#[test]
fn odd_bytes_are_clear() {
    let bodies: [(&str, &[u8]); 6] = [
        ("a byte order mark", b"\xef\xbb\xbf{\"model\":\"plain\",\"messages\":[]}"),
        ("invalid UTF-8 in a string", b"{\"model\":\"plain\",\"x\":\"\xff\xfe\"}"),
        ("invalid UTF-8 in the model", b"{\"model\":\"pl\xffain\",\"messages\":[]}"),
        ("an overlong form", b"{\"model\":\"plain\",\"x\":\"\xc0\xaf\"}"),
        ("UTF-16", b"\xff\xfe{\0\"\0m\0"),
        ("NUL", b"{\"model\":\"plain\",\"messages\":[]}\0"),
    ];
    for (what, body) in bodies {
        assert_clear(what, body, &ask(&OPEN).body(body).send());
    }
    OPEN.assert_serves("plain");
}

#[test]
fn a_lone_surrogate_is_no_error() {
    let body = r#"{"model":"plain","messages":[{"role":"user","content":"\ud83d"}]}"#;
    let reply = ask(&OPEN).body(body).send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!((provider, seen.text()), ("beta", body.replace("plain", "up-b1")));
}

#[test]
fn a_body_over_the_limit_is_refused_whole_or_in_pieces() {
    let text = "x".repeat(16 << 20);
    let body = format!(r#"{{"model":"plain","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    ask(&OPEN).body(body.clone()).send().refused(413);
    let pieces = body.as_bytes().chunks(1 << 20).map(<[u8]>::to_vec);
    cut_off(&ask(&OPEN).pieces(pieces).send());

    let small = format!(r#"{{"model":"plain","x":"{}"}}"#, "x".repeat(65536));
    ask(&CLOSED).body(small.clone()).send().refused(413);
    cut_off(&ask(&CLOSED).pieces(small.as_bytes().chunks(1000).map(<[u8]>::to_vec)).send());
    OPEN.assert_serves("plain");
}

/// Without a length, the excess is only noticed after some of the body may have gone on. Even so,
/// the provider never gets all of it.
#[track_caller]
fn cut_off(reply: &Reply) {
    assert_eq!(reply.status, 413);
    assert!(reply.seen.iter().all(|(_, seen)| !seen.is_complete));
}

#[test]
fn a_body_over_the_limit_passes_untouched_where_configured() {
    let over = |size: usize| format!(r#"{{"model":"plain","x":"{}"}}"#, "x".repeat(size));
    let buffer = LENIENT_BUFFER as usize;
    for body in [over(65536), over(buffer / 2), over(buffer * 4)] {
        let reply = ask(&LENIENT).body(body.clone()).send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!((provider, seen.body_bytes), ("site", body.len()));
    }
    // Without a length, the excess is only noticed once it has arrived, and everything that arrives
    // at once has to fit Envoy's buffer.
    for body in [over(65536), over(buffer / 2)] {
        let reply = ask(&LENIENT).pieces(body.as_bytes().chunks(9999).map(<[u8]>::to_vec)).send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!((provider, seen.body_bytes), ("site", body.len()));
    }
    LENIENT.assert_serves("plain");
}

#[test]
fn a_body_at_the_limit_is_served() {
    let frame = r#"{"model":"plain","x":""}"#.len();
    let body = format!(r#"{{"model":"plain","x":"{}"}}"#, "x".repeat(65536 - frame));
    let reply = ask(&CLOSED).body(body).send();
    assert_eq!(reply.served_by_one().1.body_bytes, 65536);
}

#[test]
fn a_get_on_a_path_of_requests_is_clear() {
    for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
        let reply = ask(&OPEN).method(method.clone()).send();
        if !reply.status.is_client_error() {
            assert_eq!(reply.reached_one().0, "site", "{method}");
        }
    }
    let reply = ask(&OPEN).method(Method::GET).path("/v1/chat/completions/chatcmpl-1").send();
    assert_eq!(reply.served_by_one().0, "site");
    OPEN.assert_serves("plain");
}

#[test]
fn odd_paths_are_no_trap() {
    let long = format!("/v1/chat/completions?{}", "x=%00&".repeat(2000));
    for path in [
        "/v1//chat/completions",
        "/v1/chat/completions/",
        "/%2e%2e/chat/completions",
        "/v1/chat/completions?key",
        "/v1/chat/completions?&&key=&",
        long.as_str(),
    ] {
        let reply = ask(&OPEN).path(path).model("plain").send();
        assert!(!reply.status.is_server_error(), "{path}: {reply:#?}");
    }
    OPEN.assert_serves("plain");
}
