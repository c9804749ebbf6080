//! Requests whose head goes on before their body is read, to a buffer filter that holds it.
//!
//! What has to be changed of the head is changed before that, whatever the decision
//! will be; afterwards the host refuses every call for it.

use crate::config::Hold;
use crate::host::Host;
use crate::request::path::Call;
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::apply::{self, Held};
use super::hand::CLUSTER;
use super::headers::RequestHead;
use super::read;
use super::stream::{Action, Stream};

impl Stream {
    /// Holds the head of a judged request, or has it held; what the host does next.
    pub(super) fn hold<H: Host + ?Sized>(
        &mut self,
        host: &H,
        head: &mut RequestHead,
        call: &Call,
    ) -> Action {
        let config = &self.engine.config;
        if config.hold == Hold::StopIteration {
            return Action::Pause;
        }
        self.is_head_gone = true;
        if config.is_handing_over() {
            // A cluster without the attempt filter is to see nobody's credential.
            for name in head.credentials() {
                host.set_request_header(name, None);
            }
            // As many as a plan can have: how many this one has is not known yet.
            let retries = config.failover.max_attempts.saturating_sub(1).to_string();
            host.set_request_header("x-envoy-max-retries", Some(retries.as_bytes()));
            return Action::Continue;
        }
        // The buffer filter says how long the body is that it has held.
        if head.first("content-length").is_some() {
            host.set_request_header("content-length", None);
        }
        apply::accept_plain_answer(host, head);
        if let Some(path) = apply::plain_path(head, call) {
            host.set_request_header(":path", Some(path.as_bytes()));
            head.set(":path", path.into_bytes());
        }
        Action::Continue
    }

    /// Rewrites the body for the plan's first step, and has the route find its cluster.
    ///
    /// # Errors
    /// A body that cannot be rewritten, or a path that would have to be.
    pub(super) fn send_without_head<H: Host + ?Sized>(
        &self,
        host: &H,
        held: Held<'_>,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        let engine = &*self.engine;
        let config = &engine.config;
        let Some(step) = decision.plan.first() else { return Ok(()) };
        if apply::path(engine, held.head, held.call, step).is_some() {
            let message = "the path of this request names its model, and this proxy cannot change \
                 it for the one that is to serve; ask for a model by its provider's name";
            return Err(Refusal::new(501, "path_not_changeable", message));
        }
        apply::splice(host, apply::edits(host, config, held, step)?, held.window)?;
        let cluster = &config.provider(step.server.provider(config)).cluster;
        host.set_property(CLUSTER, cluster.as_bytes());
        host.clear_route_cache();
        read::debug(host, || apply::summary(config, decision, step, cluster));
        Ok(())
    }
}
