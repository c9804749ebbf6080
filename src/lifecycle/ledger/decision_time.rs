//! How long a request is read and decided, which is what the filter itself adds.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::millis;
use crate::metrics::table;

use super::log_fields::log_decision_time;

/// A callback in which a request is read or decided.
///
/// It ends in one of two ways, each of which takes it: the request waits for more, or it is
/// decided.
#[derive(Debug)]
#[must_use = "the time counts once it is paused or stopped"]
pub(crate) struct DecisionTime {
    entered: Duration,
    /// What callbacks before this one took.
    before: Duration,
}

impl DecisionTime {
    /// Begins a callback.
    pub(crate) fn enter<H: Host + ?Sized>(host: &H, before: Duration) -> Self {
        Self { entered: host.now(), before }
    }

    /// Returns when the callback began, in milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        millis(self.entered)
    }

    /// Ends the callback: the request waits. Returns what callbacks have taken so far.
    pub(crate) fn pause<H: Host + ?Sized>(self, cx: Ctx<'_, H>) -> Duration {
        if is_wanted(cx.engine) { self.until(cx.host.now()) } else { Duration::ZERO }
    }

    /// Ends the callback: the request is decided. Counts what that took in all.
    pub(crate) fn stop<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if is_wanted(cx.engine) {
            let now = cx.host.now();
            self.stop_at(cx, now);
        }
    }

    /// The same, where the request had gone on at `left`.
    pub(crate) fn stop_at<H: Host + ?Sized>(self, cx: Ctx<'_, H>, left: Duration) {
        if !is_wanted(cx.engine) {
            return;
        }
        let spent_us = u64::try_from(self.until(left).as_micros()).unwrap_or(u64::MAX);
        cx.engine.meter.put(cx.host, &table::DECISION, &[], spent_us);
        log_decision_time(cx, spent_us);
    }

    fn until(&self, left: Duration) -> Duration {
        self.before.saturating_add(left.saturating_sub(self.entered))
    }
}

/// Returns whether anybody is shown the time: if not, the clock is not asked.
fn is_wanted(engine: &Engine) -> bool {
    engine.meter.is_on() || engine.config.log_fields
}
