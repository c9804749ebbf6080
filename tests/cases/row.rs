//! Rows of the decision tables: how a row is read, what `explain` says about it, and which parts of
//! its `expect` do not hold.
//!
//! The tests of decisions and those of whole streams read the same rows. This module knows nothing
//! of a host.

use std::collections::BTreeMap;

use pointsman::config::{self, DeploymentId};
use pointsman::lifecycle::{RequestHead, explained};
use pointsman::state::{Claim, Load, Standing, Turn, World};
use serde_json::{Value, json};
use toml::Table;

/// Every table, as its name and its text.
pub(crate) const TABLES: [(&str, &str); 11] = [
    ("boundary", include_str!("boundary.toml")),
    ("conditions", include_str!("conditions.toml")),
    ("content", include_str!("content.toml")),
    ("eligibility", include_str!("eligibility.toml")),
    ("names", include_str!("names.toml")),
    ("plans", include_str!("plans.toml")),
    ("refusals", include_str!("refusals.toml")),
    ("release", include_str!("release.toml")),
    ("routes", include_str!("routes.toml")),
    ("search", include_str!("search.toml")),
    ("strategies", include_str!("strategies.toml")),
];

/// Every key that a row may have.
const KEYS: [&str; 18] = [
    "name",
    "config",
    "with",
    "when",
    "method",
    "path",
    "headers",
    "body",
    "repeat",
    "seed",
    "cooling_ms",
    "load",
    "turn",
    "narrowed_turn",
    "matches",
    "expect",
    "path_sent",
    "body_stripped",
];

/// One request, the state it meets, and what must be true of the decision.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// The configuration.
    pub(crate) document: Value,
    /// `:method`, `:path` and the headers that the row names.
    pub(crate) head: Vec<(String, String)>,
    pub(crate) body: String,
    /// The path that goes upstream, if it is not the path of the request.
    pub(crate) path_sent: Option<String>,
    /// The body without state that only others can read, for those who would be sent it without.
    pub(crate) body_stripped: Option<String>,
    /// The seed of everything that is drawn for the request.
    pub(crate) seed: u64,
    pub(crate) state: Described,
    /// Whether the route `hit` matches.
    matches: Option<bool>,
    /// What must be true, by dotted path into the trace.
    expect: Table,
}

/// State in the form that a row describes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Described {
    /// Deployments by index. They are filled in before anything is asked.
    names: Vec<String>,
    pub(crate) cooling_ms: BTreeMap<String, u64>,
    pub(crate) load: BTreeMap<String, Load>,
    pub(crate) turn: u64,
    pub(crate) narrowed_turn: u64,
}

impl World for Described {
    fn standing(&self, deployment: DeploymentId, _: Claim) -> Standing {
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

impl Row {
    /// Returns every row of a table, in its order.
    pub(crate) fn all(table: &str) -> Vec<Self> {
        let table: Table = table.parse().expect("the table is TOML");
        let cases = table["case"].as_array().expect("the table has [[case]] rows");
        cases.iter().map(|case| Self::read(&table, case.as_table().unwrap())).collect()
    }

    fn read(table: &Table, case: &Table) -> Self {
        let unknown = case.keys().find(|key| !KEYS.contains(&key.as_str()));
        assert_eq!(unknown, None, "{}", case["name"]);
        let body = case.get("body").map_or(r#"{"model":"m"}"#, |body| body.as_str().unwrap());
        let body = match case.get("repeat").and_then(|r| r.as_integer()) {
            Some(times) => body.replace("REPEAT", &"word ".repeat(times.try_into().unwrap())),
            None => body.to_owned(),
        };
        Self {
            name: case["name"].as_str().unwrap().to_owned(),
            document: configuration(table, case),
            head: head(case),
            body,
            body_stripped: case.get("body_stripped").map(|body| body.as_str().unwrap().to_owned()),
            path_sent: case.get("path_sent").map(|path| path.as_str().unwrap().to_owned()),
            seed: case.get("seed").map_or(1, |seed| seed.as_integer().unwrap()).unsigned_abs(),
            state: state(case),
            matches: case.get("matches").map(|matches| matches.as_bool().unwrap()),
            expect: case.get("expect").map(|e| e.as_table().unwrap().clone()).unwrap_or_default(),
        }
    }

    /// Returns what `explain` says about the request in the described state, as `--json` shows it.
    pub(crate) fn trace(&self) -> Value {
        let config = config::parse(self.document.to_string().as_bytes());
        let config = config.unwrap_or_else(|problems| panic!("{}: {problems}", self.name));
        let head = self.head.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        let head = RequestHead::new(head.collect());
        let names = config.deployments.iter().map(|deployment| deployment.id.clone()).collect();
        let world = Described { names, ..self.state.clone() };
        let explained = explained(&config, &head, self.body.as_bytes(), &world, None, self.seed);
        serde_json::to_value(explained.shown()).unwrap()
    }

    /// Returns the parts of `expect` that do not hold for this trace.
    pub(crate) fn problems(&self, trace: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(matches) = self.matches
            && (trace["route"] == "hit") != matches
        {
            problems.push(format!("wanted matches = {matches}, found {}", trace["routes"]));
        }
        for (path, wanted) in &self.expect {
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
}

fn configuration(table: &Table, case: &Table) -> Value {
    let name = case.get("config").map_or("base", |name| name.as_str().unwrap());
    let mut value: Value =
        serde_json::from_str(table["configs"][name].as_str().unwrap()).expect("config is JSON");
    // A row may replace top-level keys, or give only the conditions of its one route.
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

fn head(case: &Table) -> Vec<(String, String)> {
    let text = |key: &str, default: &str| {
        case.get(key).map_or(default, |value| value.as_str().unwrap()).to_owned()
    };
    let mut head = vec![
        (":method".to_owned(), text("method", "POST")),
        (":path".to_owned(), text("path", "/v1/chat/completions")),
    ];
    for (name, value) in case.get("headers").and_then(|h| h.as_table()).into_iter().flatten() {
        head.push((name.clone(), value.as_str().unwrap().to_owned()));
    }
    head
}

fn state(case: &Table) -> Described {
    let number =
        |key: &str| case.get(key).map_or(0, |n| n.as_integer().unwrap().try_into().unwrap());
    let table = |key: &str| case.get(key).and_then(|t| t.as_table()).into_iter().flatten();
    let (cooling, loads) = (table("cooling_ms"), table("load"));
    Described {
        names: Vec::new(),
        cooling_ms: cooling
            .map(|(id, ms)| (id.clone(), ms.as_integer().unwrap().try_into().unwrap()))
            .collect(),
        load: loads.map(|(id, load)| (id.clone(), self::load(load.as_table().unwrap()))).collect(),
        turn: number("turn"),
        narrowed_turn: number("narrowed_turn"),
    }
}

/// Reads one entry of `load`, whose keys are the names of the fields.
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
