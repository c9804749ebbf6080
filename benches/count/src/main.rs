//! Sends the requests of tests/budget/, for callgrind to count.
//!
//! Without arguments it prints the table of calls and allocations; with a scenario's name
//! it sends that request alone, after those that warm up. With `shapes` it prints the names of
//! the shapes whose length somebody else chooses, and with one of those and 1 or 2 it sends a
//! request of that shape and of so many times its length, or translates one.

#[path = "../../../tests/budget/allocator.rs"]
mod allocator;
#[path = "../../../tests/budget/calls.rs"]
mod calls;
#[path = "../../../tests/budget/gauge.rs"]
mod gauge;
#[path = "../../../tests/budget/growth.rs"]
mod growth;
#[path = "../../../tests/budget/host.rs"]
mod host;
#[path = "../../../tests/budget/scenario.rs"]
mod scenario;
mod translations;

use calls::Table;
use gauge::Gauge;

/// Takes the place of the C library's, from which the standard library seeds its maps:
/// with the same seeds, maps take the same number of instructions in every run.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _: u32) -> isize {
    // SAFETY: the caller gives a buffer of that length.
    unsafe { buffer.write_bytes(0x5a, length) };
    length.cast_signed()
}

fn main() {
    let name = std::env::args().nth(1);
    if name.as_deref() == Some("shapes") {
        growth::shapes().iter().for_each(|shape| println!("{}", shape.name));
        translations::all().iter().for_each(|shape| println!("{}", shape.name));
        return;
    }
    if let Some(times) = std::env::args().nth(2) {
        let times: usize = times.parse().expect("a number of times");
        let is_it = |shape: &translations::Translation| Some(shape.name) == name.as_deref();
        if let Some(translation) = translations::all().into_iter().find(is_it) {
            translation.run(times);
            return;
        }
        let shape = growth::shapes().into_iter().find(|shape| Some(shape.name) == name.as_deref());
        let shape = shape.expect("a shape of that name");
        Gauge::unchecked((shape.of)(times * shape.length)).send_unchecked();
        return;
    }
    let is_asked =
        |scenario: &&scenario::Scenario| name.as_ref().is_none_or(|name| scenario.name == name);
    let mut counted = Vec::new();
    for scenario in scenario::all().into_iter().filter(|scenario| is_asked(&scenario)) {
        let name = scenario.name.to_owned();
        counted.push((name, Gauge::warmed_up(scenario).send().values()));
    }
    assert!(!counted.is_empty(), "no scenario of that name");
    print!("{}", Table(&counted));
}
