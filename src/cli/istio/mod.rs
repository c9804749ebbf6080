//! `pointsman istio`: what Istio's gateway needs to route by a configuration.
//!
//! One list of resources, in three forms: a `WasmPlugin`, which every Istio can load and which cannot
//! hold headers, a `TrafficExtension`, which takes its place, or an `EnvoyFilter` that can. In each of
//! them, the attempt filter is on the clusters, from a file in the gateway's container: Istio has no
//! resource for it.

mod credential;
mod manifests;
mod name;
mod patch;
mod resource;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::io::{self, ToolError};
use crate::yaml;
use manifests::{Manifests, OutputFormat};

pub(super) use manifests::IstioArgs;

/// Most bytes of a resource that `kubectl apply` takes without `--server-side`. It puts a copy of the resource
/// into an annotation, and annotations have at most 262,144 bytes.
const MOST_APPLIED: usize = 250_000;

/// Returns a line for each resource that is too large for `kubectl apply`.
fn too_large(resources: &[Value]) -> Vec<String> {
    let told = |resource: &Value| {
        let bytes = resource.to_string().len();
        let kind = resource.get("kind").and_then(Value::as_str).unwrap_or_default();
        (bytes > MOST_APPLIED).then(|| {
            format!(
                "the {kind} has {bytes} bytes, because each provider's cluster has the document; apply it with \
                 `kubectl apply --server-side` (Argo CD: the sync option ServerSideApply=true)"
            )
        })
    };
    resources.iter().filter_map(told).collect()
}

/// Returns all resources as YAML documents or as one JSON list, for `kubectl apply`.
///
/// # Errors
/// The configuration cannot be used, or asks for what the chosen form cannot do.
pub(super) fn run(arguments: &IstioArgs) -> Result<String, ToolError> {
    let manifests = Manifests::read(arguments)?;
    io::note(manifests.left_to_do());
    let resources = resource::all(&manifests);
    io::note(too_large(&resources));
    match arguments.output {
        OutputFormat::Yaml => Ok(yaml::documents(&resources)),
        OutputFormat::Json => {
            io::pretty_json(&json!({"apiVersion": "v1", "kind": "List", "items": resources}))
        }
    }
}
