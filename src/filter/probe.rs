//! What the host lacks of the ABI, asked once a configuration.
//!
//! The SDK panics where a host answers that it does not know a function. So the functions are
//! called here without the SDK, in ways that change nothing, and the status says whether the
//! host has them.

#![allow(unsafe_code, reason = "host functions are foreign, and the SDK's are private")]

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::host::Lacks;

/// The status of a function that the host does not have.
const UNIMPLEMENTED: u32 = 12;
/// A number that no kind of metric has, so that nothing is defined.
const NO_KIND: u32 = 99;

unsafe extern "C" {
    fn proxy_set_property(path: *const u8, length: usize, value: *const u8, size: usize) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        length: usize,
        value: *const u8,
        size: usize,
        version: u32,
    ) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        length: usize,
        arguments: *const u8,
        size: usize,
        results: *mut *mut u8,
        results_size: *mut usize,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, length: usize, id: *mut u32) -> u32;
}

// What is there, for the life of the VM. Atomics only because a static has to be: a VM has
// one thread.
static PROPERTIES: AtomicBool = AtomicBool::new(true);
static SHARED_DATA: AtomicBool = AtomicBool::new(true);
static METRICS: AtomicBool = AtomicBool::new(true);
static FOREIGN: AtomicBool = AtomicBool::new(true);

fn is_on(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

/// Returns whether properties can be read and written.
pub(super) fn has_properties() -> bool {
    is_on(&PROPERTIES)
}

/// Returns whether workers share data.
pub(super) fn has_shared_data() -> bool {
    is_on(&SHARED_DATA)
}

/// Returns whether there are metrics.
pub(super) fn has_metrics() -> bool {
    is_on(&METRICS)
}

/// Returns whether the route can be chosen again.
pub(super) fn has_foreign_functions() -> bool {
    is_on(&FOREIGN)
}

/// Asks the host, and returns what it lacks. That is not called from here on.
pub(super) fn probe() -> Lacks {
    let name = b"clear_route_cache";
    let (property, key) = (b"llm.probe", b"pointsman/probe");
    let (mut results, mut size, mut id) = (ptr::null_mut(), 0, 0);
    // SAFETY: all lengths are those of what is pointed to, which lives until the end of
    // the calls; without a stream the first sets nothing, and the last knows no such kind.
    let (properties, shared, foreign, metrics) = unsafe {
        (
            proxy_set_property(property.as_ptr(), property.len(), ptr::null(), 0),
            proxy_set_shared_data(key.as_ptr(), key.len(), ptr::null(), 0, 0),
            proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                ptr::null(),
                0,
                &raw mut results,
                &raw mut size,
            ),
            proxy_define_metric(NO_KIND, key.as_ptr(), key.len(), &raw mut id),
        )
    };
    // Without a stream no host sets a property. Only one without properties answers like this.
    PROPERTIES.store(properties != UNIMPLEMENTED, Ordering::Relaxed);
    SHARED_DATA.store(shared == 0, Ordering::Relaxed);
    // A host may have foreign functions, but not this one. Only success says that it is there.
    FOREIGN.store(foreign == 0, Ordering::Relaxed);
    METRICS.store(metrics != UNIMPLEMENTED, Ordering::Relaxed);
    Lacks {
        properties: !has_properties(),
        shared_data: !has_shared_data(),
        foreign_functions: !has_foreign_functions(),
        metrics: !has_metrics(),
    }
}
