//! Providers whose status ends an answer before its body, though nobody asked for that: clients
//! would wait for the rest until their own timeout. And answers that Envoy takes for more than
//! they are.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::harness::{Group, Spec, ask, run};

/// Starts a provider that answers every request with these bytes and keeps the connection open.
/// Returns its port.
fn provider(answer: &'static str) -> u16 {
    provider_that(answer, false)
}

/// The same, which may close the connection after each answer.
fn provider_that(answer: &'static str, is_closing: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                // A request comes in one piece or in two, head and body.
                let mut request = [0; 65536];
                let mut length = 0;
                while let Ok(more @ 1..) = stream.read(&mut request[length..]) {
                    length += more;
                    if request[..length].ends_with(b"}") {
                        length = 0;
                        let _ = stream.write_all(answer.as_bytes());
                        if is_closing {
                            break;
                        }
                    }
                }
            });
        }
    });
    port
}

const ODD: [&str; 5] = [
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n{}",
    "HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n",
];

fn spec(port: u16, is_failing_over: bool) -> Spec {
    let mut document = json!({
        "providers": {"odd": {"cluster": "odd"}, "beta": {"cluster": "beta"}},
        "deployments": {"o": {"provider": "odd", "model": "up-o"},
                        "b": {"provider": "beta", "model": "up-b"}},
        "models": {"plain": {"candidates": ["o"]}, "pair": {"candidates": ["o", "b"]}},
        "cooldown": {"enabled": false},
    });
    let services = vec![("odd", port)];
    if is_failing_over {
        document["failover"] = json!({"max_attempts": 3});
        return Spec { services, ..Spec::failing_over(document) };
    }
    Spec { services, ..Spec::new(document) }
}

#[test]
fn an_answer_that_nobody_asked_for_is_an_error_or_tried_elsewhere() {
    for answer in ODD {
        for is_failing_over in [false, true] {
            let group = Group::start(&spec(provider(answer), is_failing_over));
            for is_http2 in [false, true] {
                let send = |model: &str| {
                    let request = ask(&group).model(model);
                    if is_http2 { request.http2() } else { request }.send()
                };
                let error = send("plain").refused(502);
                assert_eq!(error["error"]["code"], "invalid_answer", "{answer:?}");
                let reply = send("pair");
                if is_failing_over {
                    assert_eq!(reply.served(), ("beta", "up-b"), "{answer:?}");
                } else {
                    reply.refused(502);
                }
            }
            let name = "pointsman.attempts.deployment=.o;.outcome=.server;";
            assert_eq!(run(group.envoy().counted(name)), 4, "{answer:?} {is_failing_over}");
            group.assert_no_trap();
        }
    }
}

#[test]
fn a_failure_after_an_interim_answer_counts() {
    for interim in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
        for is_failing_over in [false, true] {
            let group = Group::start(&spec(provider_that(interim, true), is_failing_over));
            assert_eq!(ask(&group).model("plain").send().status, 503, "{interim:?}");
            let name = "pointsman.attempts.deployment=.o;.outcome=.network;";
            assert_eq!(run(group.envoy().counted(name)), 1, "{interim:?} {is_failing_over}");
        }
    }
}
