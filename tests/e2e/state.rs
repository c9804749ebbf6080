//! Compares what workers agree on with what the providers counted.

use std::sync::LazyLock;
use std::time::Duration;

use pointsman::request::format::Task;
use pointsman::state::cooldown::{self, Phase};

use crate::harness::ledger::{
    DEPLOYMENTS, LAYOUT, MODELS, assert_equal, document, now_ms, record, recorded, settings,
};
use crate::harness::load::{FAULTY, Load, SOUND, drive};
use crate::harness::{Group, Spec, run};

static GROUP: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec { with_peek: true, ..Spec::new(document()) }));

/// Returns the phases of all deployments.
async fn phases(group: &Group) -> Vec<Phase> {
    let mut phases = Vec::new();
    for deployment in DEPLOYMENTS {
        phases.push(cooldown::phase(
            &record(group, LAYOUT, deployment).await.health(Task::Chat),
            now_ms(),
            &settings(),
        ));
    }
    phases
}

/// Waits until no deployment cools any more, but no longer than a cooldown may last.
async fn pass_cooldowns(group: &Group) {
    let longest = settings().max_time_ms;
    let latest = now_ms() + longest;
    for phase in phases(group).await {
        assert!(!matches!(phase, Phase::Cooling(left) if left > longest), "{phase:?}");
    }
    tokio::time::sleep(Duration::from_millis(latest + 1 - now_ms())).await;
    let phases = phases(group).await;
    assert!(!phases.iter().any(|phase| matches!(phase, Phase::Cooling(_))), "{phases:?}");
}

#[test]
fn records_equal_what_the_providers_counted() {
    // Start the group here: the start would block the clients.
    LazyLock::force(&GROUP);
    for seed in [4, 400, 40_000, 4_000_000] {
        let kinds = &FAULTY;
        run(drive(&GROUP, Load { models: &MODELS, requests: 5000, connections: 64, seed, kinds }));
    }
    run(assert_equal(&GROUP, &[LAYOUT]));
    run(all_recover());
    run(traffic_is_even());
    run(async {
        assert_eq!(GROUP.envoy().counted("pointsman.cas.exhausted").await, 0);
    });
    GROUP.assert_no_trap();
}

/// Once the faults have stopped, each deployment in turn proves itself in time.
async fn all_recover() {
    pass_cooldowns(&GROUP).await;
    let needed = settings().success_threshold as usize * DEPLOYMENTS.len();
    drive(&GROUP, Load { requests: needed, connections: 1, ..sound() }).await;
    assert_equal(&GROUP, &[LAYOUT]).await;
    assert_eq!(phases(&GROUP).await, [Phase::Healthy; 3]);
}

async fn traffic_is_even() {
    let before = recorded(&GROUP, &[LAYOUT]).await;
    drive(&GROUP, sound()).await;
    assert_equal(&GROUP, &[LAYOUT]).await;
    for (deployment, (counts, _)) in recorded(&GROUP, &[LAYOUT]).await {
        assert_eq!(counts.attempts - before[deployment].0.attempts, 333, "{deployment}");
    }
}

fn sound() -> Load {
    Load { models: &["turns"], requests: 999, connections: 64, seed: 5, kinds: &SOUND }
}
