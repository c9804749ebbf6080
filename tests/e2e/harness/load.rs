//! Many requests of many kinds at once. Some of their clients give up.
//!
//! A seed decides which kinds come in which order. How they interleave depends on the machine.
//! Every client knows how its request has to end, and fails if it ends in another way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{AUTHORITY, Group, PROVIDERS, fresh};

/// Once its clients are done, nothing stays in progress longer than this.
const SETTLES: Duration = Duration::from_secs(30);

/// How often a wait checks its condition.
const LOOK: Duration = Duration::from_millis(2);

/// A load of requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// The models that the requests ask for, each equally often.
    pub(crate) models: &'static [&'static str],
    /// How many requests there are.
    pub(crate) requests: usize,
    /// How many connections are open at a time.
    pub(crate) connections: usize,
    /// Decides the kinds.
    pub(crate) seed: u64,
    /// Kinds, and how often each comes, relative to the sum of all.
    pub(crate) kinds: &'static [(Kind, u32)],
}

/// A kind of request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Answered in one piece.
    Whole(Api),
    /// Answered in a stream.
    Stream(Api),
    /// Answered with this status, and with what else the provider is told to do.
    Error(u16, &'static [(&'static str, &'static str)]),
    /// Answered in a stream that ends with an error event.
    ErrorEvent(Api),
    /// Answered in a stream that breaks off.
    Cut,
    /// The provider breaks the connection before it answers.
    Reset,
    /// Refused by the filter because it is not JSON.
    Bad,
    /// The client goes away before it gets an answer.
    GiveUp,
    /// The client goes away during the answer.
    Leave,
}

/// Every kind there is.
pub(crate) const FAULTY: [(Kind, u32); 24] = {
    use Kind::{Bad, Cut, Error, ErrorEvent, GiveUp, Leave, Reset, Stream, Whole};
    [
        (Whole(Api::OpenAi), 30),
        (Whole(Api::Anthropic), 15),
        (Stream(Api::OpenAi), 15),
        (Stream(Api::Anthropic), 10),
        (Error(429, &[("x-mock-status", "429"), ("x-mock-retry-after", "1")]), 1),
        (Error(429, &[("x-mock-status", "429"), ("x-mock-header", "retry-after-ms: 30")]), 3),
        (Error(401, &[("x-mock-status", "401")]), 1),
        (Error(402, &[("x-mock-status", "402")]), 1),
        (Error(408, &[("x-mock-status", "408")]), 1),
        (Error(422, &[("x-mock-status", "422")]), 1),
        (Error(500, &[("x-mock-status", "500")]), 2),
        (Error(503, &[("x-mock-status", "503")]), 4),
        (Error(504, &[("x-mock-status", "504")]), 1),
        (Error(400, &[("x-mock-refusal", "context-length")]), 2),
        (Error(400, &[("x-mock-refusal", "content-policy")]), 2),
        (Error(429, &[("x-mock-refusal", "quota")]), 1),
        (Error(501, &[("x-mock-status", "501")]), 1),
        (ErrorEvent(Api::OpenAi), 2),
        (ErrorEvent(Api::Anthropic), 2),
        (Bad, 2),
        (Cut, 2),
        (Reset, 2),
        (GiveUp, 3),
        (Leave, 3),
    ]
};

/// The kinds that are served.
pub(crate) const SOUND: [(Kind, u32); 4] = [
    (Kind::Whole(Api::OpenAi), 1),
    (Kind::Whole(Api::Anthropic), 1),
    (Kind::Stream(Api::OpenAi), 1),
    (Kind::Stream(Api::Anthropic), 1),
];

/// The API that the request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    OpenAi,
    Anthropic,
}

/// How many requests ended in which way, as their clients know it: by verdict and code, in the words
/// of the metrics.
pub(crate) type Ends = BTreeMap<(&'static str, &'static str), u64>;

/// Sends all requests, and waits for their answers and until nothing is in progress. Returns how
/// they ended.
pub(crate) async fn drive(group: &'static Group, load: Load) -> Ends {
    let next = Arc::new(AtomicUsize::new(0));
    let client = |number: usize| {
        let rng = fastrand::Rng::with_seed(load.seed.wrapping_add(number as u64));
        let mut client = Client { group, load, rng, connection: None };
        let next = Arc::clone(&next);
        tokio::spawn(async move {
            let mut ends = Ends::new();
            while next.fetch_add(1, Ordering::Relaxed) < load.requests {
                let kind = client.ask().await;
                *ends.entry(kind.end()).or_default() += 1;
            }
            ends
        })
    };
    let mut ends = Ends::new();
    for client in (0..load.connections).map(client).collect::<Vec<_>>() {
        for (end, times) in client.await.unwrap() {
            *ends.entry(end).or_default() += times;
        }
    }
    settle(group).await;
    ends
}

/// Waits until nothing is in progress.
pub(crate) async fn settle(group: &Group) {
    let mut gauges = vec!["http.llm.downstream_rq_active".to_owned()];
    gauges.extend(PROVIDERS.map(|name| format!("cluster.{name}.upstream_rq_active")));
    let started = Instant::now();
    for gauge in gauges {
        while group.envoy().stat(&gauge).await > 0 {
            assert!(started.elapsed() < SETTLES, "{gauge} does not come to 0");
            tokio::time::sleep(LOOK).await;
        }
    }
}

struct Client {
    group: &'static Group,
    load: Load,
    rng: fastrand::Rng,
    connection: Option<Connection>,
}

struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Connection {
    async fn open(group: &Group) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        // However the connection ends, its client notices.
        let task = tokio::spawn(async move { drop(connection.await) });
        Self { sender, task }
    }

    /// Closes the connection, whatever is in progress.
    async fn close(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

impl Client {
    /// Makes one request of any kind.
    async fn ask(&mut self) -> Kind {
        let kind = self.draw();
        let key = fresh("load");
        let mut connection = self.connected().await;
        let response = connection.sender.send_request(self.request(kind, &key));
        if matches!(kind, Kind::GiveUp) {
            tokio::select! {
                response = response => panic!("{kind:?}: {response:?}"),
                () = hanging(self.group, &key) => connection.close().await,
            }
            return kind;
        }
        let response = response.await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(status, kind.status(), "{kind:?}: {response:?}");
        let mut body = response.into_body();
        if matches!(kind, Kind::Leave) {
            // As far as the provider sends it before it waits.
            let mut text = Vec::new();
            while !text.windows(10).any(|part| part == b"text_delta") {
                let frame = body.frame().await.unwrap().unwrap();
                text.extend_from_slice(frame.data_ref().unwrap());
            }
            connection.close().await;
            return kind;
        }
        if collect(kind, body).await {
            self.connection = Some(connection);
        }
        kind
    }

    fn draw(&mut self) -> Kind {
        let sum = self.load.kinds.iter().map(|(_, part)| part).sum();
        let mut at = self.rng.u32(0..sum);
        for (kind, part) in self.load.kinds {
            if at < *part {
                return *kind;
            }
            at -= part;
        }
        panic!("a number below the sum of all parts");
    }

    async fn connected(&mut self) -> Connection {
        if let Some(mut connection) = self.connection.take()
            && connection.sender.ready().await.is_ok()
        {
            return connection;
        }
        Connection::open(self.group).await
    }

    fn request(&mut self, kind: Kind, key: &str) -> Request<Full<Bytes>> {
        let (is_stream, api) = kind.shape();
        let model = self.rng.choice(self.load.models).unwrap();
        let body = json!({"model": model, "stream": is_stream, "max_tokens": 50,
                          "messages": [{"role": "user", "content": "Hello"}]});
        let mut body = body.to_string();
        if matches!(kind, Kind::Bad) {
            body.pop();
        }
        let path = if api == Api::OpenAi { "/v1/chat/completions" } else { "/v1/messages" };
        let mut request = Request::post(path)
            .header(HOST, AUTHORITY)
            .header(CONTENT_TYPE, "application/json")
            .header("x-mock-input-tokens", self.rng.u32(1..5000))
            .header("x-mock-output-tokens", self.rng.u32(2..500))
            .header("x-mock-words", self.rng.u32(4..30));
        if self.rng.u8(..) < 32 {
            request = request.header("x-mock-event-delay-ms", self.rng.u32(1..4));
        }
        for (name, value) in kind.asks(key) {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from(body))).unwrap()
    }
}

impl Kind {
    fn status(self) -> u16 {
        match self {
            Self::Error(status, _) => status,
            Self::Bad => 400,
            Self::Reset => 503,
            _ => 200,
        }
    }

    /// Returns its verdict and code in the metrics.
    fn end(self) -> (&'static str, &'static str) {
        match self {
            Self::Bad => ("refused", "invalid_body"),
            Self::GiveUp => ("cancelled", "none"),
            _ => {
                let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
                ("served", classes[usize::from(self.status() / 100 - 1)])
            }
        }
    }

    /// Returns whether a stream is asked for, and through which API.
    fn shape(self) -> (bool, Api) {
        match self {
            Self::Whole(api) => (false, api),
            Self::Stream(api) | Self::ErrorEvent(api) => (true, api),
            // This API reports usage from the start, so usage is known wherever the stream breaks
            // off.
            Self::Cut | Self::Leave => (true, Api::Anthropic),
            Self::Error(..) | Self::Bad | Self::Reset | Self::GiveUp => (false, Api::OpenAi),
        }
    }

    /// Returns what the provider is asked to do.
    fn asks(self, key: &str) -> Vec<(&'static str, String)> {
        match self {
            Self::Whole(_) | Self::Stream(_) | Self::Bad => Vec::new(),
            Self::Error(_, asks) => {
                asks.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
            }
            Self::ErrorEvent(_) => vec![("x-mock-error-event", String::new())],
            Self::Cut => vec![("x-mock-reset", "mid-body".to_owned())],
            Self::Reset => vec![("x-mock-reset", "before-headers".to_owned())],
            Self::GiveUp => vec![("x-mock-hang", key.to_owned())],
            Self::Leave => vec![("x-mock-hold", key.to_owned())],
        }
    }
}

/// Reads an answer to its end. Returns whether the connection can take another request.
async fn collect(kind: Kind, body: Incoming) -> bool {
    let body = body.collect().await;
    assert_eq!(body.is_err(), matches!(kind, Kind::Cut), "{kind:?}: {body:?}");
    body.is_ok()
}

/// Waits until the request of this key hangs at a provider.
pub(crate) async fn hanging(group: &Group, key: &str) {
    while !PROVIDERS.iter().any(|name| group.mock(name).is_hanging(key)) {
        tokio::time::sleep(LOOK).await;
    }
}
