//! Suggestions for names that are not known.
//!
//! Decides when a known name is near enough to be meant, and how many known
//! names a message lists.

#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "lengths are bounded before they are added")
)]

use crate::config::error::quoted;

/// Known names that a message lists.
const MOST_LISTED: usize = 8;
/// Longest name that is compared; the comparison takes quadratic time.
const LONGEST: usize = 64;
/// Names that are compared; a configuration may hold many thousand.
const MOST_COMPARED: usize = 2000;

/// `; did you mean "x"?` where a known name is near, else nothing.
pub(in crate::config) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    near(name, &mut known.into_iter())
}

/// One for all iterators: every further one would be four kilobytes of the module.
fn near(name: &str, known: &mut dyn Iterator<Item = &str>) -> Option<String> {
    let bound = match name.chars().count() {
        0..3 => 0,
        length => (length / 4).clamp(1, 3),
    };
    known
        .take(MOST_COMPARED)
        .filter_map(|known| Some((distance(name, known, bound)?, known)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| format!("; did you mean {}?", quoted(known)))
}

/// Names in quotes, shortened when they are many.
pub(in crate::config) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(&mut names.into_iter(), MOST_LISTED)
}

fn joined(mut names: &mut dyn Iterator<Item = &str>, most: usize) -> String {
    let mut text: Vec<String> = (&mut names).take(most).map(quoted).collect();
    let more = names.count();
    if more > 0 {
        text.push(format!("and {more} more"));
    }
    text.join(", ")
}

/// Every name, in quotes.
pub(super) fn all<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(&mut names.into_iter(), usize::MAX)
}

/// Edits (insert, delete, replace, swap neighbours) between two names, if at most `bound`.
fn distance(left: &str, right: &str, bound: usize) -> Option<usize> {
    let left: Vec<char> = left.to_lowercase().chars().take(LONGEST + 1).collect();
    let right: Vec<char> = right.to_lowercase().chars().take(LONGEST + 1).collect();
    let is_near = left.len().abs_diff(right.len()) <= bound;
    if !is_near || left.len().max(right.len()) > LONGEST {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (row, &from) in left.iter().enumerate() {
        let line = next_line(row, from, previous, &right, &before, &last);
        before = std::mem::replace(&mut last, line);
        previous = Some(from);
    }
    last.last().copied().filter(|edits| *edits <= bound)
}

/// The next line of the table of distances between prefixes.
fn next_line(
    row: usize,
    from: char,
    previous: Option<char>,
    right: &[char],
    before: &[usize],
    last: &[usize],
) -> Vec<usize> {
    let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX / 2);
    let mut line = vec![row + 1];
    let mut previous_to = None;
    for (column, &to) in right.iter().enumerate() {
        let mut edits = cell(last, column) + usize::from(from != to);
        edits = edits.min(cell(last, column + 1) + 1).min(cell(&line, column) + 1);
        let is_swap = previous == Some(to) && previous_to == Some(from);
        if let (true, Some(swapped)) = (is_swap, column.checked_sub(1)) {
            edits = edits.min(cell(before, swapped) + 1);
        }
        line.push(edits);
        previous_to = Some(to);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        let known = ["ordered_fallback", "weighted", "round_robin"];
        let cases = [
            ("wieghted", Some("weighted")),
            ("Weighted", Some("weighted")),
            ("round-robin", Some("round_robin")),
            ("roundrobin", Some("round_robin")),
            ("random", None),
            ("", None),
        ];
        for (name, near) in cases {
            let wanted = near.map(|near| format!("; did you mean \"{near}\"?"));
            assert_eq!(did_you_mean(name, known), wanted, "{name}");
        }
        assert_eq!(did_you_mean("ab", ["xy"]), None);
        assert_eq!(did_you_mean("m", ["k"]), None);
    }

    #[test]
    fn long_lists_are_shortened() {
        let names: Vec<String> = (0..20).map(|at| format!("m{at}")).collect();
        let text = listed(names.iter().map(String::as_str));
        assert!(text.starts_with("\"m0\", \"m1\""), "{text}");
        assert!(text.ends_with("\"m7\", and 12 more"), "{text}");
        assert_eq!(listed(["a"]), "\"a\"");
    }
}
