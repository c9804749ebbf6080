//! The Envoy part of docs/recipes.md: budgets from a rate limit service after the filter.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

use crate::harness::{Group, ask, run};
use crate::shipped::start;

const RECIPES: &str = include_str!("../../docs/recipes.md");
const FAILOVER: &str = include_str!("../../envoy/failover.yaml");

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// A rate limit service: what it was asked, and whether it refuses.
#[derive(Default)]
struct Service {
    asked: Mutex<Vec<Vec<u8>>>,
    refuses: Mutex<bool>,
}

impl Service {
    /// Starts as much of a service as Envoy needs: it answers every gRPC call with a code.
    async fn start() -> (Arc<Self>, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = Arc::new(Self::default());
        let shared = Arc::clone(&service);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let answer = hyper::service::service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { shared.answer(request).await }
                });
                tokio::spawn(async move {
                    let builder = auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(connection), answer).await;
                });
            }
        });
        (service, port)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
        let asked = request.into_body().collect().await?.to_bytes();
        self.asked.lock().unwrap().push(asked.to_vec());
        // A `RateLimitResponse` whose `overall_code` is OK or OVER_LIMIT.
        let code = if *self.refuses.lock().unwrap() { 2 } else { 1 };
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let body = Full::new(Bytes::copy_from_slice(&[0, 0, 0, 0, 2, 8, code]))
            .with_trailers(std::future::ready(Some(Ok(trailers))))
            .boxed();
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        Ok(response)
    }

    /// Whether it was asked for this descriptor, with this many hits.
    fn was_asked(&self, key: &str, hits: Option<u8>) -> bool {
        let wanted = descriptor(key, "acme", hits);
        let asked = self.asked.lock().unwrap();
        asked.iter().any(|call| call.windows(wanted.len()).any(|part| part == wanted))
    }
}

/// Returns a protobuf field that has a length.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(value.len()).unwrap()], value].concat()
}

/// Returns a `RateLimitDescriptor` of one entry, as a member of a `RateLimitRequest`.
fn descriptor(key: &str, value: &str, hits: Option<u8>) -> Vec<u8> {
    let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
    let hits = match hits {
        None => Vec::new(),
        Some(0) => field(3, &[]),
        Some(hits) => field(3, &[8, hits]),
    };
    field(2, &[field(1, &entry), hits].concat())
}

/// Starts `failover.yaml` with the recipe's filter after ours, or before it.
fn with_budgets(port: u16, is_after: bool) -> Group {
    let (_, rest) = RECIPES.split_once("```yaml\n").unwrap();
    let filter = rest.split_once("```").unwrap().0;
    let filter: String = filter.lines().map(|line| format!("          {line}\n")).collect();
    let at = if is_after { "name: envoy.filters.http.router\n" } else { "name: pointsman\n" };
    let at = format!("          - {at}");
    let cluster = format!(
        r#"
  - name: ratelimit
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{http2_protocol_options: {{}}}}
    load_assignment:
      cluster_name: ratelimit
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
"#
    );
    assert_eq!(FAILOVER.matches(&at).count(), 1);
    // Slow machines take longer than the recipe's timeout.
    let filter = filter.replace("timeout: 0.2s", "timeout: 10s");
    start(FAILOVER.replace(&at, &format!("{filter}{at}")).trim_end().to_owned() + &cluster)
}

#[test]
fn a_tenants_requests_and_tokens_are_counted() {
    let (service, port) = run(Service::start());
    let group = with_budgets(port, true);
    let usage = r#"{"usage": {"prompt_tokens": 70, "completion_tokens": 11}}"#;
    let asked = || ask(&group).header("x-tenant", "acme").model("assistant");
    assert_eq!(asked().header("x-mock-body", usage).send().status, 200);
    assert!(service.was_asked("requests", None));
    assert!(service.was_asked("tokens", Some(0)), "whether any are left");
    run(async {
        while !(service.was_asked("tokens", Some(70)) && service.was_asked("tokens", Some(11))) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    *service.refuses.lock().unwrap() = true;
    assert_eq!(asked().send().status, 429);
    *service.refuses.lock().unwrap() = false;
    let reply = asked().send();
    assert_eq!(reply.served(), ("north", "gpt-4o-mini"), "a budget cools no deployment");
    group.assert_no_trap();
}

#[test]
fn a_limit_before_the_filter_is_never_asked() {
    let (service, port) = run(Service::start());
    *service.refuses.lock().unwrap() = true;
    let group = with_budgets(port, false);
    assert_eq!(ask(&group).header("x-tenant", "acme").model("assistant").send().status, 200);
    assert!(service.asked.lock().unwrap().is_empty(), "docs/recipes.md says so");
}
