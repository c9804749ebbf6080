//! Shows as metrics which document is configured, what state each deployment is in, and how much is
//! left of its limits.
//!
//! A state changes by what other workers write and by time alone, for example when a cooldown ends.
//! So each worker reads the records again and again, a part of them at each tick, and shows what they
//! say. All workers show the same values, and one that was shown too late is right after the next
//! round. What is no longer configured must be taken back, since Envoy keeps gauges for ever.

use crate::config::{Config, Deployment, DeploymentId, Model, Role};
use crate::host::{Host, SharedData};
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::millis;
use crate::metrics::{Meter, table};
use crate::state::{DeploymentState, headroom_percent};

use super::beginning::OF_MODEL;

/// The key whose version tells workers that something was taken back. Its value says nothing.
const KEY: &str = "pointsman/shown";
/// A version with which the host writes without a comparison.
const WHATEVER: u32 = 0;

/// Shows the document, and the states of the deployments whose turn it is. The worker calls this at its ticks; a round
/// takes five seconds. All of them are shown at once the first time, and after another worker has
/// taken something back.
pub(crate) fn show_states<H: Host + ?Sized>(host: &H, engine: &Engine) {
    let (config, rounds) = (&engine.config, &engine.rounds);
    if !engine.meter.is_on() {
        return;
    }
    let now_ms = millis(host.now());
    if !rounds.is_due(now_ms) {
        return;
    }
    let version = host.read(KEY).map(|(_, version)| version);
    if rounds.is_anew(version) {
        engine.meter.put(host, &table::CONFIG, &[&config.document_hash], 1);
    }
    // The router shows the deployments for the attempt filters as well.
    if config.role == Role::Router {
        show_part(host, engine, now_ms);
    }
}

/// Shows the next part of the deployments and, with the last one, the models.
fn show_part<H: Host + ?Sized>(host: &H, engine: &Engine, now_ms: u64) {
    let (config, rounds) = (&engine.config, &engine.rounds);
    let due = rounds.part(config.deployments.len());
    let Ok(mut available) = rounds.available.try_borrow_mut() else { return };
    available.resize(config.deployments.len(), false);
    let is_last = due.end == config.deployments.len();
    for at in due {
        let deployment = config.deployment(DeploymentId(at));
        if !deployment.enabled {
            continue;
        }
        let record = engine.fleet.record(host, DeploymentId(at));
        let state = DeploymentState::of(&record, &config.cooldown, now_ms);
        show_state(host, &engine.meter, deployment, Some(state));
        if let Some(percent) = headroom_percent(&record, deployment, now_ms) {
            show(host, &engine.meter, &table::HEADROOM, &[&deployment.id], percent);
        }
        if let Some(one) = available.get_mut(at) {
            *one = state.is_available();
        }
    }
    if is_last {
        for model in &config.models {
            show_model(host, &engine.meter, model, &available);
        }
    }
}

/// Takes back all that an engine has shown, since its configuration goes. If other workers have the
/// same deployments, they show them again at their next ticks.
pub(crate) fn hide_states<H: Host + ?Sized>(host: &H, engine: &Engine) {
    let config = &engine.config;
    if !engine.meter.is_on() {
        return;
    }
    engine.meter.put(host, &table::CONFIG, &[&config.document_hash], 0);
    if config.role != Role::Router {
        return tell_others(host);
    }
    config.deployments.iter().for_each(|deployment| hide(host, engine, deployment));
    config.models.iter().for_each(|model| hide_model(host, &engine.meter, model));
    tell_others(host);
}

/// Takes back what an engine has shown of deployments and models that its successor does not have.
pub(crate) fn hide_gone<H: Host + ?Sized>(host: &H, engine: &Engine, after: &Config) {
    if !engine.meter.is_on() || engine.config.role != Role::Router {
        return;
    }
    for deployment in engine.config.deployments.iter() {
        if !after.names.deployments.contains_key(&deployment.id) {
            hide(host, engine, deployment);
        }
    }
    for model in &engine.config.models {
        if !after.models.iter().any(|known| known.name == model.name) {
            hide_model(host, &engine.meter, model);
        }
    }
}

/// Has all workers show their deployments again, whatever the time.
fn tell_others<S: SharedData + ?Sized>(shared: &S) {
    // Every write gives the key a new version. Without a comparison it cannot fail.
    let _ = shared.write(KEY, &[1], WHATEVER);
}

/// Shows which state a deployment is in; `None`: in none.
#[inline(never)]
fn show_state<H: Host + ?Sized>(
    host: &H,
    meter: &Meter,
    deployment: &Deployment,
    state: Option<DeploymentState>,
) {
    for one in DeploymentState::ALL {
        let values = [deployment.id.as_str(), one.name()];
        show(host, meter, &table::DEPLOYMENT_STATE, &values, u64::from(state == Some(one)));
    }
}

/// Shows how many deployments of a model are available, and how many are not. One that is listed for
/// several variants counts once.
fn show_model<H: Host + ?Sized>(host: &H, meter: &Meter, model: &Model, available: &[bool]) {
    let mut is_counted = vec![false; available.len()];
    let mut counts = [0, 0];
    for candidate in model.groups.iter().flat_map(|group| &group.candidates) {
        let at = candidate.deployment.0;
        let (Some(is_available), Some(is_counted)) = (available.get(at), is_counted.get_mut(at))
        else {
            continue;
        };
        if !std::mem::replace(is_counted, true) {
            let [there, away] = &mut counts;
            let count: &mut u64 = if *is_available { there } else { away };
            *count = count.saturating_add(1);
        }
    }
    for (state, count) in OF_MODEL.into_iter().zip(counts) {
        show(host, meter, &table::MODEL_DEPLOYMENTS, &[&model.name, state], count);
    }
}

/// Takes a deployment back: it is in no state, and nothing is taken of its limits.
fn hide<H: Host + ?Sized>(host: &H, engine: &Engine, deployment: &Deployment) {
    if deployment.enabled {
        show_state(host, &engine.meter, deployment, None);
        let values = [deployment.id.as_str()];
        if engine.meter.has(&table::HEADROOM, &values) {
            engine.meter.put(host, &table::HEADROOM, &values, 100);
        }
    }
}

/// Takes a model back: it has no deployments.
fn hide_model<H: Host + ?Sized>(host: &H, meter: &Meter, model: &Model) {
    for state in OF_MODEL {
        show(host, meter, &table::MODEL_DEPLOYMENTS, &[&model.name, state], 0);
    }
}

/// Sets a gauge, unless there is no room for it. Under `other`, the value of one deployment would
/// replace that of another.
#[inline(never)]
fn show<H: Host + ?Sized>(
    host: &H,
    meter: &Meter,
    metric: &'static table::Metric,
    values: &[&str],
    value: u64,
) {
    if meter.begin(host, metric, values) {
        meter.put(host, metric, values, value);
    }
}
