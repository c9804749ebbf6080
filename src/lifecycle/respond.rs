//! What a response does: its outcome is recorded, its headers name who served.

use log::Level;

use crate::host::Host;
use crate::response::outcome::{self, Head};
use crate::routing::{Decision, Server, Step};
use crate::state::cooldown::Transition;
use crate::state::outcome::Report;

use super::engine::Engine;
use super::headers::value;
use super::stream::{Stream, millis};

impl Stream {
    /// Takes the head of the response to a request that was sent.
    pub(super) fn respond<H: Host + ?Sized>(&self, host: &H, decision: &Decision) {
        let engine = &*self.engine;
        let Some(step) = decision.plan.first() else { return };
        let status = status(host);
        // The one answer below 400 that Envoy makes itself is asked for by a header that
        // is withheld from judged requests.
        let details =
            (status >= 400).then(|| host.property(&["response", "code_details"])).flatten();
        let provider = step.server.provider(&engine.config);
        let now_ms = millis(host.now());
        let [retry_after, retry_after_ms] = ["retry-after", "retry-after-ms"].map(|name| {
            let value = (status >= 400).then(|| host.response_header(name)).flatten();
            value.and_then(|value| String::from_utf8(value).ok())
        });
        let report = outcome::report(&Head {
            status,
            details: details.as_deref().and_then(|details| str::from_utf8(details).ok()),
            has_own_credential: engine.secret(provider).is_some(),
            retry_after: retry_after.as_deref(),
            retry_after_ms: retry_after_ms.as_deref(),
            now_ms,
        });
        if let Some(report) = report {
            record(host, engine, step, report, now_ms);
        }
        if engine.config.response_headers {
            name_server(host, engine, decision, step, report.map(attempt));
        }
    }
}

fn status<H: Host + ?Sized>(host: &H) -> u16 {
    let status = host.response_header(":status").unwrap_or_default();
    str::from_utf8(&status).ok().and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// How an attempt is written in the attempts header: the provider's status, or what happened.
fn attempt(report: Report) -> String {
    match report.status {
        0 => report.outcome.name().to_owned(),
        status => status.to_string(),
    }
}

fn record<H: Host + ?Sized>(host: &H, engine: &Engine, step: &Step, report: Report, now_ms: u64) {
    let Server::Deployment(id) = step.server else { return };
    let name = &engine.config.deployment(id).id;
    match engine.fleet.record(host, &engine.config, id, report, now_ms) {
        Ok(Some(Transition::Cooled(ms))) => {
            let cause = if report.status == 0 {
                report.outcome.name().to_owned()
            } else {
                format!("{} ({})", report.outcome.name(), report.status)
            };
            let line = format!("deployment \"{name}\" cools for {ms} ms after {cause}");
            host.log(Level::Info, &line);
        }
        Ok(Some(Transition::Recovered)) => {
            host.log(Level::Info, &format!("deployment \"{name}\" is healthy again"));
        }
        Ok(None) => {}
        Err(_) => engine.count_exhausted(host, 1),
    }
}

fn name_server<H: Host + ?Sized>(
    host: &H,
    engine: &Engine,
    decision: &Decision,
    step: &Step,
    attempt: Option<String>,
) {
    let config = &engine.config;
    let names = &config.headers;
    let deployment = step.server.name(config);
    let deployment = value(&deployment);
    let set = |name: &str, text: &str| host.set_response_header(name, Some(text.as_bytes()));
    set(&names.model, &value(&step.model));
    set(&names.deployment, &deployment);
    set(&names.provider, &value(&config.provider(step.server.provider(config)).name));
    match attempt {
        Some(attempt) => set(&names.attempts, &format!("{deployment}={attempt}")),
        // Envoy answered without an attempt.
        None => host.set_response_header(&names.attempts, None),
    }
    match decision.route {
        Some(route) => set(&names.route, &value(&config.route(route).name)),
        None => host.set_response_header(&names.route, None),
    }
}
