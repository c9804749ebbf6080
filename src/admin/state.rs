//! `GET {path}/state`: what all workers share at this moment.
//!
//! An answer is bounded, however large the configuration is: it lists one page of deployments,
//! and says after which of them the next page begins.

use crate::config::{Config, DeploymentId, GroupId, ModelId};
use crate::host::SharedData;
use crate::live::source::{self, FetchStatus};
use crate::request::format::Task;
use crate::state::cooldown::{self, Phase};
use crate::state::headroom::{Headroom, Left};
use crate::state::{Counts, Health, Record, Turn, worst};
use crate::strategy::Trait;

use super::tenants::tenants;
use super::{Desk, HttpReply, HttpRequest, Json};

/// Most deployments, and most turns, of one answer. The worker does nothing else while it
/// writes them.
const PAGE: usize = 1000;

/// Which deployments a request asks for. Without parameters these are the first [`PAGE`] of all.
struct Selection {
    /// Index of the first one.
    from: usize,
    /// Most of them in the answer.
    most: usize,
    deployment: Option<DeploymentId>,
    provider: Option<String>,
}

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Answers with what the workers share, for the deployments that the query selects: their
    /// health, counts and limits, and on the first page the turns.
    #[inline(never)]
    pub(super) fn state(&self, request: &HttpRequest<'_>) -> Result<HttpReply, HttpReply> {
        request.reads()?;
        let selection = self.selection(request)?;
        let config = self.config;
        let is_wanted = |at: &usize| {
            let of = config.provider(config.deployment(DeploymentId(*at)).provider);
            selection.deployment.is_none_or(|id| id.0 == *at)
                && selection.provider.as_ref().is_none_or(|provider| *provider == of.name)
        };
        // Lazy: of the next page only the first deployment is looked at, to see whether there is
        // one.
        let mut wanted = (selection.from..config.deployments.len()).filter(is_wanted);
        let is_first = selection.from == 0;
        Ok(HttpReply::object(|json| {
            json.key("version").text(env!("CARGO_PKG_VERSION"));
            json.key("document").text(&config.document_hash);
            json.key("role").text("router");
            json.key("now_ms").number(self.now_ms);
            json.key("max_attempts").number(u64::from(config.failover.max_attempts));
            json.key("cooldown_enabled").flag(config.cooldown.enabled);
            json.key("dropped_updates").number(self.fleet.dropped(self.shared));
            if let Some(from) = &config.route_source {
                let status = source::status(self.shared, from);
                json.key("route_source").object(|json| route_source(json, &status, self.now_ms));
            }
            json.key("deployments").list(|json| {
                for at in wanted.by_ref().take(selection.most) {
                    let id = DeploymentId(at);
                    let record = self.fleet.record(self.shared, id);
                    json.object(|json| deployment(json, config, id, &record, self.now_ms));
                }
            });
            // Pages go on after an id and not at a place, so that a deployment which is added
            // meanwhile shifts nothing.
            let next = wanted.next().and_then(|at| config.deployments.get(at.checked_sub(1)?));
            match next {
                Some(last) => json.key("next").text(&last.id),
                None => json.key("next").null(),
            }
            // Turns are of models, so they would be the same on each page.
            if is_first {
                json.key("turns").list(|json| self.turns(json));
                if let Some(table) = self.tenants {
                    let (shared, now_ms) = (self.shared, self.now_ms);
                    json.key("tenants").object(|json| tenants(json, table, shared, now_ms));
                }
            }
        }))
    }

    /// Returns the selection that a request's query makes.
    ///
    /// # Errors
    /// The reply to a parameter that is not known, or whose value is not possible.
    fn selection(&self, request: &HttpRequest<'_>) -> Result<Selection, HttpReply> {
        let mut selection = Selection { from: 0, most: PAGE, deployment: None, provider: None };
        for (name, value) in request.parameters() {
            match name.as_str() {
                "deployment" => selection.deployment = Some(self.deployment(&value, &name)?),
                "provider" => {
                    if !self.config.providers.iter().any(|known| known.name == value) {
                        let message = "there is no provider with this name";
                        return Err(HttpReply::error(404, message, Some(&name)));
                    }
                    selection.provider = Some(value);
                }
                "after" => {
                    // Deployments are sorted by id. The one with this id need no longer exist.
                    let is_before = |known: &crate::config::Deployment| known.id <= value;
                    selection.from = self.config.deployments.partition_point(is_before);
                }
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=PAGE).contains(limit));
                    selection.most = limit.ok_or_else(|| {
                        let message = format!("expected a number from 1 to {PAGE}");
                        HttpReply::error(400, &message, Some(&name))
                    })?;
                }
                _ => {
                    let message = "unknown parameter; allowed: deployment, provider, after, limit";
                    return Err(HttpReply::error(400, message, Some(&name)));
                }
            }
        }
        Ok(selection)
    }

    /// Writes the turns of models and variants whose strategy takes them: the number of the
    /// next one among all candidates, and among some of them where others are not eligible.
    fn turns(&self, json: &mut Json) {
        let models = self.config.models.iter().enumerate();
        let groups = models.flat_map(|(model, described)| {
            described
                .groups
                .iter()
                .enumerate()
                .map(move |(at, group)| (model, described, at, group))
        });
        let in_turns = groups.filter(|(.., group)| group.strategy.has(Trait::TakesTurn));
        for (model, described, at, group) in in_turns.take(PAGE) {
            let count = |is_narrowed| {
                let turn = Turn { model: ModelId(model), group: GroupId(at), is_narrowed };
                self.fleet.next_turn(self.shared, turn)
            };
            json.object(|json| {
                json.key("model").text(&described.name);
                if let Some(key) = &group.key {
                    json.key("variant").text(key);
                }
                json.key("all").number(count(false));
                json.key("some").number(count(true));
            });
        }
    }
}

/// Writes the members of one deployment: what it is, how well it does, and what limits it.
pub(super) fn deployment(
    json: &mut Json,
    config: &Config,
    id: DeploymentId,
    record: &Record,
    now_ms: u64,
) {
    let described = config.deployment(id);
    json.key("id").text(&described.id);
    json.key("provider").text(&config.provider(described.provider).name);
    json.key("upstream_model").text(&described.upstream_model);
    json.key("enabled").flag(described.enabled);
    json.key("drained").flag(record.is_drained());
    operations(json, config, record, now_ms);
    json.key("in_flight").number(u64::from(record.flight.count(now_ms)));
    json.key("minute").object(|json| counts(json, &record.this_minute(now_ms)));
    json.key("total").object(|json| counts(json, &record.total));
    average(json.key("first_byte_ms"), record.first_byte_ms);
    average(json.key("answer_ms"), record.answer_ms);
    json.key("limits").object(|json| {
        let limits = [
            ("parallel", described.max_parallel_requests),
            ("rpm", described.rpm_limit),
            ("tpm", described.tpm_limit),
        ];
        // What is not limited is not mentioned.
        for (name, limit) in limits {
            if let Some(limit) = limit {
                json.key(name).number(u64::from(limit));
            }
        }
    });
    let Headroom { requests, tokens, .. } = record.headroom;
    json.key("headroom").object(|json| {
        for (name, left) in [("requests", requests), ("tokens", tokens)] {
            if let Some(left) = left.known() {
                json.key(name).object(|json| headroom(json, &record.headroom, left, now_ms));
            }
        }
    });
}

/// Writes how well the operations of a deployment do. The one that does worst stands for the
/// deployment. Those that are not healthy are listed.
fn operations(json: &mut Json, config: &Config, record: &Record, now_ms: u64) {
    let settings = &config.cooldown;
    let of = |task| (cooldown::phase(&record.health(task), now_ms, settings), record.health(task));
    let (phase, worst) = worst(record, settings, now_ms);
    health(json, phase, &worst);
    let failures = record.healths().map(|(_, health)| health.consecutive_failures).max();
    json.key("consecutive_failures").number(u64::from(failures.unwrap_or_default()));
    let is_unwell = |(task, known): &(Task, &Health)| {
        of(*task).0 != Phase::Healthy || known.consecutive_failures > 0
    };
    // Which operation it is matters only where one is not well.
    if record.healths().any(|known| is_unwell(&known)) {
        json.key("operations").list(|json| {
            for (task, known) in record.healths().filter(is_unwell) {
                json.object(|json| {
                    json.key("operation").text(task.name());
                    health(json, of(task).0, known);
                    let failures = u64::from(known.consecutive_failures);
                    json.key("consecutive_failures").number(failures);
                });
            }
        });
    }
}

/// Writes the health of an operation and, unless it is well, its cooldown: how many milliseconds
/// are left, and which outcome caused it.
fn health(json: &mut Json, phase: Phase, health: &Health) {
    json.key("health").text(match phase {
        // Failures that are too few to cool it, until a success comes.
        Phase::Healthy if health.consecutive_failures > 0 => "degraded",
        Phase::Healthy => "healthy",
        Phase::Cooling(_) => "cooling",
        Phase::HalfOpen => "half_open",
    });
    if phase != Phase::Healthy {
        json.key("cooldown").object(|json| {
            let left_ms = if let Phase::Cooling(left_ms) = phase { left_ms } else { 0 };
            json.key("left_ms").number(left_ms);
            json.key("cause").text(&cooldown::cause(health));
        });
    }
}

/// Writes how fetching from the route source has gone: how long ago it last said which routes
/// hold, when it was last asked, and what was wrong.
fn route_source(json: &mut Json, status: &FetchStatus, now_ms: u64) {
    let FetchStatus { confirmed_ms, asked_ms, error } = status;
    // A time of 0 is before the first fetch.
    let mut ago = |key: &str, at_ms: u64| match at_ms {
        0 => json.key(key).null(),
        at_ms => json.key(key).number(now_ms.saturating_sub(at_ms)),
    };
    ago("age_ms", *confirmed_ms);
    ago("asked_ms_ago", *asked_ms);
    match error.as_str() {
        "" => json.key("error").null(),
        error => json.key("error").text(error),
    }
}

/// Writes what is counted of a deployment's attempts.
fn counts(json: &mut Json, counts: &Counts) {
    json.key("attempts").number(counts.attempts);
    json.key("successes").number(counts.successes);
    json.key("failures").number(counts.failures);
    json.key("tokens").number(counts.tokens);
}

/// Writes a moving average in milliseconds; `null` where none is known, which is kept as 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, not below 0")]
fn average(json: &mut Json, average: f32) {
    if average > 0.0 { json.number(average.round() as u64) } else { json.null() }
}

/// Writes what the provider said is left of one limit, and in how many milliseconds it resets.
fn headroom(json: &mut Json, headroom: &Headroom, left: Left, now_ms: u64) {
    json.key("remaining").number(u64::from(left.remaining));
    match left.limit {
        0 => json.key("limit").null(),
        limit => json.key("limit").number(u64::from(limit)),
    }
    json.key("reset_ms").number(headroom.left_ms(left, now_ms));
}
