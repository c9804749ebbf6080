//! The windows in which the module sees a body that the proxy holds.

use crate::host::Host;

/// Longest part of a body, in bytes, that the module holds at a time while it scans.
const WINDOW: usize = 128 * 1024;

/// Returns the next window of a body of which the host holds `held` bytes: from `at` on, at most
/// 128 KiB. `None` where the host gives nothing, so that no caller waits for ever.
pub(super) fn window<H: Host + ?Sized>(host: &H, at: usize, held: usize) -> Option<Vec<u8>> {
    // The module's memory must not grow with the body.
    let length = held.saturating_sub(at).min(WINDOW);
    host.request_body(at, length).filter(|window| !window.is_empty())
}
