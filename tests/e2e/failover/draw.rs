//! The requests of the random run. The number of a request decides its kind, who fails it and how,
//! and so how it has to end.

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use serde_json::json;

use crate::harness::{AUTHORITY, Body, Content};

use super::faults::{FAULTS, Fault, Hollow, Late, OWN, SLOW};

/// The providers, in the order in which they are asked.
pub(super) const PROVIDERS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Their models.
pub(super) const UPSTREAM: [&str; 3] = ["up-one", "up-two-longer", "up3"];

/// An earlier turn, whose thinking is signed.
const STATE: &str = r#"{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"A greeting.","signature":"EqQBCgIYAhIM"},{"type":"text","text":"Hello"}]}"#;

/// How often a provider fails, in percent.
const FAILING: u32 = 30;

/// How the answer ends that the client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Whole, by this provider.
    Served(usize),
    /// With a good head by this provider, and a body that is none or a part.
    Broken(usize),
    /// With this status.
    Refused(u16),
}

/// How a request goes.
#[derive(Debug)]
pub(super) struct Course {
    /// What is told of each provider that is asked.
    pub(super) told: Vec<&'static str>,
    pub(super) end: Ended,
}

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

impl Course {
    /// Returns whether every provider that failed has given no answer at all.
    fn has_only_refusals(&self, faults: &[Option<Fault>; 3]) -> bool {
        let asked = &faults[..self.told.len()];
        asked.iter().flatten().all(|fault| matches!(fault, Fault::Refused(..)))
    }
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
    /// Whether it has state that only the first two providers can read.
    has_state: bool,
    /// The fault of each provider; `None` if it serves.
    faults: [Option<Fault>; 3],
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
        let is_stream = rng.bool();
        let mut fault = |at: usize| {
            if rng.u32(0..100) >= FAILING {
                return None;
            }
            let unknown = if at == 1 { SLOW + OWN } else { 0 };
            match FAULTS[rng.usize(0..FAULTS.len() - unknown)] {
                slow if slow.is_slow() && rng.u8(0..4) > 0 => Some(FAULTS[0]),
                // A whole answer has no end without its mark. The last provider is waited for
                // until the request itself times out.
                Fault::Late(_) if !is_stream => Some(Fault::Hollow(Hollow::Overloaded)),
                Fault::Hollow(Hollow::Silent) if at == 2 => Some(Fault::Hollow(Hollow::Empty)),
                drawn => Some(drawn),
            }
        };
        let faults = [fault(0), fault(1), fault(2)];
        let has_state = path == "/v1/messages" && rng.u8(0..4) == 0;
        Self { number, path, is_stream, size, length, has_state, faults }
    }

    /// Returns the case that identifies the request in the providers' records.
    pub(super) fn case(&self) -> String {
        format!("random-{}", self.number)
    }

    /// Returns how many of the providers may be asked.
    const fn reach(&self) -> usize {
        if self.has_state { 2 } else { PROVIDERS.len() }
    }

    /// Returns how the request goes.
    pub(super) fn course(&self) -> Course {
        let mut told = Vec::new();
        let reach = self.reach();
        let is_last = |at: usize| at + 1 == reach;
        for (at, fault) in self.faults.into_iter().take(reach).enumerate() {
            let end = match fault {
                None => Some(Ended::Served(at)),
                Some(Fault::Late(_)) => Some(Ended::Broken(at)),
                // With nothing left to try it is not held.
                Some(Fault::Hollow(_)) if is_last(at) => Some(Ended::Broken(at)),
                // After one that had nothing to say, another like it is the answer.
                Some(Fault::Hollow(Hollow::Empty)) if told.contains(&"empty") => {
                    told.push("empty");
                    return Course { told, end: Ended::Broken(at) };
                }
                Some(_) => None,
            };
            if let Some(end) = end {
                told.push("200");
                return Course { told, end };
            }
            told.extend(fault.map(Fault::told));
        }
        let is_limited = told[..reach - 1].iter().any(|told| ["429", "rate_limit"].contains(told));
        let status = match self.faults[reach - 1] {
            Some(Fault::Refused("reset" | "hang", ..)) if is_limited => 429,
            Some(Fault::Refused("reset", ..)) => 503,
            Some(Fault::Refused("hang", ..)) => 504,
            _ => told[reach - 1].parse().unwrap(),
        };
        Course { told, end: Ended::Refused(status) }
    }

    /// Returns how many failures of each provider's deployment count in the end: at least, and at
    /// most. What the client's own credential gets at the second one does not count. Where nobody
    /// has served, those that may be the request's are taken back.
    pub(super) fn failures(&self) -> [(u64, u64); 3] {
        const OF_REQUEST: [&str; 7] = ["500", "502", "503", "504", "529", "408", "429"];
        let course = self.course();
        let is_own =
            |at: usize, told: &str| at == 1 && ["402", "429", "rate_limit"].contains(&told);
        let told = |at: usize| {
            let is_asked = at < course.told.len();
            self.faults[at].filter(|_| is_asked).map(Fault::told)
        };
        let may_be_its = |at: &usize| {
            told(*at).is_some_and(|told| OF_REQUEST.contains(&told) && !is_own(*at, told))
        };
        let is_served = matches!(course.end, Ended::Served(_));
        let is_its = !is_served && (0..3).filter(may_be_its).count() > 1;
        [0, 1, 2].map(|at| match (told(at), self.faults[at]) {
            (None, _) | (_, None) => (0, 0),
            (Some(told), _) if is_own(at, told) => (0, 0),
            // Weak evidence may count together with that of another request.
            (_, Some(Fault::Late(Late::Cut))) => (0, 1),
            (_, Some(Fault::Refused(..))) if course.has_only_refusals(&self.faults) => {
                let counts = !(is_its && may_be_its(&at));
                (u64::from(counts), u64::from(counts))
            }
            _ => (u64::from(is_served), 1),
        })
    }

    /// What the client is told of the attempts.
    pub(super) fn attempts(&self, deployments: &[&str]) -> String {
        let told = self.course().told;
        let one = |(deployment, told): (&&str, &&str)| format!("{deployment}={told}");
        deployments.iter().zip(&told).map(one).collect::<Vec<_>>().join(",")
    }

    /// Returns the fault of that provider.
    pub(super) const fn fault(&self, at: usize) -> Option<Fault> {
        self.faults[at]
    }

    /// Returns the request as its client sends it.
    pub(super) fn request(&self) -> Request<Body> {
        let mut each = json!({});
        let mut is_hanging = false;
        for (provider, fault) in PROVIDERS.iter().zip(self.faults) {
            if let Some(fault) = fault {
                each[provider] = fault.script(self.path, self.is_stream);
                is_hanging |= fault.is_slow();
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
            _ if self.has_state => {
                format!(r#""messages":[{STATE},{{"role":"user","content":"{text}"}}]"#)
            }
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
