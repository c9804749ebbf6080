//! Counts what happens, under names that Envoy's rules turn into labels.
//!
//! Decides the names of series, and bounds how many there are; `lifecycle` decides what is
//! counted and when. A series is defined once for each configuration in each worker, and Envoy keeps
//! it until it ends. So the values of labels must come from the configuration and never from a
//! request: a client could otherwise fill the memory with series.
//!
//! Most series are defined when they first have a value. The ones that alerts depend on begin at 0
//! ([`Meter::begin`]), because Prometheus sees no increase in a counter that begins at 1.

mod series;
pub mod table;

use std::cell::{Cell, RefCell};

use crate::host::{Host, MetricKind};
use crate::text::push_percent_encoded;
use series::{ABSENT, SeriesTable, with_part};
use table::Metric;

/// The value of a label for what has no series of its own: what clients have named
/// themselves, and names for which there is no more room.
pub const OTHER: &str = "other";

/// The value of a label where there is nothing to name, such as the route of a request that
/// no route took.
pub const NONE: &str = "none";

/// So many values of histograms wait at most until they are handed to the host. Many at a time
/// cost a fraction of what each would in the middle of a request.
const MOST_WAITING: usize = 256;

/// The metrics of a configuration in one worker.
///
/// A meter hands each value to the host at once, until someone promises to call
/// [`Meter::hand_over`] every now and then by [`Meter::collect`].
#[derive(Debug)]
pub struct Meter {
    /// Most series that have names of their own; 0: nothing is counted. Those under `other`
    /// come on top: their number is bounded by the words of this program.
    most: usize,
    series: RefCell<SeriesTable>,
    /// Values of histograms that wait, with the ids of their series.
    waiting: RefCell<Vec<(u32, u64)>>,
    is_collecting: Cell<bool>,
}

impl Meter {
    /// Returns a meter of at most `most` series. Metrics without labels have their series from
    /// the start, so that a scrape shows them as 0 and not as missing.
    pub fn new<H: Host + ?Sized>(host: &H, is_enabled: bool, most: usize) -> Self {
        let meter = Self {
            // A `most` of 0 says that the meter is off.
            most: if is_enabled { most.max(1) } else { 0 },
            series: RefCell::default(),
            waiting: RefCell::default(),
            is_collecting: Cell::new(false),
        };
        if is_enabled {
            for metric in table::ALL.iter().filter(|metric| metric.labels.is_empty()) {
                meter.with_series(host, metric, &[], |_| ());
            }
        }
        meter
    }

    /// Returns whether anything is counted.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.most > 0
    }

    /// Adds `amount` to a counter, sets a gauge to it, or adds it to a histogram. `values` are
    /// those of the metric's labels, in their order; a label whose value is empty is left out.
    ///
    /// For example, `put(host, &ATTEMPTS, &["gpt-4o", "success"], 1)` counts a successful
    /// attempt at the deployment `gpt-4o`.
    pub fn put<H: Host + ?Sized>(
        &self,
        host: &H,
        metric: &'static Metric,
        values: &[&str],
        amount: u64,
    ) {
        // Adding 0 would define a series that says nothing. Those that begin at 0 do so in `begin`.
        if !self.is_on() || (metric.kind == MetricKind::Counter && amount == 0) {
            return;
        }
        let is_collecting = self.is_collecting.get();
        self.with_series(host, metric, values, |series| match metric.kind {
            MetricKind::Counter if is_collecting => series.add(amount),
            MetricKind::Histogram if is_collecting => self.keep(host, series.id, amount),
            MetricKind::Counter => host.increment(series.id, amount),
            MetricKind::Gauge | MetricKind::Histogram => host.record(series.id, amount),
        });
    }

    /// Defines a series that has no value yet, and shows it as 0. Returns whether it is there: where
    /// there is no room for it, it is not.
    ///
    /// Half of the series are left to those that have something to count, so a configuration that
    /// is too large for all series never makes a series `other` by this.
    #[inline(never)]
    pub fn begin<H: Host + ?Sized>(
        &self,
        host: &H,
        metric: &'static Metric,
        values: &[&str],
    ) -> bool {
        let Ok(mut series) = self.series.try_borrow_mut() else { return false };
        if series.find(key(metric, values)).is_some() {
            return true;
        }
        if series.len() >= self.most / 2 {
            return false;
        }
        let place = self.define(host, &mut series, metric, values);
        let one = place.and_then(|place| series.at_mut(place));
        if let Some(one) = one.filter(|one| one.id != ABSENT) {
            // Envoy's sinks leave out what was never used, and adding 0 is refused.
            host.record(one.id, 0);
        }
        true
    }

    /// Returns whether a series is defined already.
    pub fn has(&self, metric: &'static Metric, values: &[&str]) -> bool {
        self.series.try_borrow().is_ok_and(|series| series.find(key(metric, values)).is_some())
    }

    /// Keeps a value of a histogram until it is handed over.
    fn keep<H: Host + ?Sized>(&self, host: &H, id: u32, value: u64) {
        let Ok(mut waiting) = self.waiting.try_borrow_mut() else { return };
        // Grows once, and not at all in a worker that no request comes to.
        let room = MOST_WAITING.saturating_sub(waiting.len());
        waiting.reserve_exact(room);
        waiting.push((id, value));
        if waiting.len() >= MOST_WAITING {
            record_all(host, &mut waiting);
        }
    }

    /// Sums up counters from here on, and keeps the values of histograms. Whoever calls this
    /// calls [`Meter::hand_over`] at least every second, and [`Meter::close`] at last.
    pub fn collect(&self) {
        self.is_collecting.set(self.is_on());
    }

    /// Hands to the host what has been counted and it does not have yet.
    pub fn hand_over<H: Host + ?Sized>(&self, host: &H) {
        if let Ok(mut series) = self.series.try_borrow_mut() {
            series.take_sums(|id, sum| host.increment(id, sum));
        }
        if let Ok(mut waiting) = self.waiting.try_borrow_mut() {
            record_all(host, &mut waiting);
        }
    }

    /// Hands over what there is. From here on every value goes to the host at once, since
    /// requests that are under way may go on for long without anyone who calls
    /// [`Meter::hand_over`].
    pub fn close<H: Host + ?Sized>(&self, host: &H) {
        self.is_collecting.set(false);
        self.hand_over(host);
    }

    /// Calls `put` with a series, which is defined if it is new. Does nothing where the host did
    /// not take the series.
    fn with_series<H: Host + ?Sized>(
        &self,
        host: &H,
        metric: &'static Metric,
        values: &[&str],
        put: impl FnOnce(&mut series::OneSeries),
    ) {
        // Borrowed already only if the host called back in between, which it does not do.
        let Ok(mut series) = self.series.try_borrow_mut() else { return };
        let found = series.find(key(metric, values));
        let place = found.or_else(|| self.define(host, &mut series, metric, values));
        let one = place.and_then(|place| series.at_mut(place));
        if let Some(one) = one.filter(|one| one.id != ABSENT) {
            put(one);
        }
    }

    /// Defines a series that is new, and returns its place. Where there is no more room, that is
    /// the place of the series that stands in for it: the one without names. Those of words alone
    /// stay exact.
    #[cold]
    fn define<H: Host + ?Sized>(
        &self,
        host: &H,
        series: &mut SeriesTable,
        metric: &'static Metric,
        values: &[&str],
    ) -> Option<usize> {
        let mut shown = [""; table::MOST_LABELS];
        for (shown, value) in shown.iter_mut().zip(values) {
            *shown = value;
        }
        if series.len() >= self.most {
            for (label, value) in metric.labels.iter().zip(&mut shown) {
                if table::NAMES.contains(label) {
                    *value = OTHER;
                }
            }
        }
        let key = key(metric, shown.get(..values.len()).unwrap_or(values));
        if series.find(key).is_none() {
            let id = host.define_metric(metric.kind, &name(metric, &shown)).unwrap_or(ABSENT);
            series.insert(key, id);
        }
        series.find(key)
    }
}

/// Hands to the host the values that wait, and keeps the room for the next ones.
fn record_all<H: Host + ?Sized>(host: &H, waiting: &mut Vec<(u32, u64)>) {
    waiting.drain(..).for_each(|(id, value)| host.record(id, value));
}

/// Returns a key that is different for each series, as far as 64 bits go; never 0, which marks a
/// free place. It is made of the parts of the name, so that counting need not build the name.
///
/// Each part goes in with its length, so that `["ab", "c"]` and `["a", "bc"]` differ.
fn key(metric: &Metric, values: &[&str]) -> u64 {
    values.iter().fold(metric.key, |hash, value| with_part(hash, value.as_bytes())).max(1)
}

/// Returns the name of a series for Envoy: `NAME.LABEL=.VALUE;`, where labels have underscores
/// in place of dots.
///
/// For example, `pointsman.attempts.deployment=.gpt-4o;.outcome=.success;`. A rule under
/// `stats_tags` finds `.outcome=.…;` in it and makes it a label. With dots in a label, that of
/// one rule could be found at the end of another.
#[must_use]
pub fn name(metric: &Metric, values: &[&str]) -> String {
    let mut name = metric.name.to_owned();
    for (label, value) in metric.labels.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
        name.push('.');
        name.extend(label.chars().map(|char| if char == '.' { '_' } else { char }));
        name.push_str("=.");
        escape(value, &mut name);
        name.push(';');
    }
    name
}

/// Writes a value with all percent-encoded that would end it, or that Envoy takes away or shows
/// as something else: `;`, `=`, control characters and a dot at the end. `%` is encoded too,
/// so that different values stay different.
fn escape(value: &str, to: &mut String) {
    let last = value.len().saturating_sub(1);
    for (at, char) in value.char_indices() {
        let is_kept = !matches!(char, ';' | '=' | '%') && !char.is_control();
        if is_kept && !(char == '.' && at == last) {
            to.push(char);
            continue;
        }
        for byte in char.encode_utf8(&mut [0; 4]).bytes() {
            push_percent_encoded(byte, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use table::{ALL, ATTEMPTS, MOST_LABELS, ROUTE_MATCHES};

    #[test]
    fn a_series_is_called_by_its_labels() {
        assert_eq!(
            name(&ATTEMPTS, &["gpt-4o", "success"]),
            "pointsman.attempts.deployment=.gpt-4o;.outcome=.success;"
        );
        assert_eq!(
            name(&table::DURATION, &["d", "chat", "p", "m", ""]),
            "gen_ai.server.request.duration.deployment=.d;.gen_ai_operation_name=.chat;\
             .gen_ai_provider_name=.p;.gen_ai_request_model=.m;"
        );
    }

    #[test]
    fn no_value_breaks_a_label_or_is_taken_for_another() {
        let values = [
            "a;b",
            "a%3Bb",
            "a",
            "a.",
            "a%2E",
            "a.b",
            "a..b",
            "a=b",
            "x;.outcome=.success;",
            "%",
            "%25",
            "a\nb",
            "a\r\nb",
            "\u{7f}",
            "\u{85}",
            "ä",
            "org/model:8b#v",
            "a\"b\\c d",
            ".a",
        ];
        let mut seen = Vec::new();
        for value in values {
            let name = name(&ROUTE_MATCHES, &[value]);
            let inner = name.strip_prefix("pointsman.route.matches.route=.").unwrap();
            let inner = inner.strip_suffix(';').unwrap();
            assert!(!inner.contains([';', '=']) && !inner.ends_with('.'), "{name}");
            assert!(!inner.contains(char::is_control), "{name}");
            assert!(!seen.contains(&name), "{name}");
            seen.push(name);
        }
        assert_eq!(name(&ROUTE_MATCHES, &["org/model:8b#v"]), seen[16]);
        assert!(seen[16].contains("org/model:8b#v"), "what is harmless stays readable");
    }

    #[test]
    fn the_table_has_every_metric_once_and_no_label_too_many() {
        for (at, metric) in ALL.iter().enumerate() {
            assert!(metric.labels.len() <= MOST_LABELS, "{}", metric.name);
            assert!(ALL[..at].iter().all(|other| other.name != metric.name), "{}", metric.name);
        }
    }

    /// What is not a name of the configuration must have few values, all of them words of this
    /// program: only names become `other` where there are too many series.
    #[test]
    fn every_label_is_a_name_or_has_few_words_for_values() {
        const FEW_WORDS: [&str; 12] = [
            "hash",
            "budget",
            "state",
            "verdict",
            "code",
            "outcome",
            "kind",
            "direction",
            "source",
            "version",
            "gen_ai.operation.name",
            "error.type",
        ];
        for label in ALL.iter().flat_map(|metric| metric.labels) {
            let is_name = table::NAMES.contains(label);
            assert!(
                is_name != FEW_WORDS.contains(label),
                "{label} is in none or both of the lists"
            );
        }
    }

    #[test]
    fn where_one_label_ends_and_the_next_begins_is_part_of_the_key() {
        assert_ne!(key(&ATTEMPTS, &["ab", "c"]), key(&ATTEMPTS, &["a", "bc"]));
        assert_ne!(key(&ATTEMPTS, &["", "a"]), key(&ATTEMPTS, &["a", ""]));
        assert_ne!(key(&ATTEMPTS, &["a\0", "b"]), key(&ATTEMPTS, &["a", "b"]));
    }
}
