//! The order in which a request's deployments are tried, or why there is none.

use crate::condition::Subject;
use crate::config::{Group, StrategyName, Target, WhenAllCooling};
use crate::request::facts::Unseen;
use crate::request::refusal::Refusal;
use crate::state::{Asking, Fleet};
use crate::text::quoted;

use super::blocked::{refusal, soonest};
use super::candidate::{self, Set};
use super::custom::{self, Services};
use super::eligible::{self, Block, Considered};
use super::explain::Trace;
use super::name::{self, Named};
use super::resolve::Asked;
use super::stay::{Stay, narrowed};
use super::view::{self, By};
use super::{Decision, Kinds, Need, Request, Server, Step, Stop};

/// Makes the plan: the strategy's order, then that of each fallback, without repeats.
///
/// # Errors
/// What the client is told where nothing may serve the request, or what is to be
/// known first.
pub(super) fn make<'a>(
    request: Request<'a>,
    asked: &Asked<'a>,
    services: Services<'_>,
    fleet: &mut dyn Fleet,
    rng: &mut fastrand::Rng,
    trace: Option<&mut Trace>,
) -> Result<Decision, Stop> {
    let config = request.config;
    let subject = asked.subject;
    let action = asked.route.map(|id| &config.route(id).then);
    let max_cost_usd =
        lower(action.and_then(|action| action.max_cost_usd), request.controls.cost_limit_usd);

    let set = candidate::set(config, &asked.named);
    let stay = Stay::of(request, &asked.named)?;
    stay.check_before(&set)?;
    let set = match stay {
        Stay::On(deployment) => narrowed(config, set, deployment),
        _ => set,
    };
    let fallbacks = fallbacks(request, asked)?;
    // What no attempt can reach is worth a look only where the reasons are asked for.
    let is_whole = config.failover.max_attempts > 1 || trace.is_some();
    let mut planner = Planner {
        is_whole,
        is_traced: trace.is_some(),
        request,
        subject,
        max_cost_usd,
        services,
        has_unpicked: false,
        has_unasked: false,
        fleet,
        rng,
        turn: None,
        refused: Vec::new(),
        steps: Vec::new(),
        looked_at: Vec::new(),
    };
    let is_on = matches!(stay, Stay::On(_));
    let facts = request.facts;
    let is_open = facts.unseen != Unseen::default() || !facts.input_tokens.is_exact();
    let is_open = is_open || config.demand.services;
    if is_whole && is_open && !is_on && set.strategy == StrategyName::RoundRobin {
        // A turn is taken when nothing is missing any more, behind it neither; no service's
        // answer.
        planner.add_fallbacks(&fallbacks)?;
        planner.kinds(&asked.named)?;
    }
    let mut is_begun = false;
    let (mut own, mut kinds) = (0, Kinds::default());
    for _ in 0..MOST_STARTS {
        planner.steps.clear();
        planner.looked_at.clear();
        planner.add(&set, true)?;
        own = planner.steps.len();
        if !is_on {
            planner.add_fallbacks(&fallbacks)?;
        }
        let is_forced = planner.steps.is_empty();
        if is_forced {
            planner.add_soonest();
        }
        stay.check_after(config, &planner.steps)?;
        if !is_on {
            kinds = planner.kinds(&asked.named)?;
        }
        is_begun = planner.begin(is_forced);
        if is_begun || planner.steps.is_empty() {
            break;
        }
    }
    let Planner { steps, looked_at, has_unpicked, has_unasked, .. } = planner;
    if let Some(trace) = trace {
        trace.considered(config, &set, &looked_at, &steps);
        trace.because = has_unasked.then_some(UNASKED);
    }
    if !is_begun && has_unpicked {
        return Err(custom::not_picked().into());
    }
    if !is_begun {
        return Err(refusal(&looked_at).into());
    }
    Ok(Decision {
        route: asked.route,
        model: set.name,
        variant: set.variant,
        own: own.clamp(1, steps.len().max(1)),
        plan: steps,
        kinds,
        disable_cache: action.is_some_and(|action| action.disable_cache),
    })
}

/// Why an explained order may be another one.
const UNASKED: &str = "a service is asked when a request is routed; without its answer, \
                       candidates are tried in file order";

/// How often a start that another worker prevents is tried elsewhere.
const MOST_STARTS: usize = 8;

/// A considered candidate and the model it was considered for.
pub(super) type LookedAt<'a> = Vec<(String, Considered<'a>)>;

pub(super) struct Planner<'r, 'f> {
    /// Whether the plan is wanted, or just its first step.
    is_whole: bool,
    /// Whether the reasons are wanted, of every candidate.
    is_traced: bool,
    pub(super) request: Request<'r>,
    pub(super) subject: Subject<'r>,
    max_cost_usd: Option<f64>,
    pub(super) services: Services<'f>,
    /// A fallback is left out because its service did not pick.
    pub(super) has_unpicked: bool,
    /// A service would have had a say.
    pub(super) has_unasked: bool,
    pub(super) fleet: &'f mut dyn Fleet,
    pub(super) rng: &'f mut fastrand::Rng,
    /// The request's turn, once it has taken one.
    pub(super) turn: Option<u64>,
    /// Deployments where its start was prevented.
    refused: Vec<(Server, Block)>,
    steps: Vec<Step>,
    looked_at: LookedAt<'r>,
}

impl<'r> Planner<'r, '_> {
    /// Appends the set's eligible candidates in its strategy's order; of a large group
    /// some, if there is one among them.
    ///
    /// Only the set that was asked for takes a turn; a fallback goes by the
    /// next one without taking it.
    fn add(&mut self, set: &Set<'r>, takes_turn: bool) -> Result<(), Stop> {
        let Some(group) = set.large else {
            let considered = self.consider(set)?;
            return self.add_considered(set, considered, takes_turn);
        };
        let (steps, looked_at) = (self.steps.len(), self.looked_at.len());
        // A service is told of all.
        if !self.is_traced && set.strategy != StrategyName::Custom {
            self.add_some(set, group, takes_turn)?;
        }
        if self.steps.len() > steps {
            return Ok(());
        }
        self.looked_at.truncate(looked_at);
        let all: Vec<usize> = (0..group.candidates.len()).collect();
        self.add(&set.part(self.request.config, &all, false), takes_turn)
    }

    /// Appends some of a large group's eligible candidates.
    fn add_some(&mut self, set: &Set<'r>, group: &Group, takes_turn: bool) -> Result<(), Stop> {
        let (request, session) = (self.request, self.session(set)?);
        let turn = set.turn(false).filter(|_| set.strategy == StrategyName::RoundRobin);
        let next = |fleet: &mut dyn Fleet| turn.map_or(0, |turn| fleet.next_turn(turn));
        let mut number = self.turn.filter(|_| takes_turn).unwrap_or_else(|| next(self.fleet));
        loop {
            let subject = self.subject;
            let by = By { request, subject: &subject, session, turn: number };
            let view = view::of(group, &by, self.rng)?;
            let some = set.part(request.config, &view.at, view.is_ordered);
            let considered = self.consider(&some)?;
            // A turn is taken when nothing is missing any more: another may then be next.
            if let (Some(turn), true) = (turn, takes_turn) {
                let taken = *self.turn.get_or_insert_with(|| self.fleet.take_turn(turn));
                if taken != number {
                    number = taken;
                    continue;
                }
            }
            return self.add_considered(&some, considered, takes_turn);
        }
    }

    /// Appends what comes behind the set that was asked for, as far as it can be reached.
    fn add_fallbacks(&mut self, fallbacks: &[Named]) -> Result<(), Stop> {
        for named in fallbacks {
            if !self.is_whole && !self.steps.is_empty() {
                break;
            }
            self.add(&candidate::set(self.request.config, named), false)?;
        }
        Ok(())
    }

    /// Whether what stands in the way of all candidates of a set is asked before their order.
    fn asks_all(&self, set: &Set<'_>) -> bool {
        // A turn goes round those that are ready, loads are compared with theirs, and a
        // service picks one of them; else the first that is will do.
        let is_of_ready = matches!(set.strategy, StrategyName::RoundRobin | StrategyName::Custom);
        self.is_whole || is_of_ready || set.strategy.needs_loads()
    }

    /// The candidates of a set, each with what stands in its way.
    fn consider(&mut self, set: &Set<'r>) -> Result<Vec<Considered<'r>>, Need> {
        let mut considered =
            eligible::consider(self.request, &self.subject, set, self.max_cost_usd)?;
        if self.asks_all(set) {
            for one in considered.iter_mut().filter(|one| one.block.is_none()) {
                one.block = self.at_moment(&one.candidate.server)?;
            }
        }
        Ok(considered)
    }

    fn add_considered(
        &mut self,
        set: &Set<'r>,
        mut considered: Vec<Considered<'r>>,
        takes_turn: bool,
    ) -> Result<(), Stop> {
        let asks_all = self.asks_all(set);
        let order = self.order(set, &considered, takes_turn)?;
        for at in order {
            let Some(one) = considered.get_mut(at) else { continue };
            if !asks_all {
                one.block = self.at_moment(&one.candidate.server)?;
                if one.block.is_some() {
                    continue;
                }
            }
            let is_new = |step: &Step| step.server != one.candidate.server;
            if self.steps.iter().all(is_new) {
                self.steps.push(step(&set.name, one));
            }
            if !self.is_whole {
                break;
            }
        }
        self.looked_at.extend(considered.into_iter().map(|c| (set.name.clone(), c)));
        Ok(())
    }

    /// What to try after failures of a kind: each list by itself, where attempts are left.
    fn kinds(&mut self, named: &Named) -> Result<Kinds, Stop> {
        let config = self.request.config;
        let (Named::Model(model, _), 2..) = (named, config.failover.max_attempts) else {
            return Ok(Kinds::default());
        };
        let lists = &config.model(*model).fallbacks;
        // Nobody waits for services whose models are seldom gone on to.
        let services = std::mem::replace(&mut self.services, Services::Ignored);
        let plan = std::mem::take(&mut self.steps);
        let looked_at = self.looked_at.len();
        let mut list = |targets: &Option<Vec<Target>>| {
            let Some(targets) = targets else { return Ok::<_, Stop>(None) };
            for target in targets {
                self.add(&candidate::set(config, &Named::from(*target)), false)?;
            }
            Ok(Some(std::mem::take(&mut self.steps)))
        };
        let kinds = Kinds {
            context_window: list(&lists.context_window)?,
            content_policy: list(&lists.content_policy)?.unwrap_or_default(),
            rate_limit: list(&lists.rate_limit)?,
        };
        self.services = services;
        self.steps = plan;
        self.looked_at.truncate(looked_at);
        Ok(kinds)
    }

    /// What stands in a candidate's way at this moment.
    fn at_moment(&mut self, server: &Server) -> Result<Option<Block>, Need> {
        match self.refused.iter().find(|(refused, _)| refused == server) {
            Some((_, block)) => Ok(Some(block.clone())),
            None => eligible::at_moment(self.request, server, self.fleet),
        }
    }

    /// Where cooldowns alone stand in the way, the one that is free soonest is tried all the same.
    fn add_soonest(&mut self) {
        let is_wanted =
            self.request.config.cooldown.when_all_cooling == WhenAllCooling::LeastRemaining;
        let mut blocks = self.looked_at.iter().filter_map(|(_, one)| one.block.as_ref());
        let is_limited = blocks.any(|block| matches!(block, Block::Limited { .. }));
        if is_wanted && !is_limited {
            let soonest = soonest(&self.looked_at).map(|(model, one)| step(model, one));
            self.steps.extend(soonest);
        }
    }

    /// Starts the first step's attempt; where another worker prevents that, it is
    /// remembered and the plan to be made again.
    fn begin(&mut self, is_forced: bool) -> bool {
        let Some(first) = self.steps.first() else { return false };
        let Server::Deployment(id) = first.server else { return true };
        let asking = Asking { tokens: self.request.facts.taken_tokens().likely(), is_forced };
        match self.fleet.begin(id, asking) {
            Ok(()) => true,
            Err(standing) => {
                let block = Option::<Block>::from(standing);
                self.refused.extend(block.map(|block| (first.server.clone(), block)));
                false
            }
        }
    }
}

fn step(model: &str, considered: &Considered<'_>) -> Step {
    Step {
        model: model.to_owned(),
        server: considered.candidate.server.clone(),
        overrides: considered.candidate.overrides.as_ref().clone(),
    }
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
