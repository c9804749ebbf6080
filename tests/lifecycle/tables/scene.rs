//! A row's configuration on a fake host, with the row's state in shared data.
//!
//! The product itself writes the state: other workers sent requests a minute ago, under a
//! configuration that gives the same names to its deployments and models. No test writes into a
//! record.

use std::rc::Rc;

use pointsman::lifecycle::{Action, Engine, Stream};
use pointsman::state::Load;
use serde_json::{Map, Value, json};

use crate::engine;
use crate::fake_host::{ANSWER, FakeHost, NOW_MS};
use crate::row::{Described, Row};

/// When the requests that made the state were sent. None of them counts for the present minute.
const BEFORE_MS: u64 = NOW_MS - 60_000;
/// The model that requests use when they name their deployment.
const PINNED: &str = "pinned";
const JSON: (&str, &str) = ("content-type", "application/json");
const LEFT: Option<&str> = Some("downstream_remote_disconnect");

/// A host with everything that a row describes.
pub(super) struct Scene {
    pub(super) host: FakeHost,
    pub(super) router: Rc<Engine>,
    /// The attempt filter, if the row has failover.
    pub(super) attempts: Option<Rc<Engine>>,
}

impl Scene {
    /// Configures a router for the row, then gives it the row's past.
    pub(super) fn of(row: &Row) -> Self {
        let mut host = FakeHost::default();
        host.environment.insert("ADMIN_TOKEN".to_owned(), crate::admin::TOKEN.to_owned());
        // Explain reads every text in the same way, so the engine must too.
        host.wanted_seed.set(Some(0));
        // A row states the length of a cooldown to the millisecond.
        host.now_ms.stop();
        let mut document = document(row);
        let router = engine(&host, &document);
        let attempts = row.document["failover"]["max_attempts"].is_u64().then(|| {
            document["role"] = "attempt".into();
            engine(&host, &document)
        });
        if row.state != Described::default() {
            Past::of(&host, row).happens(row);
        }
        host.wanted_seed.set(Some(row.seed));
        host.now_ms.set(NOW_MS);
        Self { host, router, attempts }
    }
}

/// Returns the row's document with the row's limits, and with everything that makes a decision
/// visible.
pub(super) fn document(row: &Row) -> Value {
    let mut document = row.document.clone();
    for (id, load) in &row.state.load {
        let limits = [("tpm_limit", load.tpm_limit), ("rpm_limit", load.rpm_limit)];
        for (key, limit) in limits.into_iter().filter_map(|(key, limit)| Some((key, limit?))) {
            document["deployments"][id][key] = limit.into();
        }
    }
    document["admin"] = json!({"token_env": "ADMIN_TOKEN"});
    document["log_fields"] = true.into();
    document
}

/// The requests that came before the row's request.
struct Past<'a> {
    host: &'a FakeHost,
    engine: Rc<Engine>,
}

impl<'a> Past<'a> {
    /// Returns a past whose configuration can reach every deployment of the row, with models whose
    /// groups all go in turns.
    fn of(host: &'a FakeHost, row: &Row) -> Self {
        let mut deployments = Map::new();
        for id in keys(&row.document["deployments"]) {
            deployments.insert(id.clone(), json!({"provider": "past", "model": "past"}));
        }
        for id in ["past-1", "past-2"] {
            deployments.insert(id.to_owned(), json!({"provider": "past", "model": "past"}));
        }
        let blind = json!({"provider": "past", "model": "past", "facts": {"vision": false}});
        deployments.insert("past-blind".to_owned(), blind);
        let candidates = json!(["past-1", "past-2", "past-blind"]);
        let mut models = Map::new();
        for (name, model) in row.document["models"].as_object().unwrap() {
            let group = |key: &Value| json!({"key": key, "strategy": "round_robin", "candidates": candidates});
            let model = match model["variants"].as_array() {
                Some(variants) => {
                    let variants: Vec<Value> =
                        variants.iter().map(|variant| group(&variant["key"])).collect();
                    json!({"variants": variants})
                }
                None => json!({"strategy": "round_robin", "candidates": candidates}),
            };
            models.insert(name.clone(), model);
        }
        models.insert(PINNED.to_owned(), json!({"candidates": ["past-1"]}));
        let document = json!({
            "providers": {"past": {"cluster": "past", "api": "any"}},
            "deployments": deployments, "models": models, "client_headers": "all",
        });
        Self { host, engine: engine(host, &document) }
    }

    fn happens(&self, row: &Row) {
        let state = &row.state;
        for (name, model) in row.document["models"].as_object().unwrap() {
            let variants = model["variants"].as_array().into_iter().flatten();
            let mut groups: Vec<String> =
                variants.map(|v| format!("{name}#{}", v["key"].as_str().unwrap())).collect();
            if groups.is_empty() {
                groups.push(name.clone());
            }
            for group in groups {
                (0..state.turn).for_each(|_| self.turn(&group, json!("text")));
                let image = json!([{"type": "image_url", "image_url": {"url": "x"}}]);
                (0..state.narrowed_turn).for_each(|_| self.turn(&group, image.clone()));
            }
        }
        for (id, load) in &state.load {
            self.load(id, load);
        }
        for (id, left_ms) in &state.cooling_ms {
            let mut stream = self.send(id, BEFORE_MS);
            let wait_ms = (NOW_MS + left_ms - BEFORE_MS).to_string();
            self.host.respond(&mut stream, 429, &[("retry-after-ms", &wait_ms)]);
        }
    }

    /// Sends a request that takes a turn of a group.
    fn turn(&self, group: &str, content: Value) {
        let body = json!({"model": group, "messages": [{"role": "user", "content": content}]});
        self.host.now_ms.set(BEFORE_MS);
        self.host.request(&self.engine, &crate::head(&[]), &[body.to_string().as_bytes()]);
        let model = self.host.sent("x-llm-model");
        let is_one = self.host.refused().is_none() && model.is_some();
        assert!(is_one, "a turn of {group}: {:?}", self.host.refused());
    }

    /// Makes a deployment as busy as `load` says.
    fn load(&self, id: &str, load: &Load) {
        let host = self.host;
        if let Some(ms) = load.latency_ms {
            let mut stream = self.send(id, BEFORE_MS);
            host.now_ms.set(BEFORE_MS + whole(ms));
            host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
        }
        for _ in 0..load.in_flight {
            // This request is still in flight when the row's request comes.
            self.send(id, BEFORE_MS);
        }
        let told = (load.tokens > 0).then(|| self.send(id, BEFORE_MS));
        if let Some(share) = load.headroom {
            let mut stream = self.send(id, BEFORE_MS);
            let told = [
                JSON,
                ("x-ratelimit-limit-requests", "1000"),
                ("x-ratelimit-remaining-requests", &whole(share * 1000.0).to_string()),
                ("x-ratelimit-reset-requests", "2m"),
            ];
            host.begin_answer(&mut stream, 200, &told, false);
            host.done(stream, LEFT);
        }
        // Its tokens count for the minute in which it ends. Its client leaves before the end, so it
        // says nothing about latency.
        host.now_ms.set(NOW_MS);
        if let Some(mut stream) = told {
            host.begin_answer(&mut stream, 200, &[JSON], false);
            let usage = json!({"usage": {"prompt_tokens": load.tokens, "completion_tokens": 0}});
            let usage = usage.to_string();
            // Its last bracket would make it whole.
            host.answer_piece(&mut stream, &usage.as_bytes()[..usage.len() - 1], false);
            host.done(stream, LEFT);
        }
        for _ in 0..load.requests {
            let stream = self.send(id, NOW_MS);
            host.done(stream, LEFT);
        }
    }

    /// Sends a request to a deployment at this moment.
    fn send(&self, id: &str, now_ms: u64) -> Stream {
        self.host.now_ms.set(now_ms);
        let body = json!({"model": PINNED}).to_string();
        let head = crate::head(&[("x-llm-deployment", id)]);
        self.host.properties.borrow_mut().clear();
        let (mut stream, _) = self.host.begin(&self.engine, &head, false);
        let action = self.host.piece(&mut stream, body.as_bytes(), true);
        assert_eq!(action, Action::Continue, "{id}: {:?}", self.host.refused());
        stream
    }
}

/// Returns how busy a deployment is according to its record, apart from limits.
pub(super) fn recorded(host: &FakeHost, id: &str) -> Load {
    let (record, now_ms) = (host.shared.record(id), host.now_ms.get());
    let minute = record.this_minute(now_ms);
    let latency_ms = f64::from(record.first_byte_ms);
    Load {
        in_flight: record.flight.count(now_ms),
        latency_ms: (latency_ms > 0.0).then_some(latency_ms),
        tokens: minute.tokens,
        requests: minute.attempts.try_into().unwrap(),
        tpm_limit: None,
        rpm_limit: None,
        headroom: record.headroom.share(now_ms),
    }
}

/// Returns the keys of an object.
pub(super) fn keys(object: &Value) -> impl Iterator<Item = &String> {
    object.as_object().into_iter().flat_map(Map::keys)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rows have no others")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
