//! Acting on a decision, and deciding again where another worker was faster.

use crate::host::SharedData;
use crate::request::refusal::Refusal;
use crate::state::{Begun, Snapshot};

use super::blocked::refusal;
use super::eligible::Block;
use super::{Answers, Request, Services, Verdict, decide};

/// How often it is tried to begin at most, where other workers are faster each time.
const MOST_TRIES: usize = 8;

/// Acts on a verdict: if it is to serve, takes the request's turn and begins its first attempt.
///
/// Where another worker was faster, the snapshot knows what that worker changed, and the
/// request is decided again by it. For example, `a` has one place for a probe left, and two
/// workers decide to send a request there. The slower one finds the place taken when it begins
/// its attempt. From then on `a` cools in its snapshot, so it decides again and sends the
/// request to `b`.
///
/// Returns what was decided in the end, and the attempt. Whoever calls must see to the
/// attempt's end. There is none where the request is not served, or by a server of which no
/// state is kept. Nothing has changed where the verdict is not to serve, except that a request
/// which was overtaken may have used up its turn.
pub fn begin<S: SharedData + ?Sized>(
    mut verdict: Verdict,
    request: Request<'_>,
    answers: &Answers,
    snapshot: &mut Snapshot<'_, S>,
    seed: u64,
) -> (Verdict, Option<Begun>) {
    for _ in 0..MOST_TRIES {
        let Verdict::Serve(decision) = &verdict else { return (verdict, None) };
        // An error has changed the snapshot, so the next try decides otherwise.
        if let Ok(begun) = snapshot.commit(&decision.intent) {
            return (verdict, begun);
        }
        verdict = decide(request, Services::Answered(answers), snapshot, seed);
    }
    (Verdict::Refuse(overtaken(snapshot)), None)
}

/// Returns what the client is told where other workers were faster each time: what stands in
/// the way of the deployments that were tried.
fn overtaken<S: SharedData + ?Sized>(snapshot: &Snapshot<'_, S>) -> Refusal {
    let blocks: Vec<Block> =
        snapshot.refused().into_iter().filter_map(Option::<Block>::from).collect();
    let blocks: Vec<&Block> = blocks.iter().collect();
    refusal(&blocks)
}
