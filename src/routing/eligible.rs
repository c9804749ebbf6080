//! Whether a candidate may serve a request now, and if not, why.
//!
//! Checks run in a fixed order and the first that fails is the reason. Those
//! that depend on the request alone come before those that ask shared state,
//! so that state is only read of candidates that could serve at all. A check
//! that hangs on what is not known of the request yet says so instead.

use std::fmt;

use crate::condition::{self, Cost, Subject};
use crate::config::{ModelFacts, TagMatch};
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::state::{Limit, Standing, World};
use crate::strategy::Trait;

use super::candidate::{Candidate, Set};
use super::{Asker, Need, Request, Server, price};

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
    Drained,
    Cooling { left_ms: u64, cause: String },
    Limited { limit: Limit, wait_ms: u64 },
}

impl From<Standing> for Option<Block> {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ready => None,
            Standing::Drained => Some(Block::Drained),
            Standing::Cooling { left_ms, cause } => Some(Block::Cooling { left_ms, cause }),
            Standing::Limited { limit, wait_ms } => Some(Block::Limited { limit, wait_ms }),
        }
    }
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
            Self::Drained => f.write_str("drained"),
            #[expect(clippy::cast_precision_loss, reason = "cooldowns are minutes long")]
            Self::Cooling { left_ms, cause } => {
                write!(f, "cooling for {:.1} s after {cause}", *left_ms as f64 / 1000.0)
            }
            Self::Limited { limit, .. } => limit.fmt(f),
        }
    }
}

/// A candidate with its cost and what stands in its way.
#[derive(Debug)]
pub(super) struct Considered<'a> {
    pub(super) candidate: Candidate<'a>,
    pub(super) cost: Option<Cost>,
    pub(super) block: Option<Block>,
}

/// Looks at every candidate of a set; whether one cools is still to be asked.
///
/// # Errors
/// What is to be known of the request first.
pub(super) fn consider<'a>(
    request: Request<'_>,
    subject: &Subject<'_>,
    set: &Set<'a>,
    max_cost_usd: Option<f64>,
) -> Result<Vec<Considered<'a>>, Need> {
    let mut considered = Vec::with_capacity(set.candidates.len());
    for candidate in &set.candidates {
        let need = |what| Need { of: Asker::Candidate(candidate.server.clone()), what };
        let cost = price::estimate(request.facts, candidate.model_facts);
        let block = match static_block(request, subject, set, candidate).map_err(need)? {
            Some(block) => Some(block),
            None => over_limit(cost, max_cost_usd).map_err(need)?,
        };
        if block.is_none() && is_unplaced(request.facts, candidate) {
            return Err(need("has request_overrides"));
        }
        considered.push(Considered { candidate: candidate.clone(), cost, block });
    }
    Ok(considered)
}

/// Whether the candidate changes members of the body whose places are not known yet.
fn is_unplaced(facts: &RequestFacts, candidate: &Candidate<'_>) -> bool {
    facts.unseen.has(Fact::Members) && !candidate.overrides.0.is_empty()
}

/// The first check that the request or the configuration fails; an error is what
/// is to be known first.
fn static_block(
    request: Request<'_>,
    subject: &Subject<'_>,
    set: &Set<'_>,
    candidate: &Candidate<'_>,
) -> Result<Option<Block>, &'static str> {
    let Request { config, facts, controls, .. } = request;
    let provider = config.provider(candidate.server.provider(config));
    let deployment = match &candidate.server {
        Server::Deployment(id) => Some(config.deployment(*id)),
        Server::Direct(..) => None,
    };
    if deployment.is_some_and(|deployment| !deployment.enabled) {
        return Ok(Some(Block::Disabled));
    }
    if !provider.speaks(facts.format) {
        return Ok(Some(Block::Format));
    }
    if controls.provider.as_ref().is_some_and(|pinned| *pinned != provider.name) {
        return Ok(Some(Block::Provider));
    }
    let tags = deployment.map(|deployment| deployment.tags.as_slice()).unwrap_or_default();
    if set.tag_match != TagMatch::Off && facts.unseen.has(Fact::Tags) {
        return Err("is picked by tags");
    }
    if !tags_match(set.tag_match, &facts.tags, tags) {
        return Ok(Some(Block::Tags));
    }
    if set.strategy.has(Trait::ByRules) {
        let mut rules = candidate.rules.iter().map(|rule| rule.holds(subject));
        match condition::any(&mut rules) {
            Some(true) => {}
            Some(false) => return Ok(Some(Block::Strategy("none of its rules holds"))),
            None => return Err("is picked by rules"),
        }
    }
    if set.strategy.has(Trait::ByWeight) && candidate.entry.weight == 0 {
        return Ok(Some(Block::Strategy("its weight is 0")));
    }
    incapable(facts, candidate.model_facts).map(|reason| reason.map(Block::Capability))
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
fn incapable(facts: &RequestFacts, model: &ModelFacts) -> Result<Option<String>, &'static str> {
    let needs = [
        (Fact::Modality, facts.has_images, model.vision, "images"),
        (Fact::Modality, facts.has_audio, model.audio, "audio"),
        (Fact::Modality, facts.has_files, model.files, "files"),
        (Fact::Tools, facts.has_tools, model.tools, "tools"),
        (Fact::JsonMode, facts.json_mode, model.json_mode, "a JSON response format"),
    ];
    for (fact, is_needed, can, thing) in needs {
        match can {
            Some(false) if facts.unseen.has(fact) => return Err("does not take everything"),
            Some(false) if is_needed => return Ok(Some(format!("does not take {thing}"))),
            _ => {}
        }
    }
    let unseen_output = facts.unseen.has(Fact::MaxOutputTokens);
    if unseen_output && (model.max_output_tokens.is_some() || model.context_window.is_some()) {
        return Err("has limits in tokens");
    }
    let output = facts.max_output_tokens.unwrap_or(0);
    if let Some(most) = model.max_output_tokens.filter(|most| output > *most) {
        let reason = format!("answers at most {most} tokens, the request allows {output}");
        return Ok(Some(reason));
    }
    let Some(window) = model.context_window else { return Ok(None) };
    let needed = facts.input_tokens.most.saturating_add(output);
    if facts.input_tokens.least.saturating_add(output) > window {
        let reason =
            format!("its context window holds {window} tokens, the request needs about {needed}");
        return Ok(Some(reason));
    }
    if needed > window { Err("has a context_window") } else { Ok(None) }
}

fn over_limit(cost: Option<Cost>, limit: Option<f64>) -> Result<Option<Block>, &'static str> {
    let (Some(cost), Some(limit)) = (cost, limit) else { return Ok(None) };
    match (cost.least > limit, cost.most > limit) {
        (true, _) => Ok(Some(Block::Cost { estimate: cost.least, limit })),
        (false, true) => Err("has a price, and there is a limit of the cost"),
        _ => Ok(None),
    }
}

/// What stands in the candidate's way at this moment.
///
/// # Errors
/// What is to be known of the request first.
pub(super) fn at_moment(
    request: Request<'_>,
    server: &Server,
    world: &dyn World,
) -> Result<Option<Block>, Need> {
    let Server::Deployment(id) = server else { return Ok(None) };
    let need = |what| Err(Need { of: Asker::Candidate(server.clone()), what });
    let tokens = request.facts.taken_tokens();
    let is_counted = request.config.deployment(*id).tpm_limit.is_some();
    if tokens == Tokens::UNKNOWN {
        // What the provider has left is not worth holding a body for.
        return if is_counted {
            need("has a tpm_limit")
        } else {
            Ok(world.standing(*id, tokens.least).into())
        };
    }
    let block: Option<Block> = world.standing(*id, tokens.most).into();
    let is_by_tokens = |block: &Option<Block>| {
        matches!(block, Some(Block::Limited { limit: Limit::Tokens(_) | Limit::Headroom, .. }))
    };
    if is_by_tokens(&block) && !tokens.is_exact() {
        let at_least: Option<Block> = world.standing(*id, tokens.least).into();
        if !is_by_tokens(&at_least) {
            return need("has a limit in tokens");
        }
    }
    Ok(block)
}
