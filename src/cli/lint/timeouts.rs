//! Compares the time that Envoy's route gives each attempt with the `timeouts` of the document.

use crate::config::{Config, Deployment, Hold};

use super::code::LintCode;
use super::report::LintReport;
use crate::yaml::At;

/// Checks `per_try_timeout` of a retry policy.
///
/// The filter replaces it for a request if every deployment of the plan has a time to its first
/// content. It applies to all other requests.
pub(super) fn check(at: &At, config: &Config, report: &mut LintReport) {
    differing(at, config, report);
    let seconds = at.seconds().unwrap_or(0.0);
    if seconds <= 0.0 {
        if has_untimed(config) {
            report.warning(
                LintCode::PerTryTimeout,
                at,
                "Envoy waits forever for a provider that accepts a request and does not answer",
                "set per_try_timeout to the longest time until the first content, such as 120s",
            );
        }
        return;
    }
    let first_s = |one: &Deployment| one.timeouts.first_content_ms().map(in_seconds);
    let all = config.deployments.iter();
    let longer = all.filter_map(|one| Some((one, first_s(one).filter(|it| *it > seconds)?)));
    let longest = longer.max_by(|(_, one), (_, other)| one.total_cmp(other));
    if let Some((deployment, first_s)) = longest.filter(|_| has_untimed(config)) {
        report.warning(
            LintCode::FirstTokenTime,
            at,
            format!(
                "this is {seconds} s, but \"{}\" may take {first_s} s until its first content; \
                 Envoy ends its attempt too early if the plan also has a deployment without \
                 first_token_ms",
                deployment.id
            ),
            format!("set per_try_timeout: {first_s}s, or set first_token_ms for every deployment"),
        );
    }
}

/// Warns of models whose deployments have different times to their first content. Until the head of an
/// answer has come, Envoy has only one such time for all attempts of a request.
fn differing(at: &At, config: &Config, report: &mut LintReport) {
    let all = config.models.iter().flat_map(|model| {
        model.groups.iter().filter_map(move |group| {
            let of = group.candidates.iter().map(|one| config.deployment(one.deployment));
            let timed = of.filter_map(|one| Some((one, one.timeouts.first_content_ms()?)));
            let (shortest, first_ms) = timed.clone().min_by_key(|(_, first_ms)| *first_ms)?;
            let (longest, last_ms) = timed.max_by_key(|(_, first_ms)| *first_ms)?;
            (first_ms < last_ms).then_some((model, (shortest, first_ms), (longest, last_ms)))
        })
    });
    for (model, (shortest, first_ms), (longest, last_ms)) in all {
        let last_s = in_seconds(last_ms);
        report.warning(
            LintCode::FirstTokenDiffers,
            at,
            format!(
                "\"{}\" of model \"{}\" may take {} s until its first content, and \"{}\" may \
                 take {last_s} s; if the first sends no byte at all, Envoy waits {last_s} s for \
                 it too",
                shortest.id,
                model.name,
                in_seconds(first_ms),
                longest.id,
            ),
            "set the same first_token_ms for all deployments of the model",
        );
    }
}

/// Returns whether some attempts have no time but that of Envoy's route.
fn has_untimed(config: &Config) -> bool {
    let is_untimed = |one: &Deployment| one.timeouts.first_content_ms().is_none();
    // Clients may name a provider and a model, and then the provider's times hold.
    let is_bare = || config.providers.iter().any(|one| one.timeouts.first_content_ms().is_none());
    config.hold != Hold::StopIteration
        || config.deployments.iter().any(is_untimed)
        || (config.allow_direct && is_bare())
}

#[expect(clippy::cast_precision_loss, reason = "shown, and below 2^53")]
fn in_seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
