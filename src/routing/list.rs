//! From sets of candidates to a list of steps.

use std::borrow::Cow;

use crate::config::Group;
use crate::state::Turn;
use crate::strategy::Trait;

use super::candidate::Set;
use super::eligible::{self, Block, Considered};
use super::plan::{Depth, Planner};
use super::view::{self, By};
use super::{Need, Server, Step, Stop};

/// Candidates in the order they are tried, with all that were considered for it.
#[derive(Debug, Default)]
pub(super) struct List<'r> {
    /// Those that may serve the request, each server once.
    pub(super) steps: Vec<Step>,
    /// All that were looked at, with the model each was looked at for.
    pub(super) considered: Vec<(Cow<'r, str>, Considered<'r>)>,
    /// A service would have had a say, and was not asked.
    pub(super) is_unasked: bool,
    /// A fallback is left out because its service did not pick.
    pub(super) is_unpicked: bool,
}

impl<'r> List<'r> {
    /// What stands in the way of those that may not serve.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.considered.iter().filter_map(|(_, one)| one.block.as_ref())
    }

    fn has(&self, server: &Server) -> bool {
        self.steps.iter().any(|step| step.server == *server)
    }
}

/// What a set is listed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It was asked for. It alone takes a turn, and without its service's pick the request
    /// may be refused.
    Own,
    /// It is gone on to after failures. It goes by the next turn without taking it, and is
    /// left out without its service's pick.
    Fallback,
    /// It is gone on to after failures of one kind. Nobody waits for a service that is
    /// needed so seldom.
    Kind,
}

impl<'r> Planner<'r> {
    /// Appends the set's eligible candidates in its strategy's order; of a large group
    /// some, if there is one among them.
    ///
    /// # Errors
    /// What has to be known first, or the refusal of a service's model.
    pub(super) fn add(
        &mut self,
        list: &mut List<'r>,
        set: &Set<'r>,
        purpose: Purpose,
    ) -> Result<(), Stop> {
        let Some(group) = set.large else { return self.add_small(list, set, purpose) };
        // A service is told of all, and so is who wants the reasons.
        if self.depth != Depth::Explained && !set.strategy.has(Trait::AsksService) {
            let (steps, considered) = (list.steps.len(), list.considered.len());
            let some = self.view(set, group, purpose)?;
            self.add_small(list, &some, purpose)?;
            if list.steps.len() > steps {
                return Ok(());
            }
            list.considered.truncate(considered);
        }
        let all: Vec<usize> = (0..group.candidates.len()).collect();
        self.add_small(list, &set.part(self.request.config, &all, false), purpose)
    }

    /// Returns those of a large group that its strategy would look at first.
    fn view(&mut self, set: &Set<'r>, group: &Group, purpose: Purpose) -> Result<Set<'r>, Need> {
        let session = self.session(set)?;
        let turn = set.turn(false).filter(|_| set.strategy.has(Trait::TakesTurn));
        let turn = turn.map_or(0, |turn| self.number(turn, purpose));
        let by = By { request: self.request, subject: &self.subject, session, turn };
        let view = view::of(group, &by, &mut self.rng)?;
        Ok(set.part(self.request.config, &view.at, view.is_ordered))
    }

    /// Appends the eligible candidates of a set, each of which is looked at.
    fn add_small(
        &mut self,
        list: &mut List<'r>,
        set: &Set<'r>,
        purpose: Purpose,
    ) -> Result<(), Stop> {
        let is_all_asked = self.is_all_asked(set);
        let mut considered =
            eligible::consider(self.request, &self.subject, set, self.max_cost_usd)?;
        if is_all_asked {
            for one in considered.iter_mut().filter(|one| one.block.is_none()) {
                one.block = self.at_moment(one)?;
            }
        }
        for at in self.order(list, set, &considered, purpose)? {
            let Some(one) = considered.get_mut(at) else { continue };
            if !is_all_asked {
                one.block = self.at_moment(one)?;
            }
            if one.block.is_none() && !list.has(&one.candidate.server) {
                list.steps.push(step(&set.name, one));
            }
            if one.block.is_none() && self.depth == Depth::First {
                break;
            }
        }
        list.considered.extend(considered.into_iter().map(|one| (set.name.clone(), one)));
        Ok(())
    }

    /// Returns whether the state of every candidate of a set is asked for before they are
    /// put in order. Else it is asked for one by one, until one is ready.
    fn is_all_asked(&self, set: &Set<'_>) -> bool {
        self.depth != Depth::First || set.strategy.is_of_ready()
    }

    fn at_moment(&self, one: &Considered<'_>) -> Result<Option<Block>, Need> {
        eligible::at_moment(self.request, &one.candidate.server, self.world)
    }

    /// Returns the number of the turn that a set goes by.
    pub(super) fn number(&mut self, turn: Turn, purpose: Purpose) -> u64 {
        match (purpose, self.own_turn) {
            (Purpose::Own, Some((_, number))) => number,
            (Purpose::Own, None) => {
                let number = self.world.own_turn(turn);
                self.own_turn = Some((turn, number));
                number
            }
            // The next turn after the request's own, which is not taken yet.
            (_, Some((own, number))) if own == turn => number.wrapping_add(1),
            _ => self.world.next_turn(turn),
        }
    }
}

/// The step that a considered candidate makes for a model.
pub(super) fn step(model: &str, considered: &Considered<'_>) -> Step {
    Step {
        model: model.to_owned(),
        server: considered.candidate.server.clone(),
        overrides: considered.candidate.overrides.as_ref().clone(),
    }
}
