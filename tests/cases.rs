//! Decisions, row by row: every table in `tests/cases/` through the core.
//!
//! The same rows run natively and as wasm32 code, where `usize` has 32 bits
//! and there is no clock, environment or file to lean on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(target_os = "wasi", allow(unused))]

use std::collections::BTreeMap;

use pointsman::config::{self, Config, DeploymentId};
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::request::facts::FactsView;
use pointsman::routing::explain::explain;
use pointsman::routing::{Request, Trace};
use pointsman::state::{Load, Standing, Turn, World};
use serde_json::{Value, json};
use toml::Table;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// State as a row describes it.
#[derive(Default)]
struct Described {
    names: Vec<String>,
    cooling_ms: BTreeMap<String, u64>,
    load: BTreeMap<String, Load>,
    turn: u64,
    narrowed_turn: u64,
}

impl World for Described {
    fn standing(&self, deployment: DeploymentId, _: u64) -> Standing {
        match self.cooling_ms.get(&self.names[deployment.0]) {
            Some(left_ms) => Standing::Cooling { left_ms: *left_ms, cause: "429".to_owned() },
            None => Standing::Ready,
        }
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        if turn.is_narrowed { self.narrowed_turn } else { self.turn }
    }

    fn load(&self, deployment: DeploymentId) -> Load {
        self.load.get(&self.names[deployment.0]).copied().unwrap_or_default()
    }
}

/// Runs every `[[case]]` of a table.
fn run(table: &str) {
    let table: Table = table.parse().expect("the table is TOML");
    let cases = table["case"].as_array().expect("the table has [[case]] rows");
    let mut failures = Vec::new();
    for case in cases {
        let case = case.as_table().unwrap();
        let name = case["name"].as_str().unwrap();
        for problem in check(&table, case) {
            failures.push(format!("{name}: {problem}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn configuration(table: &Table, case: &Table) -> Value {
    let name = case.get("config").map_or("base", |name| name.as_str().unwrap());
    let mut value: Value =
        serde_json::from_str(table["configs"][name].as_str().unwrap()).expect("config is JSON");
    // A row may replace top-level keys, or give just the conditions of its one route.
    if let Some(with) = case.get("with") {
        let with: Value = serde_json::from_str(with.as_str().unwrap()).expect("with is JSON");
        for (key, part) in with.as_object().unwrap() {
            value[key] = part.clone();
        }
    }
    if let Some(when) = case.get("when") {
        let when: Value = serde_json::from_str(when.as_str().unwrap()).expect("when is JSON");
        value["routes"] = json!([{"name": "hit", "when": when, "then": {"target_model": "hit"}}]);
    }
    value
}

fn head(case: &Table) -> RequestHead {
    let text = |key: &str, default: &str| {
        case.get(key).map_or(default, |value| value.as_str().unwrap()).as_bytes().to_vec()
    };
    let mut headers = vec![
        (":method".to_owned(), text("method", "POST")),
        (":path".to_owned(), text("path", "/v1/chat/completions")),
    ];
    for (name, value) in case.get("headers").and_then(|h| h.as_table()).into_iter().flatten() {
        headers.push((name.clone(), value.as_str().unwrap().as_bytes().to_vec()));
    }
    RequestHead::new(headers)
}

fn state(config: &Config, case: &Table) -> Described {
    let number =
        |key: &str| case.get(key).map_or(0, |n| n.as_integer().unwrap().try_into().unwrap());
    let table = |key: &str| case.get(key).and_then(|t| t.as_table()).into_iter().flatten();
    let (cooling, loads) = (table("cooling_ms"), table("load"));
    Described {
        names: config.deployments.iter().map(|d| d.id.clone()).collect(),
        cooling_ms: cooling
            .map(|(id, ms)| (id.clone(), ms.as_integer().unwrap().try_into().unwrap()))
            .collect(),
        load: loads.map(|(id, load)| (id.clone(), self::load(load.as_table().unwrap()))).collect(),
        turn: number("turn"),
        narrowed_turn: number("narrowed_turn"),
    }
}

/// One entry of `load`, under the names of the fields.
fn load(table: &Table) -> Load {
    let known = ["in_flight", "latency_ms", "tokens", "requests", "tpm_limit", "rpm_limit"];
    let known = [&known[..], &["headroom"]].concat();
    assert!(table.keys().all(|key| known.contains(&key.as_str())), "{table}");
    let number =
        |key: &str| table.get(key).map(|n| u32::try_from(n.as_integer().unwrap()).unwrap());
    let float = |key: &str| table.get(key).map(|n| n.as_float().unwrap());
    Load {
        in_flight: number("in_flight").unwrap_or_default(),
        latency_ms: float("latency_ms"),
        tokens: number("tokens").unwrap_or_default().into(),
        requests: number("requests").unwrap_or_default(),
        tpm_limit: number("tpm_limit"),
        rpm_limit: number("rpm_limit"),
        headroom: float("headroom"),
    }
}

/// What the row's request comes to, as a trace.
fn traced(table: &Table, case: &Table) -> Value {
    let document = configuration(table, case).to_string();
    let config = config::parse(document.as_bytes()).unwrap_or_else(|p| panic!("{p}"));
    let body = case.get("body").map_or(r#"{"model":"m"}"#, |body| body.as_str().unwrap());
    let body = match case.get("repeat").and_then(|r| r.as_integer()) {
        Some(times) => body.replace("REPEAT", &"word ".repeat(times.try_into().unwrap())),
        None => body.to_owned(),
    };
    let head = head(case);
    match whole(&config, &head, body.as_bytes()) {
        Whole::Read(read) => {
            let seed = case.get("seed").map_or(1, |seed| seed.as_integer().unwrap()).unsigned_abs();
            let request = Request {
                config: &config,
                facts: &read.facts,
                controls: &read.controls,
                sample: head.sample(seed),
            };
            let early = read.early.as_ref().map_err(|because| *because);
            let trace = explain(request, early, &state(&config, case), seed);
            serde_json::to_value(trace).unwrap()
        }
        Whole::Untouched => json!({"pass_through": true}),
        Whole::Refused(refusal, facts) => {
            let mut trace = Trace::default();
            trace.undecided(Some(&refusal));
            let mut value = serde_json::to_value(trace).unwrap();
            value["facts"] = json!(facts.as_deref().map(FactsView::from));
            value
        }
    }
}

/// What of `expect` does not hold: every key is a dotted path into the trace.
fn check(table: &Table, case: &Table) -> Vec<String> {
    let trace = traced(table, case);
    let mut problems = Vec::new();
    if let Some(matches) = case.get("matches").map(|m| m.as_bool().unwrap())
        && (trace["route"] == "hit") != matches
    {
        problems.push(format!("wanted matches = {matches}, found {}", trace["routes"]));
    }
    for (path, wanted) in case.get("expect").and_then(|e| e.as_table()).into_iter().flatten() {
        let pointer = format!("/{}", path.replace('.', "/"));
        let found = trace.pointer(&pointer).unwrap_or(&Value::Null);
        let wanted = serde_json::to_value(wanted).unwrap();
        let holds = match (path.as_str(), wanted.as_str()) {
            // "" stands for null, which TOML does not have.
            (_, Some("")) => found.is_null(),
            (path, Some(part)) if path.ends_with("because") || path.ends_with("message") => {
                found.as_str().is_some_and(|found| found.contains(part))
            }
            _ => *found == wanted,
        };
        if !holds {
            problems.push(format!("{path}: wanted {wanted}, found {found}"));
        }
    }
    problems
}

macro_rules! tables {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                run(include_str!(concat!("cases/", stringify!($name), ".toml")));
            }
        )*
    };
}

tables!(conditions, content, release, routes, names, eligibility, strategies, plans, refusals);
