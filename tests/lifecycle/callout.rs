//! How calls to services end.

use std::time::Duration;

use pointsman::host::{Callout, Host, NotCalled, Reply};

use crate::host;

const CALLOUT: Callout<'_> = Callout {
    cluster: "picker",
    headers: &[(":method", "POST"), (":path", "/pick"), (":authority", "picker")],
    body: b"{}",
    timeout: Duration::from_millis(200),
};

#[test]
fn an_answer_is_read_up_to_the_requested_length() {
    let host = host();
    let call = host.call(CALLOUT).unwrap();
    let read = |most| {
        host.end_call(call, Some((200, b"abc")), |called| {
            assert_eq!(called.call, call);
            Reply::read(&host, called, most)
        })
    };
    assert_eq!((read(3).status, read(3).body), (200, Some(b"abc".to_vec())));
    assert_eq!((read(2).status, read(2).body), (200, None));
    let headers = read(2).headers;
    assert_eq!(headers, [(":status", "200")].into_iter().collect());
    let empty = host.end_call(call, Some((304, b"")), |called| Reply::read(&host, called, 0));
    assert_eq!((empty.status, empty.body), (304, Some(Vec::new())));
}

#[test]
fn without_an_answer_nothing_is_read() {
    let host = host();
    let call = host.call(CALLOUT).unwrap();
    let reply = host.end_call(call, None, |called| Reply::read(&host, called, 64));
    assert_eq!(reply, Reply::default());
    assert_eq!(host.calls.borrow()[0].cluster, "picker");
    host.uncalled.borrow_mut().push("picker".to_owned());
    assert_eq!(host.call(CALLOUT), Err(NotCalled));
}
