//! Tricks with the path: what Envoy makes of them. None of them gets past the token.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{GROUP, TOKEN};
use crate::harness::{Group, fresh, run};

/// Sends bytes and returns one answer, or what arrives until the connection closes.
pub(super) async fn exchange(group: &Group, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while !is_whole(&answer) {
        // When the peer resets the connection, what has been read is all there is.
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => answer.extend_from_slice(&piece[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether an HTTP/1 answer has reached the end of its body.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => body.len() >= length.parse().unwrap(),
        None => body.ends_with("0\r\n\r\n"),
    }
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// An endpoint answered.
    In,
    /// It reached the admin path and was not let in.
    NotLetIn,
    /// The default cluster received it, on this path and without the token.
    Elsewhere(String),
    /// Envoy refused it.
    Refused,
}

fn came(case: &str, answer: &str) -> Came {
    let seen = GROUP.seen(case);
    if let Some((provider, seen)) = seen.first() {
        assert_eq!(*provider, "site");
        assert!(!format!("{:?}", seen.headers).contains(TOKEN));
        assert!(!answer.contains("dropped_updates"), "{answer}");
        return Came::Elsewhere(seen.path.clone());
    }
    if answer.contains("dropped_updates") {
        Came::In
    } else if answer.contains("unauthorized") {
        Came::NotLetIn
    } else {
        Came::Refused
    }
}

/// Sends a request for this target, with or without the token.
fn asked(target: &str, authorization: &str) -> Came {
    let case = fresh("path");
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: gateway.example\r\n{authorization}x-case: {case}\r\nconnection: close\r\n\r\n"
    );
    let answer = run(exchange(&GROUP, head.as_bytes()));
    came(&case, &answer)
}

/// Sends the same over HTTP/2, frame by frame, as no ordinary client would.
fn asked_http2(path: &str, authorization: Option<&str>) -> Came {
    let case = fresh("path");
    let mut fields = vec![
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "gateway.example"),
        (":path", path),
        ("x-case", &case),
    ];
    fields.extend(authorization.map(|value| ("authorization", value)));
    let answer = run(exchange_http2(&fields));
    came(&case, &answer)
}

/// Returns a frame. Every frame here is short.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![0, length[0], length[1], kind, flags, 0, 0, 0, stream];
    frame.extend_from_slice(payload);
    frame
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// Returns what arrives in data frames until the stream ends.
async fn exchange_http2(fields: &[(&str, &str)]) -> String {
    let mut block = Vec::new();
    for (name, value) in fields {
        // A literal field: not indexed, not compressed.
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, &[]));
    sent.extend(frame(HEADERS, 0x5, 1, &block));
    let mut stream = TcpStream::connect(("127.0.0.1", GROUP.port())).await.unwrap();
    stream.write_all(&sent).await.unwrap();
    let mut data = Vec::new();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let [_, high, low, kind, flags, _, _, _, of] = head;
        let mut payload = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        if stream.read_exact(&mut payload).await.is_err() || kind == GOAWAY {
            break;
        }
        if of == 1 && kind == 0 {
            data.extend_from_slice(&payload);
        }
        if of == 1 && (kind == RESET || (kind <= 1 && flags & 1 != 0)) {
            break;
        }
    }
    String::from_utf8_lossy(&data).into_owned()
}

/// Paths that are not the admin path, in the form they are sent.
const OTHERS: [&str; 16] = [
    "//admin/state",
    "///admin/state",
    "/%61dmin/state",
    "/x/../admin/state",
    "/./admin/state",
    "/../admin/state",
    "/ADMIN/state",
    "/Admin/state",
    "/admin;x/state",
    "/admin%2fstate",
    "/%2fadmin/state",
    "/admin%5cstate",
    "/admin\\state",
    "/administrator/state",
    "/x?/admin/state",
    "/%2e%2e/admin/state",
];

#[test]
fn another_spelling_over_http1_is_another_path() {
    let authorization = format!("authorization: Bearer {TOKEN}\r\n");
    assert_eq!(asked("/admin/state", &authorization), Came::In);
    assert_eq!(asked("/admin/state", ""), Came::NotLetIn);
    for path in OTHERS {
        for authorization in [&authorization, ""] {
            assert_eq!(asked(path, authorization), Came::Elsewhere(path.to_owned()), "{path}");
        }
    }
    for path in ["/admin#/state", "/admin/state#x", "/admin /state", "*", "admin/state", "?/admin"]
    {
        for authorization in [&authorization, ""] {
            assert_eq!(asked(path, authorization), Came::Refused, "{path:?}");
        }
    }
}

/// Envoy turns `http://host/path` into its path before any filter sees the request. So what decides
/// is that path, and the token.
#[test]
fn the_absolute_form_is_the_path_in_it() {
    let authorization = format!("authorization: Bearer {TOKEN}\r\n");
    let cases = [
        ("http://gateway.example/admin/state", Came::In),
        ("HTTP://other.example/admin/state", Came::In),
        ("https://gateway.example/admin/state", Came::In),
        ("http://gateway.example//admin/state", Came::Elsewhere("//admin/state".to_owned())),
        ("http://gateway.example/%61dmin/state", Came::Elsewhere("/%61dmin/state".to_owned())),
        ("http:///admin/state", Came::Refused),
        ("ftp://gateway.example/admin/state", Came::Refused),
        ("http://gateway.example?/admin/state", Came::Refused),
    ];
    for (target, wanted) in cases {
        assert_eq!(asked(target, &authorization), wanted, "{target}");
        let without = if wanted == Came::In { Came::NotLetIn } else { wanted };
        assert_eq!(asked(target, ""), without, "{target}");
    }
}

#[test]
fn another_spelling_over_http2_is_another_path() {
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(asked_http2("/admin/state", Some(&bearer)), Came::In);
    assert_eq!(asked_http2("/admin/state", None), Came::NotLetIn);
    for path in OTHERS {
        for authorization in [Some(bearer.as_str()), None] {
            assert_eq!(
                asked_http2(path, authorization),
                Came::Elsewhere(path.to_owned()),
                "{path}"
            );
        }
    }
    for path in [
        "",
        "*",
        "admin/state",
        "admin",
        "http://gateway.example/admin/state",
        "/admin/state#x",
        "/admin#/state",
        "/admin /state",
        "\\admin\\state",
        "?/admin/state",
        "/x\0/admin",
    ] {
        for authorization in [Some(bearer.as_str()), None] {
            assert_eq!(asked_http2(path, authorization), Came::Refused, "{path:?}");
        }
    }
}
