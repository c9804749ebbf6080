//! Times that an attempt may take: where they can be kept, and which contradict each other.

use super::super::error::{Diagnostics, Path};
use super::super::raw::{Raw, Settings};
use super::super::settings::Hold;
use super::super::timeouts::Timeouts;
use super::lists::given;

/// Checks the times of providers and of models in the catalogue.
#[inline(never)]
pub(super) fn check(raw: &Raw, findings: &mut Diagnostics) {
    let providers = Path::Root.key("providers");
    for (name, provider) in given(&raw.providers) {
        check_at(&providers.key(name), provider.timeouts, &raw.settings, findings);
    }
    let catalog = Path::Root.key("catalog");
    for (name, model) in given(&raw.catalog) {
        check_at(&catalog.key(name), model.timeouts, &raw.settings, findings);
    }
}

/// Warns of times that have no effect, and refuses those that cannot be kept or contradict each other.
/// `at` is what has them.
pub(super) fn check_at(
    at: &Path<'_>,
    times: Timeouts,
    settings: &Settings,
    findings: &mut Diagnostics,
) {
    if times == Timeouts::default() {
        return;
    }
    let at = at.key("timeouts");
    if !settings.failover.has_attempts() {
        let message = "have no effect without an attempt filter, which measures them; set \
                       failover.max_attempts above 1, or \"failover\": {\"attempt_filter\": true}";
        findings.warn(&at, message);
        return;
    }
    let Timeouts { first_token_ms, idle_ms, total_ms } = times;
    let first = at.key("first_token_ms");
    if first_token_ms.is_some() && settings.hold == Hold::BufferFilter {
        let message = "does not work with \"hold\": \"buffer_filter\", because no answer is held \
                       until its first content; set per_try_timeout in Envoy's route instead, or \
                       set \"hold\": \"stop_iteration\"";
        findings.problem(&first, message);
    }
    if let Some((first_ms, total_ms)) = first_token_ms.zip(total_ms).filter(|(a, b)| a > b) {
        let message = format!(
            "{first_ms} is above total_ms, {total_ms}, which ends the attempt first; set it to \
             {total_ms} or less, or remove it"
        );
        findings.problem(&first, message);
    }
    if let Some((_, total_ms)) = idle_ms.zip(total_ms).filter(|(a, b)| a >= b) {
        let message = format!(
            "has no effect, because total_ms, {total_ms}, ends the attempt first; set it below \
             {total_ms}, or remove it"
        );
        findings.warn(&at.key("idle_ms"), message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config::parse;

    #[test]
    fn a_pause_that_cannot_be_over_in_time_is_told() {
        for (idle_ms, is_told) in [(4999, false), (5000, true), (9000, true)] {
            let document = json!({
                "providers": {"p": {"cluster": "c"}},
                "deployments": {"a": {"provider": "p", "model": "m", "timeouts": {
                    "idle_ms": idle_ms, "total_ms": 5000
                }}},
                "models": {"m": {"candidates": ["a"]}},
                "failover": {"max_attempts": 2},
                "default_cluster": "d"
            });
            let found = parse(document.to_string().as_bytes()).unwrap().warnings;
            let told = "deployments.a.timeouts.idle_ms: has no effect, because total_ms, 5000, ends the attempt first; set it below 5000, or remove it";
            let wanted = if is_told { vec![told] } else { Vec::new() };
            assert_eq!(found, wanted, "{idle_ms}");
        }
    }
}
