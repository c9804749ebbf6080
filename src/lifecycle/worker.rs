//! One configuration in one worker, as long as it is loaded: the engine that serves the next
//! request, and the work that belongs to no request.
//!
//! A request that is under way keeps the engine that it began with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use log::Level;

use crate::config::RouteSource;
use crate::host::{Called, Callout, Host, Reply};
use crate::live;
use crate::live::source::{self, FetchAnswer};
use crate::metrics::table;

use super::attempt::{StreamPlace, Watch};
use super::callout::call;
use super::engine::Engine;
use super::event::millis;
use super::ledger::{hide_gone, hide_states, show_at_once, show_changed, show_states};
use super::stream::Stream;
use super::version;

/// Longest time between two ticks, in milliseconds. What is counted is handed to the host at each
/// tick, and the documentation promises that within a second.
const LONGEST_TICK_MS: u64 = 500;
/// Shortest time between two ticks, in milliseconds.
const SHORTEST_TICK_MS: u64 = 10;
/// Longest time between two looks at the attempts under way that have `timeouts`, in milliseconds.
const LONGEST_WATCH_MS: u64 = 100;

/// One configuration in one worker. It lives as long as the configuration is loaded, and makes a
/// new engine whenever something has been added or removed.
///
/// The host calls [`Worker::on_tick`] as often as [`Worker::tick`] says, and [`Worker::end`] when
/// the configuration goes.
#[derive(Debug)]
pub struct Worker {
    engine: RefCell<Rc<Engine>>,
    /// The generation of the additions that the engine was made from; it differs whenever
    /// something has been added or removed.
    generation: Cell<Option<u32>>,
    /// The number of the call that fetches the route source, while one is under way.
    fetch: Cell<Option<u32>>,
    /// The attempts under way that have `timeouts`.
    watch: Rc<Watch>,
}

impl Worker {
    /// Reads a configuration and prepares shared state.
    ///
    /// # Errors
    /// All problems of the configuration, one a line, for the operator.
    pub fn start<H: Host + ?Sized>(host: &H, configuration: &[u8]) -> Result<Self, String> {
        // The generation is read before the additions: a change in between makes the next
        // request read them again. In the other order it would be missed.
        let generation = live::generation(host);
        let engine = Engine::start(host, configuration)?;
        engine.collect();
        show_states(host, &engine);
        Ok(Self {
            engine: RefCell::new(Rc::new(engine)),
            generation: Cell::new(generation),
            fetch: Cell::new(None),
            watch: Rc::default(),
        })
    }

    /// Returns the next stream, which the host knows by that number.
    pub fn stream<H: Host + ?Sized>(&self, host: &H, number: u32) -> Stream {
        let engine = self.engine(host);
        let is_timed = engine.shortest_time_ms.is_some();
        let place = is_timed.then(|| StreamPlace { number, watch: Rc::clone(&self.watch) });
        Stream::at(engine, place)
    }

    /// Returns the engine for the next request, with all that has been added by now. It is made
    /// anew where the additions have changed, which costs a parse of the configuration.
    pub fn engine<H: Host + ?Sized>(&self, host: &H) -> Rc<Engine> {
        let engine = Rc::clone(&self.engine.borrow());
        if engine.origin.is_none() {
            return engine;
        }
        let generation = live::generation(host);
        if generation == self.generation.replace(generation) {
            return engine;
        }
        // The generation is noted even where this fails, so that what cannot be parsed is not
        // parsed again for every request.
        let Some(renewed) = engine.renewed(host) else { return engine };
        let renewed = Rc::new(renewed);
        // Requests that are under way go on with the engine before this one.
        show_at_once(host, &engine);
        hide_gone(host, &engine, &renewed.config);
        renewed.collect();
        self.engine.replace(Rc::clone(&renewed));
        renewed
    }

    /// Returns how often [`Worker::on_tick`] has to be called.
    #[must_use]
    pub fn tick(&self) -> Duration {
        let engine = self.engine.borrow();
        let source = engine.config.route_source.as_ref();
        let of_source_ms = source.map_or(LONGEST_TICK_MS, |source| source.interval_ms / 4);
        let of_times_ms = engine.shortest_time_ms.map(|ms| (ms / 10).min(LONGEST_WATCH_MS));
        let tick_ms = of_source_ms.min(of_times_ms.unwrap_or(LONGEST_TICK_MS));
        Duration::from_millis(tick_ms.clamp(SHORTEST_TICK_MS, LONGEST_TICK_MS))
    }

    /// Does what is due without any request: takes in what has been added, fetches the set of the
    /// route source where its interval is over, hands over what has been counted, and ends attempts
    /// that have taken too long.
    pub fn on_tick<H: Host + ?Sized>(&self, host: &H) {
        let engine = self.engine(host);
        if let Some(source) = &engine.config.route_source {
            self.follow(host, &engine, source);
        }
        show_changed(host, &engine);
        show_states(host, &engine);
        engine.meter.hand_over(host);
        // This comes last, because afterwards the host applies every call to another stream.
        self.watch.walk(host);
    }

    /// Ends the worker, since its configuration goes: hands over what has been counted. Requests
    /// that are under way go on, and what they count from here on goes to the host at once.
    pub fn end<H: Host + ?Sized>(&self, host: &H) {
        let engine = self.engine.borrow();
        show_at_once(host, &engine);
        hide_states(host, &engine);
        version::forget(host, &engine.config);
        engine.meter.close(host);
    }

    /// Fetches the set of the route source where that is due, and shows its age.
    ///
    /// Every worker ticks, but one of them fetches. For example, four workers with an interval of
    /// 40 seconds tick twice a second. After 40 seconds the first that ticks moves the time of the
    /// next fetch on, in shared data, and fetches; the others find that nothing is due, and take
    /// the new set in at their next tick. If the worker that fetches dies, the next fetch is due
    /// after one more interval.
    fn follow<H: Host + ?Sized>(&self, host: &H, engine: &Engine, source: &RouteSource) {
        let now_ms = millis(host.now());
        let confirmed_ms = source::status(host, source).confirmed_ms;
        // 0 means that nothing was ever fetched, which has no age.
        if confirmed_ms > 0 {
            let age_s = now_ms.saturating_sub(confirmed_ms) / 1000;
            engine.meter.put(host, &table::ROUTE_SOURCE_AGE, &[], age_s);
        }
        if source::is_due(host, source, now_ms) {
            self.fetch(host, engine, source);
        }
    }

    /// Calls the route source. A call that cannot be made counts as an answer without a status.
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
        // Without the etag the whole set comes, even if it is the same. Where the last set was left
        // out because it did not fit, that is wanted: it may fit now, or its problems are logged.
        let is_held = engine.origin.as_ref().is_some_and(|origin| origin.unfetched.is_none());
        let kept = is_held.then(|| source::stored(host, source)).flatten();
        let etag = kept.as_ref().and_then(|kept| str::from_utf8(&kept.etag).ok());
        headers.extend(etag.filter(|etag| !etag.is_empty()).map(|etag| ("if-none-match", etag)));
        let timeout = Duration::from_millis(source.timeout_ms);
        let callout = Callout { cluster: &source.cluster, headers: &headers, body: &[], timeout };
        match call(host, &engine.config, callout) {
            Ok(call) => self.fetch.set(Some(call)),
            Err(_) => take(host, engine, source, FetchAnswer::default()),
        }
    }

    /// Takes the end of a call, and the set that it fetched.
    pub fn on_called<H: Host + ?Sized>(&self, host: &H, called: Called) {
        // An answer to a call that is no longer waited for would overwrite a newer set.
        if self.fetch.get() != Some(called.call) {
            return;
        }
        self.fetch.set(None);
        let engine = Rc::clone(&self.engine.borrow());
        let Some(source) = &engine.config.route_source else { return };
        let reply = Reply::read(host, called, source::LONGEST_ANSWER);
        let etag = reply.headers.first("etag").unwrap_or_default().to_vec();
        let answer = FetchAnswer { status: reply.status, etag, body: reply.body };
        take(host, &engine, source, answer);
        // The engine is made anew here, so that no request has to wait for it.
        self.engine(host);
    }
}

/// Takes in the answer to a fetch, and counts and logs how it went.
fn take<H: Host + ?Sized>(host: &H, engine: &Engine, source: &RouteSource, answer: FetchAnswer) {
    let Some(origin) = &engine.origin else { return };
    let now_ms = millis(host.now());
    let (outcome, problem) = source::take(host, source, &origin.document, answer, now_ms);
    engine.meter.put(host, &table::ROUTE_SOURCE_FETCHES, &[outcome.name()], 1);
    if let Some(problem) = problem {
        host.log(Level::Warn, &problem);
    }
    if outcome == source::FetchOutcome::Fetched {
        host.log(Level::Info, "route_source: a new set is in use");
    }
}
