//! The rules that correct the other translation, and the comparison with this one.

use std::cell::Cell;
use std::fmt::Write;

use serde_json::Value;

/// One document that both have translated.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    /// The model of the provider.
    pub(crate) model: String,
    /// The document that is translated.
    pub(crate) asked: Value,
    /// What this translation makes of it.
    pub(crate) ours: Value,
}

/// A known difference between the two, of which somebody has checked that ours is right.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    /// Why this translation is right.
    pub(crate) why: &'static str,
    /// Where the provider says so.
    pub(crate) url: &'static str,
    /// Corrects what the other translation has made.
    pub(crate) correct: fn(&Case, &mut Value),
}

/// A known refusal: its place, its reason, and whether the request really gives that reason.
pub(crate) struct Refusal {
    pub(crate) place: &'static str,
    pub(crate) why: &'static str,
    /// Where the provider says so.
    pub(crate) url: &'static str,
    pub(crate) is_right: fn(&Case) -> bool,
}

/// The rules of one pair of APIs, with how often each has corrected something.
pub(crate) struct Rules {
    pair: &'static str,
    rules: Vec<&'static Rule>,
    refusals: Vec<&'static Refusal>,
    uses: Vec<Cell<u64>>,
    refused: Vec<Cell<u64>>,
    equal: Cell<u64>,
    cases: Cell<u64>,
}

impl Rules {
    pub(crate) fn new(
        pair: &'static str,
        rules: impl IntoIterator<Item = &'static Rule>,
        refusals: impl IntoIterator<Item = &'static Refusal>,
    ) -> Self {
        let rules: Vec<_> = rules.into_iter().collect();
        let refusals: Vec<_> = refusals.into_iter().collect();
        for url in
            rules.iter().map(|rule| rule.url).chain(refusals.iter().map(|refusal| refusal.url))
        {
            assert!(url.starts_with("https://"), "{url}");
        }
        let none = |count: usize| vec![Cell::new(0); count];
        Self {
            pair,
            uses: none(rules.len()),
            refused: none(refusals.len()),
            rules,
            refusals,
            equal: Cell::new(0),
            cases: Cell::new(0),
        }
    }

    /// Compares the results of both.
    pub(crate) fn compare(&self, case: &Case, theirs: Value, normal: fn(&mut Value)) {
        self.cases.set(self.cases.get() + 1);
        let (mut ours, mut theirs) = (case.ours.clone(), theirs);
        normal(&mut ours);
        normal(&mut theirs);
        let mut is_equal = true;
        for (rule, uses) in self.rules.iter().zip(&self.uses) {
            // Written out, since the order of members counts too.
            let before = theirs.to_string();
            (rule.correct)(case, &mut theirs);
            let after = theirs.to_string();
            if before != after {
                uses.set(uses.get() + 1);
                is_equal = false;
            }
        }
        self.equal.set(self.equal.get() + u64::from(is_equal));
        if ours == theirs {
            return;
        }
        let mut text = format!("{}, seed {}, model {}\n", self.pair, case.seed, case.model);
        difference("", &ours, &theirs, &mut text);
        panic!("{text}asked: {}\n\nours: {ours}\n\ntheirs: {theirs}", case.asked);
    }

    /// Checks that a refusal is a known one.
    pub(crate) fn refuse(&self, case: &Case, place: &str, why: &str) {
        self.cases.set(self.cases.get() + 1);
        let mut known = self.refusals.iter().zip(&self.refused);
        let fits = |refusal: &Refusal| {
            place_fits(refusal.place, place)
                && why.contains(refusal.why)
                && (refusal.is_right)(case)
        };
        let Some((_, count)) = known.find(|(refusal, _)| fits(refusal)) else {
            panic!(
                "{}, seed {}: `{place}` {why}, which is not decided\n{}",
                self.pair, case.seed, case.asked
            );
        };
        count.set(count.get() + 1);
    }

    /// Prints the result of the run. Fails if a rule or a known refusal was never used in it.
    pub(crate) fn finish(&self) {
        let refused: u64 = self.refused.iter().map(Cell::get).sum();
        let (cases, equal) = (self.cases.get(), self.equal.get());
        println!("{}: {cases} cases, {equal} equal as they are, {refused} refused", self.pair);
        let mut idle = String::new();
        for (rule, uses) in self.rules.iter().zip(&self.uses) {
            println!("  {:6} {}: {}", uses.get(), rule.name, rule.why);
            if uses.get() == 0 {
                writeln!(idle, "{}", rule.name).unwrap();
            }
        }
        for (refusal, count) in self.refusals.iter().zip(&self.refused) {
            println!("  {:6} refused: {} {}", count.get(), refusal.place, refusal.why);
            if count.get() == 0 {
                writeln!(idle, "{} {}", refusal.place, refusal.why).unwrap();
            }
        }
        assert!(idle.is_empty(), "{}: of no use in {cases} cases:\n{idle}", self.pair);
    }
}

/// Returns whether a place is one of a pattern, in which `#` stands for a number.
fn place_fits(pattern: &str, place: &str) -> bool {
    let mut general = String::new();
    for char in place.chars() {
        let char = if char.is_ascii_digit() { '#' } else { char };
        if !(char == '#' && general.ends_with('#')) {
            general.push(char);
        }
    }
    general == pattern
}

/// Writes where two values differ.
pub(crate) fn difference(place: &str, ours: &Value, theirs: &Value, to: &mut String) {
    match (ours, theirs) {
        _ if ours == theirs => {}
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            for key in keys {
                let of = |object: &serde_json::Map<String, Value>| object.get(key).cloned();
                match (of(one), of(other)) {
                    (Some(one), Some(other)) => {
                        difference(&format!("{place}.{key}"), &one, &other, to)
                    }
                    (one, other) => {
                        writeln!(to, "{place}.{key}: ours {one:?}, theirs {other:?}").unwrap()
                    }
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                difference(&format!("{place}[{at}]"), one, other, to);
            }
        }
        _ => writeln!(to, "{place}:\n  ours   {ours}\n  theirs {theirs}").unwrap(),
    }
}

/// Returns how many cases are tried: 1,000, or as many as `ORACLE_CASES` says.
pub(crate) fn cases() -> u64 {
    std::env::var("ORACLE_CASES").map_or(1_000, |count| count.parse().unwrap())
}
