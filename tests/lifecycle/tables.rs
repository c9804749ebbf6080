//! Sends every row of the decision tables as a request through the filter. The row's state is in
//! shared data, and what goes upstream must be what `explain` says about the row.
//!
//! The tests use only what users see: headers, replies, filter state, the admin endpoint.

#[path = "tables/delivery.rs"]
mod delivery;
#[path = "tables/scene.rs"]
mod scene;
#[path = "tables/upstream.rs"]
mod upstream;

use std::collections::BTreeSet;

use serde_json::Value;

use self::delivery::{DELIVERIES, Delivery};
use self::scene::{Scene, keys, recorded};
use self::upstream::Differences;
use crate::admin::BEARER;
use crate::row::{Row, TABLES};

/// Rows whose state the product cannot write, each with the reason. There are none. Whoever adds
/// one must say why no request can bring that state about.
const IMPOSSIBLE: [(&str, &str); 0] = [];

/// The number of rows, so that none can get lost.
const ROWS: usize = 507;

/// Returns what `explain` tells an operator, from shared data.
fn explained(scene: &Scene, row: &Row) -> Value {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let mut query = Vec::new();
    for (name, value) in &row.head {
        query.push(match name.strip_prefix(':') {
            Some(name) => format!("{name}={}", encoded(value)),
            None => format!("header={}", encoded(&format!("{name}:{value}"))),
        });
    }
    let path = format!("/admin/explain?{}", query.join("&"));
    let head = [(":method", "POST"), (":path", path.as_str()), BEARER];
    let pieces = [row.body.as_bytes()];
    let pieces = if row.body.is_empty() { &pieces[..0] } else { &pieces[..] };
    scene.host.request(&scene.router, &head, pieces);
    serde_json::from_str(&scene.host.refused().unwrap().1).unwrap()
}

/// Returns how the state in shared data differs from what the row describes.
fn state_differences(scene: &Scene, row: &Row, trace: &Value) -> Vec<String> {
    let mut different = Vec::new();
    for (id, load) in &row.state.load {
        let wanted = pointsman::state::Load { tpm_limit: None, rpm_limit: None, ..*load };
        let found = recorded(&scene.host, id);
        if found != wanted {
            different.push(format!("{id}: wanted {wanted:?}, found {found:?}"));
        }
    }
    // A body that is too long cannot be explained.
    let longest = row.document["limits"]["max_body_bytes"].as_u64().unwrap_or(u64::MAX);
    if row.body.len() as u64 <= longest {
        let found = explained(scene, row);
        if found != *trace {
            different.push(format!("explained as\n{found}\ninstead of\n{trace}"));
        }
    }
    different
}

/// Sends a row's request in this delivery. Returns how its result differs from the trace.
fn differences(scene: &Scene, row: &Row, trace: &Value, delivery: &Delivery) -> Differences {
    let mut found = Differences::default();
    let in_flight = || -> Vec<(String, u32)> {
        let ids = keys(&row.document["deployments"]);
        ids.map(|id| (id.clone(), recorded(&scene.host, id).in_flight)).collect()
    };
    let before = in_flight();
    let mut sent = delivery.send(scene, row);
    // The service does not answer, so its candidates are tried in the order of the file.
    let is_asked = sent.is_asking(scene);
    found.compare("a service is asked", is_asked, trace["because"].is_string());
    if is_asked {
        sent.end_call(scene);
    }
    let during = before.iter().map(|(id, count)| {
        let is_there = trace["decision"]["deployment"] == **id;
        (id.clone(), count + u32::from(is_there))
    });
    found.compare("attempts in flight", in_flight(), during.collect());
    upstream::check(&mut found, scene, row, trace, sent);
    found.compare("attempts left in flight", in_flight(), before);
    found
}

/// Runs a row in every delivery, with one attempt or with failover.
fn run(row: &Row, is_impossible: bool) -> Vec<String> {
    let scene = Scene::of(row);
    let trace = row.trace();
    let mut problems = row.problems(&trace);
    // When more than one deployment may be tried, a fallback can prevent an early release.
    if scene.attempts.is_some() {
        problems.retain(|problem| !problem.starts_with("release."));
    }
    let different = state_differences(&scene, row, &trace);
    if is_impossible {
        if different.is_empty() {
            problems.push("its state can be written: it is not impossible".to_owned());
        }
        return problems;
    }
    problems.extend(different);
    let state = scene.host.shared.copy();
    for delivery in &DELIVERIES {
        if !delivery.is_for(row) {
            continue;
        }
        scene.host.shared.restore(&state);
        let found = differences(&scene, row, &trace, delivery);
        problems.extend(found.0.iter().map(|problem| format!("{}: {problem}", delivery.name)));
    }
    problems
}

/// Runs every row of every table, changed by `change`.
fn run_all(change: impl Fn(&mut Row)) {
    let (mut failures, mut count, mut impossible) = (Vec::new(), 0, 0);
    for (table, text) in TABLES {
        for mut row in Row::all(text) {
            change(&mut row);
            let name = format!("{table}: {}", row.name);
            let is_impossible = IMPOSSIBLE.iter().any(|(known, _)| *known == name);
            count += 1;
            impossible += usize::from(is_impossible);
            let problems = run(&row, is_impossible);
            failures.extend(problems.iter().map(|problem| format!("{name}: {problem}")));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert_eq!(impossible, IMPOSSIBLE.len(), "a row that is listed as impossible no longer exists");
    assert_eq!(count, ROWS);
}

#[test]
fn every_row_goes_upstream_as_explained() {
    run_all(|_| {});
}

#[test]
fn every_row_is_handed_over_as_explained() {
    run_all(|row| row.document["failover"]["max_attempts"] = 10.into());
}

#[test]
fn explain_draws_the_same_as_the_request() {
    let [_, _, in_pieces, ..] = &DELIVERIES;
    let (_, strategies) = TABLES.iter().find(|(name, _)| *name == "strategies").unwrap();
    let mut drawn = 0;
    for mut row in Row::all(strategies) {
        let scene = Scene::of(&row);
        let state = scene.host.shared.copy();
        let mut plans = BTreeSet::new();
        for seed in 1..=12 {
            row.seed = seed;
            scene.host.wanted_seed.set(Some(seed));
            scene.host.shared.restore(&state);
            let trace = row.trace();
            let found = differences(&scene, &row, &trace, in_pieces);
            assert!(found.0.is_empty(), "{}, seed {seed}: {found:?}", row.name);
            plans.insert(trace["plan"].to_string());
        }
        drawn += usize::from(plans.len() > 1);
    }
    assert!(drawn > 0, "no row draws anything");
}
