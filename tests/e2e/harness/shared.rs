//! Access to shared data from outside, through the filter that shows it.

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{AUTHORITY, Group};

impl Group {
    /// Returns the value of a key, if it has one.
    pub(crate) async fn shared(&self, key: &str) -> Option<Vec<u8>> {
        let (status, body) = self.peek(Request::get("/").header("x-key", key)).await;
        if status == StatusCode::NOT_FOUND {
            return None;
        }
        assert_eq!(status, StatusCode::OK, "{key}: {body:?}");
        let digits = |at: usize| str::from_utf8(&body[at..at + 2]).unwrap();
        let byte = |at: usize| u8::from_str_radix(digits(at), 16).unwrap();
        Some((0..body.len()).step_by(2).map(byte).collect())
    }

    /// Writes a value, whatever the key held before.
    pub(crate) async fn set_shared(&self, key: &str, value: &[u8]) {
        let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        let request = Request::put("/").header("x-key", key).header("x-value", digits);
        let (status, body) = self.peek(request).await;
        assert_eq!(status, StatusCode::OK, "{key}: {body:?}");
    }

    async fn peek(&self, request: hyper::http::request::Builder) -> (StatusCode, Bytes) {
        let request = request.header(HOST, AUTHORITY).body(Empty::<Bytes>::new()).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", self.envoy.peek_port())).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    }
}
