//! Configurations as files: what valid ones mean, and every message about invalid ones. The
//! messages are in a `.txt` file next to each.
//!
//! `UPDATE_EXPECTED=1 cargo test --test config` rewrites the messages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "config/schema.rs"]
mod schema;
#[path = "config/shadow.rs"]
mod shadow;
#[path = "config/structs.rs"]
mod structs;

use std::fs;
use std::path::PathBuf;

use pointsman::config::{self, Base, Config, Dynamic, Problems};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn text(name: &str) -> String {
    let file = format!("{}/tests/configs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(file).expect("the file is there")
}

fn document(name: &str) -> Value {
    serde_json::from_str(&text(name)).expect("the file is JSON")
}

fn parse(document: &Value) -> Result<Config, Problems> {
    config::parse(document.to_string().as_bytes())
}

#[test]
fn valid_files_are_accepted_and_fit_the_schema() {
    let schema = config::schema();
    for file in files("valid") {
        let bytes = fs::read(&file).unwrap();
        if let Err(problems) = config::parse(&bytes) {
            panic!("{}:\n{problems}", file.display());
        }
        let document = serde_json::from_slice(&bytes).unwrap();
        let seen = schema::walk(&schema, &document);
        assert_eq!(seen.errors, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn each_invalid_file_gets_exactly_its_messages() {
    let mut wrong = Vec::new();
    for file in files("invalid") {
        let found = match config::parse(&fs::read(&file).unwrap()) {
            Ok(_) => "accepted".to_owned(),
            Err(problems) => problems.to_string(),
        };
        let expected = file.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, format!("{found}\n")).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default().trim_end() != found {
            wrong.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is refused in a document is refused when it is fetched, by the same files.
#[test]
fn what_a_document_may_not_say_no_fetched_set_may_say() {
    let mut tried = 0;
    for file in files("invalid") {
        let text = fs::read_to_string(&file).unwrap();
        let Ok(Value::Object(mut document)) = serde_json::from_str(&text) else { continue };
        // What is wrong with some is their text alone, which is lost here.
        if parse(&Value::Object(document.clone())).is_ok() {
            continue;
        }
        let mut fetched = Map::new();
        for key in ["models", "aliases", "routes"] {
            fetched.extend(document.remove(key).map(|value| (key.to_owned(), value)));
        }
        // So that services are refused for what is wrong with them alone.
        let models = fetched.get("models").and_then(Value::as_object);
        let services: Vec<&Value> = models
            .into_iter()
            .flat_map(|models| models.values())
            .map(|model| &model["custom"]["cluster"])
            .filter(|cluster| cluster.is_string())
            .collect();
        let named = json!({"cluster": "rules", "path": "/set", "services": services});
        let source = document.entry("route_source").or_insert(named);
        let has_services = source["services"] == json!(services);
        let document = Value::Object(document);
        // The problem is in what is left of the document, if that is refused by itself.
        if parse(&document).is_err() || !has_services {
            continue;
        }
        tried += 1;
        let fetched = Value::Object(fetched).to_string();
        let live = Base::read(document.to_string().as_bytes(), Some(fetched.as_bytes()))
            .and_then(|base| base.with(&Dynamic::default(), &[]));
        assert!(live.is_err(), "{}: {fetched}", file.display());
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn no_fetched_model_asks_a_service_that_the_document_does_not_name() {
    let model = |cluster: &str| {
        json!({"strategy": "custom", "candidates": ["d"],
               "custom": {"cluster": cluster, "path": "/pick"}})
    };
    let document = json!({
        "providers": {"p": {"cluster": "provider"}},
        "deployments": {"d": {"provider": "p", "model": "m"}},
        "models": {"own": model("picker")},
        "shadow": {"models": {"m": model("shadows")}},
        "default_cluster": "site",
        "route_source": {"cluster": "rules", "path": "/set", "services": ["other-picker"]},
    });
    let fetch = |document: &Value, cluster: &str| {
        let fetched = json!({"models": {"f": model(cluster)}}).to_string();
        let base = Base::read(document.to_string().as_bytes(), Some(fetched.as_bytes()));
        base.and_then(|base| base.with(&Dynamic::default(), &[])).map_err(|p| p.to_string())
    };
    for named in ["picker", "other-picker"] {
        assert!(fetch(&document, named).is_ok(), "{named}");
    }
    for other in ["provider", "site", "rules", "shadows", "nowhere"] {
        let problem = fetch(&document, other).unwrap_err();
        assert!(problem.starts_with("models.f.custom.cluster: "), "{other}: {problem}");
        assert!(problem.contains("route_source.services"), "{other}: {problem}");
    }
    // A provider's cluster may be named while it runs no attempts, and not any more then.
    for failover in [json!({"max_attempts": 2}), json!({"attempt_filter": true})] {
        let mut document = document.clone();
        document["route_source"]["services"] = json!(["provider"]);
        assert!(fetch(&document, "provider").is_ok());
        document["failover"] = failover;
        let mut with_attempts = document.clone();
        with_attempts["route_source"]["services"] = json!([]);
        let config = parse(&with_attempts).unwrap();
        assert!(!config.may_call("provider") && config.may_call("picker"));
        let problem = parse(&document).unwrap_err().to_string();
        assert!(problem.starts_with("route_source.services[0]: is the cluster of"), "{problem}");
        document["route_source"]["services"] = json!([]);
        document["models"]["own"] = model("provider");
        let problem = parse(&document).unwrap_err().to_string();
        assert!(problem.starts_with("models.own.custom.cluster: is the cluster of"), "{problem}");
    }
}

#[test]
fn each_way_around_a_rule_is_warned_of() {
    let mut wrong = Vec::new();
    for file in files("ways") {
        let found = config::parse(&fs::read(&file).unwrap()).unwrap().warnings.join("\n");
        let expected = file.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, format!("{found}\n")).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default().trim_end() != found {
            wrong.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_mistake_is_advised_against() {
    let mut wrong = Vec::new();
    for file in files("warned") {
        let checked = config::check_json(&fs::read_to_string(&file).unwrap());
        assert_eq!(checked.count, 0, "{}: {:?}", file.display(), checked.problems);
        let found: Vec<String> =
            checked.warnings.iter().map(|one| one.problem.to_string()).collect();
        let is_placed = |one: &config::Located| one.line > 1 || one.problem.path == "configuration";
        assert!(checked.warnings.iter().all(is_placed), "{}", file.display());
        let (found, expected) = (found.join("\n"), file.with_extension("txt"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, format!("{found}\n")).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default().trim_end() != found {
            wrong.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_problem_of_an_invalid_file_has_its_place_in_the_text() {
    for file in files("invalid") {
        let text = fs::read_to_string(&file).unwrap();
        let checked = config::check_json(&text);
        let expected = fs::read_to_string(file.with_extension("txt")).unwrap();
        let found: Vec<String> =
            checked.problems.iter().map(|one| one.problem.to_string()).collect();
        assert_eq!(found.join("\n"), expected.trim_end(), "{}", file.display());
        for one in checked.problems {
            let shown = text.get(one.range.clone());
            let is_whole = one.problem.path == "configuration";
            assert!(shown.is_some_and(|shown| is_whole || !shown.is_empty()), "{one:?}");
            assert!(is_whole || one.range.start > 0, "{one:?}");
            assert!(one.line <= text.split('\n').count(), "{one:?}");
        }
    }
}

#[test]
fn the_full_file_has_every_key() {
    let schema = config::schema();
    let seen = schema::walk(&schema, &document("valid/full"));
    let missing: Vec<String> = schema::keys(&schema).difference(&seen.keys).cloned().collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_the_shape_refuses() {
    let schema = config::schema();
    let names = [
        "bad_enum",
        "limit_of_zero",
        "missing_key",
        "out_of_range",
        "unknown_key",
        "unknown_key_nested",
        "wrong_type",
        "wrong_type_in_list",
    ];
    for name in names {
        let seen = schema::walk(&schema, &document(&format!("invalid/{name}")));
        assert!(!seen.errors.is_empty(), "{name}");
    }
}

/// Tries every enumerated value, and the bounds of every number, wherever the schema has them. If
/// the tables accept a value that the types do not take, an assertion fails.
#[test]
fn every_value_that_the_schema_allows_can_be_read() {
    let full = document("valid/full");
    for (at, schema) in schema::walk(&config::schema(), &full).places {
        let values = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
        let bounds = ["minimum", "maximum"].into_iter().filter_map(|key| schema.get(key).cloned());
        for value in values.into_iter().chain(bounds) {
            let mut document = full.clone();
            *document.pointer_mut(&at).expect("a place of this document") = value;
            let _ = parse(&document);
        }
    }
}

/// No deviation at any place may pass the tables and then be refused by the types.
#[test]
fn deviations_at_every_place_are_survived() {
    let full = document("valid/full");
    let others = [json!(null), json!(true), json!(-7.5), json!("x"), json!([]), json!({})];
    for (at, _) in schema::walk(&config::schema(), &full).places {
        for other in &others {
            let mut document = full.clone();
            *document.pointer_mut(&at).expect("a place of this document") = other.clone();
            let _ = parse(&document);
        }
        let (parent, key) = at.rsplit_once('/').unwrap_or(("", ""));
        let mut document = full.clone();
        if let Some(Value::Object(members)) = document.pointer_mut(parent) {
            members.remove(key);
            let _ = parse(&document);
        }
    }
}

#[test]
fn a_struct_is_read_like_the_json_it_was_made_of() {
    for name in ["valid/smallest", "valid/example", "valid/full"] {
        let document = document(name);
        let bytes = structs::encoded(document.as_object().unwrap());
        let from_struct = config::parse(&bytes).unwrap_or_else(|problems| panic!("{problems}"));
        let from_json = parse(&document).unwrap();
        assert_eq!(format!("{from_struct:?}"), format!("{from_json:?}"), "{name}");
    }
}

#[test]
fn a_struct_keeps_text_that_looks_like_a_number() {
    let document = json!({
        "providers": {"p": {"cluster": "p"}},
        "deployments": {"d": {"provider": "p", "model": "m", "request_overrides":
            {"temperature": "0.5", "user": "42", "options": {"seed": "7", "stop": ["1"]}}}},
    });
    let bytes = structs::encoded(document.as_object().unwrap());
    let read = |config: Config| Value::from_iter(config.deployments[0].request_overrides.0.clone());
    let from_struct =
        json!({"temperature": 0.5, "user": "42", "options": {"seed": 7, "stop": ["1"]}});
    assert_eq!(read(config::parse(&bytes).unwrap()), from_struct);
    let as_written = &document["deployments"]["d"]["request_overrides"];
    assert_eq!(read(parse(&document).unwrap()), *as_written);
}

#[test]
fn numbers_may_be_doubles_or_text() {
    let config = parse(&json!({
        "cooldown": {"failure_rate_percent": "12.5", "time_ms": 2000.0, "max_time_ms": "3000"},
    }))
    .unwrap();
    assert_eq!(config.cooldown.failure_rate_percent, 12.5);
    assert_eq!((config.cooldown.time_ms, config.cooldown.max_time_ms), (2000, 3000));
}

#[test]
fn hostile_sizes_are_survived() {
    let chain: Map<String, Value> =
        (0..20_000).map(|at| (format!("a{at}"), json!(format!("a{}", at + 1)))).collect();
    let problems = parse(&json!({ "aliases": chain })).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems}");
    let unknown: Map<String, Value> = (0..5_000).map(|at| (format!("k{at}"), json!(1))).collect();
    let problems = parse(&Value::Object(unknown)).unwrap_err();
    assert_eq!(problems.len(), 5_000);
    assert!(problems.to_string().lines().count() < 200);
    let deep = format!("{{\"routes\":{}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(config::parse(deep.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn mutated_configurations_never_panic(
        which in 0..4_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let full = text("valid/full").into_bytes();
        let mut bytes = match which {
            0 => text("valid/example").into_bytes(),
            1 => text("invalid/many_at_once").into_bytes(),
            2 => full,
            _ => structs::encoded(document("valid/full").as_object().unwrap()),
        };
        for (place, byte, edit) in edits {
            let at = place.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => _ = bytes.remove(at),
            }
        }
        if let Err(problems) = config::parse(&bytes) {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = config::parse(&bytes);
    }
}
