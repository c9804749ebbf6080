//! What a request costs: calls of the host and allocations, counted by scenario.
//!
//! `make bench-count` counts the instructions of the same requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod allocator;
mod calls;
mod gauge;
mod growth;
mod host;
mod scenario;
mod streamed;

use calls::{Counts, Table};
use gauge::Gauge;
use scenario::{HeaderList, Scenario};

const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/budget/budgets.txt");
const UPDATE: &str = "UPDATE_BUDGETS=1 cargo test --test budget";

/// This many allocations below the budget are no reason to lower it.
const SLACK: u64 = 3;

const TITLE: &str = "\
# What one request costs: allocations of the module, entries into it, calls of the host,
# and how many of those returned data; then the calls by kind, `=` where something is set;
# and the calls that the next tick makes for it.
# Calls must be as many as here, allocations no more than here and hardly fewer.
# To accept a change: UPDATE_BUDGETS=1 cargo test --test budget

";

#[test]
fn no_request_costs_more_than_its_budget() {
    let counted: Vec<(String, Vec<u64>)> = scenario::all()
        .into_iter()
        .map(|scenario| (scenario.name.to_owned(), Gauge::warmed_up(scenario).send().values()))
        .collect();
    if std::env::var_os("UPDATE_BUDGETS").is_some() {
        std::fs::write(BUDGETS, format!("{TITLE}{}", Table(&counted))).unwrap();
        return;
    }
    let budgets = parse(&std::fs::read_to_string(BUDGETS).unwrap_or_default());
    let problems = differences(&budgets, &counted);
    assert!(
        problems.is_empty(),
        "\n{}\n\nIf that is meant to be so: {UPDATE}\nwhich changes {BUDGETS}\n",
        problems.join("\n")
    );
}

#[test]
fn a_plan_of_one_api_costs_no_more_where_others_are_translated() {
    let cost = |name: &str| {
        let scenario = scenario::all().into_iter().find(|scenario| scenario.name == name);
        Gauge::warmed_up(scenario.unwrap()).send().values()
    };
    assert_eq!(cost("failover, not translated"), cost("failover, not needed"));
}

/// Returns what a translated chat costs where the shadow has so many models besides those that it asks about, each
/// with a deployment of its own that would have to be translated.
fn cost_with_shadow(others: usize) -> Vec<u64> {
    let mut scenario =
        scenario::all().into_iter().find(|one| one.name == "translated chat 12 KB").unwrap();
    let mut document: serde_json::Value = serde_json::from_str(scenario.configuration).unwrap();
    let candidates = |name: &str| serde_json::json!({"candidates": [name], "translate": "lenient"});
    let mut models = serde_json::json!({"assistant": candidates("south-small")});
    for at in 0..100 {
        let name = format!("other-{at:02}");
        document["deployments"][&name] = serde_json::json!({"provider": "south", "model": name});
        let of = if at < others { name.as_str() } else { "north-small" };
        models[&name] = candidates(of);
    }
    document["shadow"] = serde_json::json!({ "models": models });
    scenario.configuration = document.to_string().leak();
    Gauge::warmed_up(scenario).send().values()
}

#[test]
fn a_shadow_translates_only_for_the_candidates_that_it_asks_about() {
    assert_eq!(cost_with_shadow(0), cost_with_shadow(100));
}

/// A shape that is refused would measure less than it is meant to.
#[test]
fn shapes_are_translated() {
    for shape in growth::translated::shapes() {
        let is_to_be_refused = shape.name == "members that the translation does not know";
        let gauge = Gauge::unchecked((shape.of)(shape.length));
        let refusal = gauge.host.refused.borrow();
        assert_eq!(refusal.is_some(), is_to_be_refused, "{}: {refusal:?}", shape.name);
    }
}

#[test]
fn every_request_costs_the_same() {
    for scenario in scenario::all() {
        let name = scenario.name;
        let gauge = Gauge::warmed_up(scenario);
        assert_eq!(gauge.send(), gauge.send(), "{name}");
    }
}

/// Most that twice as long a request may cost, as a multiple.
const MOST_GROWTH: f64 = 2.2;

/// Most memory that a request may hold at a time, as a multiple of what its client sent. The host
/// hands the module copies of headers and body, and what is rewritten is another one.
const MOST_HELD: u64 = 16;

#[test]
fn what_a_client_or_provider_chooses_costs_memory_in_proportion() {
    let mut problems = Vec::new();
    for shape in growth::shapes() {
        let cost = |length: usize| {
            let scenario = (shape.of)(length);
            let sent = size(&scenario) as u64;
            let gauge = Gauge::unchecked(scenario);
            let (before, _) = allocator::bytes();
            let allocations = allocator::allocations();
            gauge.send_unchecked();
            let (after, held) = allocator::bytes();
            (allocator::allocations() - allocations, after - before, held, sent)
        };
        let (once, twice) = (cost(shape.length), cost(2 * shape.length));
        let grows = |once: u64, twice: u64| twice as f64 > MOST_GROWTH * once as f64 + 256.0;
        let is_held = twice.2 > MOST_HELD * twice.3 + 64 * 1024;
        if grows(once.0, twice.0) || grows(once.1, twice.1) || is_held {
            let name = shape.name;
            problems.push(format!("{name}: (allocations, bytes, held, sent): {once:?}, {twice:?}"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Returns how many bytes the client and the providers send.
fn size(scenario: &Scenario) -> usize {
    let headers = |list: &HeaderList| {
        list.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    };
    let answers = scenario
        .answers
        .iter()
        .map(|answer| headers(&answer.headers) + answer.chunks.iter().map(Vec::len).sum::<usize>());
    headers(&scenario.headers) + scenario.body.len() + answers.sum::<usize>()
}

/// Reads the table without its head. Returns names and values.
fn parse(text: &str) -> Vec<(String, Vec<u64>)> {
    let rows = text.lines().filter(|line| !line.starts_with(['#'])).skip_while(|l| l.is_empty());
    let rows = rows.skip(1).filter_map(|row| row.split_once('|'));
    rows.map(|(name, values)| {
        let values = values.split_whitespace().map(|value| value.parse().unwrap());
        (name.trim().to_owned(), values.collect())
    })
    .collect()
}

/// Returns a line for each figure that differs from its budget.
fn differences(budgets: &[(String, Vec<u64>)], counted: &[(String, Vec<u64>)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, counts) in counted {
        let Some((_, budget)) = budgets.iter().find(|(known, _)| known == name) else {
            problems.push(format!("{name}: has no budget yet"));
            continue;
        };
        for ((column, count), budget) in Counts::columns().iter().zip(counts).zip(budget) {
            let slack = if *column == "allocations" { SLACK } else { 0 };
            if count > budget {
                let more = count - budget;
                problems.push(format!("{name}: {column}: {count}, {more} more than the budget"));
            } else if count + slack < *budget {
                let fewer = budget - count;
                problems.push(format!(
                    "{name}: {column}: {count}, {fewer} fewer than the budget: lower the budget"
                ));
            }
        }
    }
    let is_known = |name: &str| counted.iter().any(|(known, _)| known == name);
    let gone = budgets.iter().filter(|(name, _)| !is_known(name));
    problems.extend(gone.map(|(name, _)| format!("{name}: has a budget and is no scenario")));
    problems
}
