//! Headers from the host, in one piece.

#![allow(unsafe_code, reason = "the SDK takes headers apart, with a copy of each name and value")]

use std::ptr;

use proxy_wasm::types::MapType;

use crate::host::Headers;

/// The status of a call that has worked.
const OK: u32 = 0;

unsafe extern "C" {
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
}

/// Returns all headers of a message; none where the host has no such message.
pub(super) fn headers(map: MapType) -> Headers {
    let (mut data, mut size) = (ptr::null_mut(), 0);
    // SAFETY: both addresses are valid during the call.
    let status = unsafe { proxy_get_header_map_pairs(map as u32, &raw mut data, &raw mut size) };
    if status != OK || data.is_null() {
        return Headers::default();
    }
    // SAFETY: the host has got this memory from the SDK's allocator, which makes it a vector of
    // just that size and leaves it to the caller.
    Headers::read(unsafe { Vec::from_raw_parts(data, size, size) })
}
