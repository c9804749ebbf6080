//! The windows in which the module sees a body that the proxy holds.

use crate::host::Host;

/// Most bytes of a body that are in the module at a time while it is scanned.
const WINDOW: usize = 128 * 1024;

/// Returns the next bytes of a body of which `held` bytes are held, no more than fit;
/// `None` where the proxy gives none.
pub(super) fn window<H: Host + ?Sized>(host: &H, at: usize, held: usize) -> Option<Vec<u8>> {
    let length = held.saturating_sub(at).min(WINDOW);
    host.request_body(at, length).filter(|window| !window.is_empty())
}
