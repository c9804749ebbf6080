//! The order in which a request's deployments are tried, or why there is none.

use crate::condition::Subject;
use crate::config::{Target, WhenAllCooling};
use crate::request::refusal::Refusal;
use crate::state::{Asking, Intent, Standing, Turn, World};
use crate::text::quoted;

use super::blocked::{refusal, soonest};
use super::candidate;
use super::custom::{self, Services};
use super::eligible::Block;
use super::explain::Trace;
use super::list::{List, Purpose, step};
use super::name::{self, Named};
use super::resolve::Asked;
use super::stay::Stay;
use super::{Decision, Kinds, Request, Server, Step, Stop};

/// How much of a plan is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// The first step: one attempt is all there is. No candidate after it is looked at.
    First,
    /// Every step, for as many attempts.
    Whole,
    /// Every step and every candidate, of large groups too: the reasons are wanted.
    Explained,
}

/// What a plan is made by.
pub(super) struct Planner<'r> {
    pub(super) request: Request<'r>,
    pub(super) subject: Subject<'r>,
    pub(super) max_cost_usd: Option<f64>,
    pub(super) services: Services<'r>,
    pub(super) world: &'r dyn World,
    pub(super) depth: Depth,
    pub(super) rng: fastrand::Rng,
    /// The turn that the request goes by, and its number, once one has been asked for.
    pub(super) own_turn: Option<(Turn, u64)>,
}

/// Makes the plan: the candidates of what was asked for in the order of their strategy,
/// then those of each fallback, without repeats.
///
/// For example, a request asks for `small` (candidates `a` and `b`, in turn), which falls
/// back to `large` (candidates `b` and `c`, in file order). At turn 7 and with `c` cooling
/// the plan is `b, a`, of which `own` are 2: from `b` on by the turn, nothing new in `large`
/// but `c`, and that is out. The intent is turn 7 and an attempt at `b`. Were `a` and `b`
/// cooling too, the plan would be whichever of the three is free soonest, forced.
///
/// # Errors
/// What the client is told where nothing may serve the request, or what has to be known
/// first.
pub(super) fn make<'r>(
    request: Request<'r>,
    asked: &Asked<'r>,
    services: Services<'r>,
    world: &'r dyn World,
    seed: u64,
    trace: Option<&mut Trace>,
) -> Result<Decision, Stop> {
    let config = request.config;
    let set = candidate::set(config, &asked.named);
    let stay = Stay::of(request, &asked.named)?;
    stay.check_before(&set)?;
    let set = stay.narrow(config, set);
    let fallbacks = fallbacks(request, asked)?;
    let mut planner = Planner::new(request, asked, services, world, seed, trace.is_some());

    let mut list = List::default();
    planner.add(&mut list, &set, Purpose::Own)?;
    let own = list.steps.len();
    if !stay.is_on() {
        planner.add_fallbacks(&mut list, &fallbacks)?;
    }
    let is_forced = list.steps.is_empty() && planner.add_soonest(&mut list);
    stay.check_after(config, &list.steps)?;
    let kinds = if stay.is_on() { Kinds::default() } else { planner.kinds(&asked.named)? };

    if let Some(trace) = trace {
        trace.considered(config, &set, &list);
    }
    let Some(first) = list.steps.first() else { return Err(nothing_serves(&list).into()) };
    let action = asked.route.map(|id| &config.route(id).then);
    Ok(Decision {
        route: asked.route,
        intent: planner.intent(first, is_forced),
        model: set.name.into_owned(),
        variant: set.variant.map(str::to_owned),
        own: own.clamp(1, list.steps.len()),
        plan: list.steps,
        kinds,
        disable_cache: action.is_some_and(|action| action.disable_cache),
    })
}

impl<'r> Planner<'r> {
    fn new(
        request: Request<'r>,
        asked: &Asked<'r>,
        services: Services<'r>,
        world: &'r dyn World,
        seed: u64,
        is_traced: bool,
    ) -> Self {
        let Request { config, controls, .. } = request;
        let of_route = asked.route.and_then(|id| config.route(id).then.max_cost_usd);
        let depth = match config.failover.max_attempts {
            _ if is_traced => Depth::Explained,
            0 | 1 => Depth::First,
            _ => Depth::Whole,
        };
        Self {
            request,
            subject: asked.subject,
            max_cost_usd: lower(of_route, controls.cost_limit_usd),
            services,
            world,
            depth,
            rng: fastrand::Rng::with_seed(seed),
            own_turn: None,
        }
    }

    /// Appends what comes after the set that was asked for, as far as it can be reached.
    fn add_fallbacks(&mut self, list: &mut List<'r>, fallbacks: &[Named]) -> Result<(), Stop> {
        for named in fallbacks {
            if self.depth == Depth::First && !list.steps.is_empty() {
                break;
            }
            self.add(list, &candidate::set(self.request.config, named), Purpose::Fallback)?;
        }
        Ok(())
    }

    /// Appends the candidate that is free soonest, where cooldowns alone stand in the way of
    /// all. Returns whether there is one that may be sent the request.
    fn add_soonest(&self, list: &mut List<'r>) -> bool {
        let is_wanted =
            self.request.config.cooldown.when_all_cooling == WhenAllCooling::LeastRemaining;
        let is_limited = list.blocks().any(|block| matches!(block, Block::Limited { .. }));
        if !is_wanted || is_limited {
            return false;
        }
        let Some((model, one)) = soonest(&mut list.considered) else { return false };
        if let Server::Deployment(id) = one.candidate.server {
            let tokens = self.request.facts.taken_tokens().likely();
            let standing = self.world.standing_if_forced(id, tokens);
            if standing != Standing::Ready {
                // A limit holds for all; the client is told of that rather than of cooldowns.
                one.block = standing.into();
                return false;
            }
        }
        list.steps.push(step(model, one));
        true
    }

    /// Returns what to try after failures of a kind: each list by itself, where attempts are
    /// left.
    fn kinds(&mut self, named: &Named) -> Result<Kinds, Stop> {
        let config = self.request.config;
        let (Named::Model(model, _), 2..) = (named, config.failover.max_attempts) else {
            return Ok(Kinds::default());
        };
        let lists = &config.model(*model).fallbacks;
        let mut listed = |targets: &Option<Vec<Target>>| {
            let Some(targets) = targets else { return Ok::<_, Stop>(None) };
            let mut list = List::default();
            for target in targets {
                let set = candidate::set(config, &Named::from(*target));
                self.add(&mut list, &set, Purpose::Kind)?;
            }
            Ok(Some(list.steps))
        };
        Ok(Kinds {
            context_window: listed(&lists.context_window)?,
            content_policy: listed(&lists.content_policy)?.unwrap_or_default(),
            rate_limit: listed(&lists.rate_limit)?,
        })
    }

    /// Returns what acting on the plan changes: its turn is taken, and an attempt at its
    /// first step begins. Servers without state are just sent the request.
    fn intent(&self, first: &Step, is_forced: bool) -> Intent {
        let tokens = self.request.facts.taken_tokens().likely();
        let start = match first.server {
            Server::Deployment(id) => Some((id, Asking { tokens, is_forced })),
            Server::Direct(..) => None,
        };
        Intent { turn: self.own_turn, start }
    }
}

/// What the client is told where the list is empty.
fn nothing_serves(list: &List<'_>) -> Refusal {
    if list.is_unpicked {
        return custom::not_picked();
    }
    let blocks: Vec<&Block> = list.blocks().collect();
    refusal(&blocks)
}

fn lower(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// What to go on to, in order: the request's own list or else the route's, then the model's.
fn fallbacks(request: Request<'_>, asked: &Asked<'_>) -> Result<Vec<Named>, Refusal> {
    let Request { config, controls, .. } = request;
    let mut fallbacks = Vec::new();
    for name in &controls.fallbacks {
        let header = &config.headers.fallback;
        fallbacks.push(name::name(config, name).ok_or_else(|| {
            let message = format!("{header}: unknown model {}", quoted(name));
            Refusal::new(400, "unknown_fallback", message)
        })?);
    }
    if fallbacks.is_empty()
        && let Some(route) = asked.route
    {
        fallbacks.extend(config.route(route).then.fallbacks.iter().copied().map(Named::from));
    }
    if let Named::Model(model, _) = &asked.named {
        fallbacks.extend(config.model(*model).fallbacks.general.iter().copied().map(Named::from));
    }
    Ok(fallbacks)
}
