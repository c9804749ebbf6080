//! Counts what happens, under names that Envoy's rules turn into labels.
//!
//! Decides the names of series, and bounds how many there are; `lifecycle` decides what is
//! counted and when. A series is defined when it first has a value, once for each
//! configuration in each worker, and Envoy keeps it until it ends. So the values of labels
//! must come from the configuration and never from a request: a client could otherwise fill
//! the memory with series.

pub mod table;

use std::cell::RefCell;

use crate::hash::mixed;
use crate::host::{Host, MetricKind};
use crate::text::push_percent_encoded;
use table::Metric;

/// The value of a label for what has no series of its own: what clients have named
/// themselves, and names for which there is no more room.
pub const OTHER: &str = "other";

/// The value of a label where there is nothing to name, such as the route of a request that
/// no route took.
pub const NONE: &str = "none";

/// The metrics of a configuration in one worker.
#[derive(Debug)]
pub struct Meter {
    /// Most series that have names of their own; 0: nothing is counted. Those under `other`
    /// come on top: their number is bounded by the words of this program.
    most: usize,
    series: RefCell<Series>,
}

impl Meter {
    /// Returns a meter of at most `most` series. Metrics without labels have their series from
    /// the start, so that a scrape shows them as 0 and not as missing.
    pub fn new<H: Host + ?Sized>(host: &H, is_enabled: bool, most: usize) -> Self {
        // A `most` of 0 says that the meter is off.
        let meter =
            Self { most: if is_enabled { most.max(1) } else { 0 }, series: RefCell::default() };
        if is_enabled {
            for metric in table::ALL.iter().filter(|metric| metric.labels.is_empty()) {
                meter.series(host, metric, &[]);
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
        // Adding 0 would define a series that says nothing.
        if !self.is_on() || (metric.kind == MetricKind::Counter && amount == 0) {
            return;
        }
        let Some(id) = self.series(host, metric, values) else { return };
        if metric.kind == MetricKind::Counter {
            host.increment(id, amount);
        } else {
            host.record(id, amount);
        }
    }

    /// Returns the host's id of a series, which is defined if it is new. `None` where the host
    /// did not take it.
    fn series<H: Host + ?Sized>(
        &self,
        host: &H,
        metric: &'static Metric,
        values: &[&str],
    ) -> Option<u32> {
        // Borrowed already only if the host called back in between, which it does not do.
        let mut series = self.series.try_borrow_mut().ok()?;
        let key = key(metric, values);
        let id = match series.find(key) {
            Some(id) => id,
            None => self.define(host, &mut series, metric, values, key),
        };
        (id != ABSENT).then_some(id)
    }

    /// Defines a series that is new, or returns the one that stands in for it where there is no
    /// room: that without names. Those of words alone stay exact.
    #[cold]
    fn define<H: Host + ?Sized>(
        &self,
        host: &H,
        series: &mut Series,
        metric: &'static Metric,
        values: &[&str],
        mut key: u64,
    ) -> u32 {
        let mut shown = [""; table::MOST_LABELS];
        for (shown, value) in shown.iter_mut().zip(values) {
            *shown = value;
        }
        if series.count >= self.most {
            for (label, value) in metric.labels.iter().zip(&mut shown) {
                if table::NAMES.contains(label) {
                    *value = OTHER;
                }
            }
            key = self::key(metric, shown.get(..values.len()).unwrap_or(values));
            if let Some(known) = series.find(key) {
                return known;
            }
        }
        let id = host.define_metric(metric.kind, &name(metric, &shown)).unwrap_or(ABSENT);
        series.insert(key, id);
        id
    }
}

/// Stands in for the id of a series that the host did not take. It is kept like an id, so that
/// the host is not asked again.
const ABSENT: u32 = u32::MAX;

/// The ids of series by key: a hash table with open addressing, at most half full. A key is
/// looked for from its own place on, up to the first free one.
///
/// Keys are hashes already and no series is ever removed, so nothing more is needed.
#[derive(Debug, Default)]
struct Series {
    places: Vec<(u64, u32)>,
    count: usize,
}

impl Series {
    /// Returns the id of the series with that key; `None` if there is no such series yet, and
    /// [`ABSENT`] if the host did not take it.
    fn find(&self, key: u64) -> Option<u32> {
        // A key of 0 is a free place. From the end of the table the search goes on at its
        // beginning.
        let (before, from) = self.places.split_at_checked(self.at(key))?;
        let found = from.iter().chain(before).find(|(known, _)| *known == key || *known == 0)?;
        (found.0 == key).then_some(found.1)
    }

    /// Returns a key's own place. The table's length is a power of two, so the low bits of the
    /// key are the place.
    #[expect(clippy::cast_possible_truncation, reason = "its low bits are wanted")]
    const fn at(&self, key: u64) -> usize {
        key as usize & self.places.len().saturating_sub(1)
    }

    /// Adds a series, whose key is not in the table. The table grows before it is more than half
    /// full, so that a search ends after a few places.
    fn insert(&mut self, key: u64, id: u32) {
        if self.count.saturating_mul(2) >= self.places.len() {
            let larger = self.places.len().saturating_mul(2).max(64);
            // In a larger table every key has another place.
            let old = std::mem::replace(&mut self.places, vec![(0, 0); larger]);
            old.into_iter().filter(|(known, _)| *known != 0).for_each(|one| self.place(one));
        }
        self.place((key, id));
        self.count = self.count.saturating_add(1);
    }

    /// Puts a series into the first free place from its own on. There is one, since the table is
    /// at most half full.
    fn place(&mut self, one: (u64, u32)) {
        let at = self.at(one.0);
        let (before, from) = self.places.split_at_mut_checked(at).unwrap_or_default();
        if let Some(free) = from.iter_mut().chain(before).find(|(known, _)| *known == 0) {
            *free = one;
        }
    }
}

/// Returns a key that is different for each series, as far as 64 bits go; never 0, which marks a
/// free place. It is made of the parts of the name, so that counting need not build the name.
///
/// Each part goes in with its length, so that `["ab", "c"]` and `["a", "bc"]` differ.
fn key(metric: &Metric, values: &[&str]) -> u64 {
    values.iter().fold(metric.key, |hash, value| with_part(hash, value.as_bytes())).max(1)
}

/// Returns the key of what `hash` is of and one part more.
const fn with_part(hash: u64, part: &[u8]) -> u64 {
    let mut hash = mixed(hash ^ part.len() as u64);
    let mut rest = part;
    // Eight bytes at a time: keys are made several times for each request.
    while let Some((bytes, after)) = rest.split_first_chunk() {
        hash = mixed(hash.wrapping_add(u64::from_le_bytes(*bytes)));
        rest = after;
    }
    let mut last = 0;
    while let [first, after @ ..] = rest {
        last = last << 8 | *first as u64;
        rest = after;
    }
    mixed(hash.wrapping_add(last))
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
        const FEW_WORDS: [&str; 10] = [
            "verdict",
            "code",
            "outcome",
            "kind",
            "direction",
            "source",
            "version",
            "gen_ai.operation.name",
            "gen_ai.token.type",
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
    fn keys_are_found_again_however_many_there_are() {
        let mut series = Series::default();
        for id in 0..5000u32 {
            let deployment = format!("deployment-{id}");
            let key = key(&ATTEMPTS, &[&deployment, "success"]);
            assert_eq!(series.find(key), None);
            series.insert(key, id);
        }
        for id in 0..5000u32 {
            let deployment = format!("deployment-{id}");
            assert_eq!(series.find(key(&ATTEMPTS, &[&deployment, "success"])), Some(id));
            assert_eq!(series.find(key(&ATTEMPTS, &[&deployment, "server"])), None);
        }
    }

    #[test]
    fn where_one_label_ends_and_the_next_begins_is_part_of_the_key() {
        assert_ne!(key(&ATTEMPTS, &["ab", "c"]), key(&ATTEMPTS, &["a", "bc"]));
        assert_ne!(key(&ATTEMPTS, &["", "a"]), key(&ATTEMPTS, &["a", ""]));
        assert_ne!(key(&ATTEMPTS, &["a\0", "b"]), key(&ATTEMPTS, &["a", "b"]));
    }
}
