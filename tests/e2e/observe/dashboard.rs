//! The dashboard: every metric and label that it asks for exists.

use std::collections::BTreeSet;

use serde_json::Value;

use super::GROUP;
use crate::harness::{Scrape, run};

const DASHBOARD: &str = include_str!("../../../envoy/grafana.json");

/// What a query asks for.
#[derive(Debug, Default)]
struct Asked {
    /// Metrics, each with the labels that select among its samples.
    metrics: Vec<(String, BTreeSet<String>)>,
    /// The labels that it groups by.
    by: BTreeSet<String>,
}

impl Asked {
    fn of(query: &str) -> Self {
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

    #[track_caller]
    fn assert_there(&self, scrape: &Scrape, query: &str) {
        assert!(!self.metrics.is_empty(), "{query}");
        for (name, labels) in &self.metrics {
            let there = scrape.labels(name);
            let is_there = scrape.samples.iter().any(|sample| sample.name == *name);
            assert!(is_there, "there is no {name}: {query}");
            for label in labels.iter().chain(&self.by) {
                assert!(there.contains(label.as_str()), "{name} has no label {label}: {query}");
            }
        }
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

#[test]
fn the_dashboard_asks_only_for_what_exists() {
    let scrape = run(GROUP.envoy().scrape());
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut used = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            let asked = Asked::of(query);
            asked.assert_there(&scrape, query);
            let legend = target["legendFormat"].as_str().unwrap();
            for shown in legend.split("{{").skip(1) {
                let label = shown.split("}}").next().unwrap();
                assert!(asked.by.contains(label), "{title} shows {label}: {query}");
            }
            used.extend(asked.metrics.into_iter().map(|(name, _)| name));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"]["query"].as_str() else { continue };
        let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
        let (name, label) = inner.split_once(", ").unwrap();
        assert!(scrape.labels(name).contains(label), "{query}");
    }
    // It also leaves no metric out.
    for name in scrape.types.keys() {
        let is_used = |used: &String| used.strip_suffix("_bucket").unwrap_or(used) == name;
        assert!(used.iter().any(is_used), "no panel shows {name}");
    }
}
