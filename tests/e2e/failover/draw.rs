//! The requests of the random run. The number of a request decides its kind, who fails it and how,
//! and so how it has to end.

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use serde_json::json;

use crate::harness::{AUTHORITY, Body, Content};

/// The providers, in the order in which they are asked.
pub(super) const PROVIDERS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Their models.
pub(super) const UPSTREAM: [&str; 3] = ["up-one", "up-two-longer", "up3"];

/// How often a provider fails, in percent.
const FAILING: u32 = 30;

/// A way to fail.
type Fault = (&'static str, &'static str);

/// Ways to fail: (what the mock is asked to do, how the filter reports it). The first few are drawn
/// more often.
const FAULTS: [(Fault, &str); 12] = [
    (("status", "503"), "503"),
    (("status", "500"), "500"),
    (("reset", "before-headers"), "network"),
    (("status", "429"), "429"),
    (("status", "529"), "529"),
    (("status", "502"), "502"),
    (("status", "408"), "408"),
    (("status", "402"), "402"),
    (("status", "504"), "504"),
    // Where the client's own credential is sent, the two below are its own affair.
    (("status", "401"), "401"),
    (("status", "403"), "403"),
    (("hang", "random"), "network"),
];

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// In one piece of a few hundred bytes.
    Small,
    /// In one piece, with the model at its end: the filter holds it until it is whole.
    Large,
    /// In pieces, with the model first and a length: it goes on before it is whole.
    Early,
    /// The same without a length.
    EarlyInChunks,
}

/// One request.
#[derive(Debug)]
pub(super) struct Drawn {
    number: usize,
    path: &'static str,
    pub(super) is_stream: bool,
    size: Size,
    /// How much text the body contains.
    length: usize,
    /// The fault of each provider; `None` if it serves.
    faults: [Option<(Fault, &'static str)>; 3],
}

impl Drawn {
    /// Returns the request of this number.
    pub(super) fn new(seed: u64, number: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_add(number as u64 * 0x9E37_79B9));
        let size = match rng.u8(0..10) {
            0 => Size::Large,
            1 => Size::Early,
            2 => Size::EarlyInChunks,
            _ => Size::Small,
        };
        // Of these, only completions go on before they are whole: nothing in them could bind a
        // request to one of its deployments.
        let path = match size {
            Size::Early | Size::EarlyInChunks => "/v1/completions",
            _ if rng.bool() => "/v1/chat/completions",
            _ => "/v1/messages",
        };
        let length =
            if size == Size::Small { rng.usize(0..600) } else { rng.usize(60_000..240_000) };
        let mut fault = |at: usize| {
            if rng.u32(0..100) >= FAILING {
                return None;
            }
            let known = if at == 1 { FAULTS.len() - 3 } else { FAULTS.len() };
            // Each provider that hangs costs the run some time.
            match rng.usize(0..known) {
                11 if rng.u8(0..4) > 0 => Some(FAULTS[0]),
                drawn => Some(FAULTS[drawn]),
            }
        };
        let faults = [fault(0), fault(1), fault(2)];
        Self { number, path, is_stream: rng.bool(), size, length, faults }
    }

    /// Returns the case that identifies the request in the providers' records.
    pub(super) fn case(&self) -> String {
        format!("random-{}", self.number)
    }

    /// Returns the provider that serves the request, if any does.
    pub(super) fn served_by(&self) -> Option<usize> {
        self.faults.iter().position(Option::is_none)
    }

    /// Returns how many providers are asked.
    pub(super) fn asked(&self) -> usize {
        self.served_by().map_or(PROVIDERS.len(), |at| at + 1)
    }

    /// Whether each provider's failure counts in the end. What the client's own credential gets
    /// at the second one does not. Where all have failed, and two or more in a way that may be
    /// the request's, those are taken back.
    pub(super) fn failures(&self) -> [bool; 3] {
        const OF_REQUEST: [&str; 7] = ["500", "502", "503", "504", "529", "408", "429"];
        let is_own = |at: usize, told: &str| at == 1 && ["402", "429"].contains(&told);
        let told = |at: usize| self.faults[at].map(|(_, told)| told);
        let may_be_its = |at: &usize| {
            told(*at).is_some_and(|told| OF_REQUEST.contains(&told) && !is_own(*at, told))
        };
        let is_its = self.served_by().is_none() && (0..3).filter(may_be_its).count() > 1;
        [0, 1, 2].map(|at| {
            let failed = told(at).filter(|_| at < self.asked());
            failed.is_some_and(|told| !is_own(at, told)) && !(is_its && may_be_its(&at))
        })
    }

    /// What the client is told of the attempts.
    pub(super) fn attempts(&self, deployments: &[&str]) -> String {
        let told = |at: usize| self.faults[at].map_or("200", |(_, told)| told);
        let one = |at: usize| format!("{}={}", deployments[at], told(at));
        (0..self.asked()).map(one).collect::<Vec<_>>().join(",")
    }

    /// Returns the status that the client gets. If all providers fail, it is the status of the last
    /// one, if that one answers.
    pub(super) fn status(&self) -> u16 {
        match self.faults {
            [Some((_, first)), Some((_, second)), Some((fault, last))] => match (fault.0, last) {
                ("reset" | "hang", _) if [first, second].contains(&"429") => 429,
                ("reset", _) => 503,
                ("hang", _) => 504,
                (_, status) => status.parse().unwrap(),
            },
            _ => 200,
        }
    }

    /// Returns the request as its client sends it.
    pub(super) fn request(&self) -> Request<Body> {
        let mut each = json!({});
        let mut is_hanging = false;
        for (provider, fault) in PROVIDERS.iter().zip(self.faults) {
            if let Some(((key, value), _)) = fault {
                each[provider] = json!({key: value});
                is_hanging |= key == "hang";
            }
        }
        let body = self.body("public-name");
        let mut request = Request::post(self.path)
            .header(HOST, AUTHORITY)
            .header(CONTENT_TYPE, "application/json")
            .header("authorization", "Bearer sk-of-client")
            .header("x-case", self.case())
            .header("x-mock-each", each.to_string());
        if !is_hanging {
            request = request.header("x-patient", "1");
        }
        if self.size == Size::Early {
            request = request.header("content-length", body.concat().len());
        }
        let content = match self.size {
            Size::Small | Size::Large => Content::Whole(body.concat().into()),
            Size::Early | Size::EarlyInChunks => {
                Content::Pieces(body.into_iter().map(Bytes::from).collect())
            }
        };
        request.body(content.into()).unwrap()
    }

    /// Returns its body with this model, in the pieces in which it is sent.
    pub(super) fn body(&self, model: &str) -> Vec<Vec<u8>> {
        let line = format!("{} \\u00e9 é \\\"{}\\\" ", self.case(), self.length);
        let text = line.repeat(self.length.div_ceil(line.len()));
        let prompt = match self.path {
            "/v1/completions" => format!(r#""prompt":"{text}""#),
            _ => format!(r#""messages":[{{"role":"user","content":"{text}"}}]"#),
        };
        let rest = format!(r#""max_tokens":50,"stream":{},{prompt}"#, self.is_stream);
        let whole = match self.size {
            Size::Large => format!(r#"{{{rest},"model":"{model}"}}"#),
            _ => format!(r#"{{"model":"{model}",{rest}}}"#),
        };
        whole.into_bytes().chunks(20_000).map(<[u8]>::to_vec).collect()
    }
}
