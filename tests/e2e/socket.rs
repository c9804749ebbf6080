//! Realtime sessions: what passes over a WebSocket once it is open, and what is upgraded at all.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::ledger::assert_record;
use crate::harness::{Group, Spec, fresh, run};

fn document() -> Value {
    json!({
        "providers": {"alpha": {"cluster": "alpha", "credential": {"env": "ALPHA_KEY"}},
                      "closed": {"cluster": "closed"}},
        "deployments": {"live": {"provider": "alpha", "model": "gpt-realtime"},
                        "left": {"provider": "alpha", "model": "gpt-realtime-left"},
                        "gone": {"provider": "closed", "model": "gone"},
                        "other": {"provider": "alpha", "model": "gpt-realtime-other"}},
        "models": {"live": {"candidates": ["live"]}, "left": {"candidates": ["left"]},
                   "second": {"candidates": ["gone", "other"]}},
        "default_cluster": "site",
    })
}

static DIRECT: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec { with_peek: true, ..Spec::new(document()) }));
static FAILING_OVER: LazyLock<Group> = LazyLock::new(|| {
    let mut document = document();
    document["failover"] = json!({"max_attempts": 3});
    Group::start(&Spec { with_peek: true, ..Spec::failing_over(document) })
});

/// A connection after its opening request.
struct Socket {
    connection: TcpStream,
    status: u16,
}

impl Socket {
    /// Asks for a WebSocket.
    async fn open(group: &Group, case: &str, method: &str, path: &str) -> Self {
        let mut connection = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: proxy.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: realtime, openai-insecure-api-key.sk-client, openai-beta.realtime-v1\r\n\
             cookie: session=1\r\nx-case: {case}\r\nx-mock-socket: 1\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(connection.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        Self { connection, status: answer.split(' ').nth(1).unwrap().parse().unwrap() }
    }

    /// Sends a frame of a client, which is masked.
    async fn say(&mut self, opcode: u8, payload: &[u8]) {
        const MASK: [u8; 4] = [1, 2, 3, 4];
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.connection.write_all(&frame).await.unwrap();
    }

    /// Hears a frame: its opcode and payload.
    async fn hear(&mut self) -> (u8, Vec<u8>) {
        let opcode = self.connection.read_u8().await.unwrap() & 15;
        let length = match self.connection.read_u8().await.unwrap() {
            126 => usize::from(self.connection.read_u16().await.unwrap()),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.connection.read_exact(&mut payload).await.unwrap();
        (opcode, payload)
    }

    /// Lets texts and pings go there and back.
    async fn talk(&mut self, times: usize) {
        for time in 0..times {
            let payload = vec![b'x'; time * 97 % 5000];
            self.say(1, &payload).await;
            assert_eq!(self.hear().await, (1, payload));
            self.say(9, b"ping").await;
            assert_eq!(self.hear().await, (10, b"ping".to_vec()));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[test]
fn frames_pass_both_ways_and_the_session_is_one_attempt() {
    for group in [&DIRECT, &FAILING_OVER] {
        LazyLock::force(group);
        run(async {
            let case = fresh("session");
            let mut socket = Socket::open(group, &case, "GET", "/v1/realtime?model=live").await;
            assert_eq!(socket.status, 101);
            // Longer than any attempt may take to be answered here.
            socket.talk(150).await;
            assert_record(group, "live", (1, 0, 0, 1)).await;
            socket.say(8, b"").await;
            assert_eq!(socket.hear().await.0, 8);
            drop(socket);
            assert_record(group, "live", (1, 1, 0, 0)).await;
            let seen = group.seen(&case);
            let [(_, seen)] = seen.as_slice() else { panic!("{seen:?}") };
            assert_eq!(seen.path, "/v1/realtime?model=gpt-realtime");
            assert_eq!(seen.header("authorization"), Some("Bearer sk-alpha"));
            let protocols = seen.header("sec-websocket-protocol");
            assert_eq!(protocols, Some("realtime, openai-beta.realtime-v1"));
            assert_eq!(seen.header("cookie"), None);
        });
        group.assert_no_trap();
    }
}

#[test]
fn a_client_that_hangs_up_has_had_its_session() {
    for group in [&DIRECT, &FAILING_OVER] {
        LazyLock::force(group);
        run(async {
            for times in 1..=3 {
                let case = fresh("left");
                let mut socket = Socket::open(group, &case, "GET", "/v1/realtime?model=left").await;
                socket.talk(3).await;
                drop(socket);
                assert_record(group, "left", (times, times, 0, 0)).await;
            }
        });
        group.assert_no_trap();
    }
}

#[test]
fn a_session_goes_to_the_next_deployment_before_it_is_open() {
    LazyLock::force(&FAILING_OVER);
    run(async {
        let case = fresh("second");
        let mut socket =
            Socket::open(&FAILING_OVER, &case, "GET", "/v1/realtime?model=second").await;
        assert_eq!(socket.status, 101);
        socket.talk(3).await;
    });
    FAILING_OVER.assert_no_trap();
}

#[test]
fn nothing_else_is_upgraded_with_the_proxys_credential() {
    for group in [&DIRECT, &FAILING_OVER] {
        LazyLock::force(group);
        run(async {
            for (method, path, wanted) in [
                ("POST", "/v1/chat/completions", 400),
                ("POST", "/v1/responses", 400),
                // Not judged, and so without the proxy's credential.
                ("GET", "/v1/responses", 101),
                ("GET", "/chat", 101),
            ] {
                let case = fresh("other");
                let socket = Socket::open(group, &case, method, path).await;
                assert_eq!(socket.status, wanted, "{method} {path}");
                drop(socket);
                for (provider, seen) in group.seen(&case) {
                    assert_eq!((provider, seen.header("authorization")), ("site", None), "{path}");
                }
            }
        });
        group.assert_no_trap();
    }
}
