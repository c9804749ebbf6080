//! The order of a set's candidates: gathers what the strategy goes by, and asks it.

use crate::state::Load;
use crate::strategy::{Pick, Profile, Session, Strategy, Trait};

use super::candidate::CandidateSet;
use super::custom::{self, Order};
use super::eligible::{Block, Considered};
use super::list::{List, ListedFor};
use super::planner::Planner;
use super::{Need, Request, Server, Stop, price, session};

impl<'r> Planner<'r> {
    /// Returns the places of the candidates on one side of the boundary of the request's state that
    /// nothing blocks, in the strategy's order.
    ///
    /// # Errors
    /// What has to be known first, what a service has to be asked first, or the refusal where
    /// its pick is missing.
    pub(super) fn order(
        &mut self,
        list: &mut List<'r>,
        set: &CandidateSet<'r>,
        considered: &[Considered<'r>],
        (purpose, crosses): (ListedFor, bool),
    ) -> Result<Vec<usize>, Stop> {
        let is_eligible = |one: &Considered<'_>| one.block.is_none() && one.crosses == crosses;
        let eligible: Vec<(usize, &Considered<'r>)> =
            considered.iter().enumerate().filter(|(_, one)| is_eligible(one)).collect();
        let in_file_order = || eligible.iter().map(|(at, _)| *at).collect();
        // One candidate needs no order: neither its cost nor its load, session or turn. A part
        // of a large group comes in the order in which it was picked.
        if set.is_ordered || eligible.len() < 2 {
            return Ok(in_file_order());
        }
        if set.strategy.has(Trait::AsksService) {
            return self.picked(list, set, &eligible, purpose);
        }
        let is_open = |one: &Considered<'_>| one.cost.is_some_and(|cost| !cost.is_exact());
        if set.strategy.has(Trait::NeedsCosts) && eligible.iter().any(|(_, one)| is_open(one)) {
            return Err(Need::model("is picked by cost").into());
        }
        let session = self.session(set)?;
        let profiles: Vec<Profile> =
            eligible.iter().map(|(_, one)| self.profile(set.strategy, one)).collect();
        // What cools does not count as narrowed: its turns fall to the others for the moment,
        // and a counter of its own would begin somewhere else.
        let is_left_out = |one: &Considered<'_>| {
            one.crosses != crosses || one.block.as_ref().is_some_and(Block::is_by_request)
        };
        let is_narrowed = considered.iter().any(is_left_out);
        let turn = set.turn(is_narrowed).filter(|_| set.strategy.has(Trait::TakesTurn));
        let turn = turn.map_or(0, |turn| self.number(turn, purpose));
        let pick = Pick { session, turn, rng: &mut self.rng };
        let order = set.strategy.order(&profiles, pick);
        Ok(order.into_iter().filter_map(|at| Some(eligible.get(at)?.0)).collect())
    }

    /// Returns what the strategy goes by. The load is asked for only where it does.
    fn profile(&self, strategy: Strategy, one: &Considered<'_>) -> Profile {
        let load = match &one.candidate.server {
            Server::Deployment(id) if strategy.has(Trait::NeedsLoads) => self.world.load(*id),
            _ => Load::default(),
        };
        let cost = match one.candidate.model_facts {
            // What they cost is asked again only where it may be another price than limits go by.
            model if strategy.has(Trait::NeedsCosts) && model.cache_hit_share.is_some() => {
                price::expected(self.request.facts, model)
            }
            _ => one.cost,
        };
        Profile { cost_usd: cost.map(|cost| cost.most), load, ..one.candidate.profile }
    }

    /// Returns the eligible candidates as a service orders them. Without its pick, and where
    /// the settings accept nothing else, the request is refused; a fallback is left out.
    #[inline(never)]
    fn picked(
        &self,
        list: &mut List<'r>,
        set: &CandidateSet<'r>,
        eligible: &[(usize, &Considered<'r>)],
        purpose: ListedFor,
    ) -> Result<Vec<usize>, Stop> {
        let Request { config, facts, .. } = self.request;
        let mut order: Vec<usize> = eligible.iter().map(|(at, _)| *at).collect();
        if purpose == ListedFor::Kind {
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
                    && let Some(front) = order.get_mut(..=place)
                {
                    // The picked one goes to the front, and those before it back by one.
                    front.rotate_right(1);
                }
            }
            Order::Failed if purpose == ListedFor::Own => return Err(custom::not_picked().into()),
            Order::Failed => {
                list.is_unpicked = true;
                order.clear();
            }
            Order::Ask(question) => return Err(Stop::Ask(question)),
        }
        Ok(order)
    }

    /// Returns the session that the request belongs to, where the strategy goes by it.
    pub(super) fn session(&self, set: &CandidateSet<'_>) -> Result<Session, Need> {
        match set.sticky {
            Some(sticky) if set.strategy.has(Trait::BySession) => {
                session::find(self.request, sticky)
            }
            _ => Ok(Session::NONE),
        }
    }
}
