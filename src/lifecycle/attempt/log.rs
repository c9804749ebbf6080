//! What attempts leave in filter state for logs: how each has ended, and how long it took.

use crate::host::Host;
use crate::lifecycle::event::millis;
use crate::lifecycle::progress::AttemptList;
use crate::lifecycle::properties::{ATTEMPTS, TIMES};
use crate::state::report::Report;

use super::trying::Trying;

impl Trying {
    /// Notes what the head of the response says, and how long it took to come.
    pub(super) fn note_head<H: Host + ?Sized>(&mut self, host: &H, report: Report) {
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.report = report;
        }
        self.log_attempts(host);
        self.note_time(host);
    }

    /// Notes how long the attempt has taken until now, and leaves the times of all attempts for
    /// logs.
    pub(super) fn note_time<H: Host + ?Sized>(&mut self, host: &H) {
        let took_ms = millis(host.now()).saturating_sub(self.began_ms);
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.took_ms = Some(took_ms);
        }
        let mut times = AttemptList::default();
        for tried in &self.progress.tried {
            if let Some(took_ms) = tried.took_ms {
                times.add(self.name(tried.leg), &took_ms.to_string());
            }
        }
        host.set_property(TIMES, times.text().as_bytes());
    }

    /// Leaves the results of all attempts for logs, written as in the attempts header: for
    /// example `openai-eu=429,azure=200`.
    pub(super) fn log_attempts<H: Host + ?Sized>(&self, host: &H) {
        let attempts = AttemptList::of(&self.progress, |leg| self.name(leg));
        host.set_property(ATTEMPTS, attempts.text().as_bytes());
    }

    /// Returns the name of a leg for headers and logs.
    fn name(&self, leg: usize) -> &str {
        self.legs.get(leg).map(|leg| leg.name.as_str()).unwrap_or_default()
    }
}
