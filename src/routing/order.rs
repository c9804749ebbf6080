//! The order of a set's candidates: the strategy's, with what it is told of them.

use crate::state::Load;
use crate::strategy::{Entry, Pick, Session, Trait};

use super::candidate::Set;
use super::custom::{self, Order};
use super::eligible::{Block, Considered};
use super::list::{List, Purpose};
use super::plan::Planner;
use super::{Need, Request, Server, Stop, session};

impl<'r> Planner<'r> {
    /// Indices of the considered that nothing blocks, in the strategy's order.
    pub(super) fn order(
        &mut self,
        list: &mut List<'r>,
        set: &Set<'r>,
        considered: &[Considered<'r>],
        purpose: Purpose,
    ) -> Result<Vec<usize>, Stop> {
        let eligible: Vec<(usize, &Considered<'r>)> =
            considered.iter().enumerate().filter(|(_, one)| one.block.is_none()).collect();
        if set.is_ordered {
            return Ok(eligible.into_iter().map(|(at, _)| at).collect());
        }
        if set.strategy.has(Trait::AsksService) {
            return self.picked(list, set, &eligible, purpose);
        }
        let is_open = |one: &Considered<'_>| one.cost.is_some_and(|cost| !cost.is_exact());
        let is_by_cost = set.strategy.has(Trait::NeedsCosts) && eligible.len() > 1;
        if is_by_cost && eligible.iter().any(|(_, one)| is_open(one)) {
            return Err(Need::model("is picked by cost").into());
        }
        let session = if eligible.len() > 1 { self.session(set)? } else { Session::NONE };
        let needs_loads = set.strategy.has(Trait::NeedsLoads) && eligible.len() > 1;
        let entry = |(_, one): &(usize, &Considered<'_>)| Entry {
            cost_usd: one.cost.map(|cost| cost.most),
            load: match &one.candidate.server {
                Server::Deployment(id) if needs_loads => self.world.load(*id),
                _ => Load::default(),
            },
            ..one.candidate.entry
        };
        let entries: Vec<Entry> = eligible.iter().map(entry).collect();
        let is_narrowed =
            considered.iter().any(|one| one.block.as_ref().is_some_and(Block::is_by_request));
        let is_in_turn = set.strategy.has(Trait::TakesTurn) && eligible.len() > 1;
        let turn = set.turn(is_narrowed).filter(|_| is_in_turn);
        let turn = turn.map_or(0, |turn| self.number(turn, purpose));
        let pick = Pick { session, turn, rng: &mut self.rng };
        let order = set.strategy.order(&entries, pick);
        Ok(order.into_iter().filter_map(|at| Some(eligible.get(at)?.0)).collect())
    }

    /// The eligible candidates as a service orders them. Without its pick, the model that
    /// was asked for is refused if its settings say so, and a fallback left out.
    fn picked(
        &self,
        list: &mut List<'r>,
        set: &Set<'r>,
        eligible: &[(usize, &Considered<'r>)],
        purpose: Purpose,
    ) -> Result<Vec<usize>, Stop> {
        let Request { config, facts, .. } = self.request;
        let mut order: Vec<usize> = eligible.iter().map(|(at, _)| *at).collect();
        if purpose == Purpose::Kind {
            return Ok(order);
        }
        match custom::order(config, facts, set, eligible, self.services)? {
            Order::File => {}
            Order::Unasked => list.is_unasked = true,
            Order::First(picked) => {
                let is_picked = |(_, one): &(usize, &Considered<'_>)| {
                    one.candidate.server == Server::Deployment(picked)
                };
                if let Some(place) = eligible.iter().position(is_picked)
                    && let Some(behind) = order.get_mut(..=place)
                {
                    behind.rotate_right(1);
                }
            }
            Order::Failed if purpose == Purpose::Own => return Err(custom::not_picked().into()),
            Order::Failed => {
                list.is_unpicked = true;
                order.clear();
            }
            Order::Ask(question) => return Err(Stop::Ask(question)),
        }
        Ok(order)
    }

    /// The session that the request belongs to, where the set sticks by it.
    pub(super) fn session(&self, set: &Set<'_>) -> Result<Session, Need> {
        match set.sticky {
            Some(sticky) if set.strategy.has(Trait::BySession) => session::of(self.request, sticky),
            _ => Ok(Session::NONE),
        }
    }
}
