//! What a Prometheus query asks for: the metrics and labels in it.

#![allow(clippy::string_slice, reason = "queries are cut at ASCII characters")]

use std::collections::BTreeSet;

/// What a query asks for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Metrics, each with the labels that select among its samples.
    pub(crate) metrics: Vec<(String, BTreeSet<String>)>,
    /// The labels that it groups by.
    pub(crate) by: BTreeSet<String>,
}

impl Asked {
    /// Reads a query.
    pub(crate) fn of(query: &str) -> Self {
        let mut asked = Self::default();
        let mut rest = query.to_owned();
        while let Some(at) = rest.find(" by (") {
            let end = at + rest[at..].find(')').unwrap();
            let list = rest[at + 5..end].split(',').map(|label| label.trim().to_owned());
            asked.by.extend(list);
            rest.replace_range(at..=end, "");
        }
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let mut from = rest.as_str();
        while let Some(at) = from.find(|char: char| char.is_ascii_alphabetic()) {
            let behind = &from[at..];
            let name = &behind[..behind.find(|char| !is_name(char)).unwrap_or(behind.len())];
            from = &behind[name.len()..];
            if from.starts_with('(')
                || !(name.starts_with("pointsman") || name.starts_with("gen_ai"))
            {
                continue;
            }
            let mut labels = BTreeSet::new();
            if let Some(inner) = from.strip_prefix('{') {
                let end = inner.find('}').unwrap();
                for matcher in inner[..end].split(',') {
                    labels.insert(matcher[..matcher.find(['=', '!']).unwrap()].to_owned());
                }
                from = &inner[end..];
            }
            asked.metrics.push((name.to_owned(), labels));
        }
        asked
    }
}

#[test]
fn queries_are_understood() {
    let asked = Asked::of(
        "histogram_quantile(0.5, sum by (le, a) (rate(gen_ai_x_bucket{b=~\"$c\",d!=\"e\"}[5m]))) / sum(pointsman_y)",
    );
    let labels = |list: &[&str]| list.iter().map(|&label| label.to_owned()).collect();
    let metrics = vec![
        ("gen_ai_x_bucket".to_owned(), labels(&["b", "d"])),
        ("pointsman_y".to_owned(), labels(&[])),
    ];
    assert_eq!((asked.metrics, asked.by), (metrics, labels(&["le", "a"])));
}
