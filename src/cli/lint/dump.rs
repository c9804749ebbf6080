//! What a running Envoy says of itself at `/config_dump`, taken apart.
//!
//! Decides which parts of a dump are the configuration that Envoy was started with, and which came later.
//! Routes that came by RDS are left out.

use crate::yaml::At;

use super::apart::Apart;

/// Returns the configuration that Envoy was started with, and what it has loaded since; `None` for a file
/// that is no dump, or only a part of one.
pub(super) fn read(file: &At) -> Option<(At, Apart)> {
    let bootstrap = part(file, "BootstrapConfigDump")?.get("bootstrap");
    let listeners = part(file, "ListenersConfigDump").map(|part| {
        let loaded = part.get("dynamic_listeners").items();
        loaded.iter().map(|one| one.get("active_state.listener")).collect()
    });
    let clusters = part(file, "ClustersConfigDump").map(|part| {
        let loaded = part.get("dynamic_active_clusters").items();
        loaded.iter().map(|one| one.get("cluster")).collect()
    });
    bootstrap.is_there().then_some((bootstrap, Apart { clusters, listeners }))
}

/// Returns the part of a dump that is of this type.
fn part(file: &At, wanted: &str) -> Option<At> {
    file.get("configs").items().into_iter().find(|part| part.typed().0 == wanted)
}
