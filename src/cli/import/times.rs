//! Times: LiteLLM has two for an attempt, and a document three. Decides which becomes which.

use super::place::Place;
use crate::yaml::Ordered;

/// Returns the times of an attempt for LiteLLM's two. Both are how long it waits for more of an
/// answer, so they bound the time to the first content and that between two pieces. The time to the
/// first content holds for whole answers too, so that of streams cannot be it. Each of the two is
/// reported: it is one time there, and here there are three.
pub(super) fn timeouts(whole: &Place, stream: &Place) -> Ordered {
    let mut timeouts = Ordered::object();
    let (first, between) = (time(whole), time(stream));
    if let Some(first) = first {
        timeouts.set("first_token_ms", first);
        whole.report_once(if between.is_some() {
            "becomes first_token_ms (until the first content; of an answer without a stream, until its end); \
             set total_ms to limit the whole answer"
        } else {
            "becomes first_token_ms (until the first content; of an answer without a stream, until its end) \
             and idle_ms (between two pieces); set total_ms to limit the whole answer"
        });
    }
    if let Some(between) = between.or(first) {
        timeouts.set("idle_ms", between);
    }
    if between.is_some() {
        stream.report_once(
            "becomes idle_ms (between two pieces), and not first_token_ms, which also holds for answers \
             without a stream: that one comes from timeout",
        );
    }
    timeouts
}

/// Returns the milliseconds of a time, and reports what is none.
fn time(place: &Place) -> Option<u64> {
    let ms = place.milliseconds();
    if ms.is_none() && place.is_there() && place.value().is_some() {
        place.report("is no time here, so it is left out; wanted seconds, 0 to 2592000");
    }
    ms
}
