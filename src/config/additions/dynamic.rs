//! Dynamic routes and aliases: as they are posted, and as they are kept.
//!
//! Decides what one entry may look like by itself. Whether it fits a configuration is
//! `fit`'s business.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::error::{Findings, Path};
use super::super::raw::{self, Listed};
use super::super::read::Read;
use super::super::shape::{DYNAMIC, DYNAMIC_ALIAS, DYNAMIC_ROUTE, Shape};
use super::super::{Problems, members};

/// Longest name, in bytes.
const LONGEST_NAME: usize = 256;
/// Most endpoints of a route.
const MOST_ENDPOINTS: usize = 32;

/// Routes and aliases that were added while the proxy runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dynamic {
    /// By the name of the model.
    pub routes: BTreeMap<String, DynamicRoute>,
    /// Alias → what it stands for.
    pub aliases: BTreeMap<String, String>,
}

/// What serves a model that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamicRoute {
    /// The name of the strategy, as it was posted.
    pub strategy: String,
    /// In the order of the posting.
    pub endpoints: Vec<Endpoint>,
}

/// One provider and upstream model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The name of a provider.
    pub provider: String,
    /// The name of the upstream model.
    pub model_id: String,
    /// Share under `weighted`; none: the deployment's.
    pub weight: Option<u32>,
}

impl Dynamic {
    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.aliases.is_empty()
    }

    /// As it is kept.
    #[must_use]
    pub fn encode(&self) -> String {
        let routes = self.routes.iter().map(|(model, route)| route.written(model));
        let aliases =
            self.aliases.iter().map(|(alias, model)| json!({"alias": alias, "model": model}));
        json!({"routes": routes.collect::<Vec<_>>(), "aliases": aliases.collect::<Vec<_>>()})
            .to_string()
    }

    /// What was kept.
    ///
    /// # Errors
    /// Bytes that another layout has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problems> {
        let raw: raw::Dynamic = read(bytes, &DYNAMIC)?;
        let mut dynamic = Self::default();
        for route in raw.routes.into_iter().flatten() {
            let (model, route) = DynamicRoute::of(route);
            dynamic.routes.insert(model, route);
        }
        for alias in raw.aliases.into_iter().flatten() {
            if let (Some(alias), Some(model)) = (alias.alias, alias.model) {
                dynamic.aliases.insert(alias, model);
            }
        }
        Ok(dynamic)
    }

    /// An alias as it is posted, and what it stands for.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub fn read_alias(body: &[u8]) -> Result<(String, String), Problems> {
        let raw: raw::DynamicAlias = read(body, &DYNAMIC_ALIAS)?;
        let (alias, model) = (raw.alias.unwrap_or_default(), raw.model.unwrap_or_default());
        let mut findings = Findings::default();
        for (key, name) in [("alias", &alias), ("model", &model)] {
            check_length(&Path::Root.key(key), name, &mut findings);
        }
        checked((alias, model), findings)
    }
}

impl DynamicRoute {
    /// A route as it is posted, after the name of its model.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub fn read(body: &[u8]) -> Result<(String, Self), Problems> {
        let (model, route) = Self::of(read(body, &DYNAMIC_ROUTE)?);
        let mut findings = Findings::default();
        check_length(&Path::Root.key("model"), &model, &mut findings);
        let at = Path::Root.key("endpoints");
        match route.endpoints.len() {
            0 => findings.problem(&at, "is empty; at least one endpoint is needed"),
            1..=MOST_ENDPOINTS => {}
            count => {
                let message = format!("{count} endpoints; allowed: {MOST_ENDPOINTS} at most");
                findings.problem(&at, message);
            }
        }
        for (index, endpoint) in route.endpoints.iter().enumerate() {
            let at = at.index(index);
            check_length(&at.key("provider"), &endpoint.provider, &mut findings);
            check_length(&at.key("model_id"), &endpoint.model_id, &mut findings);
        }
        checked((model, route), findings)
    }

    fn of(raw: raw::DynamicRoute) -> (String, Self) {
        let endpoints: Listed<raw::Endpoint> = raw.endpoints.unwrap_or_default();
        let endpoints = endpoints.into_iter().flatten().map(|endpoint| Endpoint {
            provider: endpoint.provider.unwrap_or_default(),
            model_id: endpoint.model_id.unwrap_or_default(),
            weight: endpoint.weight,
        });
        let endpoints = endpoints.collect();
        let strategy = raw.strategy.unwrap_or_default();
        (raw.model.unwrap_or_default(), Self { strategy, endpoints })
    }

    /// As it is posted.
    #[must_use]
    pub fn written(&self, model: &str) -> Value {
        let endpoints: Vec<Value> = self.endpoints.iter().map(Endpoint::written).collect();
        json!({"model": model, "strategy": self.strategy, "endpoints": endpoints})
    }
}

impl Endpoint {
    fn written(&self) -> Value {
        let mut value = json!({"provider": self.provider, "model_id": self.model_id});
        if let (Some(weight), Some(members)) = (self.weight, value.as_object_mut()) {
            members.insert("weight".to_owned(), weight.into());
        }
        value
    }
}

/// What bytes of that shape say.
fn read<T: Read>(bytes: &[u8], shape: &'static Shape) -> Result<T, Problems> {
    let mut findings = Findings::default();
    match members(bytes, shape, &mut findings) {
        Some(members) if findings.problems.is_empty() => Ok(T::read(members)),
        _ => Err(findings.problems.in_document("body")),
    }
}

fn check_length(at: &Path<'_>, name: &str, findings: &mut Findings) {
    if name.len() > LONGEST_NAME {
        let message = format!("has {} bytes; allowed: {LONGEST_NAME} at most", name.len());
        findings.problem(at, message);
    }
}

fn checked<T>(value: T, findings: Findings) -> Result<T, Problems> {
    if findings.problems.is_empty() { Ok(value) } else { Err(findings.problems) }
}
