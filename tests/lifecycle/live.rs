//! Dynamic routes and aliases: every worker uses them with its next request, and none is lost or
//! half made.

use std::rc::Rc;

use pointsman::lifecycle::{Stream, Worker};
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;
use crate::{head, worker};

/// Two workers of one proxy.
struct Proxy {
    hosts: [FakeHost; 2],
    workers: [Worker; 2],
}

impl Proxy {
    fn new(document: &Value) -> Self {
        let (host, _) = admin();
        Self::beside(host, document)
    }

    /// Returns a proxy over the data of another, as after a configuration update.
    fn beside(host: FakeHost, document: &Value) -> Self {
        let mut other = FakeHost::sharing(&host.shared);
        other.environment.clone_from(&host.environment);
        let hosts = [host, other];
        let workers = [worker(&hosts[0], document), worker(&hosts[1], document)];
        Self { hosts, workers }
    }

    fn updated(self, document: &Value) -> Self {
        let [host, _] = self.hosts;
        Self::beside(host, document)
    }

    /// Returns what a worker answers to an admin request.
    fn ask(&self, at: usize, method: &str, path: &str, body: &str) -> (u32, Value) {
        let (host, worker) = (&self.hosts[at], &self.workers[at]);
        let length = body.len().to_string();
        let path = format!("/admin{path}");
        let head = [(":method", method), (":path", &path), ("content-length", &length), BEARER];
        let pieces: &[&[u8]] = if body.is_empty() { &[] } else { &[body.as_bytes()] };
        host.request(&worker.engine(host), &head, pieces);
        let (status, body) = host.refused().expect("an answer");
        (status, serde_json::from_str(&body).unwrap())
    }

    fn post(&self, at: usize, model: &str, strategy: &str, endpoints: &[&str]) -> (u32, Value) {
        let endpoints: Vec<Value> = endpoints
            .iter()
            .map(|endpoint| endpoint.split_once('/').unwrap())
            .map(|(provider, model)| json!({"provider": provider, "model_id": model}))
            .collect();
        let body = json!({"model": model, "strategy": strategy, "endpoints": endpoints});
        self.ask(at, "POST", "/routes", &body.to_string())
    }

    fn alias(&self, at: usize, alias: &str, model: &str) -> (u32, Value) {
        let body = json!({"alias": alias, "model": model});
        self.ask(at, "POST", "/aliases", &body.to_string())
    }

    /// Returns the upstream model to which a worker sends a request, or else its refusal.
    fn served(&self, at: usize, model: &str) -> String {
        let (host, worker) = (&self.hosts[at], &self.workers[at]);
        let body = json!({"model": model}).to_string();
        let stream = host.request(&worker.engine(host), &head(&[]), &[body.as_bytes()]);
        let told = match host.refused() {
            Some((status, _)) => status.to_string(),
            None => {
                let sent: Value = serde_json::from_str(&host.sent_body()).unwrap();
                sent["model"].as_str().unwrap().to_owned()
            }
        };
        host.done(stream, None);
        told
    }

    fn everywhere(&self, model: &str) -> [String; 2] {
        [self.served(0, model), self.served(1, model)]
    }
}

fn listed<'a>(list: &'a Value, kind: &str, name: &str) -> Vec<&'a Value> {
    let key = if kind == "routes" { "model" } else { "alias" };
    list[kind].as_array().unwrap().iter().filter(|one| one[key] == name).collect()
}

#[test]
fn a_posted_route_serves_the_next_request_of_every_worker() {
    let proxy = Proxy::new(&admin().1);
    assert_eq!(proxy.everywhere("fresh"), ["404", "404"]);
    let (status, reply) = proxy.post(0, "fresh", "priority", &["open/new", "open/open-model"]);
    let endpoints = json!([
        {"provider": "open", "model_id": "new"}, {"provider": "open", "model_id": "open-model"}]);
    let wanted = json!({"model": "fresh", "strategy": "priority", "endpoints": endpoints});
    assert_eq!((status, reply), (200, wanted));
    assert_eq!(proxy.everywhere("fresh"), ["new", "new"]);
    assert_eq!(proxy.post(1, "fresh", "single", &["open/newer"]).0, 200);
    assert_eq!(proxy.everywhere("fresh"), ["newer", "newer"]);
    assert_eq!(proxy.ask(0, "DELETE", "/routes/fresh", "").0, 200);
    assert_eq!(proxy.everywhere("fresh"), ["404", "404"]);
    let log = proxy.hosts[0].log.borrow();
    let told: Vec<_> = log.iter().filter(|(_, line)| line.starts_with("admin: ")).collect();
    assert_eq!(told[0].1, "admin: dynamic route \"fresh\" is added");
    assert_eq!(told[1].1, "admin: dynamic route \"fresh\" is removed");
}

#[test]
fn a_request_in_flight_ends_as_it_began() {
    let proxy = Proxy::new(&admin().1);
    proxy.post(0, "fresh", "priority", &["open/new"]);
    let host = &proxy.hosts[0];
    let mut stream: Stream =
        host.request(&proxy.workers[0].engine(host), &head(&[]), &[br#"{"model":"fresh"}"#]);
    assert_eq!(proxy.ask(1, "DELETE", "/routes/fresh", "").0, 200);
    assert_eq!(proxy.served(0, "fresh"), "404");
    host.respond(&mut stream, 503, &[]);
    host.done(stream, None);
    let record = host.shared.record("open/new");
    assert_eq!((record.total.attempts, record.total.failures), (1, 1));
    assert_eq!(record.flight.count(host.now_ms.get()), 0);
}

#[test]
fn an_endpoint_that_is_configured_shares_its_record_and_its_drain() {
    let proxy = Proxy::new(&admin().1);
    proxy.post(0, "fresh", "priority", &["open/open-model", "open/new"]);
    proxy.ask(1, "POST", "/deployments/open/drain", "");
    assert_eq!(proxy.everywhere("fresh"), ["new", "new"]);
    // An added deployment is like any other.
    assert_eq!(proxy.ask(1, "POST", "/deployments/open%2Fnew/drain", "").0, 200);
    assert_eq!(proxy.everywhere("fresh"), ["503", "503"]);
}

#[test]
fn a_route_wins_over_models_and_aliases_of_its_name_until_it_is_removed() {
    let (_, mut document) = admin();
    document["aliases"] = json!({"nick": "open", "nickname": "nick"});
    document["models"]["keyed"] = json!({"variants": [
        {"key": "a", "candidates": ["open"]}, {"key": "b", "candidates": ["open2"]}]});
    document["routes"] = json!([
        {"name": "r", "when": {"model_in": ["routed"]}, "then": {"target_model": "keyed#b"}},
        {"name": "s", "when": {"model_in": ["pinned"]}, "then": {"target_model": "open2"}}]);
    document["unknown_model"] = json!({"model": "open"});
    let proxy = Proxy::new(&document);
    let before = [("nick", "open-model"), ("keyed#b", "open-model-2"), ("routed", "open-model-2")];
    for (name, served) in before {
        assert_eq!(proxy.served(0, name), served, "{name}");
    }
    for name in ["nick", "keyed", "open2"] {
        assert_eq!(proxy.post(0, name, "priority", &["open/new"]).0, 200, "{name}");
    }
    // The last of these targets used to mean the deployment of that id.
    for name in ["nick", "nickname", "keyed", "keyed#a", "keyed#b", "routed", "pinned"] {
        assert_eq!(proxy.served(1, name), "new", "{name}");
    }
    let (_, list) = proxy.ask(1, "GET", "/routes", "");
    let [dynamic, hidden] = listed(&list, "routes", "keyed")[..] else { panic!("{list}") };
    assert_eq!(
        (dynamic["source"].as_str(), hidden["source"].as_str(), hidden["hidden"].as_bool()),
        (Some("dynamic"), Some("configured"), Some(true))
    );
    for name in ["nick", "keyed", "open2"] {
        assert_eq!(proxy.ask(0, "DELETE", &format!("/routes/{name}"), "").0, 200);
    }
    for (name, served) in before {
        assert_eq!(proxy.served(1, name), served, "{name}");
    }
}

#[test]
fn aliases_live_like_routes() {
    let (_, mut document) = admin();
    document["aliases"] = json!({"nick": "open"});
    let proxy = Proxy::new(&document);
    proxy.post(0, "fresh", "priority", &["open/new"]);
    assert_eq!(proxy.alias(0, "x", "fresh"), (200, json!({"alias": "x", "model": "fresh"})));
    assert_eq!(proxy.alias(1, "y", "x").0, 200);
    assert_eq!(proxy.alias(1, "nick", "y").0, 200);
    assert_eq!(proxy.alias(1, "pair", "open").0, 200);
    for name in ["x", "y", "nick"] {
        assert_eq!(proxy.everywhere(name), ["new", "new"], "{name}");
    }
    assert_eq!(proxy.served(0, "pair"), "open-model");
    let (status, reply) = proxy.alias(0, "fresh", "open");
    assert_eq!((status, &reply["error"]["field"]), (400, &json!("alias")));
    let (status, reply) = proxy.alias(0, "x", "y");
    assert_eq!((status, &reply["error"]["field"]), (400, &json!("model")));
    assert_eq!(reply["error"]["message"], "model: forms a cycle: x -> y -> x; name a model");
    // The alias of a removed route waits until the route returns.
    assert_eq!(proxy.ask(0, "DELETE", "/routes/fresh", "").0, 200);
    assert_eq!(proxy.served(1, "nick"), "open-model");
    let (_, list) = proxy.ask(1, "GET", "/aliases", "");
    let [waiting, configured] = listed(&list, "aliases", "nick")[..] else { panic!("{list}") };
    assert_eq!(waiting["inactive"]["field"], "model");
    assert_eq!((&configured["source"], configured.get("hidden")), (&json!("configured"), None));
    proxy.post(0, "fresh", "priority", &["open/newer"]);
    assert_eq!(proxy.everywhere("nick"), ["newer", "newer"]);
    for (name, status) in [("nick", 200), ("nick", 409), ("x", 200), ("x", 404)] {
        assert_eq!(proxy.ask(0, "DELETE", &format!("/aliases/{name}"), "").0, status, "{name}");
    }
}

#[test]
fn names_with_any_characters_can_be_removed() {
    let proxy = Proxy::new(&admin().1);
    for (name, path) in [
        ("vendor/model", "vendor/model"),
        ("vendor/model", "vendor%2Fmodel"),
        ("50%", "50%25"),
        ("a%2Fb", "a%252Fb"),
        ("ü b?#", "%C3%BC%20b%3F%23"),
        ("..", "%2e%2e"),
    ] {
        assert_eq!(proxy.post(0, name, "priority", &["open/new"]).0, 200, "{name}");
        assert_eq!(proxy.served(1, name), "new", "{name}");
        let (status, reply) = proxy.ask(1, "DELETE", &format!("/routes/{path}"), "");
        assert_eq!((status, reply), (200, json!({"removed": name})));
        assert_eq!(proxy.served(0, name), "404", "{name}");
    }
    let refused = |path: &str| proxy.ask(0, "DELETE", path, "").0;
    assert_eq!(
        (refused("/routes/nil"), refused("/routes/open"), refused("/routes/")),
        (404, 409, 404)
    );
    assert_eq!((refused("/routes"), proxy.ask(0, "GET", "/routes/open", "").0), (405, 405));
}

#[test]
fn an_invalid_change_names_its_field_and_changes_nothing() {
    let proxy = Proxy::new(&admin().1);
    let post = |body: &str| {
        let (status, reply) = proxy.ask(0, "POST", "/routes", body);
        let text = |key: &str| reply["error"][key].as_str().unwrap_or_default().to_owned();
        (status, text("field"), text("message"))
    };
    let cases = [
        (
            r#"{"model":"m","endpoints":[]}"#,
            "endpoints",
            "endpoints: is empty; add at least one endpoint",
        ),
        (
            r#"{"model":"m","endpoints":[{"provider":"own","model_id":"x"},{"provider":"x","model_id":"x"}]}"#,
            "endpoints[1].provider",
            r#"endpoints[1].provider: unknown provider "x"; known: "open", "own""#,
        ),
        (
            r#"{"model":"","endpoints":[{"provider":"own","model_id":"x"}]}"#,
            "model",
            "model: found \"\"; expected text that is not empty and has no control characters",
        ),
        (
            r#"{"model":"m","strategy":"rules","endpoints":[{"provider":"own","model_id":"x"}]}"#,
            "strategy",
            r#"strategy: "rules" needs settings that a dynamic route does not have; choose another strategy"#,
        ),
        ("", "body", "body: is empty; expected a JSON object"),
        ("{", "body", "body: is not valid JSON: line 1, column 1: eof while parsing an object"),
    ];
    for (body, field, message) in cases {
        assert_eq!(post(body), (400, field.to_owned(), message.to_owned()));
    }
    assert_eq!(proxy.served(0, "m"), "404");
    let (_, list) = proxy.ask(0, "GET", "/routes", "");
    assert!(list["routes"].as_array().unwrap().iter().all(|route| route["source"] == "configured"));
}

#[test]
fn a_conflict_is_tried_again_and_after_the_last_try_nothing_changes() {
    let proxy = Proxy::new(&admin().1);
    proxy.post(0, "one", "priority", &["open/new"]);
    proxy.hosts[0].shared.conflicts.set(100);
    assert_eq!(proxy.post(0, "two", "priority", &["open/new"]).0, 200);
    assert_eq!(proxy.served(1, "two"), "new");
    let forever = 1 << 30;
    proxy.hosts[0].shared.conflicts.set(forever);
    assert_eq!(proxy.post(1, "three", "priority", &["open/new"]).0, 503);
    assert_eq!(proxy.alias(1, "four", "one").0, 503);
    assert_eq!(proxy.ask(0, "DELETE", "/routes/one", "").0, 503);
    proxy.hosts[0].shared.conflicts.set(0);
    let names = ["one", "two", "three", "four"].map(|name| proxy.served(0, name));
    assert_eq!(names, ["new", "new", "404", "404"]);
}

#[test]
fn entries_survive_an_update_and_those_that_no_longer_fit_wait() {
    let (_, mut document) = admin();
    document["providers"]["third"] = json!({"cluster": "third"});
    document["models"]["soon-gone"] = json!({"candidates": ["open"]});
    let proxy = Proxy::new(&document);
    proxy.post(0, "on-third", "priority", &["third/x"]);
    proxy.post(0, "fresh", "priority", &["open/new"]);
    proxy.alias(0, "to-third", "on-third");
    proxy.alias(0, "to-gone", "soon-gone");
    proxy.alias(0, "to-fresh", "fresh");
    let before = document.clone();
    document["providers"].as_object_mut().unwrap().remove("third");
    document["models"].as_object_mut().unwrap().remove("soon-gone");
    let proxy = proxy.updated(&document);
    assert_eq!(proxy.everywhere("to-fresh"), ["new", "new"]);
    for name in ["on-third", "to-third", "to-gone"] {
        assert_eq!(proxy.everywhere(name), ["404", "404"], "{name}");
    }
    let (_, list) = proxy.ask(0, "GET", "/routes", "");
    assert_eq!(
        listed(&list, "routes", "on-third")[0]["inactive"],
        json!({"field": "endpoints[0].provider", "message": r#"unknown provider "third"; known: "open", "own""#})
    );
    let line = r#"the dynamic alias "to-gone" is inactive: model: unknown model "soon-gone""#;
    let log = proxy.hosts[0].log.take();
    assert!(log.iter().any(|(_, told)| told.starts_with(line)), "{log:?}");
    // Other changes still succeed.
    assert_eq!(proxy.post(1, "more", "priority", &["open/more"]).0, 200);
    let proxy = proxy.updated(&before);
    for (name, served) in [("to-third", "x"), ("to-gone", "open-model"), ("more", "more")] {
        assert_eq!(proxy.everywhere(name), [served, served]);
    }
}

#[test]
fn a_route_that_is_posted_again_begins_with_its_first_endpoint() {
    let proxy = Proxy::new(&admin().1);
    let put = || proxy.post(0, "turns", "load_balance", &["open/x", "open/y", "open/z"]);
    for _ in 0..2 {
        assert_eq!(put().0, 200);
        assert_eq!(proxy.everywhere("turns"), ["x", "y"]);
    }
}

#[test]
fn a_worker_rebuilds_its_configuration_only_when_something_was_added() {
    let (host, document) = admin();
    let plain = Worker::start(&host, crate::document().to_string().as_bytes()).unwrap();
    let proxy = Proxy::beside(host, &document);
    let host = &proxy.hosts[0];
    let engine = |worker: &Worker| {
        let before = host.accesses.get();
        let engine = worker.engine(host);
        let after = host.accesses.get();
        (engine, after.0 - before.0, after.1 - before.1)
    };
    let (first, reads, writes) = engine(&proxy.workers[0]);
    assert_eq!((reads, writes), (1, 0));
    assert!(Rc::ptr_eq(&first, &engine(&proxy.workers[0]).0));
    proxy.post(1, "fresh", "priority", &["open/new"]);
    let (second, ..) = engine(&proxy.workers[0]);
    assert!(!Rc::ptr_eq(&first, &second) && Rc::ptr_eq(&second, &engine(&proxy.workers[0]).0));
    // Without endpoints that could add anything, nothing is read.
    let (_, reads, writes) = engine(&plain);
    assert_eq!((reads, writes), (0, 0));
    let renewed = second.config().names.models.contains_key("fresh");
    assert!(renewed && !first.config().names.models.contains_key("fresh"));
}
