//! A recorded request goes upstream unchanged except for its model.

use std::rc::Rc;

use pointsman::lifecycle::Engine;
use serde_json::json;

use crate::fake_host::FakeHost;
use crate::recorded::{Recorded, recorded};

const UPSTREAM: &str = "up-1/x";
const IN_A_PATH: &str = "up-1%2Fx";

/// Starts an engine that serves every model with one deployment.
fn engine(host: &FakeHost) -> Rc<Engine> {
    let document = json!({
        // One of the recorded requests is for an aggregator, and names further models.
        "providers": {"p": {"cluster": "c", "api": "any", "keep": ["models", "route"]}},
        "deployments": {"d": {"provider": "p", "model": UPSTREAM}},
        "models": {"m": {"candidates": ["d"]}},
        "unknown_model": {"model": "m"},
        "default_cluster": "other",
    });
    Rc::new(Engine::start(host, document.to_string().as_bytes()).unwrap())
}

fn replaced(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = text.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&text[..at], to.as_bytes(), &text[at + from.len()..]].concat()
}

/// Returns the path and the body that should go upstream.
fn wanted(request: &Recorded) -> (String, Vec<u8>) {
    let Recorded { path, body, .. } = request;
    let (bare, query) = path.split_once('?').map_or((path.as_str(), None), |(p, q)| (p, Some(q)));
    let in_path = ["/deployments/", "/models/"].iter().find_map(|folder| {
        let start = bare.find(folder)? + folder.len();
        let end = start + bare[start..].find(['/', ':'])?;
        Some(format!("{}{IN_A_PATH}{}", &bare[..start], &bare[end..]))
    });
    if let Some(in_path) = in_path {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        // Batches of embeddings repeat the resource that the path names.
        let resource = |model: &str| format!("\"models/{model}\"");
        let own = request.model().map(resource).unwrap_or_default();
        let body = match str::from_utf8(body) {
            Ok(text) if !own.is_empty() => text.replace(&own, &resource(UPSTREAM)).into_bytes(),
            _ => body.clone(),
        };
        return (in_path + &query, body);
    }
    let is_form = body.starts_with(b"--");
    let body = match request.model() {
        Some(model) if is_form => {
            replaced(body, &format!("\r\n\r\n{model}\r\n"), &format!("\r\n\r\n{UPSTREAM}\r\n"))
        }
        Some(model) => {
            let text = String::from_utf8_lossy(body);
            let own = [format!("\"model\":\"{model}\""), format!("\"model\": \"{model}\"")];
            let from = own.iter().filter(|own| text.contains(own.as_str())).collect::<Vec<_>>();
            let [from] = from[..] else { panic!("{}: the model must appear once", request.name) };
            let to = from.replace(model, UPSTREAM);
            replaced(body, from, &to)
        }
        None => {
            let own = format!("{{\"model\":\"{UPSTREAM}\",");
            [own.as_bytes(), body.strip_prefix(b"{").unwrap()].concat()
        }
    };
    (path.clone(), body)
}

#[test]
fn only_the_model_of_recorded_requests_changes() {
    let host = FakeHost::default();
    let engine = engine(&host);
    for request in recorded() {
        let length = request.body.len().to_string();
        let mut head = vec![
            (":method", request.method.as_str()),
            (":path", request.path.as_str()),
            (":authority", "proxy.test"),
        ];
        let own = request.headers.iter().filter(|(name, _)| name != "transfer-encoding");
        head.extend(own.map(|(name, value)| (name.as_str(), value.as_str())));
        if !request.body.is_empty() && !head.iter().any(|(name, _)| *name == "content-length") {
            head.push(("content-length", &length));
        }
        for size in [request.body.len().max(1), 64 * 1024, 1000, 13] {
            if size == 13 && request.body.len() > 20_000 {
                continue;
            }
            let pieces: Vec<&[u8]> = request.body.chunks(size).collect();
            host.request(&engine, &head, &pieces);
            let name = &request.name;
            assert_eq!(host.refused(), None, "{name}");
            let body = [host.passed.borrow().as_slice(), &host.body.borrow()].concat();
            if host.sent("x-llm-cluster").as_deref() == Some("other") {
                assert!(
                    request.is_stored_object_call() || request.path == "/v1/complete",
                    "{name}"
                );
                assert_eq!(body, request.body, "{name}");
                continue;
            }
            let (path, wanted) = wanted(&request);
            assert_eq!(host.sent(":path").as_deref(), Some(path.as_str()), "{name}");
            let shown =
                |body: &[u8]| String::from_utf8_lossy(&body[..body.len().min(600)]).into_owned();
            assert!(body == wanted, "{name}:\n{}\n{}", shown(&body), shown(&wanted));
            if let Some(length) = host.sent("content-length") {
                assert_eq!(length, body.len().to_string(), "{name}");
            }
        }
    }
}
