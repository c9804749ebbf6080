//! Whether an attempt that was planned may still be made when its time has come, and what
//! becomes of one whose deployment has gone.

use crate::host::Host;
use crate::metrics::table;
use crate::state::{SharedFleet, Standing, World};

use super::engine::Engine;
use super::handover::{Handover, Leg};
use super::progress::Progress;
use super::stream::millis;

impl Engine {
    /// The attempt that was chosen, or where its deployment has been drained since, another
    /// one of its list in the cluster that Envoy has gone to.
    pub(super) fn in_service<H: Host + ?Sized>(
        &self,
        host: &H,
        handover: &Handover,
        progress: &Progress,
    ) -> Option<usize> {
        let at = progress.next?;
        let chosen = handover.legs.get(at)?;
        if !self.is_drained(host, chosen) {
            return Some(at);
        }
        let Handover { general, context_window, content_policy, rate_limit, .. } = handover;
        let mut lists = [general, context_window, content_policy, rate_limit].into_iter();
        let list = lists.find(|list| list.contains(&at))?;
        (at.saturating_add(1)..list.end).find(|other| {
            let is_there = |leg: &Leg| leg.cluster == chosen.cluster;
            let is_ready = |leg: &Leg| self.is_ready(host, leg, handover.work.tokens);
            let leg = handover.legs.get(*other).filter(|leg| is_there(leg));
            !progress.tried.contains(other) && leg.is_some_and(is_ready)
        })
    }

    /// Ends an attempt that was begun at a deployment which has gone since: nobody else will.
    pub(super) fn abandon<H: Host + ?Sized>(&self, host: &H, name: &str, numbers: [u64; 4]) {
        let now_ms = millis(host.now());
        match SharedFleet::abandon(host, name, numbers, &self.config.cooldown, now_ms) {
            Some(in_flight) => {
                self.meter.put(host, &table::IN_FLIGHT, &[name], u64::from(in_flight));
            }
            None => self.count_exhausted(host, 1),
        }
    }

    /// Whether an operator has taken a leg's deployment out.
    pub(super) fn is_drained<H: Host + ?Sized>(&self, host: &H, leg: &Leg) -> bool {
        let id = leg.deployment.as_ref().and_then(|id| self.config.names.deployments.get(id));
        id.is_some_and(|id| self.fleet.record(host, *id).is_drained)
    }

    /// Whether a leg may be tried now.
    pub(super) fn is_ready<H: Host + ?Sized>(&self, host: &H, leg: &Leg, tokens: u64) -> bool {
        let config = &self.config;
        let Some(id) = &leg.deployment else { return true };
        let Some(id) = config.names.deployments.get(id) else { return false };
        let snapshot = self.fleet.at(host, config, millis(host.now()));
        snapshot.standing(*id, tokens) == Standing::Ready
    }
}
