//! `pointsman istio`: what Istio's gateway needs to route by a configuration.
//!
//! One list of resources, in two forms: a `WasmPlugin`, which every Istio can load and
//! which cannot hold headers, or an `EnvoyFilter` that can. The attempt filter is on the
//! clusters in both, from a file in the gateway's container: Istio has no resource for it.

mod name;
mod patch;
mod plan;
mod resource;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::{self, Role};

use super::envoy::endpoint::{self, ClusterPlace};
use super::lint;
use plan::{IstioForm, IstioPlan, OutputFormat};

use super::needs::Needs;
pub(super) use plan::IstioArguments;

use super::output::{ToolFailure, read};

/// The resources.
pub(super) fn run(arguments: &IstioArguments) -> Result<String, ToolFailure> {
    let bytes = read(&arguments.config)?;
    let config = config::parse(&bytes).map_err(|problems| ToolFailure::new(2, problems))?;
    if config.role == Role::Attempt {
        let message = "role: wanted the configuration of the filter that decides, not of attempts";
        return Err(ToolFailure::new(2, message));
    }
    if !arguments.gateway.contains('=') {
        return Err(ToolFailure::new(2, "--gateway: wanted KEY=VALUE"));
    }
    let needs = Needs::of(&config);
    let places = endpoint::places(&config, &needs, &arguments.endpoints)
        .map_err(|problem| ToolFailure::new(2, problem))?;
    let mut document: Value =
        serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
            .map_err(|error| ToolFailure::new(2, error))?;
    adapt(&mut document, &places, arguments.form, config.failover.max_attempts);
    // What this form cannot serve is a problem of the configuration.
    let config = config::parse(document.to_string().as_bytes())
        .map_err(|problems| ToolFailure::new(2, problems))?;
    let buffer = lint::roomy(config.limits.max_body_bytes);
    let plan = IstioPlan { arguments, config, document, needs, places, buffer };
    let resources = resource::all(&plan);
    Ok(match arguments.output {
        OutputFormat::Yaml => yaml::documents(&resources),
        OutputFormat::Json => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": resources});
            serde_json::to_string_pretty(&list).map_err(|error| ToolFailure::new(2, error))?
        }
    })
}

/// Names clusters as Istio does, and asks for what the form can do.
fn adapt(
    document: &mut Value,
    places: &BTreeMap<String, ClusterPlace>,
    form: IstioForm,
    attempts: u32,
) {
    let rename = |cluster: Option<&mut Value>| {
        if let Some(value) = cluster
            && let Some(place) = value.as_str().and_then(|name| places.get(name))
        {
            *value = name::cluster(place).into();
        }
    };
    if let Some(providers) = document.get_mut("providers").and_then(Value::as_object_mut) {
        providers.values_mut().for_each(|provider| rename(provider.get_mut("cluster")));
    }
    rename(document.get_mut("default_cluster"));
    rename(document.pointer_mut("/route_source/cluster"));
    let Some(members) = document.as_object_mut() else { return };
    if form == IstioForm::WasmPlugin {
        members.insert("hold".to_owned(), "buffer_filter".into());
    }
    if form == IstioForm::WasmPlugin || attempts < 2 {
        members.insert("failover".to_owned(), json!({"attempt_filter": true}));
    }
}
