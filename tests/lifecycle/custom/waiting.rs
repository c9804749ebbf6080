//! How a request waits for the service's answer, and what may happen while it waits.

use pointsman::host::Called;
use pointsman::lifecycle::{Action, Stream};
use serde_json::{Value, json};

use super::{BODY, Proxy, set};
use crate::fake_host::FakeHost;
use crate::head;

/// Cools a deployment through another request of the same worker.
fn cool(proxy: &Proxy, deployment: &str) {
    let other = FakeHost::sharing(&proxy.host.shared);
    // The engine has defined its metrics at the proxy's host.
    other.metrics.swap(&proxy.host.metrics);
    let mut stream = other.request(&proxy.engine, &head(&[]), &[BODY]);
    let answer = json!({"deployment": deployment}).to_string();
    other.end_call(0, Some((200, answer.as_bytes())), |called| stream.on_called(&other, called));
    other.respond(&mut stream, 429, &[("retry-after", "60")]);
    other.done(stream, None);
    other.metrics.swap(&proxy.host.metrics);
}

#[test]
fn a_pick_that_began_to_cool_while_waiting_is_passed_over() {
    for on_error in ["first", "fail"] {
        let proxy = Proxy::new(set("on_error", on_error.into()));
        let mut stream = proxy.send(&[]);
        cool(&proxy, "b");
        assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
        assert_eq!(proxy.served_by().as_deref(), Some("a"), "{on_error}");
        // The next request is not offered this deployment.
        proxy.send(&[]);
        let offered = proxy.asked()[1]["candidates"].as_array().unwrap().clone();
        let offered: Vec<&Value> = offered.iter().map(|one| &one["deployment"]).collect();
        assert_eq!(offered, ["a", "c"]);
    }
}

#[test]
fn nothing_is_decided_before_the_whole_request_is_known() {
    let proxy = Proxy::new(json!({}));
    let length = BODY.len().to_string();
    for pieces in [1, 5, BODY.len() - 1] {
        let asked = proxy.asked().len();
        let (mut stream, action) =
            proxy.host.begin(&proxy.engine, &head(&[("content-length", &length)]), false);
        assert_eq!(action, Action::Pause);
        for piece in BODY[..BODY.len() - 1].chunks(pieces) {
            assert_eq!(proxy.host.piece(&mut stream, piece, false), Action::Pause);
        }
        assert_eq!(proxy.asked().len(), asked, "in pieces of {pieces}");
        assert_eq!(proxy.host.piece(&mut stream, &BODY[BODY.len() - 1..], false), Action::Pause);
        assert_eq!(proxy.asked().len(), asked + 1);
        assert_eq!(proxy.pick(&mut stream, "c"), Action::Continue);
        assert_eq!(proxy.served_by().as_deref(), Some("c"));
        let sent = proxy.host.sent_body();
        assert_eq!(proxy.host.sent("content-length"), Some(sent.len().to_string()));
        // The end of the body arrives after its last byte, and goes on with it.
        assert_eq!(stream.on_request_body(&proxy.host, 0, true), Action::Continue);
    }
}

#[test]
fn the_end_of_the_request_may_come_before_and_after_the_answer() {
    enum End {
        Body,
        Trailers,
    }
    for end in [End::Body, End::Trailers] {
        for is_before in [true, false] {
            for (on_error, wanted) in [("first", None), ("fail", Some(503))] {
                let proxy = Proxy::new(set("on_error", on_error.into()));
                let length = BODY.len().to_string();
                let (mut stream, _) =
                    proxy.host.begin(&proxy.engine, &head(&[("content-length", &length)]), false);
                proxy.host.piece(&mut stream, BODY, false);
                assert_eq!(proxy.asked().len(), 1);
                let ends = |stream: &mut Stream| match end {
                    End::Body => stream.on_request_body(&proxy.host, BODY.len(), true),
                    End::Trailers => stream.on_request_trailers(&proxy.host),
                };
                if is_before {
                    assert_eq!(ends(&mut stream), Action::Pause);
                }
                let action = proxy.end(&mut stream, None);
                assert_eq!(action == Action::Continue, wanted.is_none());
                if !is_before {
                    // Envoy closes the connection of a client that it answers before the end.
                    assert_eq!(proxy.host.refused(), None);
                    proxy.host.body.borrow_mut().clear();
                    let held = match end {
                        End::Body => stream.on_request_body(&proxy.host, 0, true),
                        End::Trailers => stream.on_request_trailers(&proxy.host),
                    };
                    assert_eq!(held == Action::Continue, wanted.is_none());
                }
                assert_eq!(proxy.host.refused().map(|(status, _)| status), wanted);
            }
        }
    }
}

#[test]
fn a_request_without_a_body_waits_too() {
    for (on_error, wanted) in [("first", None), ("fail", Some(503))] {
        let mut with = set("on_error", on_error.into());
        for id in ["a", "b", "c"] {
            with["deployments"][id] = json!({"provider": "p", "model": format!("model-{id}")});
        }
        let proxy = Proxy::new(with);
        let mut head = head(&[]);
        head[0].1 = "GET";
        head[1].1 = "/v1/realtime?model=m";
        let (mut stream, action) = proxy.host.begin(&proxy.engine, &head, true);
        assert_eq!((action, proxy.asked().len()), (Action::Pause, 1));
        assert_eq!(proxy.asked()[0]["facts"]["operation"], "realtime");
        proxy.end(&mut stream, Some((500, b"")));
        assert_eq!(proxy.host.refused().map(|(status, _)| status), wanted);
        let path = proxy.host.sent(":path").unwrap();
        assert_eq!(path == "/v1/realtime?model=model-a", wanted.is_none(), "{path}");
    }
}

#[test]
fn a_client_that_leaves_while_waiting_leaves_no_trace() {
    let proxy = Proxy::new(json!({}));
    let stream = proxy.send(&[]);
    let before = proxy.host.accesses.get();
    proxy.host.done(stream, Some("downstream_remote_disconnect"));
    assert_eq!(proxy.host.accesses.get(), before, "nothing is written about the request");
    assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0; 3]);
}

#[test]
fn an_answer_that_comes_too_late_changes_nothing() {
    let proxy = Proxy::new(json!({}));
    let mut stream = proxy.send(&[]);
    let stray = Called { call: 7, is_answered: false, length: 0 };
    assert_eq!(stream.on_called(&proxy.host, stray), Action::Pause, "this answers another call");
    // The proxy has answered by itself: the body was too long, or the client too slow.
    proxy.host.properties.borrow_mut().insert("response.code_details".into(), b"timeout".to_vec());
    proxy.host.respond(&mut stream, 408, &[]);
    assert_eq!(proxy.host.received("x-llm-deployment"), None);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Pause);
    assert_eq!(proxy.served_by(), None);
    assert_eq!(proxy.begun("b"), 0);
    // A second answer to the same call changes nothing either.
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
    assert_eq!(proxy.pick(&mut stream, "c"), Action::Pause);
    assert_eq!(proxy.served_by().as_deref(), Some("b"));
    assert_eq!((proxy.begun("b"), proxy.begun("c")), (1, 0));
}
