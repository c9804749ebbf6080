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
            "failover and hold: this host has no properties, which take the decision to the route \
             and the attempt filter; allowed: one attempt, and \"hold\": \"stop_iteration\"",
        );
    } else if properties {
        warn(
            "this host has no properties, so answers that it makes itself count as the \
             provider's, and logs show no decisions",
        );
    }
    if foreign_functions && is_buffered && config.role == Role::Router {
        problem(
            "hold: this host has no foreign function clear_route_cache, so a request whose \
             headers have gone on keeps its first route; allowed: \"stop_iteration\"",
        );
    } else if foreign_functions {
        warn(
            "this host has no foreign function clear_route_cache, so requests reach their cluster \
             only if the host chooses the route again when a header changes",
        );
    }
    if shared_data && config.limits.tenants.is_some() && config.role == Role::Router {
        problem(
            "limits.tenants: this host has no shared data, which budgets need; remove \
             limits.tenants",
        );
    } else if shared_data {
        warn(
            "this host has no shared data, so each worker takes turns on its own; cooldowns, \
             limits, latency and requests in flight are unknown, and nothing can be added at run \
             time",
        );
    }
    if metrics {
        warn("this host has no metrics, so nothing is counted");
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.trim_end().to_owned()) }
}
