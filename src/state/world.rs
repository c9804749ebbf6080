//! What a decision may ask about beside the request.

use crate::config::DeploymentId;
use crate::load::Load;

use super::attempt::Claim;
use super::standing::Standing;
use super::turn::Turn;

/// The state of deployments and turns. Decisions read it and never change it.
///
/// The same question has the same answer for as long as the world exists, so a request that
/// is decided twice is decided alike. A running proxy's world is a [`super::Snapshot`]. The
/// command line, the replay, the playground and tests have worlds of their own.
pub trait World {
    /// Returns whether a deployment may be picked for a request with that claim. More
    /// tokens never make a deployment ready that fewer do not.
    fn standing(&self, deployment: DeploymentId, claim: Claim) -> Standing;

    /// Returns whether a deployment may be sent a request with that claim although it
    /// cools. Limits and drains still count. Worlds without either need not say.
    fn standing_if_forced(&self, _deployment: DeploymentId, _claim: Claim) -> Standing {
        Standing::Ready
    }

    /// Returns how busy a deployment is. Only strategies that compare loads ask for it.
    fn load(&self, deployment: DeploymentId) -> Load;

    /// Returns the number of the next turn that is free. Fallbacks go by it, and nobody takes
    /// it for them.
    fn next_turn(&self, turn: Turn) -> u64;

    /// Returns the number of the request's own turn: the one it has taken, or else the next
    /// one, which it takes if it is sent.
    fn own_turn(&self, turn: Turn) -> u64 {
        self.next_turn(turn)
    }
}
