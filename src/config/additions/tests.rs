//! What additions fit over a document, and what becomes of the rest.

use serde_json::{Value, json};

use super::super::{Config, StrategyName, Target};
use super::*;
use crate::json::Json;

fn document() -> Value {
    json!({
        "providers": {"a": {"cluster": "a"}, "b": {"cluster": "b"}},
        "deployments": {
            "a-one": {"provider": "a", "model": "one", "rpm_limit": 5},
            "a-one-again": {"provider": "a", "model": "one"},
            "b/two": {"provider": "a", "model": "two"}
        },
        "models": {
            "plain": {"candidates": ["a-one"]},
            "keyed": {"variants": [
                {"key": "base", "candidates": ["a-one"]},
                {"key": "review", "candidates": [{"provider": "b", "model": "in-place", "rpm_limit": 7}]}
            ]},
            "gone": {"candidates": ["a-one"], "status": "deleted"}
        },
        "aliases": {"nick": "plain", "nickname": "nick"},
        "routes": [
            {"name": "r0", "when": {"has_images": true}, "then": {"target_model": "keyed#review"}},
            {"name": "r1", "when": {"has_audio": true}, "then": {"target_model": "a-one"}},
            {"name": "r2", "when": {"has_files": true}, "then": {"target_model": "b/in-place"}}
        ],
        "catalog": {"new": {"context_window": 5}},
        "shadow": {
            "models": {"plain": {"candidates": [{"provider": "b", "model": "shadowed", "rpm_limit": 9}]}},
            "aliases": {"fresh": "plain"},
            "routes": []
        }
    })
}

/// Entries written as `name: strategy provider/model …` and `alias -> model`.
fn dynamic(entries: &[&str]) -> Dynamic {
    let mut dynamic = Dynamic::default();
    for entry in entries {
        if let Some((alias, model)) = entry.split_once(" -> ") {
            dynamic.put_alias(alias.to_owned(), model.to_owned());
            continue;
        }
        let (name, rest) = entry.split_once(": ").unwrap();
        let mut words = rest.split(' ');
        let strategy = words.next().unwrap().to_owned();
        let endpoints = words.map(|word| {
            let (provider, model) = word.split_once('/').unwrap();
            Endpoint { provider: provider.to_owned(), model_id: model.to_owned(), weight: None }
        });
        let route = DynamicRoute { strategy, endpoints: endpoints.collect() };
        dynamic.put_route(name.to_owned(), route);
    }
    dynamic
}

fn live(entries: &[&str]) -> Live {
    let live = parse_live(document().to_string().as_bytes(), None, &dynamic(entries));
    live.unwrap_or_else(|problems| panic!("{problems}"))
}

fn unfit(entries: &[&str]) -> Vec<String> {
    let live = live(entries);
    let told = live.unfit.iter().map(|unfit| {
        let name = match &unfit.entry {
            Added::Route(name) => format!("route {name}"),
            Added::Alias(name) => format!("alias {name}"),
        };
        format!("{name}: {}", unfit.problem)
    });
    told.collect()
}

/// Deployments that serve a name, by group.
fn served(config: &Config, name: &str) -> Vec<Vec<String>> {
    let names = &config.names;
    let id = names.aliases.get(name).or_else(|| names.models.get(name)).expect(name);
    let model = config.model(*id);
    let of_group = |group: &super::super::Group| {
        let ids = group.candidates.iter().map(|c| config.deployment(c.deployment).id.clone());
        ids.collect()
    };
    model.groups.iter().map(of_group).collect()
}

#[test]
fn an_endpoint_that_is_a_deployment_shares_it() {
    let config = live(&["fresh: load_balance a/one b/new"]).config;
    assert_eq!(served(&config, "fresh"), [["a-one", "b/new"]]);
    let id = config.names.models["fresh"];
    assert_eq!(config.model(id).groups[0].strategy, StrategyName::RoundRobin);
    let new = config.deployment(config.names.deployments["b/new"]);
    assert_eq!((new.rpm_limit, new.facts.context_window), (None, Some(5)));
    assert_eq!(config.deployment(config.names.deployments["a-one"]).rpm_limit, Some(5));
}

#[test]
fn two_routes_share_a_new_deployment() {
    let config = live(&["x: priority b/new", "y: least_busy b/new a/one"]).config;
    assert_eq!(served(&config, "x"), [["b/new"]]);
    assert_eq!(served(&config, "y"), [["b/new", "a-one"]]);
}

#[test]
fn a_dynamic_route_wins_over_a_model_with_the_variants_that_it_has() {
    let config = live(&["keyed: priority b/new"]).config;
    assert_eq!(served(&config, "keyed"), [["b/new"], ["b/new"]]);
    let Target::Model(model, Some(group)) = config.routes[0].then.target else { panic!() };
    assert_eq!(config.group(model, group).key.as_deref(), Some("review"));
    // What the hidden model created in place is still there for others.
    let Target::Deployment(id) = config.routes[2].then.target else { panic!() };
    assert_eq!(config.deployment(id).rpm_limit, Some(7));
}

#[test]
fn a_dynamic_route_wins_over_an_alias_and_those_that_stand_for_it() {
    let config = live(&["nick: priority b/new"]).config;
    assert_eq!(served(&config, "nick"), [["b/new"]]);
    assert_eq!(served(&config, "nickname"), [["b/new"]]);
    assert_eq!(served(&config, "plain"), [["a-one"]]);
}

#[test]
fn a_target_that_named_a_deployment_means_the_dynamic_route_of_that_name() {
    let config = live(&["a-one: priority b/new"]).config;
    let Target::Model(model, None) = config.routes[1].then.target else { panic!() };
    assert_eq!(config.model(model).name, "a-one");
    // Candidates still mean the deployment.
    assert_eq!(served(&config, "plain"), [["a-one"]]);
}

#[test]
fn a_dynamic_route_revives_a_deleted_model() {
    assert_eq!(served(&live(&["gone: priority b/new"]).config, "gone"), [["b/new"]]);
}

#[test]
fn a_chain_of_aliases_fits_in_whatever_order_it_is_named() {
    for is_backward in [false, true] {
        let link = |at: usize| format!("a{:03}", if is_backward { 300 - at } else { at });
        let mut entries: Vec<String> =
            (1..256).map(|at| format!("{} -> {}", link(at), link(at - 1))).collect();
        entries.push(format!("{} -> plain", link(0)));
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        assert_eq!(unfit(&entries).first(), None);
        // Without its end none of them fits, and one says why.
        let told = unfit(&entries[..255]);
        assert_eq!(told.len(), 255);
        assert!(told[0].contains("unknown model"), "{}", told[0]);
    }
}

#[test]
fn aliases_stand_for_whatever_a_name_stands_for() {
    let config = live(&["x -> fresh", "w -> x", "plain -> fresh", "fresh: priority b/new"]).config;
    for name in ["x", "w", "plain", "nick", "nickname", "fresh"] {
        assert_eq!(served(&config, name), [["b/new"]], "{name}");
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_the_rest_holds() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["x: priority a/one nil/one", "y: priority a/one"],
            &[r#"route x: endpoints[1].provider: unknown provider "nil"; known: "a", "b""#],
        ),
        (
            &["x: priority b/two"],
            &[
                r#"route x: endpoints[0]: its deployment would have the id "b/two", which belongs to another deployment; change "provider" or "model_id""#,
            ],
        ),
        (
            &["x: single a/one b/new"],
            &[r#"route x: endpoints: has 2 endpoints; the strategy "single" allows exactly one"#],
        ),
        (
            &["x: rules a/one"],
            &[
                r#"route x: strategy: "rules" needs settings that a dynamic route does not have; choose another strategy"#,
            ],
        ),
        (&["x -> x"], &["alias x: model: forms a cycle: x -> x; name a model"]),
        (
            &["x -> y", "y -> x"],
            &[
                "alias x: model: forms a cycle: x -> y -> x; name a model",
                "alias y: model: forms a cycle: y -> x -> y; name a model",
            ],
        ),
        (
            &["plain -> nickname"],
            &[
                "alias plain: model: forms a cycle: plain -> nickname -> nick -> plain; name a model",
            ],
        ),
        (
            &["x -> gone"],
            &[r#"alias x: model: model "gone" is deleted; name a model that is not deleted"#],
        ),
        (
            &["keyed -> plain"],
            &[
                r#"alias keyed: model: "plain" lacks variants that "keyed" has: "base", "review"; use a dynamic route"#,
            ],
        ),
        (
            &["x: priority a/one", "x -> plain"],
            &[
                "alias x: alias: is also the name of a dynamic route, which takes precedence; delete that route first",
            ],
        ),
        (
            &["x -> nil", "y -> x", "z -> nick"],
            &[
                r#"alias x: model: unknown model "nil"; known models: "gone", "keyed", "plain""#,
                r#"alias y: model: unknown model "nil"; known models: "gone", "keyed", "plain""#,
            ],
        ),
        (&["keyed: priority b/new", "x -> keyed", "nick -> x"], &[]),
    ];
    for (entries, wanted) in cases {
        assert_eq!(unfit(entries), *wanted, "{entries:?}");
    }
}

#[test]
fn what_was_fetched_is_further_and_routes_keep_their_places() {
    let fetched = json!({
        "aliases": {"f-alias": "f-model"},
        "models": {"f-model": {"candidates": ["a-one", {"provider": "b", "model": "f"}]}},
        "routes": [{"name": "f", "priority": 900, "then": {"target_model": "f-alias"}}]
    });
    let bytes = document().to_string();
    let base = Base::read(bytes.as_bytes(), Some(fetched.to_string().as_bytes())).unwrap();
    assert!(base.is_fetched("f-model") && base.is_fetched("f-alias") && !base.is_fetched("plain"));
    assert_eq!(base.further_fetched(), ["model f-model#", "deployment b/f"]);
    let entries = dynamic(&["f-model: priority b/new", "x -> f-alias"]);
    let live =
        parse_live(bytes.as_bytes(), Some(fetched.to_string().as_bytes()), &entries).unwrap();
    assert_eq!(live.config.routes[0].name, "f");
    assert_eq!(served(&live.config, "x"), [["b/new"]]);
}

#[test]
fn a_fetched_set_is_refused_as_a_whole_with_its_own_paths() {
    let cases = [
        (json!([]), "answer: expected a JSON object"),
        (
            json!({"providers": {}}),
            "answer: unknown key \"providers\"; allowed: \"aliases\", \"models\", \"routes\"",
        ),
        (
            json!({"models": {"plain": {"candidates": ["a-one"]}}}),
            "models.plain: the configuration already has this name; choose another name",
        ),
        (
            json!({"models": {"nick": {"candidates": ["a-one"]}}}),
            "models.nick: the configuration already has this name; choose another name",
        ),
        (
            json!({"aliases": {"plain": "keyed"}}),
            "aliases.plain: the configuration already has this name; choose another name",
        ),
        (
            json!({"models": {"m": {"candidates": ["a-one"]}}, "aliases": {"m": "keyed"}}),
            "aliases.m: is also the name of a model; rename the alias or the model",
        ),
        (
            json!({"routes": [{"name": "n", "then": {"target_model": "plain"}}, {"name": "o", "then": {"target_model": "nil"}}]}),
            "routes[1].then.target_model: unknown model, alias or deployment \"nil\"; known models: \"keyed\", \"plain\"",
        ),
        (
            json!({"models": {"m": {"candidates": [{"provider": "nil", "model": "x"}]}}}),
            "models.m.candidates[0].provider: unknown provider \"nil\"; known: \"a\", \"b\"",
        ),
    ];
    for (fetched, wanted) in cases {
        let told =
            Base::read(document().to_string().as_bytes(), Some(fetched.to_string().as_bytes()))
                .and_then(|base| base.with(&Dynamic::default(), &[]))
                .map(|_| ())
                .unwrap_err();
        assert_eq!(told.to_string(), wanted);
    }
}

#[test]
fn entries_are_read_as_they_are_posted_and_kept() {
    let posted = json!({"model": "a/b %", "strategy": "load_balance", "endpoints": [
        {"provider": "a", "model_id": "one"}, {"provider": "b", "model_id": "x", "weight": 3}]});
    let (model, route) = DynamicRoute::read(posted.to_string().as_bytes()).unwrap();
    let mut json = Json::default();
    route.write(&mut json, &model);
    assert_eq!(serde_json::from_str::<Value>(&json.finish()).unwrap(), posted);
    let (alias, target) = Dynamic::read_alias(br#"{"alias": "n", "model": "m"}"#).unwrap();
    let mut dynamic = Dynamic::default();
    dynamic.put_route(model, route);
    dynamic.put_alias(alias, target);
    assert_eq!(Dynamic::decode(dynamic.encode().as_bytes()), Ok(dynamic));
    assert_eq!(Dynamic::decode(b"{}"), Ok(Dynamic::default()));
    assert!(Dynamic::decode(b"").is_err() && Dynamic::decode(&[0; 8]).is_err());
}

#[test]
fn a_posted_route_is_refused_field_by_field() {
    let endpoint = json!({"provider": "a", "model_id": "one"});
    let long = "x".repeat(257);
    let cases = [
        (
            json!({"model": "", "endpoints": [endpoint]}),
            "model: found \"\"; expected text that is not empty and has no control characters",
        ),
        (json!({"model": "m", "endpoints": []}), "endpoints: is empty; add at least one endpoint"),
        (
            json!({"model": "m", "endpoints": vec![endpoint.clone(); 33]}),
            "endpoints: has 33 endpoints; allowed: at most 32",
        ),
        (
            json!({"model": long, "endpoints": [endpoint]}),
            "model: has 257 bytes; allowed: at most 256",
        ),
        (
            json!({"model": "m", "endpoints": [{"provider": "a", "model": "one", "model_id": "x"}]}),
            "endpoints[0]: unknown key \"model\"; allowed: \"provider\", \"model_id\", \"weight\"",
        ),
        (
            json!({"model": "m", "strategy": "prioritty", "endpoints": [endpoint]}),
            "strategy: unknown value \"prioritty\"; did you mean \"priority\"?",
        ),
        (
            json!({"endpoints": [endpoint], "modle": "x"}),
            "body: unknown key \"modle\"; did you mean \"model\"?",
        ),
        (json!({"endpoints": [endpoint]}), "body: missing key \"model\""),
        (json!("m"), "body: expected a JSON object"),
    ];
    for (posted, wanted) in cases {
        let told = DynamicRoute::read(posted.to_string().as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with(wanted), "{told}\n{wanted}");
    }
}

#[test]
fn a_shadow_knows_the_document_alone() {
    // It has an alias of the name that the route gets, and that stays no problem.
    let live = live(&["fresh: priority b/new b/shadowed"]);
    assert_eq!(live.unfit, []);
    // What only the shadow creates is one deployment for both.
    assert_eq!(served(&live.config, "fresh"), [["b/new", "b/shadowed"]]);
    let id = live.config.names.deployments["b/shadowed"];
    assert_eq!(live.config.deployment(id).rpm_limit, Some(9));
    let shadow = &live.config.shadow.as_ref().unwrap().config;
    assert_eq!(served(shadow, "fresh"), [["b/shadowed"]]);
    assert!(!shadow.names.models.contains_key("fresh"));
}
