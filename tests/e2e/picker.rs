//! The Envoy parts of docs/gateway.md: this filter picks the model, and an endpoint picker the pod.
//!
//! The picker is a stub that speaks as much of `ext_proc` as Envoy needs of one: it reads the body of
//! a request to its end, names a pod in a header, and passes both bodies on.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::generated::{endpoints, file, generated, mocks};
use crate::harness::{Group, ask, run};

const PAGE: &str = include_str!("../../docs/gateway.md");
const HEADER: &str = "x-gateway-destination-endpoint";

/// Appends a number as protobuf has it.
fn number(mut value: usize, out: &mut Vec<u8>) {
    while value > 127 {
        out.push(u8::try_from(value & 127).unwrap() | 128);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

/// Returns a field that has a length: a text or a message.
fn field(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    number(value.len(), &mut out);
    out.extend_from_slice(value);
    out
}

/// Returns a field that is a number.
fn flag(tag: u8, value: u8) -> Vec<u8> {
    vec![tag << 3, value]
}

/// Returns the number at the beginning, and what follows it.
fn read_number(mut bytes: &[u8]) -> (usize, &[u8]) {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        bytes = &bytes[1..];
        value |= usize::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            return (value, bytes);
        }
    }
}

/// Returns the fields of a message: the tag of each, its number, and its bytes if it has a length.
fn fields(mut bytes: &[u8]) -> Vec<(usize, usize, &[u8])> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (key, rest) = read_number(bytes);
        let (value, rest) = read_number(rest);
        let length = if key & 7 == 2 { value } else { 0 };
        found.push((key >> 3, value, &rest[..length]));
        bytes = &rest[length..];
    }
    found
}

/// What is known of one request, which has one stream.
#[derive(Default)]
struct Conversation {
    body: Vec<u8>,
}

/// A picker: the pod that it names, and the bodies that it has read.
#[derive(Default)]
struct Picker {
    pod: Mutex<String>,
    bodies: Mutex<Vec<Value>>,
}

impl Picker {
    async fn start() -> (Arc<Self>, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let picker = Arc::new(Self::default());
        let shared = Arc::clone(&picker);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let answer = hyper::service::service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(shared.open(request)) }
                });
                tokio::spawn(async move {
                    let builder = auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(connection), answer).await;
                });
            }
        });
        (picker, port)
    }

    /// Answers a stream of Envoy's while its messages come.
    fn open(self: &Arc<Self>, request: Request<Incoming>) -> Response<Channel<Bytes, Infallible>> {
        let (sender, body) = Channel::new(16);
        tokio::spawn(Arc::clone(self).converse(request.into_body(), sender));
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        response
    }

    async fn converse(self: Arc<Self>, mut body: Incoming, mut sender: Sender<Bytes, Infallible>) {
        let (mut held, mut conversation) = (Vec::new(), Conversation::default());
        while let Some(Ok(frame)) = body.frame().await {
            held.extend_from_slice(&frame.into_data().unwrap_or_default());
            // Each message has a byte of flags and four of its length before it.
            while let Some(head) = held.get(1..5) {
                let end = 5 + u32::from_be_bytes(head.try_into().unwrap()) as usize;
                let Some(message) = held.get(5..end).map(<[u8]>::to_vec) else { break };
                held.drain(..end);
                for answer in self.answers(&message, &mut conversation) {
                    let length = u32::try_from(answer.len()).unwrap().to_be_bytes();
                    let framed = [&[0][..], &length, &answer].concat();
                    let _ = sender.send_data(framed.into()).await;
                }
            }
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let _ = sender.send_trailers(trailers).await;
    }

    /// Returns what a `ProcessingRequest` is answered with: messages of type `ProcessingResponse`.
    fn answers(&self, message: &[u8], conversation: &mut Conversation) -> Vec<Vec<u8>> {
        let all = fields(message);
        let Some((tag, _, content)) = all.into_iter().find(|(tag, ..)| (2..=7).contains(tag))
        else {
            return Vec::new();
        };
        let of = |wanted: usize| fields(content).into_iter().find(|(tag, ..)| *tag == wanted);
        let bytes = of(1).map(|(_, _, bytes)| bytes).unwrap_or_default();
        let is_last = of(2).is_some_and(|(_, value, _)| value == 1);
        match tag {
            // The pod depends on the body, so the head waits for it.
            2 => Vec::new(),
            4 => {
                conversation.body.extend_from_slice(bytes);
                if is_last { self.pick(&conversation.body) } else { Vec::new() }
            }
            // The answer's head and trailers pass, and its body in its pieces.
            3 => vec![field(2, &[])],
            5 => vec![field(4, &streamed(bytes, is_last))],
            7 => vec![field(6, &[])],
            other => panic!("a message of type {other}"),
        }
    }

    /// Returns the head with the picked pod and the body; a refusal where there is no pod.
    fn pick(&self, body: &[u8]) -> Vec<Vec<u8>> {
        self.bodies.lock().unwrap().push(serde_json::from_slice(body).unwrap());
        let pod = self.pod.lock().unwrap().clone();
        if pod.is_empty() {
            // An `ImmediateResponse` with the status 503.
            return vec![field(7, &field(1, &[8, 0xf7, 3]))];
        }
        let header = [field(1, HEADER.as_bytes()), field(3, pod.as_bytes())].concat();
        let option = [field(1, &header), flag(3, 2)].concat();
        let head = field(1, &field(2, &field(1, &option)));
        vec![field(1, &head), field(3, &streamed(body, true))]
    }
}

/// Returns a `BodyResponse` with a piece of the body.
fn streamed(body: &[u8], is_last: bool) -> Vec<u8> {
    let piece = [field(1, body), flag(2, is_last.into())].concat();
    field(1, &field(3, &field(3, &piece)))
}

/// Returns the text of `envoy` with the blocks of the page in it.
fn patched(envoy: &str) -> String {
    let (_, recipe) = PAGE.split_once("\n## The Inference Extension\n").unwrap();
    let blocks: Vec<&str> = recipe.split("```yaml\n").skip(1).collect();
    let blocks: Vec<&str> = blocks.iter().map(|text| text.split("```").next().unwrap()).collect();
    let [filter, routes, clusters] = blocks[..] else { panic!("three blocks") };
    let at = "          - name: envoy.filters.http.router\n";
    let (before, rest) = envoy.split_once(at).unwrap();
    let (router, rest) = rest.split_once("              routes:\n").unwrap();
    let (_, rest) = rest.split_once("\n  clusters:\n").unwrap();
    let (first, rest) = rest.split_once("  - name: pool\n").unwrap();
    let (_, rest) = rest.split_once("\n  - name: ").unwrap();
    format!("{before}{filter}{at}{router}{routes}\n  clusters:\n{clusters}{first}  - name: {rest}")
}

fn start() -> (Group, Arc<Picker>) {
    let (picker, port) = run(Picker::start());
    let mocks = mocks(&["one", "two", "openai", "site"]);
    let (_, document) = PAGE.split_once("```json\n").unwrap();
    let config = file("json", document.split_once("```").unwrap().0);
    let clusters = [("pool", "one"), ("openai", "openai"), ("website", "site")];
    let mut text = patched(&generated(&config, &endpoints(&mocks, &clusters), &[]));
    let ports = [(8001, mocks["one"].port()), (8002, mocks["two"].port()), (9002, port)];
    for (port, with) in ports {
        text = text.replace(&format!("port_value: {port}}}"), &format!("port_value: {with}}}"));
    }
    (Group::of(mocks, &text, &[("OPENAI_API_KEY", "sk-openai")]), picker)
}

#[test]
fn this_filter_picks_the_model_and_the_picker_the_pod() {
    let (group, picker) = start();
    let model = "meta-llama/Llama-3.3-70B-Instruct";
    for pod in ["one", "two", "one"] {
        *picker.pod.lock().unwrap() = format!("127.0.0.1:{}", group.mock(pod).port());
        // A client names a pod of its own, which has no effect.
        let other = format!("127.0.0.1:{}", group.mock("openai").port());
        let reply = ask(&group).header(HEADER, &other).model("llama").send();
        assert_eq!(reply.served(), (pod, model));
        let asked = picker.bodies.lock().unwrap().pop().unwrap();
        assert_eq!(asked["model"], model);
        assert_eq!(reply.header("x-llm-deployment"), Some("llama"));
    }
    // The picker is not asked about other providers.
    let reply = ask(&group).header(HEADER, "127.0.0.1:1").model("gpt-4o").send();
    assert_eq!(reply.served(), ("openai", "gpt-4o"));
    assert_eq!(reply.seen[0].1.header(HEADER), None);
    assert_eq!(picker.bodies.lock().unwrap().len(), 0);
    // No pod is ready: that is for the client to know, and no deployment cools.
    picker.pod.lock().unwrap().clear();
    for _ in 0..6 {
        let reply = ask(&group).model("llama").send();
        assert!(reply.status == 503 && reply.seen.is_empty(), "{reply:?}");
    }
    assert_eq!(picker.bodies.lock().unwrap().len(), 6);
    group.assert_no_trap();
}
