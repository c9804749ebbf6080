//! Requests that go to no deployment: answered here, or sent on untouched.

use crate::config::BodyPolicy;
use crate::host::Host;
use crate::request::format::{Dialect, Format};
use crate::request::refusal::Refusal;

use super::hand::CLUSTER;
use super::read::{self, Unread};
use super::stream::{Action, State, Stream};

impl Stream {
    /// Answers the client here, once its request has ended.
    pub(super) fn refuse_at<H: Host + ?Sized>(
        &mut self,
        host: &H,
        refused: Box<(Refusal, Dialect)>,
        is_end: bool,
    ) -> Action {
        if is_end {
            let (refusal, dialect) = *refused;
            return refuse(host, &refusal, dialect);
        }
        self.state = State::Refused(refused);
        Action::Pause
    }

    /// Sends a request on untouched.
    pub(super) fn pass<H: Host + ?Sized>(&mut self, host: &H) {
        self.state = State::Idle;
        self.count_passed(host);
        let config = &self.engine.config;
        if config.is_handing_over() && !self.is_head_gone {
            // The route's retries are for attempts: nobody knows what another one of
            // this request would do.
            host.set_request_header("x-envoy-max-retries", Some(b"0"));
        }
        if let Some(cluster) = &config.default_cluster {
            if config.is_routed_by_state() {
                host.set_property(CLUSTER, cluster.as_bytes());
            } else {
                host.set_request_header(&config.headers.cluster, Some(cluster.as_bytes()));
            }
            host.clear_route_cache();
        }
    }

    /// Does with a body that is not read what the configuration says.
    pub(super) fn not_read<H: Host + ?Sized>(
        &mut self,
        host: &H,
        unread: &Unread,
        format: Format,
    ) -> Action {
        self.state = State::Idle;
        match unread.policy(&self.engine.config) {
            BodyPolicy::PassThrough => {
                read::debug(host, || format!("passed: {}", unread.refusal().code));
                self.pass(host);
                Action::Continue
            }
            BodyPolicy::Reject => {
                let refusal = unread.refusal();
                self.count_refused(host, &refusal, None);
                refuse(host, &refusal, format.dialect())
            }
        }
    }
}

/// Answers the client here.
pub(super) fn refuse<H: Host + ?Sized>(host: &H, refusal: &Refusal, dialect: Dialect) -> Action {
    let retry_after = refusal.retry_after_s.map(|seconds| seconds.to_string());
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(retry_after.as_deref().map(|seconds| ("retry-after", seconds)));
    host.respond(u32::from(refusal.status), &headers, refusal.body(dialect).as_bytes());
    Action::Pause
}
