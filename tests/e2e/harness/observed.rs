//! What the shipped configurations contain for observability: rules for metrics, and the format of
//! the access log. They are read from there, so that the tests cover what is shipped.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Returns the shipped configuration, with or without failover.
fn shipped(fails_over: bool) -> &'static str {
    if fails_over {
        include_str!("../../../envoy/failover.yaml")
    } else {
        include_str!("../../../envoy/envoy.yaml")
    }
}

/// Returns the part of a line between `start` and `end`.
fn between<'l>(line: &'l str, start: &str, end: &str) -> Option<&'l str> {
    Some(line.split_once(start)?.1.split_once(end)?.0)
}

/// Returns `stats_config` from the shipped file.
pub(super) fn stats_config(fails_over: bool) -> Value {
    let yaml = shipped(fails_over);
    let tag = |line: &str| {
        let name = between(line, "- {tag_name: ", ",")?;
        Some(json!({"tag_name": name, "regex": between(line, "regex: '", "'}")?}))
    };
    let buckets = |line: &str| {
        let prefix = between(line, "- {match: {prefix: ", "}")?;
        let list = between(line, "buckets: [", "]")?;
        let list: Vec<f64> = list.split(", ").map(|number| number.parse().unwrap()).collect();
        Some(json!({"match": {"prefix": prefix}, "buckets": list}))
    };
    let tags: Vec<Value> = yaml.lines().filter_map(tag).collect();
    let buckets: Vec<Value> = yaml.lines().filter_map(buckets).collect();
    assert!(!tags.is_empty() && !buckets.is_empty(), "the rules were not found");
    json!({"stats_tags": tags, "histogram_bucket_settings": buckets})
}

/// Returns the format of the access log from the shipped file.
pub(super) fn log_format(fails_over: bool) -> Value {
    let (_, rest) = shipped(fails_over).split_once("json_format:\n").unwrap();
    let field = |line: &str| {
        let (name, format) = line.trim().split_once(": \"")?;
        Some((name.to_owned(), Value::from(format.strip_suffix('"')?)))
    };
    let fields: Map<String, Value> = rest.lines().map_while(field).collect();
    assert!(fields.len() > 10, "the format was not found");
    json!({
        "formatters": [{
            "name": "envoy.formatter.req_without_query",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery"},
        }],
        "json_format": fields,
    })
}

/// What Prometheus would read about this filter.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Scrape {
    /// The type of each metric, by name.
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) samples: Vec<Sample>,
}

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Scrape {
    pub(super) fn read(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines() {
            if let Some((name, kind)) =
                line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
            {
                scrape.types.insert(name.to_owned(), kind.to_owned());
            } else if !line.is_empty() && !line.starts_with('#') {
                scrape.samples.push(sample(line));
            }
        }
        scrape.types.retain(|name, _| is_ours(name));
        scrape.samples.retain(|sample| is_ours(&sample.name));
        scrape
    }

    /// Returns the sum of a metric's samples that have these labels, possibly among others.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &Sample, (label, value): &(&str, &str)| {
            sample.labels.get(*label).is_some_and(|known| known == value)
        };
        let wanted = self
            .samples
            .iter()
            .filter(|sample| sample.name == name && labels.iter().all(|label| has(sample, label)));
        wanted.map(|sample| sample.value).sum()
    }

    /// Returns every label that a metric's samples have.
    pub(crate) fn labels(&self, name: &str) -> BTreeSet<&str> {
        let of_name = self.samples.iter().filter(|sample| sample.name == name);
        of_name.flat_map(|sample| sample.labels.keys().map(String::as_str)).collect()
    }
}

fn is_ours(name: &str) -> bool {
    name.starts_with("pointsman") || name.starts_with("gen_ai")
}

/// `NAME{LABEL="VALUE",…} NUMBER`
fn sample(line: &str) -> Sample {
    let (name, rest) = line.split_once('{').unwrap_or_else(|| panic!("{line}"));
    let mut labels = BTreeMap::new();
    let mut rest = rest;
    while !rest.starts_with('}') {
        let (label, behind) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        let mut value = String::new();
        let mut chars = behind.char_indices();
        let end = loop {
            match chars.next().unwrap_or_else(|| panic!("{line}")) {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, char) => value.push(char),
            }
        };
        let is_new = labels.insert(label.to_owned(), value).is_none();
        assert!(is_new, "{label} twice in {line}");
        rest = behind[end + 1..].trim_start_matches(',');
    }
    let value = rest[1..].trim().parse().unwrap_or_else(|_| panic!("{line}"));
    Sample { name: name.to_owned(), labels, value }
}
