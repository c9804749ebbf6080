//! What the client and the access log are told when no provider could be reached.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::generated::{file, mocks};
use crate::harness::module;

use super::running::Running;

/// Asks for a model, and returns the message of the error.
fn error(running: &Running, model: &str) -> String {
    let asked = ureq::post(format!("{}/v1/chat/completions", running.url))
        .config()
        .http_status_as_error(false)
        .build()
        .content_type("application/json");
    let mut answer = asked.send(json!({"model": model}).to_string()).unwrap();
    assert_eq!(answer.status(), 503, "{model}");
    let body = answer.body_mut().read_to_string().unwrap();
    let error: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{model}: {body}"));
    assert_eq!(error["error"]["code"], "no_deployment_available", "{model}: {body}");
    error["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_log_says_why() {
    let mocks = mocks(&["plain"]);
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let plain = format!("localhost:{}", mocks["plain"].port());
    for attempts in [1, 2] {
        let mut document = json!({
            "providers": {
                "refused": {"cluster": "refused"},
                "tls": {"cluster": "tls", "authority": plain},
                "unknown": {"cluster": "unknown", "authority": "no-such-host.invalid"}
            },
            "failover": {"max_attempts": attempts},
            "log_fields": true
        });
        for name in ["refused", "tls", "unknown"] {
            document["deployments"][name] = json!({"provider": name, "model": "m"});
            document["models"][name] = json!({"candidates": [name]});
        }
        let path = file("json", &document.to_string());
        let endpoint = format!("refused=127.0.0.1:{closed}");
        let running = Running::starting(&path, &["--endpoint", &endpoint], &module());
        running
            .wait_for("it listens", || ureq::get(&running.url).call().is_err_and(is_of_a_status));
        for (name, told) in
            [("refused", "be reached; try"), ("tls", "be reached; try"), ("unknown", "has no host")]
        {
            let message = error(&running, name);
            assert!(message.contains(told), "{name}: {message}");
        }
        let log = running.log.clone();
        running.stop();
        let log = std::fs::read_to_string(log).unwrap();
        let lines: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (name, why) in
            [("refused", "Connection_refused"), ("tls", "TLS_error"), ("unknown", "no_healthy")]
        {
            let line = lines.iter().find(|line| line["model"] == name).unwrap();
            assert!(line["details"].as_str().unwrap().contains(why), "{line}");
            assert_eq!(line["attempts"], format!("{name}=network"), "{line}");
        }
    }
}

fn is_of_a_status(error: ureq::Error) -> bool {
    matches!(error, ureq::Error::StatusCode(_))
}
