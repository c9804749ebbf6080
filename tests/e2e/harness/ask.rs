//! A client that makes one request on its own connection, and the reply.

use std::convert::Infallible;

use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::mock::Seen;

use super::{Group, chat, fresh, run};

/// The authority of requests that name no other.
pub(crate) const AUTHORITY: &str = "gateway.example";

/// A request to make.
#[derive(Debug)]
pub(crate) struct Ask<'g> {
    group: &'g Group,
    case: String,
    method: Method,
    path: String,
    headers: HeaderMap,
    content: Content,
    trailers: Option<HeaderMap>,
    is_http2: bool,
}

/// The body of a request.
#[derive(Debug)]
pub(crate) enum Content {
    /// A body with a length.
    Whole(Bytes),
    /// A body without a length, in these pieces.
    Pieces(Vec<Bytes>),
}

/// Begins a chat request to the group's Envoy.
pub(crate) fn ask(group: &Group) -> Ask<'_> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ask {
        group,
        case: fresh("case"),
        method: Method::POST,
        path: "/v1/chat/completions".to_owned(),
        headers,
        content: Content::Whole(Bytes::new()),
        trailers: None,
        is_http2: false,
    }
}

impl Ask<'_> {
    /// Sets the method. A GET has no body and no content type.
    pub(crate) fn method(mut self, method: Method) -> Self {
        if method == Method::GET {
            self.headers.remove(CONTENT_TYPE);
        }
        self.method = method;
        self
    }

    /// Sets the path.
    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Adds a header, or replaces `content-type`.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.header_value(name, value.parse().unwrap())
    }

    /// Does the same with a value that is not text.
    pub(crate) fn header_value(mut self, name: &str, value: HeaderValue) -> Self {
        let name: HeaderName = name.parse().unwrap();
        if name == CONTENT_TYPE {
            self.headers.insert(name, value);
        } else {
            self.headers.append(name, value);
        }
        self
    }

    /// Sets the body to a short chat with this model.
    pub(crate) fn model(self, model: &str) -> Self {
        self.json(&chat(model, "Hello"))
    }

    /// Sets this JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Sets this body.
    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.content = Content::Whole(body.into());
        self
    }

    /// Sets this body, in pieces and without a length.
    pub(crate) fn pieces<P: Into<Bytes>>(mut self, pieces: impl IntoIterator<Item = P>) -> Self {
        self.content = Content::Pieces(pieces.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a trailer after the body, which then has no length.
    pub(crate) fn trailer(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert("trailer", HeaderValue::from_static(name));
        let trailers = self.trailers.get_or_insert_default();
        trailers.insert(name, HeaderValue::from_static(value));
        if let Content::Whole(body) = &self.content {
            self.content = Content::Pieces(vec![body.clone()]);
        }
        self
    }

    /// Sends the request over HTTP/2.
    pub(crate) fn http2(mut self) -> Self {
        self.is_http2 = true;
        self
    }

    /// Sends the request and reads the whole answer.
    pub(crate) fn send(self) -> Reply {
        run(async {
            let (group, case) = (self.group, self.case.clone());
            let response = self.open().await;
            let (head, body) = response.into_parts();
            let body = body.collect().await.ok();
            let trailers = body.as_ref().and_then(|body| body.trailers().cloned());
            let body = body.map(http_body_util::Collected::to_bytes);
            let seen = group.seen(&case);
            Reply { status: head.status, headers: head.headers, body, trailers, seen }
        })
    }

    /// Sends the request and returns as soon as the answer begins.
    pub(crate) async fn open(self) -> Response<Incoming> {
        let port = self.group.port();
        let is_http2 = self.is_http2;
        let request = self.request();
        let stream = TokioIo::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        if is_http2 {
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.expect("Envoy answers")
        } else {
            let (mut sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.expect("Envoy answers")
        }
    }

    fn request(self) -> Request<Body> {
        let builder = Request::builder().method(self.method);
        let mut request = if self.is_http2 {
            builder.uri(format!("http://{AUTHORITY}{}", self.path))
        } else {
            builder.uri(&self.path)
        }
        .body(body(self.content, self.trailers))
        .unwrap();
        *request.headers_mut() = self.headers;
        if !self.is_http2 {
            request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static(AUTHORITY));
        }
        request.headers_mut().insert("x-case", self.case.parse().unwrap());
        request
    }
}

/// A body in the form that the client sends.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

impl From<Content> for Body {
    fn from(content: Content) -> Self {
        body(content, None)
    }
}

fn body(content: Content, trailers: Option<HeaderMap>) -> Body {
    match content {
        Content::Whole(whole) => Full::new(whole).boxed(),
        Content::Pieces(pieces) => {
            let (mut sender, body) = Channel::new(1);
            tokio::spawn(async move {
                for piece in pieces {
                    // Envoy may already have answered with an error.
                    if sender.send_data(piece).await.is_err() {
                        return;
                    }
                }
                if let Some(trailers) = trailers {
                    let _ = sender.send_trailers(trailers).await;
                }
            });
            body.boxed()
        }
    }
}

/// A client that sends requests one after the other, over one connection while it lasts.
#[derive(Debug)]
pub(crate) struct Client {
    group: &'static Group,
    connection: Option<http1::SendRequest<Body>>,
}

impl Client {
    /// Returns a client that has no connection yet.
    pub(crate) fn new(group: &'static Group) -> Self {
        Self { group, connection: None }
    }

    /// Sends a request and returns as soon as its answer begins.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> Response<Incoming> {
        if let Some(connection) = &mut self.connection
            && connection.ready().await.is_err()
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.group.port())).await.unwrap();
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            self.connection = Some(sender);
        }
        let connection = self.connection.as_mut().expect("it was opened just now");
        connection.send_request(request).await.expect("Envoy answers")
    }
}

/// Opens a connection for many requests.
pub(crate) async fn connect(group: &Group) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Returns the body of a GET, if there is an answer.
pub(crate) async fn fetch(port: u16, path: &str) -> Option<Bytes> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let request = Request::builder().uri(path).header(HOST, AUTHORITY);
    let response = sender.send_request(request.body(Empty::<Bytes>::new()).ok()?).await.ok()?;
    Some(response.into_body().collect().await.ok()?.to_bytes())
}

/// The result of a request.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status the client saw.
    pub(crate) status: StatusCode,
    /// The headers the client saw.
    pub(crate) headers: HeaderMap,
    /// The body; `None` if it broke off.
    pub(crate) body: Option<Bytes>,
    /// The trailers that followed the body.
    pub(crate) trailers: Option<HeaderMap>,
    /// The requests that reached providers, as (provider, request).
    pub(crate) seen: Vec<(&'static str, Seen)>,
}

impl Reply {
    /// Returns the provider and the one request that it served completely.
    #[track_caller]
    pub(crate) fn served_by_one(&self) -> (&'static str, &Seen) {
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.reached_one()
    }

    /// Returns the provider and the one request that reached it, whatever it answered.
    #[track_caller]
    pub(crate) fn reached_one(&self) -> (&'static str, &Seen) {
        let [(provider, seen)] = &self.seen[..] else {
            panic!("wanted one request at one provider: {self:#?}");
        };
        assert!(seen.is_complete, "the provider got a broken body");
        if let Some(length) = seen.header("content-length") {
            assert_eq!(length, seen.body_bytes.to_string());
        }
        (provider, seen)
    }

    /// Returns the one provider, and the upstream model it was asked for.
    #[track_caller]
    pub(crate) fn served(&self) -> (&'static str, &str) {
        let (provider, seen) = self.served_by_one();
        (provider, seen.upstream_model.as_deref().unwrap_or("none"))
    }

    /// Returns the error body of a request that must not have reached any provider.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        assert!(self.seen.is_empty(), "a provider saw it: {:?}", self.seen);
        self.json()
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let body = self.body.as_ref().expect("a whole body");
        serde_json::from_slice(body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
    }

    /// Returns a response header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
