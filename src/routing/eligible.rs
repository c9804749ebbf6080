//! Whether a candidate may serve a request now, and if not, why.
//!
//! Checks run in a fixed order and the first that fails is the reason. Those
//! that depend on the request alone come before those that ask shared state,
//! so that state is only read of candidates that could serve at all.

use std::fmt;

use crate::condition::Subject;
use crate::config::{ModelFacts, StrategyName, TagMatch};
use crate::request::facts::RequestFacts;
use crate::state::{Fleet, Standing};

use super::candidate::{Candidate, Set};
use super::{Request, Server, price};

/// Why a candidate may not serve.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Disabled,
    Format,
    Provider,
    Tags,
    Strategy(&'static str),
    Capability(String),
    Cost { estimate: f64, limit: f64 },
    Cooling { left_ms: u64, cause: String },
}

impl Block {
    /// Whether the request narrowed the set, rather than the configuration or the moment.
    pub(super) const fn is_by_request(&self) -> bool {
        matches!(
            self,
            Self::Format | Self::Provider | Self::Tags | Self::Capability(_) | Self::Cost { .. }
        )
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("disabled"),
            Self::Format => f.write_str("its provider does not speak the request's format"),
            Self::Provider => f.write_str("the request asks for another provider"),
            Self::Tags => f.write_str("its tags do not match the request's"),
            Self::Strategy(reason) => f.write_str(reason),
            Self::Capability(reason) => f.write_str(reason),
            Self::Cost { estimate, limit } => {
                write!(f, "estimated cost ${estimate:.6} is over the limit of ${limit}")
            }
            #[expect(clippy::cast_precision_loss, reason = "cooldowns are minutes long")]
            Self::Cooling { left_ms, cause } => {
                write!(f, "cooling for {:.1} s after {cause}", *left_ms as f64 / 1000.0)
            }
        }
    }
}

/// A candidate with its cost and what stands in its way.
#[derive(Debug)]
pub(super) struct Considered<'a> {
    pub(super) candidate: Candidate<'a>,
    pub(super) block: Option<Block>,
}

/// Looks at every candidate of a set.
pub(super) fn consider<'a>(
    request: Request<'_>,
    subject: &Subject<'_>,
    set: &Set<'a>,
    max_cost_usd: Option<f64>,
    fleet: &mut dyn Fleet,
) -> Vec<Considered<'a>> {
    let mut considered = Vec::with_capacity(set.candidates.len());
    for candidate in &set.candidates {
        let mut candidate = candidate.clone();
        candidate.entry.cost_usd = price::estimate(request.facts, candidate.model_facts);
        let block = static_block(request, subject, set, &candidate)
            .or_else(|| over_limit(candidate.entry.cost_usd, max_cost_usd))
            .or_else(|| cooling(&candidate.server, fleet));
        considered.push(Considered { candidate, block });
    }
    considered
}

fn static_block(
    request: Request<'_>,
    subject: &Subject<'_>,
    set: &Set<'_>,
    candidate: &Candidate<'_>,
) -> Option<Block> {
    let Request { config, facts, controls, .. } = request;
    let provider = config.provider(candidate.server.provider(config));
    let deployment = match &candidate.server {
        Server::Deployment(id) => Some(config.deployment(*id)),
        Server::Direct(..) => None,
    };
    if deployment.is_some_and(|deployment| !deployment.enabled) {
        return Some(Block::Disabled);
    }
    if !provider.speaks(facts.format) {
        return Some(Block::Format);
    }
    if controls.provider.as_ref().is_some_and(|pinned| *pinned != provider.name) {
        return Some(Block::Provider);
    }
    let tags = deployment.map(|deployment| deployment.tags.as_slice()).unwrap_or_default();
    if !tags_match(set.tag_match, &facts.tags, tags) {
        return Some(Block::Tags);
    }
    if set.strategy == StrategyName::Rules
        && !candidate.rules.iter().any(|rule| rule.matches(subject))
    {
        return Some(Block::Strategy("none of its rules holds"));
    }
    if set.strategy == StrategyName::Weighted && candidate.entry.weight == 0 {
        return Some(Block::Strategy("its weight is 0"));
    }
    incapable(facts, candidate.model_facts).map(Block::Capability)
}

/// A request without tags is not restricted.
fn tags_match(mode: TagMatch, requested: &[String], held: &[String]) -> bool {
    requested.is_empty()
        || match mode {
            TagMatch::Off => true,
            TagMatch::Any => requested.iter().any(|tag| held.contains(tag)),
            TagMatch::All => requested.iter().all(|tag| held.contains(tag)),
        }
}

/// What the upstream model is known not to take; what is not known it takes.
fn incapable(facts: &RequestFacts, model: &ModelFacts) -> Option<String> {
    let needs = [
        (facts.has_images, model.vision, "images"),
        (facts.has_audio, model.audio, "audio"),
        (facts.has_files, model.files, "files"),
        (facts.has_tools, model.tools, "tools"),
        (facts.json_mode, model.json_mode, "a JSON response format"),
    ];
    if let Some((.., thing)) =
        needs.into_iter().find(|(needed, can, _)| *needed && *can == Some(false))
    {
        return Some(format!("does not take {thing}"));
    }
    let output = facts.max_output_tokens.unwrap_or(0);
    if let Some(most) = model.max_output_tokens.filter(|most| output > *most) {
        return Some(format!("answers at most {most} tokens, the request allows {output}"));
    }
    let needed = facts.input_tokens_estimate.saturating_add(output);
    let window = model.context_window.filter(|window| needed > *window)?;
    Some(format!("its context window holds {window} tokens, the request needs about {needed}"))
}

fn over_limit(cost_usd: Option<f64>, limit: Option<f64>) -> Option<Block> {
    let (estimate, limit) = (cost_usd?, limit?);
    (estimate > limit).then_some(Block::Cost { estimate, limit })
}

fn cooling(server: &Server, fleet: &mut dyn Fleet) -> Option<Block> {
    let Server::Deployment(id) = server else { return None };
    match fleet.standing(*id) {
        Standing::Ready => None,
        Standing::Cooling { left_ms, cause } => Some(Block::Cooling { left_ms, cause }),
    }
}
