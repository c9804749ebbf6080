//! The fleet as one decision saw it, for another decision that has no effect.
//!
//! Reads what was read, and what was not as it is now; writes nothing. Where nothing
//! differs but who asks, every answer is the same, so that equal rules decide alike.

use crate::config::{Config, DeploymentId, Group, GroupId, StrategyName};
use crate::hash::mixed;
use crate::host::SharedData;
use crate::load::Load;

use super::attempt::{self, Asking};
use super::fleet::{Fleet, FleetNow};
use super::standing::Standing;
use super::turn::Turn;

/// What a decision heard that would not be said again.
#[derive(Debug, Default)]
pub struct Heard {
    /// The turn it took.
    taken: Option<(Turn, u64)>,
    /// Turns that it only looked at.
    next: Vec<(Turn, u64)>,
    /// Starts that were prevented.
    prevented: Vec<(DeploymentId, Standing)>,
}

impl Heard {
    pub(super) fn took(&mut self, turn: Turn, number: u64) {
        self.taken = Some((turn, number));
    }

    pub(super) fn saw(&mut self, turn: Turn, number: u64) {
        self.next.push((turn, number));
    }

    pub(super) fn was_prevented(&mut self, deployment: DeploymentId, standing: Standing) {
        self.prevented.push((deployment, standing));
    }
}

/// The turn of the same group in the configuration that counts, where that goes round, too.
fn counted(config: &Config, shadow: &Config, turn: Turn) -> Option<Turn> {
    let wanted = shadow.group(turn.model, turn.group);
    let model = *config.names.models.get(&shadow.model(turn.model).name)?;
    let is_same =
        |group: &Group| group.key == wanted.key && group.strategy == StrategyName::RoundRobin;
    let group = config.model(model).groups.iter().position(is_same)?;
    Some(Turn { model, group: GroupId(group), ..turn })
}

/// A fleet as a shadow is explained by it: turns are those of the same groups, if they
/// go round, and else the first.
pub struct Explaining<'f, 'c> {
    /// What is asked.
    pub fleet: &'f mut dyn Fleet,
    /// The configuration that it is of.
    pub config: &'c Config,
    /// The one that is explained.
    pub shadow: &'c Config,
}

impl Fleet for Explaining<'_, '_> {
    fn standing(&mut self, deployment: DeploymentId, tokens: u64) -> Standing {
        self.fleet.standing(deployment, tokens)
    }

    fn load(&mut self, deployment: DeploymentId) -> Load {
        self.fleet.load(deployment)
    }

    fn take_turn(&mut self, turn: Turn) -> u64 {
        self.next_turn(turn)
    }

    fn next_turn(&mut self, turn: Turn) -> u64 {
        let counted = counted(self.config, self.shadow, turn);
        counted.map_or(0, |turn| self.fleet.next_turn(turn))
    }

    fn begin(&mut self, _: DeploymentId, _: Asking) -> Result<(), Standing> {
        Ok(())
    }
}

/// Decides after another, and changes nothing.
#[derive(Debug)]
pub struct Onlooker<'n, 'a, 'c, S: ?Sized> {
    now: &'n mut FleetNow<'a, S>,
    /// The configuration of the decision that counts.
    config: &'c Config,
    /// The one that is decided by here.
    shadow: &'c Config,
    draw: u64,
}

impl<'n, 'a, 'c, S: SharedData + ?Sized> Onlooker<'n, 'a, 'c, S> {
    /// One that decides by another configuration over the same deployments. `draw` stands in
    /// for turns that the first decision did not take: whoever takes none would else always
    /// find the same one.
    pub const fn new(
        now: &'n mut FleetNow<'a, S>,
        config: &'c Config,
        shadow: &'c Config,
        draw: u64,
    ) -> Self {
        Self { now, config, shadow, draw }
    }

    fn counted(&self, turn: Turn) -> Option<Turn> {
        counted(self.config, self.shadow, turn)
    }

    fn drawn(&self) -> u64 {
        mixed(self.draw)
    }
}

impl<S: SharedData + ?Sized> Fleet for Onlooker<'_, '_, '_, S> {
    fn standing(&mut self, deployment: DeploymentId, tokens: u64) -> Standing {
        self.now.standing(deployment, tokens)
    }

    fn load(&mut self, deployment: DeploymentId) -> Load {
        self.now.load(deployment)
    }

    fn take_turn(&mut self, turn: Turn) -> u64 {
        let taken = self.now.heard.taken.filter(|(taken, _)| self.counted(turn) == Some(*taken));
        taken.map_or_else(|| self.drawn(), |(_, number)| number)
    }

    fn next_turn(&mut self, turn: Turn) -> u64 {
        let counted = self.counted(turn);
        let seen = self.now.heard.next.iter().rev().find(|(seen, _)| Some(*seen) == counted);
        seen.map_or_else(|| self.drawn(), |(_, number)| *number)
    }

    fn begin(&mut self, deployment: DeploymentId, asking: Asking) -> Result<(), Standing> {
        let prevented = &mut self.now.heard.prevented;
        if let Some(at) = prevented.iter().position(|(prevented, _)| *prevented == deployment) {
            return Err(prevented.remove(at).1);
        }
        let (mut record, _) = self.now.record(deployment);
        let described = (deployment, self.config.deployment(deployment));
        let settings = &self.config.cooldown;
        attempt::begin(&mut record, described, asking, settings, self.now.now_ms).map(|_| ())
    }
}
