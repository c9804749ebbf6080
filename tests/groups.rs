//! Groups of many candidates, of which a request looks at only a few. It must go where it would go
//! if it looked at all of them, or be as likely to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use pointsman::config::{self, Config, DeploymentId};
use pointsman::lifecycle::{Read, RequestHead, Whole, whole};
use pointsman::routing::explain::explain;
use pointsman::routing::{self, Request, Server, Services, Verdict};
use pointsman::state::{Claim, Load, Standing, Turn, World};
use pointsman::strategy::{Strategy, Trait};
use serde_json::{Value, json};

const COUNT: usize = 100;

/// Returns the strategies that order candidates by themselves.
fn all() -> impl Iterator<Item = &'static str> {
    let is_own = |one: &&Strategy| !one.has(Trait::IsOne) && !one.has(Trait::AsksService);
    Strategy::ALL.iter().filter(is_own).map(|strategy| strategy.name())
}

/// Deployments of which some cool. Each is as busy as its number says.
#[derive(Default)]
struct Some100 {
    cooling: BTreeSet<usize>,
    turns: Cell<u64>,
    looked_at: RefCell<BTreeSet<usize>>,
}

impl World for Some100 {
    fn standing(&self, deployment: DeploymentId, _: Claim) -> Standing {
        self.looked_at.borrow_mut().insert(deployment.0);
        if self.cooling.contains(&deployment.0) {
            Standing::Cooling { left_ms: 1000, cause: "429".to_owned() }
        } else {
            Standing::Ready
        }
    }

    fn load(&self, deployment: DeploymentId) -> Load {
        let number = u32::try_from(deployment.0).unwrap();
        Load {
            in_flight: number,
            latency_ms: Some(number.into()),
            tokens: number.into(),
            headroom: Some(1.0 - f64::from(number) / 100.0),
            ..Load::default()
        }
    }

    fn next_turn(&self, _: Turn) -> u64 {
        self.turns.get()
    }
}

/// Returns a document whose candidates differ in weight, priority, position and price, in no order.
fn document(strategy: &str) -> Value {
    let name = |at: usize| format!("d{at:02}");
    let number = |at: usize, factor: usize| at * factor % 10;
    let deployments: serde_json::Map<_, _> = (0..COUNT)
        .map(|at| {
            let mut facts = json!({"input_usd_per_million": number(at, 7), "output_usd_per_million": number(at, 3)});
            if at % 4 == 0 {
                facts["cached_input_usd_per_million"] = json!(0.1);
                facts["cache_hit_share"] = json!(0.75);
            }
            let facts = if at % 11 == 0 { json!({}) } else { facts };
            (name(at), json!({"provider": "p", "model": "m", "facts": facts,
                              "priority": number(at, 13), "weight": number(at, 9)}))
        })
        .collect();
    let candidate = |at: usize| {
        let mut candidate = json!({"deployment": name(at), "position": number(at, 17)});
        if strategy == "rules" {
            candidate["rules"] = json!([{"if": {"tier": at / 40}}]);
        }
        candidate
    };
    // The order of the file differs from the order of the names.
    let candidates: Vec<Value> = (0..COUNT).map(|at| candidate((at * 37 + 5) % COUNT)).collect();
    json!({"providers": {"p": {"cluster": "p"}}, "deployments": deployments,
           "models": {"m": {"strategy": strategy, "candidates": candidates}}})
}

fn parsed(document: &Value) -> Config {
    config::parse(document.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn read(config: &Config, user: usize) -> Box<Read> {
    let headers = [(":method", "POST"), (":path", "/v1/completions")];
    let body = format!(
        r#"{{"model":"m","user":"user {user}","prompt":"How are you?","max_tokens":{user},"metadata":{{"tier":1}}}}"#
    );
    match whole(config, &RequestHead::new(headers.into_iter().collect()), body.as_bytes()) {
        Whole::Read(read) => read,
        other => panic!("{other:?}"),
    }
}

fn request<'a>(config: &'a Config, read: &'a Read) -> Request<'a> {
    Request { config, facts: &read.facts, controls: &read.controls, sample: 0.0 }
}

/// Returns where a request goes first, and takes its turn.
fn first(request: Request<'_>, world: &Some100, rng: &mut fastrand::Rng) -> usize {
    match routing::decide(request, Services::Unasked, world, rng.u64(..)) {
        Verdict::Serve(decision) => {
            if let Some((_, number)) = decision.intent.turn {
                world.turns.set(number + 1);
            }
            match &decision.plan[0].server {
                Server::Deployment(id) => id.0,
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// Returns the whole order.
fn plan(request: Request<'_>, world: &Some100, rng: &mut fastrand::Rng) -> Vec<String> {
    explain(request, Err(""), world, rng.u64(..)).trace.plan
}

fn some(count: usize, rng: &mut fastrand::Rng) -> BTreeSet<usize> {
    (0..count).map(|_| rng.usize(..COUNT)).collect()
}

#[test]
fn orders_without_randomness_match_those_of_the_whole_group() {
    let mut rng = fastrand::Rng::with_seed(1);
    for strategy in ["ordered_fallback", "priority_based", "cost_based", "rules", "sticky"] {
        let mut document = document(strategy);
        // There is no load, so no deployment is full.
        document["models"]["m"]["sticky"] = json!({"bound": 1000});
        let config = parsed(&document);
        for round in 0..150 {
            let cooling = some(round % 150, &mut rng);
            let world = Some100 { cooling, ..Some100::default() };
            let read = read(&config, round);
            let request = request(&config, &read);
            let wanted = plan(request, &world, &mut rng);
            let found = first(request, &world, &mut rng);
            let found = &config.deployments[found];
            // Among equals any deployment will do.
            let wanted = config.deployments.iter().find(|one| one.id == wanted[0]).unwrap();
            let is_same = match strategy {
                "cost_based" => (&found.facts, found.priority) == (&wanted.facts, wanted.priority),
                _ => found.id == wanted.id,
            };
            assert!(is_same, "{strategy} {round}: {} for {}", found.id, wanted.id);
        }
    }
}

#[test]
fn weights_hold_whichever_deployments_cool() {
    let config = parsed(&document("weighted"));
    let read = read(&config, 1);
    let mut rng = fastrand::Rng::with_seed(2);
    for cooling in [0, 60] {
        let world = Some100 { cooling: some(cooling, &mut rng), ..Some100::default() };
        let mut counts = [0.0_f64; COUNT];
        for _ in 0..40_000 {
            counts[first(request(&config, &read), &world, &mut rng)] += 1.0;
        }
        let weight = |at: usize| {
            if world.cooling.contains(&at) { 0.0 } else { f64::from(config.deployments[at].weight) }
        };
        let total: f64 = (0..COUNT).map(weight).sum();
        for (at, count) in counts.iter().enumerate() {
            let share = weight(at) / total;
            let sigma = (40_000.0 * share * (1.0 - share)).sqrt();
            assert!((count - 40_000.0 * share).abs() <= 4.5 * sigma, "{at}: {count} of {share}");
        }
    }
}

#[test]
fn turns_reach_all_and_those_of_cooling_deployments_are_shared() {
    let config = parsed(&document("round_robin"));
    let read = read(&config, 1);
    let mut rng = fastrand::Rng::with_seed(3);
    let mut world = Some100::default();
    let round: BTreeSet<usize> =
        (0..COUNT).map(|_| first(request(&config, &read), &world, &mut rng)).collect();
    assert_eq!((round.len(), world.turns.get()), (COUNT, 100));
    world.cooling = (0..COUNT / 2).collect();
    let mut counts = [0.0_f64; COUNT];
    for _ in 0..20_000 {
        counts[first(request(&config, &read), &world, &mut rng)] += 1.0;
    }
    // Half of the requests go in turn, half at random.
    let sigma = (10_000.0f64 * 0.02 * 0.98).sqrt();
    assert!(counts[COUNT / 2..].iter().all(|n| (n - 400.0).abs() < 4.5 * sigma), "{counts:?}");
    assert_eq!(world.turns.get(), 20_100, "a turn for each request");
}

#[test]
fn a_turn_is_only_taken_where_there_is_a_choice() {
    let mut document = document("round_robin");
    let turn = |document: &Value, cooling: BTreeSet<usize>| {
        let config = parsed(document);
        let read = read(&config, 1);
        let world = Some100 { cooling, ..Some100::default() };
        match routing::decide(request(&config, &read), Services::Unasked, &world, 1) {
            Verdict::Serve(decision) => decision.intent.turn.map(|(turn, _)| turn.is_narrowed),
            other => panic!("{other:?}"),
        }
    };
    let candidates = document["models"]["m"]["candidates"].as_array().unwrap().clone();
    document["models"]["m"]["candidates"] = json!(candidates[..2]);
    assert_eq!(turn(&document, BTreeSet::new()), Some(false));
    // When one candidate is left, or all cool, there are no turns to take.
    let id = |at: usize| (at * 37 + 5) % COUNT;
    assert_eq!(turn(&document, [id(0)].into()), None);
    assert_eq!(turn(&document, [id(0), id(1)].into()), None);
    document["models"]["m"]["candidates"] = json!(candidates[..1]);
    assert_eq!(turn(&document, BTreeSet::new()), None);
    // A cooldown gets no turn counter of its own, but a request that narrows the set does.
    document["models"]["m"]["candidates"] = json!(candidates[..3]);
    assert_eq!(turn(&document, [id(0)].into()), Some(false));
    let first = format!("d{:02}", id(0));
    document["deployments"][first]["facts"] = json!({"context_window": 1});
    assert_eq!(turn(&document, BTreeSet::new()), Some(true));
}

#[test]
fn nothing_is_decided_before_the_tokens_of_a_limit_are_known() {
    let mut document = document("round_robin");
    for deployment in document["deployments"].as_object_mut().unwrap().values_mut() {
        deployment["tpm_limit"] = json!(1000);
    }
    let config = parsed(&document);
    let read = read(&config, 1);
    let early = read.early.as_ref().unwrap();
    let request = Request { facts: early, ..request(&config, &read) };
    let verdict = routing::decide(request, Services::Unasked, &Some100::default(), 4);
    assert!(matches!(verdict, Verdict::Undecided(_)), "{verdict:?}");
}

#[test]
fn loads_are_compared_over_some() {
    let mut rng = fastrand::Rng::with_seed(5);
    for strategy in ["least_busy", "latency_based", "usage_based", "rate_limit_aware"] {
        let config = parsed(&document(strategy));
        let read = read(&config, 1);
        let mut sum = 0;
        for _ in 0..2000 {
            let world = Some100::default();
            sum += first(request(&config, &read), &world, &mut rng);
            assert!(
                world.looked_at.borrow().len() <= 16,
                "{strategy}: {}",
                world.looked_at.borrow().len()
            );
        }
        // The expected minimum of n values from 0 to 99 is 101 / (n + 1) − 1.
        let drawn = if strategy == "latency_based" { 2.0 } else { 16.0 };
        let (mean, wanted) =
            (f64::from(u32::try_from(sum).unwrap()) / 2000.0, 101.0 / (drawn + 1.0) - 1.0);
        assert!((mean - wanted).abs() < 0.1 * (wanted + 1.0), "{strategy}: {mean} for {wanted}");
    }
}

#[test]
fn the_only_ready_candidate_is_found() {
    let mut rng = fastrand::Rng::with_seed(6);
    for strategy in all() {
        let config = parsed(&document(strategy));
        let read = read(&config, 1);
        // This is the last candidate in every order that has weight and whose rules hold.
        let ready = 53;
        assert_ne!(config.deployments[ready].weight, 0);
        let cooling = (0..COUNT).filter(|at| *at != ready).collect();
        let world = Some100 { cooling, ..Some100::default() };
        assert_eq!(first(request(&config, &read), &world, &mut rng), ready, "{strategy}");
    }
}

#[test]
fn few_candidates_are_read() {
    let mut rng = fastrand::Rng::with_seed(7);
    for strategy in all() {
        let config = parsed(&document(strategy));
        let read = read(&config, 1);
        let world = Some100::default();
        first(request(&config, &read), &world, &mut rng);
        assert!(
            world.looked_at.borrow().len() <= 16,
            "{strategy}: {}",
            world.looked_at.borrow().len()
        );
        let whole = plan(request(&config, &read), &world, &mut rng).len();
        assert!(whole > 16, "{strategy}");
    }
}
