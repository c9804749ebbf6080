//! A router as an external process: what one would write to route by model without a module.
//!
//! Envoy sends it the head and the whole body of each request. It finds the model with serde_json,
//! replaces it in place, and names the cluster in a header. It decides nothing else, keeps nothing,
//! and does not see answers. So it costs what the way there and back costs, and little more.

use std::collections::HashMap;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::service::ext_proc::v3::external_processor_server::{
    ExternalProcessor, ExternalProcessorServer,
};
use envoy_types::pb::envoy::service::ext_proc::v3::{
    BodyMutation, BodyResponse, CommonResponse, HeaderMutation, HeadersResponse, ImmediateResponse,
    ProcessingRequest, ProcessingResponse, body_mutation, processing_request, processing_response,
};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

/// Where every request goes.
const CLUSTER: &str = "upstream";

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: extproc SOCKET")?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = UnixListener::bind(&path)?;
        println!("{path}");
        let router = Router { models: HashMap::from([("assistant", "north-small-2025-06-01")]) };
        let service = ExternalProcessorServer::new(Service(Arc::new(router)));
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(UnixListenerStream::new(listener))
            .await?;
        Ok(())
    })
}

/// Says which model of the upstream stands in for each model that clients ask for.
struct Router {
    models: HashMap<&'static str, &'static str>,
}

/// What of a body is read. All else is checked to be JSON, and skipped.
#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    model: &'b RawValue,
}

impl Router {
    /// Returns the body with the model of the upstream, and that model; `None` if there is no such
    /// model, or no JSON.
    fn routed(&self, body: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        let found = serde_json::from_slice::<Body<'_>>(body).ok()?.model.get();
        let asked: String = serde_json::from_str(found).ok()?;
        let model = *self.models.get(asked.as_str())?;
        // The text was borrowed from the body, so it says where it stands.
        let start = found.as_ptr().addr() - body.as_ptr().addr();
        let mut edited = Vec::with_capacity(body.len() + model.len());
        edited.extend_from_slice(&body[..start + 1]);
        edited.extend_from_slice(model.as_bytes());
        edited.extend_from_slice(&body[start + found.len() - 1..]);
        Some((edited, model))
    }

    /// Answers one message of Envoy's.
    fn answer(&self, message: ProcessingRequest) -> processing_response::Response {
        use processing_request::Request;
        use processing_response::Response;
        match message.request {
            Some(Request::RequestBody(body)) => match self.routed(&body.body) {
                Some((body, model)) => Response::RequestBody(edits(body, model)),
                None => refusal(),
            },
            // A request without a body names no model.
            Some(Request::RequestHeaders(head)) if head.end_of_stream => refusal(),
            _ => Response::RequestHeaders(HeadersResponse::default()),
        }
    }
}

/// Returns the body in place of the one that was sent, and the headers that go with it.
fn edits(body: Vec<u8>, model: &str) -> BodyResponse {
    let length = body.len().to_string();
    let headers =
        [("content-length", length.as_str()), ("x-llm-cluster", CLUSTER), ("x-llm-model", model)];
    let response = CommonResponse {
        header_mutation: Some(HeaderMutation {
            set_headers: headers.into_iter().map(set).collect(),
            ..HeaderMutation::default()
        }),
        body_mutation: Some(BodyMutation { mutation: Some(body_mutation::Mutation::Body(body)) }),
        // The cluster depends on the header.
        clear_route_cache: true,
        ..CommonResponse::default()
    };
    BodyResponse { response: Some(response) }
}

fn set((name, value): (&str, &str)) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.to_owned(),
            raw_value: value.as_bytes().to_vec(),
            ..HeaderValue::default()
        }),
        // In place of what the client has sent.
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

fn refusal() -> processing_response::Response {
    processing_response::Response::ImmediateResponse(ImmediateResponse {
        status: Some(HttpStatus { code: 400 }),
        ..ImmediateResponse::default()
    })
}

/// The same for all streams of Envoy's, one for each request.
struct Service(Arc<Router>);

#[tonic::async_trait]
impl ExternalProcessor for Service {
    type ProcessStream = Pin<Box<dyn Stream<Item = Result<ProcessingResponse, Status>> + Send>>;

    async fn process(
        &self,
        messages: Request<Streaming<ProcessingRequest>>,
    ) -> Result<Response<Self::ProcessStream>, Status> {
        let router = Arc::clone(&self.0);
        let answers = messages.into_inner().map(move |message| {
            let response = Some(router.answer(message?));
            Ok(ProcessingResponse { response, ..ProcessingResponse::default() })
        });
        Ok(Response::new(Box::pin(answers)))
    }
}
