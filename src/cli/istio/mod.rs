//! `pointsman istio`: what Istio's gateway needs to route by a configuration.
//!
//! One list of resources, in three forms: a `WasmPlugin`, which every Istio can load and
//! which cannot hold headers, a `TrafficExtension`, which takes its place, or an `EnvoyFilter` that
//! can. The attempt filter is on the
//! clusters in all, from a file in the gateway's container: Istio has no resource for it.

mod credential;
mod manifests;
mod name;
mod patch;
mod resource;
#[cfg(test)]
mod tests;

use serde_json::json;

use super::endpoint;
use super::io::{self, ToolError};
use super::yaml;
use manifests::{Manifests, OutputFormat};

pub(super) use manifests::IstioArgs;

/// Returns all resources as YAML documents or as one JSON list, for `kubectl apply`.
///
/// # Errors
/// The configuration cannot be used, or asks for what the chosen form cannot do.
pub(super) fn run(arguments: &IstioArgs) -> Result<String, ToolError> {
    let manifests = Manifests::read(arguments)?;
    io::note(endpoint::placeholders(&manifests.addresses));
    let resources = resource::all(&manifests);
    match arguments.output {
        OutputFormat::Yaml => Ok(yaml::documents(&resources)),
        OutputFormat::Json => {
            io::pretty_json(&json!({"apiVersion": "v1", "kind": "List", "items": resources}))
        }
    }
}
