//! One configuration in one worker, from its start on: which engine serves the next
//! request, and what is done without any request.
//!
//! Requests under way keep the engine they began with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use log::Level;

use crate::config::RouteSource;
use crate::host::{Called, Callout, Host, Reply};
use crate::live;
use crate::live::source::{self, FetchAnswer};
use crate::metrics::table;

use super::engine::Engine;
use super::event::millis;

/// Longest time between two looks at what is due.
const LONGEST_TICK_MS: u64 = 1000;
/// Shortest.
const SHORTEST_TICK_MS: u64 = 10;

/// One configuration in one worker.
#[derive(Debug)]
pub struct Worker {
    engine: RefCell<Rc<Engine>>,
    /// The generation that the engine was made of.
    generation: Cell<Option<u32>>,
    /// The fetch under way.
    fetch: Cell<Option<u32>>,
}

impl Worker {
    /// Reads a configuration and prepares shared state.
    ///
    /// # Errors
    /// All problems, one a line, for the operator.
    pub fn start<H: Host + ?Sized>(host: &H, configuration: &[u8]) -> Result<Self, String> {
        // Before what it stands for is read: a change in between is met again.
        let generation = live::generation(host);
        let engine = Engine::start(host, configuration)?;
        Ok(Self {
            engine: RefCell::new(Rc::new(engine)),
            generation: Cell::new(generation),
            fetch: Cell::new(None),
        })
    }

    /// What serves the next request: with all that has been added by now.
    pub fn engine<H: Host + ?Sized>(&self, host: &H) -> Rc<Engine> {
        let engine = Rc::clone(&self.engine.borrow());
        if engine.origin.is_none() {
            return engine;
        }
        let generation = live::generation(host);
        if generation == self.generation.replace(generation) {
            return engine;
        }
        let Some(renewed) = engine.renewed(host) else { return engine };
        let renewed = Rc::new(renewed);
        self.engine.replace(Rc::clone(&renewed));
        renewed
    }

    /// How often [`Worker::on_tick`] is to be called; `None`: never.
    #[must_use]
    pub fn tick(&self) -> Option<Duration> {
        let engine = self.engine.borrow();
        let source = engine.config.route_source.as_ref()?;
        let tick_ms = (source.interval_ms / 4).clamp(SHORTEST_TICK_MS, LONGEST_TICK_MS);
        Some(Duration::from_millis(tick_ms))
    }

    /// Takes in what has been added, and fetches if that is due.
    pub fn on_tick<H: Host + ?Sized>(&self, host: &H) {
        let engine = self.engine(host);
        let Some(source) = &engine.config.route_source else { return };
        let now_ms = millis(host.now());
        let confirmed_ms = source::status(host, source).confirmed_ms;
        if confirmed_ms > 0 {
            let age_s = now_ms.saturating_sub(confirmed_ms) / 1000;
            engine.meter.put(host, &table::ROUTE_SOURCE_AGE, &[], age_s);
        }
        if source::is_due(host, source, now_ms) {
            self.fetch(host, &engine, source);
        }
    }

    fn fetch<H: Host + ?Sized>(&self, host: &H, engine: &Engine, source: &RouteSource) {
        let mut headers = vec![
            (":method", "GET"),
            (":path", source.path.as_str()),
            (":authority", source.cluster.as_str()),
            ("accept", "application/json"),
        ];
        if let Some(token) = &engine.secrets.source_token {
            headers.push(("authorization", token));
        }
        // A set that is left out is to come again, for its problems to be told.
        let is_held = engine.origin.as_ref().is_some_and(|origin| origin.unfetched.is_none());
        let kept = is_held.then(|| source::stored(host, source)).flatten();
        let etag = kept.as_ref().and_then(|kept| str::from_utf8(&kept.etag).ok());
        headers.extend(etag.filter(|etag| !etag.is_empty()).map(|etag| ("if-none-match", etag)));
        let timeout = Duration::from_millis(source.timeout_ms);
        let callout = Callout { cluster: &source.cluster, headers: &headers, body: &[], timeout };
        match host.call(callout) {
            Ok(call) => self.fetch.set(Some(call)),
            Err(_) => take(host, engine, source, FetchAnswer::default()),
        }
    }

    /// Takes the end of a call.
    pub fn on_called<H: Host + ?Sized>(&self, host: &H, called: Called) {
        if self.fetch.get() != Some(called.call) {
            return;
        }
        self.fetch.set(None);
        let engine = Rc::clone(&self.engine.borrow());
        let Some(source) = &engine.config.route_source else { return };
        let reply = Reply::read(host, called, source::LONGEST_ANSWER);
        let etag = reply.headers.into_iter().find(|(name, _)| name == "etag");
        let etag = etag.map(|(_, value)| value).unwrap_or_default();
        let answer = FetchAnswer { status: reply.status, etag, body: reply.body };
        take(host, &engine, source, answer);
        self.engine(host);
    }
}

/// Takes what came of a fetch.
fn take<H: Host + ?Sized>(host: &H, engine: &Engine, source: &RouteSource, answer: FetchAnswer) {
    let Some(origin) = &engine.origin else { return };
    let now_ms = millis(host.now());
    let (outcome, problem) = source::take(host, source, &origin.document, answer, now_ms);
    engine.meter.put(host, &table::ROUTE_SOURCE_FETCHES, &[outcome.name()], 1);
    if let Some(problem) = problem {
        host.log(Level::Warn, &problem);
    }
    if outcome == source::FetchOutcome::Fetched {
        host.log(Level::Info, "route_source: a new set holds");
    }
}
