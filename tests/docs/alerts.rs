//! The alerts: each asks only for what exists, and has its section in the runbook.

use std::collections::BTreeSet;

use pointsman::metrics::table;
use serde_json::Value;

use crate::promql::Asked;

const RULES: &str = include_str!("../../envoy/alerts.yaml");
const TESTS: &str = include_str!("../../envoy/alerts.test.yaml");
const RUNBOOK: &str = include_str!("../../docs/alerts.md");
const DASHBOARD: &str = include_str!("../../envoy/grafana.json");

/// One alert: its name, and the text of its rule.
struct Alert {
    name: &'static str,
    rule: &'static str,
}

fn alerts() -> Vec<Alert> {
    let rules = RULES.split("- alert: ").skip(1);
    let alerts: Vec<Alert> =
        rules.map(|rule| Alert { name: rule.lines().next().unwrap(), rule }).collect();
    assert!(alerts.len() >= 8, "the rules are found");
    alerts
}

impl Alert {
    /// Returns the query: on one line, or on the lines below that are indented further.
    fn query(&self) -> String {
        let (_, after) = self.rule.split_once("    expr: ").unwrap();
        let mut lines = after.lines();
        match lines.next().unwrap() {
            "|" => lines.take_while(|line| line.starts_with("      ")).collect(),
            line => line.to_owned(),
        }
    }

    /// Returns whether the rule has that key, with a value.
    fn has(&self, key: &str) -> bool {
        let value = |line: &str| Some(line.trim().strip_prefix(key)?.trim().len());
        self.rule.lines().filter_map(value).any(|length| length > 0)
    }
}

/// Returns a name as Prometheus has it.
fn in_prometheus(name: &str) -> String {
    name.replace('.', "_")
}

/// Checks that the table has every metric of a query, with every label that the query names.
fn assert_there(what: &str, query: &str) {
    let asked = Asked::of(query);
    assert!(!asked.metrics.is_empty(), "{what}: {query}");
    for (name, labels) in &asked.metrics {
        let plain = name.strip_suffix("_bucket").unwrap_or(name);
        let metric = table::ALL.iter().find(|metric| in_prometheus(metric.name) == plain);
        let metric = metric.unwrap_or_else(|| panic!("{what}: there is no metric {name}"));
        let known: BTreeSet<String> =
            metric.labels.iter().map(|label| in_prometheus(label)).collect();
        // These are Prometheus' own.
        let is_known =
            |label: &str| known.contains(label) || ["le", "instance", "job"].contains(&label);
        for label in labels.iter().chain(&asked.by) {
            assert!(is_known(label), "{what}: {name} has no label {label}");
        }
    }
}

#[test]
fn alerts_and_the_dashboard_ask_only_for_metrics_and_labels_of_the_table() {
    for alert in alerts() {
        assert_there(alert.name, &alert.query());
    }
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter();
    let targets = targets.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    for target in targets {
        assert_there("grafana.json", target["expr"].as_str().unwrap());
    }
}

#[test]
fn every_alert_says_what_it_is_and_has_its_section_in_the_runbook_and_a_test() {
    let sections: Vec<&str> = RUNBOOK.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let names: Vec<&str> = alerts().iter().map(|alert| alert.name).collect();
    assert_eq!(sections, names, "one section for each alert, in the same order");
    for alert in alerts() {
        for key in ["summary:", "description:", "labels:"] {
            assert!(alert.has(key), "{} has no {key}", alert.name);
        }
        let url = format!("runbook_url: docs/alerts.md#{}\n", alert.name.to_lowercase());
        assert!(alert.rule.contains(&url), "{}: {url}", alert.name);
        assert!(TESTS.contains(alert.name), "{} has no test", alert.name);
        let (_, section) = RUNBOOK.split_once(&format!("## {}\n", alert.name)).unwrap();
        let section = section.split("\n## ").next().unwrap();
        for part in ["**Meaning.**", "**Look at**", "**Do**"] {
            assert!(section.contains(part), "{} has no {part}", alert.name);
        }
    }
}

/// Every admin command of the runbook is one that the tool has.
#[test]
fn the_runbook_names_commands_that_exist() {
    let tool = include_str!("../../docs/tool.md");
    let (_, section) = tool.split_once("## admin\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut seen = 0;
    for command in RUNBOOK.split("pointsman admin ").skip(1) {
        let word = command.split([' ', '`', '\n']).next().unwrap();
        let starts = [format!("`{word} "), format!("`{word}`")];
        assert!(starts.iter().any(|start| section.contains(start)), "{word}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}
