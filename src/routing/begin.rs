//! Deciding a request and acting on it, in one go.

use crate::host::SharedData;
use crate::request::refusal::Refusal;
use crate::state::{Begun, Snapshot};

use super::blocked::refusal;
use super::eligible::Block;
use super::{Answers, Request, Services, Verdict, decide};

/// How often a request is decided where other workers are faster each time.
const MOST_TRIES: usize = 8;

/// Acts on a decision to serve: takes the request's turn and begins its first attempt.
///
/// Where another worker was faster, the snapshot knows what that one changed, and the
/// request is decided again by it. For example, one place is left for a probe of `a`, and
/// two workers decide for it. The slower one finds the place taken when it begins its
/// attempt. From then on `a` counts as cooling in its snapshot, and it decides for `b`.
///
/// Returns what was decided in the end, and the attempt, which has to be ended. There is
/// none where the request is not served, or by a server without state. A verdict that is
/// not to serve has changed nothing, but that a turn may be gone where other workers were
/// faster before.
pub fn begin<S: SharedData + ?Sized>(
    mut verdict: Verdict,
    request: Request<'_>,
    answers: &Answers,
    snapshot: &mut Snapshot<'_, S>,
    seed: u64,
) -> (Verdict, Option<Begun>) {
    for _ in 0..MOST_TRIES {
        let Verdict::Serve(decision) = &verdict else { return (verdict, None) };
        if let Ok(begun) = snapshot.commit(&decision.intent) {
            return (verdict, begun);
        }
        verdict = decide(request, Services::Answered(answers), snapshot, seed);
    }
    (Verdict::Refuse(overtaken(snapshot)), None)
}

/// What the client is told where other workers were faster each time: what stands in the
/// way of the deployments that were tried.
fn overtaken<S: SharedData + ?Sized>(snapshot: &Snapshot<'_, S>) -> Refusal {
    let blocks: Vec<Block> =
        snapshot.refused().into_iter().filter_map(Option::<Block>::from).collect();
    let blocks: Vec<&Block> = blocks.iter().collect();
    refusal(&blocks)
}
