//! Drives one request after another through the lifecycle, as Envoy does, and counts their cost.

use std::collections::VecDeque;

use pointsman::lifecycle::{Action, Stream, Worker};

use crate::allocator;
use crate::calls::Counts;
use crate::host::{CountingHost, outside};
use crate::scenario::{Answer, Scenario};

/// How many requests precede the one that counts. They define the metrics and fill shared data.
const WARM_UP: usize = 2;

/// A proxy with the configuration of one scenario.
pub(crate) struct Gauge {
    pub(crate) host: CountingHost,
    router: Worker,
    attempts: Option<Worker>,
    scenario: Scenario,
}

impl Gauge {
    /// Starts the workers and sends requests until everything that happens only once has happened.
    pub(crate) fn warmed_up(scenario: Scenario) -> Self {
        let gauge = Self::started(scenario);
        for _ in 0..WARM_UP {
            gauge.check(&gauge.begin().one_request());
        }
        gauge.tick();
        gauge
    }

    fn started(scenario: Scenario) -> Self {
        let host = CountingHost::new();
        let configuration = scenario.configuration.as_bytes();
        let router = Worker::start(&host, configuration).unwrap();
        let attempts = scenario.has_attempts.then(|| {
            host.set(&["plugin_root_id"], b"attempt");
            Worker::start(&host, configuration).unwrap()
        });
        Self { host, router, attempts, scenario }
    }

    /// Sends a request and returns what it cost.
    pub(crate) fn send(&self) -> Counts {
        self.begin();
        let before = allocator::allocations();
        allocator::set_counting(true);
        let sent = self.last_request();
        allocator::set_counting(false);
        let allocations = allocator::allocations() - before;
        self.check(&sent);
        let counts = self.host.counts();
        self.tick();
        let at_tick = self.host.counts().total() - counts.total();
        Counts { allocations, at_tick, ..counts }
    }

    /// Starts the workers, and sends one request that need not be served, so that everything that
    /// happens only once has happened.
    pub(crate) fn unchecked(scenario: Scenario) -> Self {
        let gauge = Self::started(scenario);
        gauge.begin().one_request();
        gauge
    }

    /// Sends a request that need not be served, and counts it.
    pub(crate) fn send_unchecked(&self) {
        self.begin();
        allocator::set_counting(true);
        self.last_request();
        allocator::set_counting(false);
    }

    /// Lets the workers hand over what they have counted.
    fn tick(&self) {
        for worker in [Some(&self.router), self.attempts.as_ref()].into_iter().flatten() {
            worker.on_tick(&self.host);
        }
    }

    fn begin(&self) -> &Self {
        self.host.begin(&self.scenario.headers, self.scenario.pause);
        self
    }

    /// Sends the request that counts. At this function's name `make bench-count` discards what it
    /// has counted so far.
    #[inline(never)]
    fn last_request(&self) -> Vec<u8> {
        self.one_request()
    }

    /// Sends one request and returns its body as it went upstream. `make bench-count` counts by
    /// this function's name.
    #[inline(never)]
    fn one_request(&self) -> Vec<u8> {
        let Self { host, router, attempts, scenario } = self;
        host.enter();
        let mut request = Stream::new(router.engine(host));
        let mut sent = upload(host, &mut request, &scenario.body, scenario.pieces());
        let mut answers: VecDeque<&Answer> = outside(|| scenario.answers.iter().collect());
        let (mut attempt, mut is_held) = (None, false);
        while let Some(answer) = outside(|| answers.pop_front()) {
            if let Some(attempts) = attempts {
                host.enter();
                let mut next = Stream::new(attempts.engine(host));
                sent = upload(host, &mut next, &scenario.body, scenario.pieces());
                outside(|| host.answer(&answer.headers));
                host.enter();
                is_held = next.on_response_headers(host, false) == Action::Pause;
                if outside(|| host.received("x-llm-retry").is_some()) {
                    host.enter();
                    next.on_done(host);
                    continue;
                }
                attempt = Some(next);
            } else {
                outside(|| host.answer(&answer.headers));
            }
            if !is_held {
                host.enter();
                request.on_response_headers(host, false);
            }
            download(host, attempt.as_mut(), &mut request, answer, is_held);
            break;
        }
        if let Some(mut attempt) = attempt {
            host.enter();
            attempt.on_done(host);
        }
        host.enter();
        request.on_done(host);
        outside(|| assert!(answers.is_empty(), "{}: not all answers were needed", scenario.name));
        sent
    }

    /// Fails if the request did not turn out as the scenario says.
    fn check(&self, sent: &[u8]) {
        let name = self.scenario.name;
        assert_eq!(*self.host.refused.borrow(), None, "{name}");
        let sent = String::from_utf8_lossy(sent);
        assert!(sent.contains(self.scenario.sent), "{name}: {sent:.500}");
        let is_routed = !self.scenario.sent.is_empty();
        assert_eq!(self.host.received("x-llm-model").is_some(), is_routed, "{name}");
        assert!(
            !is_routed || self.attempts.is_some() || self.host.sent("x-llm-cluster").is_some(),
            "{name}"
        );
    }
}

/// Sends headers and body to one role, which may hold them. Returns what it let go.
fn upload<'a>(
    host: &CountingHost,
    stream: &mut Stream,
    body: &[u8],
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let mut sent = outside(|| {
        host.request_body.borrow_mut().clear();
        Vec::with_capacity(body.len() + 1024)
    });
    host.enter();
    stream.on_request_headers(host, body.is_empty());
    if body.is_empty() {
        return sent;
    }
    for piece in pieces {
        let held = outside(|| {
            let mut held = host.request_body.borrow_mut();
            held.extend_from_slice(piece);
            held.len()
        });
        host.enter();
        if stream.on_request_body(host, held, false) == Action::Continue {
            outside(|| sent.append(&mut host.request_body.borrow_mut()));
        }
    }
    // The end arrives on its own, as in HTTP/1.1.
    let held = outside(|| host.request_body.borrow().len());
    host.enter();
    stream.on_request_body(host, held, true);
    outside(|| sent.append(&mut host.request_body.borrow_mut()));
    sent
}

/// Passes an answer's body through both roles, the attempt's first.
fn download(
    host: &CountingHost,
    mut attempt: Option<&mut Stream>,
    request: &mut Stream,
    answer: &Answer,
    mut is_held: bool,
) {
    let end: &[u8] = &[];
    let chunks = answer.chunks.iter().map(|chunk| (chunk.as_slice(), false));
    for (chunk, is_end) in chunks.chain([(end, true)]) {
        let length = outside(|| {
            let mut body = host.response_body.borrow_mut();
            // What is held comes again with each chunk.
            if !is_held {
                body.clear();
            }
            body.extend_from_slice(chunk);
            body.len()
        });
        if let Some(attempt) = &mut attempt {
            host.enter();
            if attempt.on_response_body(host, length, is_end) == Action::Pause {
                continue;
            }
        }
        if std::mem::take(&mut is_held) {
            host.enter();
            request.on_response_headers(host, false);
        }
        host.enter();
        request.on_response_body(host, length, is_end);
    }
}
