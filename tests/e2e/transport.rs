//! Protocols, streams and connections that break.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::group::OPEN;
use crate::harness::{ask, chat, connect, fresh, run};

const BODY: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"model":"plain"}"#;

#[test]
fn one_connection_takes_requests_of_every_kind() {
    // No request here gets a 400: Envoy itself closes the connection after one.
    let kinds = [
        ("/v1/chat/completions", BODY, 200),
        ("/v1/files", BODY, 200),
        ("/v1/chat/completions", r#"{"model":"gpt-nil"}"#, 404),
        ("/v1/embeddings", r#"{"model":"keyed","input":"Hello"}"#, 200),
    ];
    run(async {
        let mut connection = connect(&OPEN).await;
        for (path, body, want) in kinds.into_iter().cycle().take(30) {
            let request = Request::post(path)
                .header(HOST, "gateway.example")
                .header(CONTENT_TYPE, "application/json")
                .body(Full::new(Bytes::from(body)));
            connection.ready().await.unwrap();
            let response = connection.send_request(request.unwrap()).await.unwrap();
            assert_eq!(response.status(), want, "{path}: {body}");
            response.into_body().collect().await.unwrap();
        }
    });
}

#[test]
fn a_client_that_waits_for_100_is_told_to_go_on() {
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.example\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        BODY.len()
    );
    run(async {
        let mut stream = TcpStream::connect(("127.0.0.1", OPEN.port())).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).await.unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(BODY.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
}

#[test]
fn http2_is_served() {
    let reply = ask(&OPEN).http2().body(BODY).send();
    assert_eq!(reply.served_by_one().1.text(), BODY.replace("plain", "up-b1"));
    let (head, tail) = BODY.split_at(30);
    let reply = ask(&OPEN).http2().pieces([head, tail]).send();
    assert_eq!(reply.served_by_one().1.text(), BODY.replace("plain", "up-b1"));
    ask(&OPEN).http2().model("gpt-nil").send().refused(404);
    ask(&OPEN).http2().body("").send().refused(400);
}

#[test]
fn an_http2_provider_is_served() {
    let reply = ask(&OPEN).model("http2").send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!((provider, seen.version.as_str()), ("alpha", "HTTP/2.0"));
    assert_eq!(seen.upstream_model.as_deref(), Some("up-h1"));
}

#[test]
fn trailers_do_not_hold_a_request() {
    let (head, tail) = BODY.split_at(10);
    for is_http2 in [false, true] {
        for pieces in [vec![BODY], vec![head, tail]] {
            let mut asked = ask(&OPEN).pieces(pieces).trailer("x-sum", "1");
            if is_http2 {
                asked = asked.http2();
            }
            let reply = asked.send();
            assert_eq!(reply.served_by_one().1.text(), BODY.replace("plain", "up-b1"));
        }
    }
    ask(&OPEN).http2().pieces(["{"]).trailer("x-sum", "1").send().refused(400);
    // Trailers without any body.
    ask(&OPEN).http2().pieces(Vec::<String>::new()).trailer("x-sum", "1").send().refused(400);
    let reply = ask(&OPEN).http2().path("/v1/files").pieces(["x"]).trailer("x-sum", "1").send();
    assert_eq!(reply.served_by_one().0, "site");
}

#[test]
fn events_pass_as_soon_as_they_arrive() {
    let key = fresh("stream");
    let mut body = chat("plain", "Hello");
    body["stream"] = json!(true);
    run(async {
        let response = ask(&OPEN).json(&body).header("x-mock-hold", &key).open().await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut events = response.into_body();
        let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(first.starts_with(b"data: {"), "{first:?}");
        // The provider sends the rest only now, so nothing has waited for it.
        OPEN.mock("beta").release(&key);
        let rest = events.collect().await.unwrap().to_bytes();
        assert!(rest.ends_with(b"data: [DONE]\n\n"), "{rest:?}");
    });
}

#[test]
fn streams_of_every_format_pass_whole() {
    for (path, model, last) in [
        ("/v1/chat/completions", "plain", "data: [DONE]\n\n"),
        ("/v1/completions", "plain", "data: [DONE]\n\n"),
        ("/v1/responses", "plain", "\n\n"),
        ("/v1/messages", "claude", "{\"type\":\"message_stop\"}\n\n"),
    ] {
        let mut body = chat(model, "Hello");
        body["stream"] = json!(true);
        let reply = ask(&OPEN).path(path).json(&body).send();
        reply.served_by_one();
        let text = String::from_utf8(reply.body.unwrap().to_vec()).unwrap();
        assert!(text.contains("Hello ") && text.ends_with(last), "{path}: {text}");
    }
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    let reply = ask(&OPEN).model("plain").header("x-mock-reset", "mid-body").send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, None);
    OPEN.assert_serves("plain");
}

#[test]
fn a_client_that_leaves_during_its_body_does_no_harm() {
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.example\r\n\
                content-type: application/json\r\n";
    let length = format!("{head}content-length: {}\r\n", BODY.len() * 2);
    let chunked = format!("{head}transfer-encoding: chunked\r\n");
    let case = fresh("leaves");
    let case_header = format!("x-case: {case}\r\n\r\n");
    let chunk = format!("{:x}\r\n{BODY}\r\n", BODY.len());
    run(async {
        for _ in 0..8 {
            for (head, body) in
                [(&length, BODY), (&length, ""), (&chunked, &chunk), (&chunked, "5\r\n{")]
            {
                let mut stream = TcpStream::connect(("127.0.0.1", OPEN.port())).await.unwrap();
                let request = format!("{head}{case_header}{body}");
                stream.write_all(request.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    });
    OPEN.assert_serves("plain");
    assert!(OPEN.seen(&case).is_empty(), "part of a body reached a provider");
}

#[test]
fn a_client_that_leaves_during_the_answer_does_no_harm() {
    let mut body = chat("plain", "Hello");
    body["stream"] = json!(true);
    let key = fresh("left");
    run(async {
        for _ in 0..8 {
            let response = ask(&OPEN).json(&body).header("x-mock-hold", &key).open().await;
            drop(response);
        }
    });
    OPEN.mock("beta").release(&key);
    OPEN.assert_serves("plain");
}

#[test]
fn a_length_and_chunks_together_are_refused() {
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.example\r\ncontent-type: application/json\r\n\
         content-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n{BODY}\r\n0\r\n\r\n",
        BODY.len()
    );
    run(async {
        let mut stream = TcpStream::connect(("127.0.0.1", OPEN.port())).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    });
}
