//! The plan of a request: which deployments are tried in which order, or why none is.

use crate::config::{Target, Timeouts, WhenAllCooling};
use crate::request::refusal::Refusal;
use crate::state::{Claim, Intent, Standing, StartTerms, World};
use crate::text::quoted;

use super::blocked::{refusal, soonest};
use super::candidate::{self, CandidateSet};
use super::custom::{self, Services};
use super::eligible::{Block, Considered};
use super::list::{List, ListedFor, step};
use super::name::{self, NamedTarget};
use super::planner::{Depth, Planner};
use super::resolve::ResolvedRequest;
use super::stay::Stay;
use super::trace::{CandidateTrace, StateTrace, Trace, TranslationTrace};
use super::{Decision, Kinds, Request, Server, Step, Stop, price};

/// Makes the plan of a request: the candidates of what it asks for in the order of their
/// strategy, then those of each fallback, without repeats.
///
/// For example, a request asks for `small` (candidates `a` and `b`, `round_robin`), which falls
/// back to `large` (candidates `b` and `c`, in file order), and `c` cools. At turn 7 the plan
/// is `b`, `a`: an odd turn begins with the second candidate, and `large` adds nothing, as `b`
/// is there already and `c` is out. Both steps are the model's own. The intent is to take
/// turn 7 and to begin an attempt at `b`. If `a` and `b` cooled as well, the plan would be the
/// one of the three that is free soonest, and its attempt forced.
///
/// # Errors
/// The refusal where no candidate may serve the request, or the fact or the service's answer
/// that is needed first.
pub(super) fn make<'r>(
    request: Request<'r>,
    asked: &ResolvedRequest<'r>,
    services: Services<'r>,
    world: &'r dyn World,
    seed: u64,
    trace: Option<&mut Trace>,
) -> Result<Box<Decision>, Stop> {
    let config = request.config;
    let set = candidate::candidates_of(config, &asked.named);
    let stay = Stay::required(request, &asked.named, &set)?;
    stay.check_before(&set)?;
    let set = stay.narrow(config, set);
    let fallbacks = fallbacks(request, asked)?;
    let mut planner = Planner::new(request, asked, stay, services, world, seed, trace.is_some());

    // What is pinned to one deployment has neither fallbacks nor kinds.
    let mut list = List::default();
    planner.add(&mut list, &set, ListedFor::Own)?;
    let own = list.steps.len();
    if !stay.is_pinned() {
        planner.add_fallbacks(&mut list, &fallbacks)?;
    }
    // Where everything cools, one of them is tried all the same, if the settings say so.
    let is_forced = list.steps.is_empty() && planner.add_soonest(&mut list);
    stay.check_after(config, &list.steps)?;
    let kinds = if stay.is_pinned() { Kinds::default() } else { planner.kinds(&asked.named)? };

    if let Some(trace) = trace {
        trace_plan(trace, &planner, &set, &list);
    }
    // What has to be known for kinds and fallbacks has been asked for by now, so a request that
    // is refused here would be refused with all of it known.
    let Some(first) = list.steps.first() else { return Err(nothing_serves(&list).into()) };
    let action = asked.route.map(|id| &config.route(id).then);
    Ok(Box::new(Decision {
        route: asked.route,
        intent: planner.intent(first, is_forced),
        model: set.name.into_owned(),
        variant: set.variant.map(str::to_owned),
        own: own.clamp(1, list.steps.len()),
        plan: list.steps,
        kinds,
        unnamed: match asked.named {
            NamedTarget::Unnamed(id) => Some(id),
            _ => None,
        },
        disable_cache: action.is_some_and(|action| action.disable_cache),
    }))
}

impl<'r> Planner<'r> {
    /// Appends the fallbacks, as far as an attempt can reach them.
    fn add_fallbacks(
        &mut self,
        list: &mut List<'r>,
        fallbacks: &[NamedTarget],
    ) -> Result<(), Stop> {
        for named in fallbacks {
            if self.depth == Depth::First && !list.steps.is_empty() {
                break;
            }
            self.add(
                list,
                &candidate::candidates_of(self.request.config, named),
                ListedFor::Fallback,
            )?;
        }
        Ok(())
    }

    /// Appends the candidate that is free soonest, where nothing is eligible and no limit is
    /// the reason. Returns whether there is one that may be sent the request all the same.
    #[cold]
    fn add_soonest(&self, list: &mut List<'r>) -> bool {
        let is_wanted =
            self.request.config.cooldown.when_all_cooling == WhenAllCooling::LeastRemaining;
        let is_limited = list.blocks().any(|block| matches!(block, Block::Limited { .. }));
        if !is_wanted || is_limited {
            return false;
        }
        let Some((model, one)) = soonest(&mut list.considered) else { return false };
        if let Server::Deployment(id) = one.candidate.server {
            let standing = self.world.standing_if_forced(id, self.claim());
            if standing != Standing::Ready {
                // It is at a limit as well, which nothing overrides. The refusal names the
                // limit rather than the cooldowns.
                one.block = standing.into();
                return false;
            }
        }
        list.steps.push(step(model, one));
        true
    }

    /// Returns what to try after failures of some kinds. Each list is made by itself: a
    /// deployment of the plan may be in it again.
    fn kinds(&mut self, named: &NamedTarget) -> Result<Kinds, Stop> {
        let config = self.request.config;
        let (NamedTarget::Model(model, _), 2..) = (named, config.failover.max_attempts) else {
            return Ok(Kinds::default());
        };
        let lists = &config.model(*model).fallbacks;
        let mut listed = |targets: &Option<Vec<Target>>| {
            let Some(targets) = targets else { return Ok::<_, Stop>(None) };
            let mut list = List::default();
            for target in targets {
                let set = candidate::candidates_of(config, &NamedTarget::from(*target));
                self.add(&mut list, &set, ListedFor::Kind)?;
            }
            Ok(Some(list.steps))
        };
        Ok(Kinds {
            context_window: listed(&lists.context_window)?,
            content_policy: listed(&lists.content_policy)?.unwrap_or_default(),
            rate_limit: listed(&lists.rate_limit)?,
        })
    }

    /// Returns what the request claims of whichever deployment serves it.
    fn claim(&self) -> Claim {
        let facts = self.request.facts;
        Claim { task: facts.task, tokens: facts.taken_tokens().likely() }
    }

    /// Returns what acting on the plan changes: the request's turn is taken, and an attempt at
    /// the first step begins, if state is kept of its server.
    fn intent(&self, first: &Step, is_forced: bool) -> Intent {
        let claim = self.claim();
        let start = match first.server {
            Server::Deployment(id) => Some((id, StartTerms { claim, is_forced })),
            Server::Direct(..) => None,
        };
        Intent { turn: self.own_turn, start }
    }
}

/// Returns the refusal where no candidate may serve the request.
#[cold]
fn nothing_serves(list: &List<'_>) -> Refusal {
    if list.is_unpicked {
        return custom::not_picked();
    }
    let blocks: Vec<&Block> = list.blocks().collect();
    refusal(&blocks)
}

/// Returns what to go on to, in order: the request's own list or else the route's, then the
/// model's.
///
/// # Errors
/// 400 where the request's list has a name that stands for nothing.
fn fallbacks(
    request: Request<'_>,
    asked: &ResolvedRequest<'_>,
) -> Result<Vec<NamedTarget>, Refusal> {
    let Request { config, controls, .. } = request;
    let mut fallbacks = Vec::new();
    for name in &controls.fallbacks {
        let header = &config.headers.fallback;
        fallbacks.push(name::find(config, name).ok_or_else(|| {
            let message = format!("{header}: unknown model {}", quoted(name));
            Refusal::new(400, "unknown_fallback", message)
        })?);
    }
    // A route's list stands in for the request's. A model's own comes after either.
    if fallbacks.is_empty()
        && let Some(route) = asked.route
    {
        fallbacks.extend(config.route(route).then.fallbacks.iter().copied().map(NamedTarget::from));
    }
    if let NamedTarget::Model(model, _) = &asked.named {
        fallbacks
            .extend(config.model(*model).fallbacks.general.iter().copied().map(NamedTarget::from));
    }
    Ok(fallbacks)
}

/// Why the order may be another one than is explained.
const UNASKED: &str = "a service is asked when a request is routed; without its answer, \
                       candidates are tried in file order";

/// Notes in the trace what was planned, and what was found of every candidate.
#[cold]
fn trace_plan(trace: &mut Trace, planner: &Planner<'_>, set: &CandidateSet<'_>, list: &List<'_>) {
    let Request { config, facts, .. } = planner.request;
    // The caller adds where in the body the state stands, because it has the body.
    trace.state = planner.stay.boundary().map(|boundary| StateTrace {
        boundary: boundary.to_owned(),
        removable: facts.state.is_removable,
        ..StateTrace::default()
    });
    trace.model = Some(set.name.clone().into_owned());
    trace.variant = set.variant.map(str::to_owned);
    trace.strategy = Some(set.strategy.name());
    trace.because = list.is_unasked.then_some(UNASKED);
    let name = |server: &Server| server.name(config).into_owned();
    trace.plan = list.steps.iter().map(|step| name(&step.server)).collect();
    let expected_cost = |considered: &Considered<'_>| {
        let model = considered.candidate.model_facts;
        model.cache_hit_share?;
        price::expected(facts, model).map(|cost| cost.most)
    };
    for (model, considered) in &list.considered {
        trace.candidates.push(CandidateTrace {
            deployment: name(&considered.candidate.server),
            fallback: (*model != set.name).then(|| model.clone().into_owned()),
            eligible: considered.block.is_none(),
            timeouts: Some(considered.candidate.server.timeouts(config))
                .filter(|times| *times != Timeouts::default()),
            stripped: considered.crosses,
            translation: translation(planner.request, considered),
            estimated_cost_usd: considered.cost.map(|cost| cost.most),
            expected_cost_usd: expected_cost(considered),
            because: considered.block.as_ref().map(ToString::to_string),
        });
    }
}

/// Returns how a request would be translated for a candidate whose provider speaks another format; `None` if the provider
/// speaks the request's format, or if the request is not or cannot be translated.
fn translation(request: Request<'_>, considered: &Considered<'_>) -> Option<TranslationTrace> {
    let Request { config, facts, .. } = request;
    if considered.block == Some(Block::Format) {
        return None;
    }
    let target = considered.candidate.server.translation(config, (facts.format, facts.task))?;
    let loss = facts.translations.loss(target).filter(|loss| loss.refused.is_none())?;
    Some(TranslationTrace { into: target.into.name(), dropped: loss.dropped.clone() })
}
