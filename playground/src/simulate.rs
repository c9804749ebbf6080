//! How many requests of one kind spread.
//!
//! Time stands still: cooldowns last, and no request adds to the load of a deployment. Only
//! turns go on.

use std::collections::BTreeMap;

use pointsman::config::Config;
use pointsman::lifecycle::{Read, Whole, whole};
use pointsman::request::session::Sessions;
use pointsman::routing::{self, Decision, Services, Verdict};
use serde_json::{Value, json};

use crate::fleet::Described;
use crate::request::Request;

/// How many requests went where.
#[derive(Default)]
struct Counts {
    deployments: BTreeMap<String, u32>,
    routes: BTreeMap<Option<String>, u32>,
    errors: BTreeMap<(u16, &'static str), u32>,
    passed: u32,
}

/// Returns how often each deployment serves the request, and how often it comes to any other
/// end. Equal seeds give equal counts.
pub(crate) fn simulated(
    config: &Config,
    request: &Request,
    mut fleet: Described,
    times: u32,
    seed: u64,
) -> Value {
    let head = request.head_of_many();
    let mut counts = Counts::default();
    match whole(config, &head, &request.body) {
        Whole::Untouched => counts.passed = times,
        Whole::Refused(refusal, _) => {
            counts.errors.insert((refusal.status, refusal.code), times);
        }
        Whole::Read(mut read) => {
            let mut rng = fastrand::Rng::with_seed(seed);
            // Read once and decided many times: only what is drawn differs.
            for _ in 0..times {
                if request.has_new_sessions {
                    begin_session(config, &mut read, &mut rng);
                }
                let Read { facts, controls, .. } = &*read;
                let sample = head.sample(rng.u64(..));
                let asked = routing::Request { config, facts, controls, sample };
                let verdict = routing::decide(asked, Services::Unasked, &fleet, rng.u64(..));
                if let Verdict::Serve(decision) = &verdict {
                    fleet.take_turn(decision);
                }
                counts.add(config, &verdict);
            }
        }
    }
    counts.shown(times)
}

/// Gives the request another value of everything that may tell its session, as far as it has
/// that.
fn begin_session(config: &Config, read: &mut Read, rng: &mut fastrand::Rng) {
    let mut other = |told: Option<u64>| told.map(|_| rng.u64(..));
    let Sessions { cache_key, user, metadata_user, prompt_prefix } = read.facts.sessions;
    read.facts.sessions = Sessions {
        cache_key: other(cache_key),
        user: other(user),
        metadata_user: other(metadata_user),
        prompt_prefix: other(prompt_prefix),
    };
    if config.client_headers.session {
        read.controls.session = other(Some(0));
    }
}

impl Counts {
    /// Counts what came of one request.
    fn add(&mut self, config: &Config, verdict: &Verdict) {
        match verdict {
            Verdict::Serve(decision) => self.served(config, decision),
            Verdict::PassThrough | Verdict::Undecided(_) | Verdict::Ask(_) => self.passed += 1,
            Verdict::Refuse(refusal) => {
                *self.errors.entry((refusal.status, refusal.code)).or_default() += 1;
            }
        }
    }

    /// Counts a request by the first deployment of its plan, and by its route.
    fn served(&mut self, config: &Config, decision: &Decision) {
        let Some(step) = decision.plan.first() else { return };
        *self.deployments.entry(step.server.name(config).into_owned()).or_default() += 1;
        let route = decision.route.map(|id| config.route(id).name.clone());
        *self.routes.entry(route).or_default() += 1;
    }

    /// Returns the counts as the page shows them.
    fn shown(&self, total: u32) -> Value {
        let deployments = self.deployments.iter().map(|(id, n)| json!({"name": id, "count": n}));
        let routes = self.routes.iter().map(|(name, n)| json!({"name": name, "count": n}));
        let errors = self.errors.iter();
        let errors =
            errors.map(|((status, code), n)| json!({"status": status, "code": code, "count": n}));
        json!({
            "total": total,
            "deployments": deployments.collect::<Value>(),
            "routes": routes.collect::<Value>(),
            "errors": errors.collect::<Value>(),
            "passed": self.passed,
        })
    }
}
