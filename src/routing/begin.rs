//! Acting on a decision, and deciding again where another worker was faster.

use crate::host::SharedData;
use crate::request::refusal::Refusal;
use crate::state::{Begun, Snapshot};

use super::blocked::refusal;
use super::eligible::Block;
use super::{Answers, Request, Services, Verdict, decide};

/// How many times an attempt is decided and begun before the request is refused, where other
/// workers are faster each time.
const MOST_TRIES: usize = 8;

/// Acts on a verdict: if it is to serve, takes the request's turn and begins its first attempt.
///
/// Where another worker was faster, the snapshot knows what that worker changed, and the
/// request is decided again by it. For example, `a` has one place for a probe left, and two
/// workers decide to send a request there. The slower one finds the place taken when it begins
/// its attempt. From then on `a` cools in its snapshot, so it decides again and sends the
/// request to `b`.
///
/// Returns the final verdict and the attempt, which the caller must end. There is no attempt
/// where the request is not served, or is served by a server of which no state is kept. Where
/// the verdict is not to serve, nothing has changed, except that a request which was overtaken
/// may have used up its turn.
pub fn begin<S: SharedData + ?Sized>(
    mut verdict: Verdict,
    request: Request<'_>,
    answers: &Answers,
    snapshot: &mut Snapshot<'_, S>,
    seed: u64,
) -> (Verdict, Option<Begun>) {
    let mut tries_left = MOST_TRIES;
    loop {
        let Verdict::Serve(decision) = &verdict else { return (verdict, None) };
        // An error has changed the snapshot, so the next try decides otherwise.
        if let Ok(begun) = snapshot.commit(&decision.intent) {
            return (verdict, begun);
        }
        tries_left = tries_left.saturating_sub(1);
        if tries_left == 0 {
            return (Verdict::Refuse(overtaken(snapshot)), None);
        }
        verdict = decide(request, Services::Answered(answers), snapshot, seed);
    }
}

/// Returns the refusal for a request that other workers overtook each time. It names what stands
/// in the way of the deployments that were tried.
fn overtaken<S: SharedData + ?Sized>(snapshot: &Snapshot<'_, S>) -> Refusal {
    let blocks: Vec<Block> =
        snapshot.refused().into_iter().filter_map(Option::<Block>::from).collect();
    let blocks: Vec<&Block> = blocks.iter().collect();
    refusal(&blocks)
}
