//! The world as a shadow sees it: the live one, with other turns.
//!
//! A shadow's configuration has models of its own, so it has turns of its own, which nobody
//! takes. It goes by the turns of the live groups of the same names instead. Everything else
//! is the live world's, so equal rules decide alike.

use std::fmt;

use crate::config::{Config, DeploymentId, Group, GroupId};
use crate::hash::mixed;
use crate::load::Load;
use crate::strategy::Trait;

use super::attempt::Claim;
use super::standing::Standing;
use super::turn::Turn;
use super::world::World;

/// A world in which a shadow decides: another configuration over the same deployments. It
/// reads through the live world, so whatever that has read is not read again.
pub struct ShadowWorld<'w> {
    live: &'w dyn World,
    config: &'w Config,
    shadow: &'w Config,
    turns: TurnSource,
}

/// Where the numbers of the shadow's own turns come from.
#[derive(Debug, Clone, Copy)]
enum TurnSource {
    /// From the turn that the live decision has taken, where that is of the same group; else
    /// a number is drawn. The next number of the same group would not do: where the live
    /// rules take none of its turns, every request would find the same one.
    Taken { taken: Option<(Turn, u64)>, drawn: u64 },
    /// From the next turn of the same group; else it is the first turn.
    Next,
}

impl<'w> ShadowWorld<'w> {
    /// Returns the world of a shadow that decides right after the live decision, which has
    /// taken that turn. `configs` are the live one and the shadow's, and `seed` is the
    /// request's.
    #[must_use]
    pub fn beside(
        live: &'w dyn World,
        configs: (&'w Config, &'w Config),
        taken: Option<(Turn, u64)>,
        seed: u64,
    ) -> Self {
        let (config, shadow) = configs;
        Self { live, config, shadow, turns: TurnSource::Taken { taken, drawn: mixed(seed) } }
    }

    /// Returns the world of a shadow that is explained: nobody takes a turn. `configs` are the
    /// live one and the shadow's.
    #[must_use]
    pub const fn explained(live: &'w dyn World, configs: (&'w Config, &'w Config)) -> Self {
        let (config, shadow) = configs;
        Self { live, config, shadow, turns: TurnSource::Next }
    }

    /// Returns the turn of the live group of the same model and variant, where that goes in
    /// turn, too.
    fn translated(&self, turn: Turn) -> Option<Turn> {
        let wanted = self.shadow.group(turn.model, turn.group);
        let model = *self.config.names.models.get(&self.shadow.model(turn.model).name)?;
        let is_same =
            |group: &Group| group.key == wanted.key && group.strategy.has(Trait::TakesTurn);
        let group = self.config.model(model).groups.iter().position(is_same)?;
        Some(Turn { model, group: GroupId(group), ..turn })
    }
}

impl World for ShadowWorld<'_> {
    fn standing(&self, deployment: DeploymentId, claim: Claim) -> Standing {
        self.live.standing(deployment, claim)
    }

    fn standing_if_forced(&self, deployment: DeploymentId, claim: Claim) -> Standing {
        self.live.standing_if_forced(deployment, claim)
    }

    fn load(&self, deployment: DeploymentId) -> Load {
        self.live.load(deployment)
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        match (self.translated(turn), self.turns) {
            (Some(turn), _) => self.live.next_turn(turn),
            (None, TurnSource::Taken { drawn, .. }) => drawn,
            (None, TurnSource::Next) => 0,
        }
    }

    fn own_turn(&self, turn: Turn) -> u64 {
        let TurnSource::Taken { taken, drawn } = self.turns else { return self.next_turn(turn) };
        let translated = self.translated(turn);
        taken.filter(|(taken, _)| Some(*taken) == translated).map_or(drawn, |(_, number)| number)
    }
}

impl fmt::Debug for ShadowWorld<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowWorld").field("turns", &self.turns).finish_non_exhaustive()
    }
}
