//! `pointsman admin` against a server that answers as a proxy does. The proxy itself is in `tests/e2e`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

/// Answers each request with a status and a body, as long as the test runs. Returns its address.
fn answering(status: u16, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}

#[test]
fn what_answers_in_place_of_a_proxy_is_told_with_what_to_check() {
    let page = answering(404, "invalid path. admin commands are:\n  /: Admin home page\n");
    let token = answering(401, r#"{"error": {"message": "unauthorized"}}"#);
    let keys = answering(401, "Client authentication failed.");
    let none = answering(503, "");
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let tls = format!("https://{none}");
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = closing.local_addr().unwrap().to_string();
    std::thread::spawn(move || closing.incoming().for_each(drop));
    for (proxy, wanted) in [
        (&closed, "; if it takes TLS, write https:// in --proxy"),
        (&page, "this is Envoy's own admin page, not the proxy; give --proxy HOST:PORT of"),
        (&token, "answers 401: unauthorized; check that POINTSMAN_ADMIN_TOKEN holds what"),
        (&keys, "answers 401 without JSON; a filter before pointsman refuses the request; let"),
        (&none, "answers 503 without JSON; check that this is the listener of a proxy, that"),
        (&refused, "nothing listens there; give --proxy HOST:PORT of the proxy's listener"),
        (&tls, "does not speak TLS; write http:// in --proxy"),
    ] {
        let (code, out) = admin(&["state", "--proxy", proxy]);
        assert!(code == 1 && out.contains(wanted), "{wanted}: {out}");
    }
}

const STATE: &str = r#"{
    "deployments": [
        {"id": "a", "health": "healthy", "in_flight": 3, "minute": {"attempts": 1, "failures": 0}, "cooldown": {"left_ms": 0}},
        {"id": "b", "health": "half_open", "cooldown": {"left_ms": 0, "cause": "429"}},
        {"id": "c", "health": "cooling", "cooldown": {"left_ms": 4200, "cause": "429"}}
    ],
    "tenants": {"named": [{
        "name": "search", "limits": {"requests_per_minute": 60, "nano_usd_per_day": 20000000000},
        "minute": {"requests": 7, "tokens": 0, "nano_usd": 0},
        "day": {"requests": 9, "tokens": 0, "nano_usd": 12500000000}
    }], "slots": 8, "used": 0, "forgotten": 0}
}"#;

const EXPLAINED: &str = r#"{
    "plan": ["a"],
    "tenant": {"name": "search", "budget": "its own", "limits": [
        {"limit": "nano_usd_per_day", "most": 20000000000, "spent": 12500000000, "left": 7500000000}
    ]}
}"#;

/// Answers requests as a proxy with the deployments `a` and `b` does, as long as the test runs. Returns
/// its address.
fn proxy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut head, mut byte) = (Vec::new(), [0; 1]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let (status, body) = if head.starts_with("GET /admin/state? ") {
                (200, STATE)
            } else if head.starts_with("POST /admin/explain") {
                (200, EXPLAINED)
            } else {
                (
                    404,
                    r#"{"error": {"field": "id", "message": "there is no deployment with this id"}}"#,
                )
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn the_server_says_what_a_proxy_says() {
    let source = include_str!("../../src/admin/deployment.rs");
    assert!(source.contains("\"there is no deployment with this id\", Some(field)"));
}

/// Runs `pointsman admin` and returns its exit code and what it prints.
fn admin(arguments: &[&str]) -> (i32, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .arg("admin")
        .args(arguments)
        .env("POINTSMAN_ADMIN_TOKEN", "token")
        .output()
        .unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
}

#[test]
fn an_unknown_deployment_is_answered_with_those_that_are_known() {
    let address = proxy();
    let url = format!("http://{address}/");
    let commands: [&[&str]; 5] = [
        &["drain", "d"],
        &["undrain", "d"],
        &["reset", "d"],
        &["cool", "d"],
        &["state", "--deployment", "d"],
    ];
    for command in commands {
        let (code, out) = admin(&[command, &["--proxy", &url]].concat());
        let wanted = "id: there is no deployment with this id; known: \"a\", \"b\", \"c\"";
        assert!(code == 1 && out.contains(wanted), "{command:?}: {out}");
    }
}

#[test]
fn deployments_and_budgets_are_shown_as_they_stand() {
    let url = format!("http://{}", proxy());
    let (code, out) = admin(&["state", "--proxy", &url]);
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    let of = |name: &str| lines.iter().find(|line| line.first() == Some(&name)).unwrap().join(" ");
    assert_eq!(code, 0, "{out}");
    assert!(of("a") == "a healthy 3 1 attempt, 0 failures", "{out}");
    assert!(of("b").starts_with("b half_open attempts,"), "{out}");
    assert!(of("c").starts_with("c cooling for 4.2 s"), "{out}");
    assert!(of("search").contains("7 of 60 requests_per_minute"), "{out}");
    assert!(of("search").contains("$12.5 of $20 usd_per_day"), "{out}");
    let (code, out) = admin(&["explain", "--body", "{}", "--proxy", &url]);
    assert!(code == 0 && out.contains("$12.5 of $20 usd_per_day"), "{out}");
}

#[test]
fn a_proxy_may_be_named_without_its_scheme() {
    let address = proxy();
    for named in [address.clone(), format!("http://{address}"), format!("{address}/")] {
        let (code, out) = admin(&["state", "--proxy", &named]);
        assert!(code == 0 && out.contains("healthy"), "{named}: {out}");
        assert!(out.starts_with(&format!("http://{address}\n")), "{out}");
    }
}
