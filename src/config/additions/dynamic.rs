//! Dynamic routes and aliases: as they are posted, and as they are kept.
//!
//! Decides what one entry may look like by itself. Whether it fits a configuration is for
//! `fit` to say.

use super::super::declare::section;
use super::super::error::{Diagnostics, Path, Problems};
use super::super::parse::members;
use super::super::read::{ReadChecked, Section};
use super::entry::Added;
use crate::json::Json;
use crate::strategy::Strategy;

/// Longest name, in bytes.
const LONGEST_NAME: usize = 256;
/// Most endpoints of a route.
const MOST_ENDPOINTS: usize = 32;

/// Routes and aliases that were added while the proxy runs, each sorted by name.
///
/// They are lists because they are short, and a map of another type would add ten kilobytes to
/// the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dynamic {
    /// Models and what serves them.
    pub routes: Vec<(String, DynamicRoute)>,
    /// Aliases and what they stand for.
    pub aliases: Vec<(String, String)>,
}

section! {
    /// What serves a model that was added.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DynamicRoute "dynamic_service" {
        /// how the endpoints are ordered
        pub strategy: String as (Strategy::KIND) = "ordered_fallback",
        /// what serves it
        pub endpoints: Vec<Endpoint> = required,
    }
}

section! {
    /// One provider and upstream model.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Endpoint "endpoint" {
        /// The name of the provider that serves it.
        pub provider: String = required,
        /// The upstream model, by the provider's name for it.
        pub model_id: String = required,
        /// Its share of the requests under the strategy `weighted`. Without it, the weight of the
        /// deployment.
        pub weight: Option<u32> = none,
    }
}

section! {
    /// A model that was added while the proxy runs.
    struct PostedRoute "dynamic_route" {
        /// the name that clients ask for
        model: String = required,
        ..route: DynamicRoute,
    }
}

section! {
    /// Another name for a model that was added while the proxy runs.
    struct PostedAlias "dynamic_alias" {
        /// the name that clients ask for
        alias: String = required,
        /// the model or alias that it stands for
        model: String = required,
    }
}

section! {
    /// Dynamic routes and aliases.
    struct StoredEntries "dynamic" {
        /// routes
        routes: Vec<PostedRoute> = [],
        /// aliases
        aliases: Vec<PostedAlias> = [],
    }
}

impl Dynamic {
    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.aliases.is_empty()
    }

    /// Whether there is such an entry.
    #[must_use]
    pub fn has(&self, entry: &Added) -> bool {
        match entry {
            Added::Route(model) => place(&self.routes, model).is_ok(),
            Added::Alias(alias) => place(&self.aliases, alias).is_ok(),
        }
    }

    /// Adds a route, or replaces the one of its name.
    pub fn put_route(&mut self, model: String, route: DynamicRoute) {
        put(&mut self.routes, model, route);
    }

    /// Adds an alias, or replaces the one of its name.
    pub fn put_alias(&mut self, alias: String, model: String) {
        put(&mut self.aliases, alias, model);
    }

    /// Removes an entry. Returns whether there was one.
    pub fn remove(&mut self, entry: &Added) -> bool {
        match entry {
            Added::Route(model) => {
                place(&self.routes, model).map(|at| _ = self.routes.remove(at)).is_ok()
            }
            Added::Alias(alias) => {
                place(&self.aliases, alias).map(|at| _ = self.aliases.remove(at)).is_ok()
            }
        }
    }

    /// Returns the entries as they are kept: JSON that [`Dynamic::decode`] reads, in the order of
    /// names.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.key("routes").list(|json| {
                for (model, route) in &self.routes {
                    route.write(json, model);
                }
            });
            json.key("aliases").list(|json| {
                for (alias, model) in &self.aliases {
                    json.object(|json| {
                        json.key("alias").text(alias);
                        json.key("model").text(model);
                    });
                }
            });
        });
        json.finish()
    }

    /// Returns the entries that were kept.
    ///
    /// # Errors
    /// Bytes that another layout has written.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problems> {
        let StoredEntries { routes, aliases } = read(bytes)?;
        let mut dynamic = Self::default();
        // One by one, so that the lists are sorted and names unique whatever was kept.
        for PostedRoute { model, route } in routes {
            dynamic.put_route(model, route);
        }
        for PostedAlias { alias, model } in aliases {
            dynamic.put_alias(alias, model);
        }
        Ok(dynamic)
    }

    /// Returns an alias as it is posted, and what it stands for.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub fn read_alias(body: &[u8]) -> Result<(String, String), Problems> {
        let PostedAlias { alias, model } = read(body)?;
        let mut findings = Diagnostics::default();
        // Entries are kept in memory that all workers share, so names need a bound.
        for (key, name) in [("alias", &alias), ("model", &model)] {
            check_length(&Path::Root.key(key), name, &mut findings);
        }
        checked((alias, model), findings)
    }
}

impl DynamicRoute {
    /// Returns a route as it is posted, after the name of its model.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub fn read(body: &[u8]) -> Result<(String, Self), Problems> {
        let PostedRoute { model, route } = read(body)?;
        let mut findings = Diagnostics::default();
        check_length(&Path::Root.key("model"), &model, &mut findings);
        let at = Path::Root.key("endpoints");
        match route.endpoints.len() {
            0 => findings.problem(&at, "is empty; add at least one endpoint"),
            1..=MOST_ENDPOINTS => {}
            count => {
                let message = format!("has {count} endpoints; allowed: at most {MOST_ENDPOINTS}");
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

    /// Writes it as it is posted, after the name of its model. Defaults that it took are written
    /// out.
    pub fn write(&self, json: &mut Json, model: &str) {
        json.object(|json| {
            json.key("model").text(model);
            json.key("strategy").text(&self.strategy);
            json.key("endpoints").list(|json| {
                for endpoint in &self.endpoints {
                    json.object(|json| {
                        json.key("provider").text(&endpoint.provider);
                        json.key("model_id").text(&endpoint.model_id);
                        if let Some(weight) = endpoint.weight {
                            json.key("weight").number(weight.into());
                        }
                    });
                }
            });
        });
    }
}

/// Returns where the entry of a name is, or where it would have to be put for the list to stay
/// sorted.
fn place<T>(list: &[(String, T)], name: &str) -> Result<usize, usize> {
    list.binary_search_by(|(known, _)| known.as_str().cmp(name))
}

/// Adds an entry at its place, or replaces the one of its name. The list stays sorted.
fn put<T>(list: &mut Vec<(String, T)>, name: String, value: T) {
    match place(list, &name) {
        Ok(at) => {
            if let Some((_, old)) = list.get_mut(at) {
                *old = value;
            }
        }
        Err(at) => list.insert(at, (name, value)),
    }
}

/// Returns what bytes of that shape say.
///
/// # Errors
/// What is wrong with the bytes or their keys. The whole of them is called `body`.
fn read<T: Section + ReadChecked>(bytes: &[u8]) -> Result<T, Problems> {
    let mut findings = Diagnostics::default();
    match members(bytes, T::shape(), &mut findings) {
        Some(members) if findings.problems.is_empty() => Ok(T::read(members)),
        _ => Err(findings.problems.in_document("body")),
    }
}

/// Reports a name that is longer than [`LONGEST_NAME`]. The names are kept in memory that is
/// never freed.
fn check_length(at: &Path<'_>, name: &str, findings: &mut Diagnostics) {
    if name.len() > LONGEST_NAME {
        let message = format!("has {} bytes; allowed: at most {LONGEST_NAME}", name.len());
        findings.problem(at, message);
    }
}

/// Returns the value if nothing was found wrong with it, else its problems.
fn checked<T>(value: T, findings: Diagnostics) -> Result<T, Problems> {
    if findings.problems.is_empty() { Ok(value) } else { Err(findings.problems) }
}
