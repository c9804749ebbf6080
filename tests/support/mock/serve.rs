//! Connections: reads a request to its end, records it, and answers it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::{HeaderMap, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::behaviour::{Behaviour, Reset};
use super::record::{self, KEPT_BYTES, Seen};
use super::{Did, State, answer, control, socket, stream};

/// The reason why a body or an answer breaks off.
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("broken on demand")
    }
}

impl std::error::Error for Broken {}

/// The body of every answer.
pub(crate) type Answer = Response<BoxBody<Bytes, Broken>>;

/// Accepts connections until the task is aborted. It speaks HTTP/1.1 and HTTP/2 without TLS.
pub(crate) async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((connection, _)) = listener.accept().await {
        // As providers do. Else an event may wait until the one before is acknowledged.
        let _ = connection.set_nodelay(true);
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let state = Arc::clone(&state);
                async move { serve(request, state).await }
            });
            // When a peer goes away, that is not an error here.
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection_with_upgrades(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn serve(mut request: Request<Incoming>, state: Arc<State>) -> Result<Answer, Broken> {
    let upgrade = socket::wanted(&mut request);
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if let Some(command) = path.strip_prefix("/__mock/") {
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        return Ok(control::answer(&state, &head.method, command, &body));
    }
    let asked = Behaviour::of_headers(&head.headers);
    let authority = head.uri.authority().map(ToString::to_string);
    let host = head.headers.get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
    let seen = Seen {
        method: head.method.to_string(),
        path,
        version: format!("{:?}", head.version),
        authority: authority.or(host.map(Into::into)).unwrap_or_default(),
        headers: record::pairs(&head.headers),
        trailers: Vec::new(),
        body: Bytes::new(),
        body_bytes: 0,
        body_sha256: String::new(),
        is_complete: false,
        upstream_model: None,
    };
    if let Some(upgrade) = upgrade {
        state.seen().push(Seen { is_complete: true, ..seen });
        tokio::spawn(socket::serve(upgrade));
        return Ok(switched());
    }
    // Its own task: a connection that breaks drops this future, and the
    // record of how far the body came must not go with it.
    let keeper = Arc::clone(&state);
    let seen = tokio::spawn(async move {
        let seen = read(seen, body).await;
        keeper.seen().push(seen.clone());
        seen
    });
    let seen = seen.await.map_err(|_| Broken)?;
    match asked {
        Ok(asked) => respond(&state, asked, &seen).await,
        Err(problem) => {
            Ok(json_answer(500, &json!({"error": {"message": problem, "type": "mock"}})))
        }
    }
}

async fn read(mut seen: Seen, mut body: Incoming) -> Seen {
    let mut hash = Sha256::new();
    let mut kept = Vec::new();
    seen.is_complete = loop {
        match body.frame().await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    hash.update(&data);
                    seen.body_bytes += data.len();
                    let room = KEPT_BYTES.saturating_sub(kept.len());
                    kept.extend_from_slice(&data[..data.len().min(room)]);
                }
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_else(|_| HeaderMap::new());
                    seen.trailers = record::pairs(&trailers);
                    break body.is_end_stream() || body.frame().await.is_none();
                }
            },
        }
    };
    seen.upstream_model = record::upstream_model(&seen.path, &kept);
    seen.body = kept.into();
    seen.body_sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    seen
}

async fn respond(
    state: &Arc<State>,
    asked: Option<Behaviour>,
    seen: &Seen,
) -> Result<Answer, Broken> {
    let model = seen.upstream_model.as_deref();
    let behaviour = match asked {
        Some(asked) if asked.concerns(&state.name, model) => asked.at(&state.name, model),
        _ => state.scripted(model).unwrap_or_default(),
    };
    tokio::time::sleep(Duration::from_millis(behaviour.delay_ms)).await;
    if let Some(key) = &behaviour.hang {
        state.did(model, Did::Hang, 0);
        state.hanging.lock().unwrap().insert(key.clone());
        // Wait until the client gives up, which drops this future, or until the key is released.
        state.released(key).await;
    }
    if behaviour.reset == Some(Reset::BeforeHeaders) {
        state.did(model, Did::Reset, 0);
        return Err(Broken);
    }
    let mut response = answer(state, seen, &behaviour);
    if behaviour.has_trailer {
        response = response.map(|body| {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-mock-sum", header::HeaderValue::from_static("1"));
            body.with_trailers(std::future::ready(Some(Ok(trailers)))).boxed()
        });
        // HTTP/1 sends no trailers without these headers.
        for (name, value) in
            [(header::TRAILER, "x-mock-sum"), (header::TRANSFER_ENCODING, "chunked")]
        {
            if seen.version == "HTTP/1.1" {
                response.headers_mut().insert(name, header::HeaderValue::from_static(value));
            }
        }
    }
    let mut extra = behaviour.headers.clone();
    extra.push(("x-mock-provider".to_owned(), state.name.clone()));
    extra.extend(behaviour.retry_after.map(|after| ("retry-after".to_owned(), after)));
    extra.extend(model.map(|model| ("x-mock-model".to_owned(), model.to_owned())));
    for (name, value) in extra {
        // A model may contain characters that a header cannot. The record has it anyway.
        if let (Ok(name), Ok(value)) =
            (header::HeaderName::from_bytes(name.as_bytes()), header::HeaderValue::from_str(&value))
        {
            if name == header::CONTENT_TYPE {
                response.headers_mut().insert(name, value);
            } else {
                response.headers_mut().append(name, value);
            }
        }
    }
    Ok(response)
}

fn answer(state: &Arc<State>, seen: &Seen, behaviour: &Behaviour) -> Answer {
    let model = seen.upstream_model.as_deref();
    let error = behaviour.status.filter(|status| *status >= 400);
    let (response, did, tokens) = if let Some(refusal) = behaviour.refusal {
        let (status, body) = refusal.answer(&seen.path);
        (json_answer(status, &body), Did::Refuse(refusal), 0)
    } else if let (Some(body), Some(bytes)) = (&behaviour.body, behaviour.piece_bytes) {
        return stream::answer(state, seen, stream::pieces(body, bytes), behaviour);
    } else if let Some(body) = &behaviour.body {
        let status = behaviour.status.unwrap_or(200);
        let mut response = text_answer(status, body.clone());
        let json = header::HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        (response, Did::Answer(status), 0)
    } else if let Some(status) = error {
        (json_answer(status, &answer::error(&seen.path, status)), Did::Answer(status), 0)
    } else if let Some(events) = stream::events(&state.name, seen, behaviour) {
        return stream::answer(state, seen, events, behaviour);
    } else {
        let status = behaviour.status.unwrap_or(200);
        let body = answer::success(&state.name, seen, behaviour);
        let used = behaviour.used;
        (json_answer(status, &body), Did::Answer(status), used.input + used.output)
    };
    if behaviour.reset == Some(Reset::MidBody) {
        state.did(model, Did::Cut, 0);
        return stream::cut_short(response);
    }
    state.did(model, did, tokens);
    response
}

/// The answer that opens a WebSocket.
fn switched() -> Answer {
    let mut response = text_answer(101, String::new());
    for (name, value) in [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")] {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}

/// An answer with a JSON body.
pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    let mut response = text_answer(status, body.to_string());
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn text_answer(status: u16, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
    response
}
