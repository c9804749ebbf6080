//! Shows as a metric how many attempts are under way at each deployment.
//!
//! The number is in the record of the deployment, which all workers share, and the metric is
//! one for all of them. So a worker that shows it later reads it again: what it had seen itself
//! would take back what other workers have shown since.

use crate::config::DeploymentId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::millis;
use crate::metrics::table;

/// Shows how many attempts are in flight at a deployment, now or later; `None`: it is not known.
pub(crate) fn show_in_flight<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    deployment: DeploymentId,
    in_flight: Option<u32>,
) {
    if let Some(count) = in_flight
        && !cx.engine.unshown.note(deployment)
    {
        show(cx.host, cx.engine, deployment, count);
    }
}

/// Shows the number of every deployment where it has changed.
pub(crate) fn show_changed<H: Host + ?Sized>(host: &H, engine: &Engine) {
    let changed = engine.unshown.take();
    if changed.is_empty() {
        return;
    }
    let now_ms = millis(host.now());
    for deployment in changed {
        let record = engine.fleet.record(host, deployment);
        show(host, engine, deployment, record.flight.count(now_ms));
    }
}

/// Shows what has changed, and from here on every change at once: no one will call
/// [`show_changed`] any more, and attempts are still under way.
pub(crate) fn show_at_once<H: Host + ?Sized>(host: &H, engine: &Engine) {
    show_changed(host, engine);
    engine.unshown.end();
}

/// Shows a number of attempts as a metric.
fn show<H: Host + ?Sized>(host: &H, engine: &Engine, deployment: DeploymentId, count: u32) {
    let name = engine.config.deployment(deployment).id.as_str();
    engine.meter.put(host, &table::IN_FLIGHT, &[name], u64::from(count));
}
