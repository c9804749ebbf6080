//! What a decision may ask of the world beside the request.

use crate::config::DeploymentId;
use crate::load::Load;

use super::standing::Standing;
use super::turn::Turn;

/// The state of deployments and turns, to be read by one decision and changed by none.
///
/// Every answer stays the same for as long as the world is held, so that to decide twice is
/// to decide alike. [`super::Snapshot`] is the world of a running proxy; explain without a
/// proxy, replay and tests have worlds of their own.
pub trait World {
    /// Returns whether a deployment may be picked for a request of that many tokens.
    fn standing(&self, deployment: DeploymentId, tokens: u64) -> Standing;

    /// Returns the same for a request that is sent although the deployment cools: limits
    /// still count.
    fn standing_if_forced(&self, _deployment: DeploymentId, _tokens: u64) -> Standing {
        Standing::Ready
    }

    /// Returns how busy a deployment is.
    fn load(&self, deployment: DeploymentId) -> Load;

    /// Returns the number of the next turn, which the request only looks at: the turns of
    /// its fallbacks.
    fn next_turn(&self, turn: Turn) -> u64;

    /// Returns the number of the turn that the request itself takes or has taken.
    fn own_turn(&self, turn: Turn) -> u64 {
        self.next_turn(turn)
    }
}
