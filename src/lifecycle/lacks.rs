//! Hosts that lack a part of the proxy-wasm ABI: which configurations they can serve with a
//! warning, and which they cannot serve.

use std::fmt::Write;

use log::Level;

use crate::config::{Config, Hold, Role};
use crate::host::{Host, Lacks};

/// Compares what a configuration needs with what the host has, and logs a warning for every
/// loss that can be lived with.
///
/// For example, a host without shared data serves, but each worker takes turns by itself. A
/// host without properties serves a configuration with one attempt, but not one with
/// failover, since the plan could not reach the attempt filters.
///
/// # Errors
/// What the configuration cannot be served without, one problem a line.
pub(super) fn check<H: Host + ?Sized>(host: &H, config: &Config) -> Result<(), String> {
    let Lacks { properties, shared_data, foreign_functions, metrics } = host.lacks();
    let mut problems = String::new();
    let mut problem = |text: &str| {
        let _ = writeln!(problems, "{text}");
    };
    let warn = |text: &str| host.log(Level::Warn, text);
    // Both pass values through filter state, which a host without properties does not have.
    let is_attempted = config.is_handing_over() || config.role == Role::Attempt;
    let is_buffered = config.hold == Hold::BufferFilter;
    if properties && (is_attempted || is_buffered) {
        problem(
            "failover and hold: this host has no properties, by which the decision reaches the \
             route and the attempt filter; allowed: one attempt, and \"hold\": \"stop_iteration\"",
        );
    } else if properties {
        warn(
            "this host has no properties: answers that it makes itself count as the provider's, \
             and logs know of no decision",
        );
    }
    if foreign_functions && is_buffered && config.role == Role::Router {
        problem(
            "hold: this host has no foreign function clear_route_cache, without which a request \
             whose head has gone on keeps its first route; allowed: \"stop_iteration\"",
        );
    } else if foreign_functions {
        warn(
            "this host has no foreign function clear_route_cache: requests reach their cluster \
             only if it chooses the route anew when a header changes",
        );
    }
    if shared_data && config.limits.tenants.is_some() && config.role == Role::Router {
        problem(
            "limits.tenants: this host has no shared data, in which budgets are counted; leave \
             limits.tenants out",
        );
    } else if shared_data {
        warn(
            "this host has no shared data: each worker takes turns by itself; cooldowns, limits, \
             latency and requests in flight are unknown, and nothing can be added at run time",
        );
    }
    if metrics {
        warn("this host has no metrics: nothing is counted");
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.trim_end().to_owned()) }
}
