//! Suggestions for names that are not known.
//!
//! Decides when a known name is near enough to be meant, and how many known
//! names a message lists. strsim measures how near two names are.

use crate::config::error::quoted;

/// Known names that a message lists.
const MOST_LISTED: usize = 8;
/// Longest name that is compared; the comparison takes quadratic time.
const LONGEST: usize = 64;
/// Names that are compared; a configuration may hold many thousand.
const MOST_COMPARED: usize = 2000;

/// Returns `; did you mean "x"?` where a known name is near enough to be meant. Names in other
/// cases are near: `GPT` suggests `gpt`.
pub(in crate::config) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    near(name, &mut known.into_iter())
}

/// Returns the suggestion.
///
/// A quarter of the characters may differ, three at most: `wieghted` suggests `weighted`, `random`
/// does not suggest `round_robin`. It takes a trait object, because a copy for each type of
/// iterator would be four kilobytes of the module.
fn near(name: &str, known: &mut dyn Iterator<Item = &str>) -> Option<String> {
    // Any short name is near to any other, so these may differ in case alone.
    let bound = match name.chars().count() {
        0..3 => 0,
        length => (length / 4).clamp(1, 3),
    };
    known
        // Before they are compared: it is the comparisons that need a bound.
        .take(MOST_COMPARED)
        .filter_map(|known| Some((distance(name, known, bound)?, known)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| format!("; did you mean {}?", quoted(known)))
}

/// Returns names in quotes, shortened when they are many: `"a", "b", and 12 more`.
pub(in crate::config) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(&mut names.into_iter(), MOST_LISTED)
}

/// Returns the first `most` names in quotes, and how many more there are.
fn joined(mut names: &mut dyn Iterator<Item = &str>, most: usize) -> String {
    let mut text: Vec<String> = (&mut names).take(most).map(quoted).collect();
    let more = names.count();
    if more > 0 {
        text.push(format!("and {more} more"));
    }
    text.join(", ")
}

/// Returns every name, in quotes. This is for names of the program itself, which are few.
pub(super) fn all<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(&mut names.into_iter(), usize::MAX)
}

/// Returns the edits (insert, delete, replace, swap neighbours) between two names, if at most
/// `bound`.
fn distance(left: &str, right: &str, bound: usize) -> Option<usize> {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    let (count, other) = (left.chars().count(), right.chars().count());
    // A difference in length is a number of edits, and is known at no cost.
    if count.abs_diff(other) > bound || count.max(other) > LONGEST {
        return None;
    }
    Some(strsim::osa_distance(&left, &right)).filter(|edits| *edits <= bound)
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
