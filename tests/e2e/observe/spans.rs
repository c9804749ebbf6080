//! Spans: what Envoy's tracer sends to a collector has the attributes of the conventions.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Group, Spec, ask, chat};

const SHIPPED: &str = include_str!("../../../envoy/tracing.yaml");

/// Envoy sends spans every five seconds, or when it has a batch.
const SENT: Duration = Duration::from_secs(30);

/// Starts a collector that takes everything. Returns its port, and the bodies that it gets.
fn collector() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (bodies, received) = channel();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let bodies = bodies.clone();
            thread::spawn(move || take_all(&connection, &bodies));
        }
    });
    (port, received)
}

/// Reads request after request of a connection, and answers each with 200.
fn take_all(connection: &TcpStream, bodies: &Sender<Vec<u8>>) {
    let mut reader = BufReader::new(connection);
    while let Some(body) = body(&mut reader) {
        let mut writer = connection;
        let answered = writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        if bodies.send(body).is_err() || answered.is_err() {
            return;
        }
    }
}

/// Reads the next request, and returns its body; `None` at the end of the connection.
fn body(reader: &mut BufReader<&TcpStream>) -> Option<Vec<u8>> {
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let line = line(reader)?.to_lowercase();
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(("transfer-encoding", value)) => is_chunked = value.trim() == "chunked",
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    while is_chunked {
        let mut chunk = vec![0; usize::from_str_radix(&line(reader)?, 16).unwrap()];
        reader.read_exact(&mut chunk).ok()?;
        is_chunked = !chunk.is_empty();
        body.extend(chunk);
        line(reader)?;
    }
    Some(body)
}

/// Reads a line, without its end; `None` at the end of the connection.
fn line(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

/// Returns the shipped block, with another address of the collector.
fn tracing() -> Value {
    let inner = |line: &str, start: &str, end: &str| {
        Some(line.trim().strip_prefix(start)?.strip_suffix(end)?.to_owned())
    };
    let tags: Vec<Value> = SHIPPED
        .lines()
        .filter_map(|line| inner(line, "- {tag: ", "\"}"))
        .map(|tag| {
            let (tag, value) = tag.split_once(", value: \"").unwrap();
            json!({"tag": tag, "value": value})
        })
        .collect();
    assert!(tags.len() > 10, "the tags are found");
    let operation = SHIPPED.lines().find_map(|line| inner(line, "operation: \"", "\"")).unwrap();
    json!({
        "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": {
            "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
            "service_name": "pointsman",
            "http_service": {"http_uri": {
                "uri": "http://collector:4318/v1/traces", "cluster": "collector", "timeout": "1s"}},
        }},
        "operation": operation,
        "custom_tags": tags,
    })
}

/// Encodes a field of bytes, which are few.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 128, "a length of one byte");
    [&[number << 3 | 2, length], content].concat()
}

/// Returns an attribute as OTLP has it: `KeyValue {key = 1, AnyValue value = 2 {string = 1}}`.
fn attribute(key: &str, value: &str) -> Vec<u8> {
    [field(1, key.as_bytes()), field(2, &field(1, value.as_bytes()))].concat()
}

fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// Waits for the span of that name, and returns the message that it came in.
fn span(received: &Receiver<Vec<u8>>, name: &str) -> Vec<u8> {
    let patience = Instant::now() + SENT;
    let mut others = Vec::new();
    loop {
        let left = patience.saturating_duration_since(Instant::now());
        let Ok(body) = received.recv_timeout(left) else { panic!("no {name:?} in {others:#?}") };
        if has(&body, &field(5, name.as_bytes())) {
            return body;
        }
        others.push(String::from_utf8_lossy(&body).into_owned());
    }
}

fn assert_spans_have_the_attributes(fails_over: bool) {
    let (port, received) = collector();
    let deployment = json!({"provider": "alpha", "model": "model-a", "facts": {
        "input_usd_per_million": 1000, "output_usd_per_million": 2000}});
    let mut document = json!({
        "providers": {"alpha": {"cluster": "alpha"}},
        "deployments": {"a": deployment},
        "models": {"m": {"candidates": ["a"]}},
        "routes": [{"name": "all", "when": {"model_in": ["m"]}, "then": {"target_model": "m"}}],
        "log_fields": true, "default_cluster": "site"
    });
    if fails_over {
        document["failover"] = json!({"max_attempts": 2});
    }
    let spec = if fails_over { Spec::failing_over(document) } else { Spec::new(document) };
    let services = vec![("collector", port)];
    let group = Group::start(&Spec { services, tracing: tracing(), ..spec });
    let keyed = "/v1/chat/completions?key=canary-key";
    assert_eq!(ask(&group).path(keyed).json(&chat("m", "canary-prompt")).send().status, 200);
    let served = span(&received, "chat model-a");
    for (key, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "alpha"),
        ("gen_ai.request.model", "model-a"),
        ("gen_ai.usage.input_tokens", "7"),
        ("gen_ai.usage.output_tokens", "5"),
        ("pointsman.model", "m"),
        ("pointsman.route", "all"),
        ("pointsman.deployment", "a"),
        ("pointsman.attempts", "a=200"),
        ("pointsman.cost_usd", "0.017000000"),
    ] {
        assert!(has(&served, &attribute(key, value)), "{key}={value}");
    }
    assert!(!has(&served, b"canary"), "neither the prompt nor the client's key is in a span");
    assert!(has(&served, &attribute("http.url", "/v1/chat/completions")));
    // What is not known has no attribute.
    for key in ["error.type", "gen_ai.usage.reasoning.output_tokens"] {
        assert!(!has(&served, &field(1, key.as_bytes())), "{key}");
    }
    group.assert_no_trap();
}

#[test]
fn spans_have_the_attributes_of_the_conventions() {
    assert_spans_have_the_attributes(false);
}

#[test]
fn with_failover_spans_have_the_attributes_of_the_conventions() {
    assert_spans_have_the_attributes(true);
}
