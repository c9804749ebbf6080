//! The recipes: each request in their tables leads to the plan next to it.

use pointsman::config;
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::routing::Request;
use pointsman::routing::explain::{Fresh, Trace, explain};

use super::{blocks, quoted, rows};

const RECIPES: &str = include_str!("../../docs/recipes.md");

/// Returns the trace of a request under a document, while nothing cools and nothing is busy.
fn traced(document: &str, body: &str, headers: &[&str]) -> Trace {
    let config = config::parse(document.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let own = [
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        ("content-type", "application/json"),
    ];
    let given = headers.iter().map(|header| header.split_once(": ").expect("`name: value`"));
    let given: Vec<(&str, &str)> = given.collect();
    let is_own = |(name, _): &(&str, &str)| given.iter().all(|(other, _)| other != name);
    let own = own.into_iter().filter(is_own);
    let head = RequestHead::new(own.chain(given.iter().copied()).collect());
    let Whole::Read(read) = whole(&config, &head, body.as_bytes()) else {
        panic!("the request is not read: {body}");
    };
    let (facts, controls) = (&read.facts, &read.controls);
    let request = Request { config: &config, facts, controls, sample: head.sample(0) };
    let early = read.early.as_ref().map_err(|because| *because);
    explain(request, early, &Fresh, 1).trace
}

/// Returns the plan as the tables write it, or the error.
fn outcome(trace: &Trace) -> String {
    match &trace.error {
        Some(error) => format!("{} {}", error.status, error.code),
        None => trace.plan.join(" → "),
    }
}

#[test]
fn every_recipe_does_what_its_table_says() {
    let mut tried = 0;
    for recipe in RECIPES.split("\n## ").skip(1) {
        let title = recipe.lines().next().unwrap();
        let [document] = &blocks(recipe, "json")[..] else { panic!("{title}: one document") };
        let rows = rows(recipe, "| request | plan |");
        assert!(!rows.is_empty(), "{title} has no request");
        for row in rows {
            let asked = quoted(row[0]);
            let trace = traced(document, asked[0], &asked[1..]);
            assert_eq!(quoted(row[1]), [outcome(&trace)], "{title}: {}", row[0]);
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried} requests");
}

#[test]
fn the_canary_takes_its_share() {
    let document = &blocks(RECIPES, "json")[0];
    let taken = (0..2000)
        .filter(|id| {
            let id = format!("x-request-id: {id}");
            outcome(&traced(document, r#"{"model": "assistant"}"#, &[&id])) != "old"
        })
        .count();
    assert!((60..140).contains(&taken), "{taken} of 2000");
}
