//! Compares everything that is counted with what clients and providers have counted themselves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::ledger::{DEPLOYMENTS, counted};
use crate::harness::load::Ends;
use crate::harness::{Group, Scrape, ask, run};
use crate::mock::{Did, Refusal};

/// Longer than any counter takes to show what has happened.
const SHOWN: Duration = Duration::from_secs(10);

/// How long to wait before looking again.
const LOOK: Duration = Duration::from_millis(100);

/// What is counted, by a name of it and its labels. What is 0 is left out.
type Counts = BTreeMap<String, u64>;

/// Fails unless metrics and admin state finally say what the clients, which know these ends, and
/// the providers have counted. Returns how many numbers were compared.
pub(crate) fn assert_equal(group: &Group, ends: &Ends, token: &str) -> usize {
    let wanted = expected(group, ends);
    let started = Instant::now();
    loop {
        let found = [shown(&run(group.envoy().scrape())), admin_state(group, token)].concat();
        let found: Counts = found.into_iter().filter(|(_, count)| *count > 0).collect();
        if found == wanted || started.elapsed() > SHOWN {
            let differences: Vec<String> = wanted
                .keys()
                .chain(found.keys())
                .filter(|name| wanted.get(*name) != found.get(*name))
                .map(|name| {
                    format!("{name}: {:?}, expected {:?}", found.get(name), wanted.get(name))
                })
                .collect();
            assert!(differences.is_empty(), "{differences:#?}\n{:#?}", group.tally());
            return wanted.len();
        }
        std::thread::sleep(LOOK);
    }
}

/// Adds ends to others.
pub(crate) fn add(ends: &mut Ends, more: &Ends) {
    for (end, times) in more {
        *ends.entry(*end).or_default() += times;
    }
}

/// Returns what metrics and admin state should say.
fn expected(group: &Group, ends: &Ends) -> Counts {
    let mut wanted = Counts::new();
    for ((verdict, code), times) in ends {
        wanted.insert(format!("requests {verdict} {code}"), *times);
    }
    wanted.insert("decisions".to_owned(), ends.values().sum());
    for ((deployment, did), count) in group.tally() {
        *wanted.entry(format!("attempts {deployment} {}", outcome(did))).or_default() +=
            count.times;
    }
    for (deployment, (counts, _)) in counted(group) {
        wanted.insert(format!("durations {deployment}"), counts.attempts);
        wanted.insert(format!("tokens {deployment}"), counts.tokens);
        let total = [
            ("attempts", counts.attempts),
            ("successes", counts.successes),
            ("failures", counts.failures),
            ("tokens", counts.tokens),
        ];
        for (what, count) in total {
            wanted.insert(format!("state {deployment} {what}"), count);
        }
    }
    wanted.retain(|_, count| *count > 0);
    wanted
}

/// Returns the outcome of an attempt at which a provider did that.
fn outcome(did: Did) -> &'static str {
    match did {
        Did::Answer(200) | Did::Stream => "success",
        Did::Answer(402) | Did::Refuse(Refusal::Quota) => "quota",
        Did::Answer(408 | 504) => "timeout",
        Did::Answer(429) => "rate_limit",
        Did::Answer(500..) => "server",
        // The credential that is refused with 401 is the client's.
        Did::Answer(_) => "client",
        Did::Refuse(Refusal::ContextLength) => "context_window",
        Did::Refuse(Refusal::ContentPolicy) => "content_policy",
        Did::Refuse(Refusal::ModelNotFound) => "not_found",
        Did::ErrorEvent | Did::Cut => "in_band",
        Did::Reset => "network",
        Did::Hold | Did::Hang | Did::Left => "cancelled",
    }
}

/// Returns what the metrics say.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are counts")]
fn shown(scrape: &Scrape) -> Vec<(String, u64)> {
    let mut shown = Counts::new();
    for sample in &scrape.samples {
        let label = |name: &str| sample.labels.get(name).map(String::as_str).unwrap_or_default();
        let name = match sample.name.as_str() {
            "pointsman_requests" => format!("requests {} {}", label("verdict"), label("code")),
            "pointsman_decision_duration_us_count" => "decisions".to_owned(),
            "pointsman_attempts" => {
                format!("attempts {} {}", label("deployment"), label("outcome"))
            }
            "pointsman_tokens" => format!("tokens {}", label("deployment")),
            "gen_ai_server_request_duration_count" => format!("durations {}", label("deployment")),
            // Nothing of these is expected.
            "pointsman_in_flight" | "pointsman_cas_exhausted" | "pointsman_tokens_disbelieved" => {
                sample.name.clone()
            }
            _ => continue,
        };
        *shown.entry(name).or_default() += sample.value as u64;
    }
    shown.into_iter().collect()
}

/// Returns what the admin endpoint says of every deployment.
fn admin_state(group: &Group, token: &str) -> Vec<(String, u64)> {
    let asked = ask(group).method(hyper::Method::GET).path("/admin/state");
    let state = asked.header("authorization", &format!("Bearer {token}")).send().json();
    let mut said = vec![("updates dropped".to_owned(), number(&state["dropped_updates"]))];
    let deployments = state["deployments"].as_array().unwrap();
    assert_eq!(deployments.len(), DEPLOYMENTS.len());
    for deployment in deployments {
        let id = deployment["id"].as_str().unwrap();
        said.push((format!("state {id} in flight"), number(&deployment["in_flight"])));
        for (what, count) in deployment["total"].as_object().unwrap() {
            said.push((format!("state {id} {what}"), number(count)));
        }
    }
    said
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}
