//! Counts the allocations of the current thread and their bytes, except those of the host.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes that were ever asked for, bytes that are held now, and the most that were held.
    #[cfg(test)]
    static BYTES: Cell<u64> = const { Cell::new(0) };
    #[cfg(test)]
    static HELD: Cell<i64> = const { Cell::new(0) };
    #[cfg(test)]
    static PEAK: Cell<i64> = const { Cell::new(0) };
    static IS_COUNTING: Cell<bool> = const { Cell::new(false) };
}

struct CountingAllocator;

#[global_allocator]
static GLOBAL: CountingAllocator = CountingAllocator;

// SAFETY: every call goes to the system allocator with unchanged arguments.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        #[cfg(test)]
        hold(0, layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Counts one allocation if counting is on. A thread that is ending has no counter any more.
fn count(size: usize, before: usize) {
    if is_counting() {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
    }
    #[cfg(test)]
    hold(size, before);
    // Where instructions are counted, bytes are not: counting them would be counted too.
    #[cfg(not(test))]
    let _ = (size, before);
}

fn is_counting() -> bool {
    IS_COUNTING.try_with(Cell::get).unwrap_or(false)
}

/// Counts memory that is held instead of other memory, if counting is on. What was allocated
/// before and is freed now makes the count lower than it is.
#[cfg(test)]
fn hold(size: usize, before: usize) {
    if is_counting() {
        let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + size as u64));
        let held = HELD.try_with(|held| {
            held.set(held.get() + size as i64 - before as i64);
            held.get()
        });
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.unwrap_or(0))));
    }
}

/// Returns the bytes that this thread has ever asked for while it was counting, and the most that
/// it held at a time since this was called last.
#[cfg(test)]
pub(crate) fn bytes() -> (u64, u64) {
    let peak = PEAK.replace(0);
    HELD.set(0);
    (BYTES.get(), u64::try_from(peak).unwrap_or(0))
}

/// Starts or stops counting on this thread. Returns whether it was counting before.
pub(crate) fn set_counting(is_counting: bool) -> bool {
    IS_COUNTING.replace(is_counting)
}

/// Returns how often this thread has allocated or reallocated while it was counting.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}
