//! The world as the shadow sees it: that of the rules that count, with turns translated.
//!
//! A shadow has models of its own and so turns of its own, which nobody takes. It goes by
//! those of the groups of the same names. Everything else is the same, so that equal rules
//! decide alike.

use std::fmt;

use crate::config::{Config, DeploymentId, Group, GroupId};
use crate::hash::mixed;
use crate::load::Load;
use crate::strategy::Trait;

use super::standing::Standing;
use super::turn::Turn;
use super::world::World;

/// A world in which another configuration over the same deployments decides.
pub struct ShadowWorld<'w> {
    live: &'w dyn World,
    config: &'w Config,
    shadow: &'w Config,
    turns: Turns,
}

/// Which numbers the shadow's turns have.
#[derive(Debug, Clone, Copy)]
enum Turns {
    /// The number of the turn that the request took in the rules that count, where it is the
    /// same group's; else the drawn one. Numbers that only stand there would do no longer:
    /// as nobody takes them, every request would find the same one.
    Taken { taken: Option<(Turn, u64)>, drawn: u64 },
    /// The next number of the same group; else the first.
    Next,
}

impl<'w> ShadowWorld<'w> {
    /// Returns the world of a shadow that decides after a decision which counts, with the
    /// turn that was taken for that. `seed` is the request's.
    #[must_use]
    pub fn beside(
        live: &'w dyn World,
        (config, shadow): (&'w Config, &'w Config),
        taken: Option<(Turn, u64)>,
        seed: u64,
    ) -> Self {
        Self { live, config, shadow, turns: Turns::Taken { taken, drawn: mixed(seed) } }
    }

    /// Returns the world of a shadow that is explained, where no turn is taken.
    #[must_use]
    pub const fn explained(
        live: &'w dyn World,
        (config, shadow): (&'w Config, &'w Config),
    ) -> Self {
        Self { live, config, shadow, turns: Turns::Next }
    }

    /// Returns the turn of the same group in the configuration that counts, where that goes
    /// round, too.
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
    fn standing(&self, deployment: DeploymentId, tokens: u64) -> Standing {
        self.live.standing(deployment, tokens)
    }

    fn standing_if_forced(&self, deployment: DeploymentId, tokens: u64) -> Standing {
        self.live.standing_if_forced(deployment, tokens)
    }

    fn load(&self, deployment: DeploymentId) -> Load {
        self.live.load(deployment)
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        match (self.translated(turn), self.turns) {
            (Some(turn), _) => self.live.next_turn(turn),
            (None, Turns::Taken { drawn, .. }) => drawn,
            (None, Turns::Next) => 0,
        }
    }

    fn own_turn(&self, turn: Turn) -> u64 {
        let Turns::Taken { taken, drawn } = self.turns else { return self.next_turn(turn) };
        let translated = self.translated(turn);
        taken.filter(|(taken, _)| Some(*taken) == translated).map_or(drawn, |(_, number)| number)
    }
}

impl fmt::Debug for ShadowWorld<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowWorld").field("turns", &self.turns).finish_non_exhaustive()
    }
}
