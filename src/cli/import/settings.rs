//! The router's settings. LiteLLM reads most of them in `router_settings` and in
//! `litellm_settings`; the first counts.

use super::models::timeouts;
use super::place::Place;
use crate::cli::yaml::Ordered;

/// LiteLLM's number of retries where the file has none.
const RETRIES: u64 = 2;
/// The longest cooldown unless the document says another.
const LONGEST_COOLDOWN_MS: u64 = 300_000;
/// Failures in a row that cool a deployment unless the document says another number.
const IN_A_ROW: u64 = 5;

/// LiteLLM's strategies, and those of the same meaning here.
const STRATEGIES: [(&str, &str); 6] = [
    ("simple-shuffle", "weighted"),
    ("least-busy", "least_busy"),
    ("usage-based-routing", "usage_based"),
    ("usage-based-routing-v2", "usage_based"),
    ("latency-based-routing", "latency_based"),
    ("cost-based-routing", "cost_based"),
];

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
            request.report("is the same as timeout of the router, which counts");
        }
        timeouts(if whole.is_there() { &whole } else { &request }, &self.get("stream_timeout"))
    }

    /// Returns how requests go on to other deployments. `sizes`: how many candidates each model has;
    /// `longest`: the most fallbacks of one.
    pub(super) fn failover(&self, sizes: &[(String, usize)], longest: u64) -> Ordered {
        let place = self.get("num_retries");
        let retries = place.number().unwrap_or(RETRIES);
        // Every model that a request goes on to is tried as often as the first.
        let attempts = retries.saturating_add(1).saturating_mul(longest.saturating_add(1));
        if attempts < 2 {
            place.report(
                "is 0, but the attempt filter translates, so failover.max_attempts is 2: after a failure \
                 another deployment of the model is tried once",
            );
        }
        let mut failover = Ordered::with([("max_attempts", attempts.clamp(2, 100).into())]);
        let single: Vec<&str> =
            sizes.iter().filter(|(_, size)| *size == 1).map(|(name, _)| name.as_str()).collect();
        if single.len() == sizes.len() {
            if retries > 0 {
                failover.set("retries_per_deployment", retries.min(100));
            }
        } else if !single.is_empty() && retries > 0 && place.is_there() {
            place.report(format!(
                "goes to the next deployment each time, so models with one deployment are not tried again ({}); \
                 failover.retries_per_deployment tries each deployment of every model again",
                single.join(", ")
            ));
        }
        failover
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
        match self.module.member("drop_params").flag() {
            Some(true) => "lenient",
            _ => "strict",
        }
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

    /// Reads what is always so here. The opposite is reported.
    pub(super) fn usual(&self) {
        let checks = self.get("enable_pre_call_checks");
        if checks.flag() == Some(false) {
            checks.report("has no counterpart: a request that does not fit a known context window never goes there");
        }
    }
}
