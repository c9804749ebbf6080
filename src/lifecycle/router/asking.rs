//! A request that waits for a service to pick its deployment.
//!
//! Nothing of it has gone on and no attempt has begun, so nothing has to be undone if the client
//! leaves meanwhile. After the answer the request is decided from the beginning, so that what
//! has changed since then counts.

use std::time::Duration;

use crate::host::{Called, Host, Reply};
use crate::lifecycle::ctx::Ctx;
use crate::routing::Question;

use super::service;
use super::whole::WholeRequest;

/// Longest answer of a service that is read, in bytes. A longer one counts as unreadable.
const MOST_ANSWER: usize = 64 * 1024;

/// A request that waits for the answer of a service. A call that outlives the request is dropped by
/// the host.
#[derive(Debug)]
pub(super) struct AskingService {
    pub(super) whole: WholeRequest,
    pub(super) question: Box<Question>,
    /// The number of the call, by which its end is recognised.
    pub(super) call: u32,
    /// When the service was called, in milliseconds since the epoch.
    pub(super) asked_ms: u64,
    /// How long the callbacks so far have taken, without the wait for the service.
    pub(super) spent: Duration,
}

impl AskingService {
    /// Takes the end of the call, counts how it ended, and returns the request with the
    /// service's answer.
    pub(super) fn take_answer<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        called: Called,
        now_ms: u64,
    ) -> WholeRequest {
        let Self { mut whole, question, asked_ms, .. } = self;
        let took_ms = now_ms.saturating_sub(asked_ms);
        // The host has the reply only during this callback.
        let reply = Reply::read(cx.host, called, MOST_ANSWER);
        let picked = service::picked(&cx.engine.config, &question, &reply, took_ms);
        service::count(cx, &question, picked, Some(took_ms));
        whole.answers.add(&question, picked.ok());
        whole
    }
}
