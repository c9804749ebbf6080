//! From sets of candidates to a list of steps: who is eligible, in the strategy's order.

use std::borrow::Cow;

use crate::config::Group;
use crate::state::Turn;
use crate::strategy::Trait;

use super::candidate::CandidateSet;
use super::eligible::{self, Block, Considered};
use super::planner::{Depth, Planner};
use super::view::{self, PickBasis};
use super::{Need, Server, Step, Stop};

/// Candidates in the order they are tried, with all that were considered for that. A plan
/// begins with an empty one, and every set appends to it.
#[derive(Debug, Default)]
pub(super) struct List<'r> {
    /// Those that may serve the request. Each server is there once.
    pub(super) steps: Vec<Step>,
    /// The candidates that were looked at, each with the model it was looked at for. Where none
    /// may serve, they tell why, and which one is free soonest. Once there is a step, more are
    /// added for an explanation alone.
    pub(super) considered: Vec<(Cow<'r, str>, Considered<'r>)>,
    /// Whether a service would have had a say, and could not be asked.
    pub(super) is_unasked: bool,
    /// Whether a fallback is left out because its service did not pick.
    pub(super) is_unpicked: bool,
}

impl<'r> List<'r> {
    /// Returns what stands in the way of those that may not serve.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.considered.iter().filter_map(|(_, one)| one.block.as_ref())
    }

    fn has(&self, server: &Server) -> bool {
        self.steps.iter().any(|step| step.server == *server)
    }
}

/// What a set is listed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListedFor {
    /// It was asked for. Its turn is the request's own, and without its service's pick the
    /// request may be refused.
    Own,
    /// It is tried after failures. It goes by the next turn that is free, and without its
    /// service's pick it may be left out.
    Fallback,
    /// It is tried after failures of one kind. As that is rare, its service is not asked.
    Kind,
}

impl<'r> Planner<'r> {
    /// Appends the set's eligible candidates in its strategy's order. Of a large group some are
    /// looked at, and all of them only where none of those is eligible.
    ///
    /// # Errors
    /// What has to be known first, what a service has to be asked first, or the refusal where
    /// its pick is missing.
    pub(super) fn add(
        &mut self,
        list: &mut List<'r>,
        set: &CandidateSet<'r>,
        purpose: ListedFor,
    ) -> Result<(), Stop> {
        let Some(group) = set.large else { return self.add_small(list, set, purpose) };
        // A service gets all candidates, and an explanation has the reasons of all.
        // Nor can a part of the group show that no candidate in it can read the state.
        let is_partly = self.depth != Depth::Explained && !self.stay.may_cross();
        if is_partly && !set.strategy.has(Trait::AsksService) {
            let (steps, considered) = (list.steps.len(), list.considered.len());
            let some = self.view(set, group, purpose)?;
            self.add_small(list, &some, purpose)?;
            if list.steps.len() > steps {
                return Ok(());
            }
            list.considered.truncate(considered);
        }
        self.add_small(list, &set.whole(self.request.config), purpose)
    }

    /// Returns the part of a large group that its strategy would look at first.
    #[inline(never)]
    fn view(
        &mut self,
        set: &CandidateSet<'r>,
        group: &Group,
        purpose: ListedFor,
    ) -> Result<CandidateSet<'r>, Need> {
        let session = self.session(set)?;
        let turn = set.turn(false).filter(|_| set.strategy.has(Trait::TakesTurn));
        let turn = turn.map_or(0, |turn| self.number(turn, purpose));
        let by = PickBasis { request: self.request, subject: &self.subject, session, turn };
        let view = view::pick(group, &by, &mut self.rng)?;
        Ok(set.part(self.request.config, &view.at, view.is_ordered))
    }

    /// Appends the eligible candidates of a set. Each candidate is looked at.
    ///
    /// Reading the state of a candidate costs an access to shared data. So where the order does
    /// not depend on who is ready, and just one step is wanted, candidates are put in order
    /// first and asked one by one until one is ready.
    fn add_small(
        &mut self,
        list: &mut List<'r>,
        set: &CandidateSet<'r>,
        purpose: ListedFor,
    ) -> Result<(), Stop> {
        let is_all_asked = self.is_all_asked(set);
        let mut considered =
            eligible::consider(self.request, &self.subject, set, self.stay, self.max_cost_usd)?;
        if is_all_asked {
            for one in considered.iter_mut().filter(|one| one.block.is_none()) {
                one.block = self.at_moment(one)?;
            }
        }
        let is_open = self.add_side(list, set, &mut considered, (purpose, false))?;
        // Candidates that cannot read the request's state come last.
        if is_open && self.stay.may_cross() {
            self.add_across(list, set, &mut considered, purpose)?;
        }
        if list.steps.is_empty() || self.depth == Depth::Explained {
            list.considered.extend(considered.into_iter().map(|one| (set.name.clone(), one)));
        }
        Ok(())
    }

    /// Appends the candidates beyond the boundary of the request's state. Its service is asked about
    /// the others alone.
    #[cold]
    fn add_across(
        &mut self,
        list: &mut List<'r>,
        set: &CandidateSet<'r>,
        considered: &mut [Considered<'r>],
        purpose: ListedFor,
    ) -> Result<(), Stop> {
        let is_asking = set.strategy.has(Trait::AsksService);
        let purpose = if is_asking { ListedFor::Kind } else { purpose };
        self.add_side(list, set, considered, (purpose, true)).map(|_| ())
    }

    /// Appends the eligible candidates on one side of the boundary of the request's state, in the
    /// strategy's order. Returns whether more of the set are wanted.
    fn add_side(
        &mut self,
        list: &mut List<'r>,
        set: &CandidateSet<'r>,
        considered: &mut [Considered<'r>],
        (purpose, crosses): (ListedFor, bool),
    ) -> Result<bool, Stop> {
        // Where all were asked, the order has none that is blocked.
        let is_all_asked = self.is_all_asked(set);
        for at in self.order(list, set, considered, (purpose, crosses))? {
            let Some(one) = considered.get_mut(at) else { continue };
            if !is_all_asked {
                one.block = self.at_moment(one)?;
            }
            if one.block.is_none() && !list.has(&one.candidate.server) {
                list.steps.push(step(&set.name, one));
            }
            if one.block.is_none() && self.depth == Depth::First {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether the state of every candidate is asked for before they are put in order.
    fn is_all_asked(&self, set: &CandidateSet<'_>) -> bool {
        self.depth != Depth::First || set.strategy.is_of_ready()
    }

    fn at_moment(&self, one: &Considered<'_>) -> Result<Option<Block>, Need> {
        eligible::at_moment(self.request, &one.candidate.server, self.world)
    }

    /// Returns the number of the turn that a set goes by.
    ///
    /// The first turn that is asked for on behalf of the request's own set becomes the
    /// request's turn. A request has one turn in all. Where no candidate in a part of a large
    /// group may serve, the whole group is ordered by the same number.
    pub(super) fn number(&mut self, turn: Turn, purpose: ListedFor) -> u64 {
        match (purpose, self.own_turn) {
            (ListedFor::Own, Some((_, number))) => number,
            (ListedFor::Own, None) => {
                let number = self.world.own_turn(turn);
                self.own_turn = Some((turn, number));
                number
            }
            // The request's own turn is not taken yet, but will be.
            (_, Some((own, number))) if own == turn => number.wrapping_add(1),
            _ => self.world.next_turn(turn),
        }
    }
}

/// Returns the step that tries a candidate for a model.
pub(super) fn step(model: &str, considered: &Considered<'_>) -> Step {
    Step {
        model: model.to_owned(),
        server: considered.candidate.server.clone(),
        overrides: considered.candidate.overrides.as_ref().clone(),
        is_stripped: considered.crosses,
    }
}
