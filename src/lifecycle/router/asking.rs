//! A request that waits for a service to pick its deployment.
//!
//! Nothing of it has gone on and no attempt has begun: a client that leaves meanwhile
//! leaves nothing behind. With the answer the request is decided anew, so that what has
//! changed since counts.

use std::time::Duration;

use crate::host::{Called, Host, Reply};
use crate::lifecycle::ctx::Ctx;
use crate::routing::Question;

use super::service;
use super::whole::WholeRequest;

/// Longest answer of a service that is read, in bytes.
const MOST_ANSWER: usize = 64 * 1024;

/// A request that waits for a service.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) whole: WholeRequest,
    pub(super) question: Box<Question>,
    /// The number of the call.
    pub(super) call: u32,
    pub(super) asked_ms: u64,
    /// How long callbacks have read and decided so far.
    pub(super) spent: Duration,
}

impl Asking {
    /// Takes the end of the call, and returns the request with the service's answer.
    pub(super) fn answered<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        called: Called,
        now_ms: u64,
    ) -> WholeRequest {
        let Self { mut whole, question, asked_ms, .. } = self;
        let took_ms = now_ms.saturating_sub(asked_ms);
        let reply = Reply::read(cx.host, called, MOST_ANSWER);
        let picked = service::picked(&cx.engine.config, &question, &reply, took_ms);
        service::count(cx, &question, picked, Some(took_ms));
        whole.answers.add(&question, picked.ok());
        whole
    }
}
