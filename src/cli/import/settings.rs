//! The router's settings. LiteLLM reads most of them in `router_settings` and in
//! `litellm_settings`; the first counts.

use super::place::Place;
use super::times::timeouts;
use crate::yaml::Ordered;

/// The longest cooldown unless the document says another.
const LONGEST_COOLDOWN_MS: u64 = 300_000;
/// Failures in a row that cool a deployment unless the document says another number.
const IN_A_ROW: u64 = 5;

/// LiteLLM's strategies, and those of the same meaning here.
pub(in crate::cli) const STRATEGIES: [(&str, &str); 6] = [
    ("simple-shuffle", "weighted"),
    ("least-busy", "least_busy"),
    ("usage-based-routing", "usage_based"),
    ("usage-based-routing-v2", "usage_based"),
    ("latency-based-routing", "latency_based"),
    ("cost-based-routing", "cost_based"),
];

/// LiteLLM's settings for what is told of each request.
const CALLBACKS: [&str; 4] =
    ["success_callback", "failure_callback", "callbacks", "service_callbacks"];

/// The settings of the file.
pub(super) struct Settings {
    router: Place,
    module: Place,
    general: Place,
}

impl Settings {
    pub(super) fn of(root: &Place) -> Self {
        let section = |name| {
            let section = root.member(name);
            section.mark();
            section
        };
        Self {
            router: section("router_settings"),
            module: section("litellm_settings"),
            general: section("general_settings"),
        }
    }

    /// Returns the place of a setting of the router.
    pub(super) fn get(&self, key: &str) -> Place {
        let (own, other) = (self.router.member(key), self.module.member(key));
        if !own.is_there() {
            return other;
        }
        if other.is_there() {
            other.report("is in router_settings too, which counts");
        }
        own
    }

    /// Returns the strategy of models with several candidates.
    pub(super) fn strategy(&self) -> &'static str {
        let place = self.get("routing_strategy");
        let Some(name) = place.resolved() else { return "weighted" };
        let known = STRATEGIES.iter().find(|(theirs, _)| *theirs == name);
        match known {
            Some((_, "cost_based")) => {
                place.report_once(
                    "goes by the prices in the document; add them with `pointsman catalog PRICES --config DOCUMENT`",
                );
                "cost_based"
            }
            Some((_, ours)) => ours,
            None => {
                place.report_once("has no counterpart; candidates are drawn by weight instead");
                "weighted"
            }
        }
    }

    /// Returns the most requests at a time of deployments that do not say it.
    pub(super) fn parallel(&self) -> Option<u64> {
        let place = self.get("default_max_parallel_requests");
        let place =
            if place.is_there() { place } else { self.general.member("max_parallel_requests") };
        place.number()
    }

    /// Returns how tags of requests restrict candidates; `None` where they do not.
    pub(super) fn tag_match(&self) -> Option<&'static str> {
        let is_any = self.get("tag_filtering_match_any").flag().unwrap_or(true);
        let is_on = self.get("enable_tag_filtering").flag()?;
        is_on.then_some(if is_any { "any" } else { "all" })
    }

    /// Returns the times of all providers.
    pub(super) fn timeouts(&self) -> Ordered {
        let whole = self.get("timeout");
        let request = self.get("request_timeout");
        if whole.is_there() && request.is_there() {
            request.report("is left out: timeout of the router is the same and counts");
        }
        let whole = if whole.is_there() { whole } else { request };
        let stream = self.get("stream_timeout");
        let times = timeouts(&whole, &stream);
        if !times.is_empty() {
            let first = if whole.is_there() { whole } else { stream };
            first.report(
                "is written into each provider, because a document has no timeouts for all of them; those of a \
                 deployment come first",
            );
        }
        times
    }

    /// Returns when deployments cool.
    pub(super) fn cooldown(&self) -> Ordered {
        let mut cooldown = Ordered::object();
        let time = self.get("cooldown_time");
        let is_off = self.get("disable_cooldowns").flag() == Some(true);
        let is_zero = time.resolved().and_then(|text| text.parse::<f64>().ok()) == Some(0.0);
        if is_off || is_zero {
            cooldown.set("enabled", false);
        }
        if let Some(fails) = self.get("allowed_fails").number() {
            // LiteLLM's number is allowed, the one here trips.
            let trips = fails.saturating_add(1).min(u64::from(u32::MAX));
            if trips >= IN_A_ROW {
                cooldown.set("consecutive_failures", trips);
            }
            cooldown.set("allowed_fails", trips);
        }
        if let Some(ms) = time.milliseconds().filter(|_| !is_zero) {
            cooldown.set("time_ms", ms);
            if ms > LONGEST_COOLDOWN_MS {
                cooldown.set("max_time_ms", ms);
            }
        }
        cooldown
    }

    /// Returns how much a translation may leave out.
    pub(super) fn translate(&self) -> &'static str {
        let place = self.module.member("drop_params");
        if place.flag() != Some(true) {
            return "strict";
        }
        place.report(
            "becomes translate: lenient, which leaves settings out of requests that are translated to another \
             API. A provider with the client's API gets every parameter as it is, even one that it does not know; \
             null in request_overrides of a deployment removes one: {\"reasoning_effort\": null}",
        );
        "lenient"
    }

    /// Whether the file has requests logged or counted somewhere.
    pub(super) fn logs(&self) -> bool {
        CALLBACKS.iter().any(|key| self.module.member(key).is_there())
    }

    /// Returns the limits of requests.
    pub(super) fn limits(&self) -> Ordered {
        let mut limits = Ordered::object();
        let place = self.general.member("max_request_size_mb");
        let bytes = place.number().and_then(|mb| mb.checked_mul(1 << 20));
        match bytes {
            Some(bytes) if (1..=1 << 30).contains(&bytes) => limits.set("max_body_bytes", bytes),
            Some(_) => place.report("is no limit here; wanted 1 to 1024"),
            None => {}
        }
        limits
    }

    /// Reports what is always so here, and its opposite.
    pub(super) fn usual(&self) {
        let checks = self.get("enable_pre_call_checks");
        match checks.flag() {
            Some(true) => checks.report(
                "is always so where a context window is known; `pointsman catalog` adds those of LiteLLM's list \
                 (docs/migrating.md)",
            ),
            Some(false) => checks.report(
                "has no counterpart: a request that does not fit a known context window never goes there",
            ),
            None => {}
        }
    }
}
