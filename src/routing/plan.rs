//! The order in which a request's deployments are tried, or why there is none.

use crate::condition::Subject;
use crate::config::{Group, StrategyName, Target, WhenAllCooling};
use crate::request::facts::Unseen;
use crate::request::refusal::{Refusal, quoted};
use crate::state::{Asking, Fleet};
use crate::strategy::{self, Entry, Load, Session};

use super::blocked::{refusal, soonest};
use super::candidate::{self, Set};
use super::eligible::{self, Block, Considered};
use super::explain::Trace;
use super::name::{self, Named};
use super::resolve::Asked;
use super::stay::{Stay, narrowed};
use super::view::{self, By};
use super::{Decision, Kinds, Need, Request, Server, Step, Stop, session};

/// Makes the plan: the strategy's order, then that of each fallback, without repeats.
///
/// # Errors
/// What the client is told where nothing may serve the request, or what is to be
/// known first.
pub(super) fn make<'a>(
    request: Request<'a>,
    asked: &Asked<'a>,
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
    if is_whole && is_open && !is_on && set.strategy == StrategyName::RoundRobin {
        // A turn is taken when nothing is missing any more, behind it neither.
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
    let Planner { steps, looked_at, .. } = planner;
    if let Some(trace) = trace {
        trace.considered(config, &set, &looked_at, &steps);
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

/// How often a start that another worker prevents is tried elsewhere.
const MOST_STARTS: usize = 8;

/// A considered candidate and the model it was considered for.
pub(super) type LookedAt<'a> = Vec<(String, Considered<'a>)>;

struct Planner<'r, 'f> {
    /// Whether the plan is wanted, or just its first step.
    is_whole: bool,
    /// Whether the reasons are wanted, of every candidate.
    is_traced: bool,
    request: Request<'r>,
    subject: Subject<'r>,
    max_cost_usd: Option<f64>,
    fleet: &'f mut dyn Fleet,
    rng: &'f mut fastrand::Rng,
    /// The request's turn, once it has taken one.
    turn: Option<u64>,
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
    fn add(&mut self, set: &Set<'r>, takes_turn: bool) -> Result<(), Need> {
        let Some(group) = set.large else {
            let considered = self.consider(set)?;
            return self.add_considered(set, considered, takes_turn);
        };
        let (steps, looked_at) = (self.steps.len(), self.looked_at.len());
        if !self.is_traced {
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
    fn add_some(&mut self, set: &Set<'r>, group: &Group, takes_turn: bool) -> Result<(), Need> {
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
    fn add_fallbacks(&mut self, fallbacks: &[Named]) -> Result<(), Need> {
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
        // A turn goes round those that are ready, and loads are compared with theirs; else
        // the first that is will do.
        self.is_whole || set.strategy == StrategyName::RoundRobin || set.strategy.needs_loads()
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
    ) -> Result<(), Need> {
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
    fn kinds(&mut self, named: &Named) -> Result<Kinds, Need> {
        let config = self.request.config;
        let (Named::Model(model, _), 2..) = (named, config.failover.max_attempts) else {
            return Ok(Kinds::default());
        };
        let lists = &config.model(*model).fallbacks;
        let plan = std::mem::take(&mut self.steps);
        let looked_at = self.looked_at.len();
        let mut list = |targets: &Option<Vec<Target>>| {
            let Some(targets) = targets else { return Ok(None) };
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

    /// The session that the request belongs to, where the set sticks by it.
    fn session(&self, set: &Set<'_>) -> Result<Session, Need> {
        match set.sticky {
            Some(sticky) if set.strategy == StrategyName::Sticky => {
                session::of(self.request, sticky)
            }
            _ => Ok(Session::NONE),
        }
    }

    /// Indices of the considered that nothing blocks, in the strategy's order.
    fn order(
        &mut self,
        set: &Set<'r>,
        considered: &[Considered<'r>],
        takes_turn: bool,
    ) -> Result<Vec<usize>, Need> {
        let eligible: Vec<(usize, &Considered<'r>)> =
            considered.iter().enumerate().filter(|(_, one)| one.block.is_none()).collect();
        if set.is_ordered {
            return Ok(eligible.into_iter().map(|(at, _)| at).collect());
        }
        let is_open = |one: &Considered<'_>| one.cost.is_some_and(|cost| !cost.is_exact());
        let is_by_cost = set.strategy == StrategyName::CostBased && eligible.len() > 1;
        if is_by_cost && eligible.iter().any(|(_, one)| is_open(one)) {
            return Err(Need::model("is picked by cost"));
        }
        let session = if eligible.len() > 1 { self.session(set)? } else { Session::NONE };
        let needs_loads = set.strategy.needs_loads() && eligible.len() > 1;
        let entry = |(_, one): &(usize, &Considered<'_>)| Entry {
            cost_usd: one.cost.map(|cost| cost.most),
            load: match &one.candidate.server {
                Server::Deployment(id) if needs_loads => self.fleet.load(*id),
                _ => Load::default(),
            },
            ..one.candidate.entry
        };
        let entries: Vec<Entry> = eligible.iter().map(entry).collect();
        let is_narrowed =
            considered.iter().any(|one| one.block.as_ref().is_some_and(Block::is_by_request));
        let (fleet, taken) = (&mut *self.fleet, &mut self.turn);
        let turn = || {
            let Some(turn) = set.turn(is_narrowed) else { return 0 };
            if takes_turn {
                *taken.get_or_insert_with(|| fleet.take_turn(turn))
            } else {
                fleet.next_turn(turn)
            }
        };
        let order = strategy::order(set.strategy, &entries, session, self.rng, turn);
        Ok(order.into_iter().filter_map(|at| Some(eligible.get(at)?.0)).collect())
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
