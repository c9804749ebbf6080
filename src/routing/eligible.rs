//! Whether a candidate may serve a request now, and if not, why.
//!
//! Checks run in a fixed order, and the first that fails is the reason. Those that depend
//! only on the request come before those that ask for state, so that state is read only of
//! candidates that could serve at all. A check that depends on something not known of the
//! request yet says so instead.

use std::fmt;

use crate::condition::{self, Cost, Subject, UNSEARCHABLE};
use crate::config::{ModelFacts, Rule, TagMatch, Translate};
use crate::decimal::{Decimal, Rounded};
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::request::format::Format;
use crate::state::{Claim, Limit, Standing, World};
use crate::strategy::Trait;
use crate::text::quoted;

use super::candidate::{CandidateSet, Contender};
use super::stay::Stay;
use super::{Asker, Need, Request, Server, price};

/// Why a candidate may not serve.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// The configuration switches it off.
    Disabled,
    /// Its provider does not speak the request's wire format.
    Format,
    /// The request cannot be translated into the format of its provider, for this reason.
    Translation(Format, String),
    /// The request asks for another provider.
    Provider,
    /// The request carries state of another boundary, which it cannot read.
    Boundary(String),
    /// The request has tags, and the deployment lacks them: any of them or all of them, as the
    /// model says.
    Tags,
    /// Its strategy does not take it, for this reason: no rule holds, or its weight is 0.
    Strategy(&'static str),
    /// Its upstream model cannot do what the request needs: images, tools, a context as long,
    /// or an answer as long.
    Capability(String),
    /// It would cost at least `estimate` in USD, and the route or the request allows no more
    /// than `limit`.
    Cost { estimate: f64, limit: f64 },
    /// An operator has taken it out.
    Drained,
    /// It has failed, and is left alone for a while.
    Cooling { left_ms: u64, cause: String },
    /// One of its limits is reached.
    Limited { limit: Limit, wait_ms: u64 },
}

impl From<Standing> for Option<Block> {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ready | Standing::Probing => None,
            Standing::Drained => Some(Block::Drained),
            Standing::Cooling { left_ms, cause } => Some(Block::Cooling { left_ms, cause }),
            Standing::Limited { limit, wait_ms } => Some(Block::Limited { limit, wait_ms }),
        }
    }
}

impl Block {
    /// Returns whether the request rules the candidate out, rather than the configuration or
    /// the state of this moment.
    pub(super) const fn is_by_request(&self) -> bool {
        matches!(
            self,
            Self::Format
                | Self::Translation(..)
                | Self::Provider
                | Self::Boundary(_)
                | Self::Tags
                | Self::Capability(_)
                | Self::Cost { .. }
        )
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("disabled"),
            Self::Format => f.write_str("its provider does not speak the request's format"),
            Self::Translation(into, because) => {
                write!(f, "cannot be translated into {into}: {because}")
            }
            Self::Provider => f.write_str("the request asks for another provider"),
            Self::Boundary(home) => {
                write!(f, "the request carries state that only {} can read", quoted(home))
            }
            Self::Tags => f.write_str("its tags do not match the request's"),
            Self::Strategy(reason) => f.write_str(reason),
            Self::Capability(reason) => f.write_str(reason),
            Self::Cost { estimate, limit } => {
                let (estimate, limit) = (Rounded(*estimate, 6), Decimal(*limit));
                write!(f, "estimated cost ${estimate} is over the limit of ${limit}")
            }
            Self::Drained => f.write_str("drained"),
            #[expect(clippy::cast_precision_loss, reason = "cooldowns are minutes long")]
            Self::Cooling { left_ms, cause } => {
                let left = Rounded(*left_ms as f64 / 1000.0, 1);
                write!(f, "cooling for {left} s after {cause}")
            }
            Self::Limited { limit, .. } => limit.fmt(f),
        }
    }
}

/// A candidate that was looked at, with what was found. Without a block it may serve, unless
/// its state has not been asked for yet.
#[derive(Debug)]
pub(super) struct Considered<'a> {
    pub(super) candidate: Contender<'a>,
    /// What the request would cost there; none where a price is not known.
    pub(super) cost: Option<Cost>,
    /// What stands in its way, if anything does.
    pub(super) block: Option<Block>,
    /// It cannot read the request's state, and would get the request without it.
    pub(super) crosses: bool,
}

/// Looks at every candidate of a set, and returns them in the order of the set. State is not
/// asked for: that is [`at_moment`].
///
/// # Errors
/// What has to be known of the request first.
pub(super) fn consider<'a>(
    request: Request<'_>,
    subject: &Subject<'_>,
    set: &CandidateSet<'a>,
    stay: Stay<'_>,
    max_cost_usd: Option<f64>,
) -> Result<Vec<Considered<'a>>, Need> {
    let mut considered = Vec::with_capacity(set.candidates.len());
    let mut untranslated = Vec::new();
    for candidate in &set.candidates {
        let need = |what| Need { of: Asker::Candidate(candidate.server.clone()), what };
        let cost = price::estimate(request.facts, candidate.model_facts);
        let block = match static_block(request, subject, set, stay, candidate) {
            Ok(Some(block)) => Some(block),
            Ok(None) => over_limit(cost, max_cost_usd).map_err(need)?,
            // The losses of all candidates are found out at once.
            Err(UNTRANSLATED) => {
                untranslated.push(candidate.server.clone());
                continue;
            }
            Err(what) => return Err(need(what)),
        };
        if block.is_none() && is_unplaced(request, candidate) {
            return Err(need("has request_overrides or request_defaults"));
        }
        let provider = request.config.provider(candidate.server.provider(request.config));
        let crosses = stay.may_cross() && stay.left_for(provider.boundary()).is_some();
        considered.push(Considered { candidate: candidate.clone(), cost, block, crosses });
    }
    if !untranslated.is_empty() {
        return Err(Need { of: Asker::Untranslated(untranslated), what: UNTRANSLATED });
    }
    Ok(considered)
}

/// Returns whether the candidate changes members of the body whose places are not known yet.
/// Then the body cannot go on before its end.
fn is_unplaced(request: Request<'_>, candidate: &Contender<'_>) -> bool {
    let sets_none = candidate.overrides.0.is_empty()
        && candidate.server.request_defaults(request.config, request.facts.task).is_empty();
    request.facts.unseen.has(Fact::Members) && !sets_none
}

/// Returns the first check that fails by the configuration or the request.
///
/// # Errors
/// What the candidate has that makes more of the request necessary.
fn static_block(
    request: Request<'_>,
    subject: &Subject<'_>,
    set: &CandidateSet<'_>,
    stay: Stay<'_>,
    candidate: &Contender<'_>,
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
    if !provider.speaks(facts.format)
        && let Some(block) = untranslatable(request, candidate, set.translate)?
    {
        return Ok(Some(block));
    }
    if controls.provider.as_ref().is_some_and(|pinned| *pinned != provider.name) {
        return Ok(Some(Block::Provider));
    }
    if let Some(home) = stay.left_for(provider.boundary()).filter(|_| !stay.may_cross()) {
        return Ok(Some(Block::Boundary(home.to_owned())));
    }
    let tags = deployment.map(|deployment| deployment.tags.as_slice()).unwrap_or_default();
    // Under `off` the request's tags change nothing, so they need not be known.
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
            None => return Err(open_rule(candidate, subject)),
        }
    }
    if set.strategy.has(Trait::ByWeight) && candidate.profile.weight == 0 {
        return Ok(Some(Block::Strategy("its weight is 0")));
    }
    incapable(facts, candidate.model_facts).map(|reason| reason.map(Block::Capability))
}

/// What is said about candidates whose providers speak another format, as long as it is not known what the request
/// would lose for them.
const UNTRANSLATED: &str = "speak another format than the request";

/// Returns why the request cannot be translated for a candidate whose provider speaks another format; `None` if it
/// can be.
///
/// # Errors
/// It is not known yet what the request would lose.
#[cold]
fn untranslatable(
    request: Request<'_>,
    candidate: &Contender<'_>,
    translate: Translate,
) -> Result<Option<Block>, &'static str> {
    let Request { config, facts, .. } = request;
    let target = candidate.server.translation(config, (facts.format, facts.task));
    let Some(target) = target.filter(|_| translate != Translate::Off) else {
        return Ok(Some(Block::Format));
    };
    let loss = facts.translations.loss(target).ok_or(UNTRANSLATED)?;
    let dropped = loss.dropped.first().filter(|_| translate == Translate::Strict);
    let because = loss.refused.as_ref().or(dropped);
    Ok(because.map(|because| Block::Translation(target.into, because.clone())))
}

/// Returns what has to be known before it is clear whether one of the rules holds.
#[cold]
fn open_rule(candidate: &Contender<'_>, subject: &Subject<'_>) -> &'static str {
    let open = |rule: &&Rule| rule.holds(subject).is_none();
    let is_known =
        |rule: &Rule| rule.when.holds(subject).is_none() && rule.when.open(subject) == UNSEARCHABLE;
    let mut open = candidate.rules.iter().filter(open);
    if open.all(is_known) { UNSEARCHABLE } else { "is picked by rules" }
}

/// Returns whether a deployment's tags let it serve. A request without tags is not restricted.
fn tags_match(mode: TagMatch, requested: &[String], held: &[String]) -> bool {
    requested.is_empty()
        || match mode {
            TagMatch::Off => true,
            TagMatch::Any => requested.iter().any(|tag| held.contains(tag)),
            TagMatch::All => requested.iter().all(|tag| held.contains(tag)),
        }
}

/// Returns why the upstream model cannot do what the request needs. What is not known of a
/// model, it is taken to do.
///
/// # Errors
/// What the candidate has that makes more of the request necessary.
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
            // What the model can do is settled, whatever the request turns out to need.
            Some(false) if facts.unseen.has(fact) => return Err("does not take everything"),
            Some(false) if is_needed => return Ok(Some(does_not_take(thing))),
            _ => {}
        }
    }
    let unseen_output = facts.unseen.has(Fact::MaxOutputTokens);
    if unseen_output && (model.max_output_tokens.is_some() || model.context_window.is_some()) {
        return Err("has limits in tokens");
    }
    // One without a limit of its own ends where the model's does, or the window.
    let output = facts.output_limit(Some(0)).unwrap_or(0);
    if let Some(most) = model.max_output_tokens.filter(|most| output > *most) {
        return Ok(Some(answers_less(most, output)));
    }
    let Some(window) = model.context_window else { return Ok(None) };
    // Tokens are an interval until they are counted. Where both bounds say the same, they
    // need not be counted.
    let needed = facts.input_tokens.most.saturating_add(output);
    if facts.input_tokens.least.saturating_add(output) > window {
        return Ok(Some(holds_less(window, needed)));
    }
    if needed > window { Err("has a context_window") } else { Ok(None) }
}

// The reasons are rare, and their text is not what every request should run through.

#[cold]
fn does_not_take(thing: &str) -> String {
    format!("does not take {thing}")
}

#[cold]
fn answers_less(most: u64, output: u64) -> String {
    format!("answers at most {most} tokens, the request allows {output}")
}

#[cold]
fn holds_less(window: u64, needed: u64) -> String {
    format!("its context window holds {window} tokens, the request needs about {needed}")
}

/// Returns the block of a cost that is over the limit. Costs are intervals, as tokens are.
fn over_limit(cost: Option<Cost>, limit: Option<f64>) -> Result<Option<Block>, &'static str> {
    let (Some(cost), Some(limit)) = (cost, limit) else { return Ok(None) };
    match (cost.least > limit, cost.most > limit) {
        (true, _) => Ok(Some(Block::Cost { estimate: cost.least, limit })),
        (false, true) => Err("has a price, and there is a limit of the cost"),
        _ => Ok(None),
    }
}

/// Returns what stands in the candidate's way at this moment.
///
/// The tokens of a request are an interval until they are counted, and limits in tokens go by
/// them. If the most tokens fit, the request fits; if the least do not, it does not. For
/// example, of a request with 100 to 400 tokens and a limit with 200 left, the tokens have to
/// be counted.
///
/// # Errors
/// What has to be known of the request first.
pub(super) fn at_moment(
    request: Request<'_>,
    server: &Server,
    world: &dyn World,
) -> Result<Option<Block>, Need> {
    let Server::Deployment(id) = server else { return Ok(None) };
    let need = |what| Err(Need { of: Asker::Candidate(server.clone()), what });
    let facts = request.facts;
    let deployment = request.config.deployment(*id);
    let tokens = facts.taken_tokens();
    let standing = |tokens| world.standing(*id, Claim { task: facts.task, tokens });
    // A client that never sends the rest of its request would keep one of few places.
    let is_open = facts.unseen.has(Fact::MessageCount);
    if is_open && deployment.max_parallel_requests.is_some() {
        return need("has max_parallel_requests");
    }
    if tokens == Tokens::UNKNOWN {
        // A `tpm_limit` must hold, so the body is read first. What the provider says is left
        // is no promise, and not worth holding a body for.
        if deployment.tpm_limit.is_some() {
            return need("has a tpm_limit");
        }
        return match standing(tokens.least) {
            Standing::Probing => need("is coming back, and probed by whole requests"),
            known => Ok(known.into()),
        };
    }
    let most = standing(tokens.most);
    if is_open && most == Standing::Probing {
        return need("is coming back, and probed by whole requests");
    }
    let block: Option<Block> = most.into();
    let is_by_tokens = |block: &Option<Block>| {
        matches!(block, Some(Block::Limited { limit: Limit::Tokens(_) | Limit::Headroom, .. }))
    };
    // The most tokens do not fit. If the least do, the count decides.
    if is_by_tokens(&block) && !tokens.is_exact() {
        let at_least: Option<Block> = standing(tokens.least).into();
        if !is_by_tokens(&at_least) {
            return need("has a limit in tokens");
        }
    }
    Ok(block)
}
