//! How long it takes to read and decide a request: the time that the filter itself adds.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::millis;
use crate::metrics::table;

use super::log_fields::log_decision_time;

/// The clock of one callback in which a request is read or decided.
///
/// It ends in one of two ways, and each of them takes the clock: the request waits for more
/// ([`DecisionTime::pause`]), or it is decided ([`DecisionTime::stop`]). The time between
/// callbacks is the client's or a service's and does not count.
#[derive(Debug)]
#[must_use = "the time counts once it is paused or stopped"]
pub(crate) struct DecisionTime {
    /// When the callback began, since the epoch.
    entered: Duration,
    /// How long the callbacks before this one took.
    before: Duration,
}

impl DecisionTime {
    /// Starts the clock. `before` is what [`DecisionTime::pause`] returned in the callback before.
    pub(crate) fn enter<H: Host + ?Sized>(host: &H, before: Duration) -> Self {
        Self { entered: host.now(), before }
    }

    /// Returns when the callback began, in milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        millis(self.entered)
    }

    /// Stops the clock because the request waits. Returns how long the callbacks have taken so far,
    /// this one included.
    pub(crate) fn pause<H: Host + ?Sized>(self, cx: Ctx<'_, H>) -> Duration {
        // Asking the host for the time costs a call, so it is done only for someone who reads it.
        if is_wanted(cx.engine) { self.until(cx.host.now()) } else { Duration::ZERO }
    }

    /// Stops the clock because the request has been decided. Counts and logs how long that took in
    /// all callbacks.
    pub(crate) fn stop<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if is_wanted(cx.engine) {
            let now = cx.host.now();
            self.stop_at(cx, now);
        }
    }

    /// Stops the clock at `left`, since the epoch: the time when the request left the filter.
    /// Counts and logs as [`DecisionTime::stop`] does.
    pub(crate) fn stop_at<H: Host + ?Sized>(self, cx: Ctx<'_, H>, left: Duration) {
        if !is_wanted(cx.engine) {
            return;
        }
        let spent_us = u64::try_from(self.until(left).as_micros()).unwrap_or(u64::MAX);
        cx.engine.meter.put(cx.host, &table::DECISION, &[], spent_us);
        log_decision_time(cx, spent_us);
    }

    /// Returns how long the callbacks have taken until `left`.
    fn until(&self, left: Duration) -> Duration {
        self.before.saturating_add(left.saturating_sub(self.entered))
    }
}

/// Returns whether metrics or logs show the time. If not, the host is not asked for it.
fn is_wanted(engine: &Engine) -> bool {
    engine.meter.is_on() || engine.config.log_fields
}
