//! The dashboard: every metric and label that it asks for exists.

use std::collections::BTreeSet;

use serde_json::Value;

use super::GROUP;
use crate::harness::{Scrape, run};
use crate::promql::Asked;

const DASHBOARD: &str = include_str!("../../../envoy/grafana.json");

/// Checks that the scrape has every metric that a query asks for, with its labels.
#[track_caller]
fn assert_there(asked: &Asked, scrape: &Scrape, query: &str) {
    assert!(!asked.metrics.is_empty(), "{query}");
    for (name, labels) in &asked.metrics {
        let there = scrape.labels(name);
        let is_there = scrape.samples.iter().any(|sample| sample.name == *name);
        assert!(is_there, "there is no {name}: {query}");
        for label in labels.iter().chain(&asked.by) {
            assert!(there.contains(label.as_str()), "{name} has no label {label}: {query}");
        }
    }
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
            assert_there(&asked, &scrape, query);
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
