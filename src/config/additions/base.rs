//! A document and what was fetched, as one, before names are resolved: what dynamic
//! entries are laid over.

use std::collections::BTreeSet;

use super::super::deployment::Deployment;
use super::super::error::{Diagnostics, Path, Problems, quoted};
use super::super::parse::members;
use super::super::raw::{ByName, Fetched, Raw, RawCandidate, RawModel};
use super::super::read::{ReadChecked, Section};
use super::super::resolve::given;
use crate::sort::set_of;

/// A document and what was fetched.
///
/// No name is resolved yet, so that entries laid over it can refer to it and hide parts of it.
#[derive(Debug)]
pub struct Base {
    pub(super) raw: Raw,
    /// The document by itself, where it has a shadow. The shadow is resolved over this, so that it
    /// does not see what was added.
    pub(super) own: Option<Raw>,
    pub(super) own_routes: usize,
    /// Models and aliases that were fetched.
    pub(super) fetched: BTreeSet<String>,
    /// Deployments that the document creates in place.
    own_placed: ByName<Deployment>,
    pub(super) findings: Diagnostics,
}

impl Base {
    /// Reads a document and what the route source delivered.
    ///
    /// # Errors
    /// Problems of their shapes, and names that both have. A problem of all that was fetched is at
    /// `answer`, not at `configuration`.
    pub fn read(document: &[u8], fetched: Option<&[u8]>) -> Result<Self, Problems> {
        let mut findings = Diagnostics::default();
        let read = members(document, Raw::shape(), &mut findings);
        let Some(read) = read.filter(|_| findings.problems.is_empty()) else {
            return Err(findings.problems);
        };
        let has_shadow = read.get("shadow").is_some();
        // The shadow must not see what is added, so it gets a document of its own. A document
        // without a shadow needs no second copy.
        let own = has_shadow.then(|| Raw::read(read.clone()));
        let raw = Raw::read(read);
        let mut base = Self {
            own_placed: if fetched.is_some() { placed(&raw) } else { ByName::new() },
            own_routes: raw.routes.len(),
            raw,
            own,
            fetched: BTreeSet::new(),
            findings,
        };
        // Its problems are reported as those of the answer, not of the configuration.
        if let Some(fetched) = fetched {
            match members(fetched, Fetched::shape(), &mut base.findings) {
                Some(members) => base.merge(Fetched::read(members)),
                None => return Err(base.findings.problems.in_document("answer")),
            }
            if !base.findings.problems.is_empty() {
                return Err(base.findings.problems.in_document("answer"));
            }
        }
        Ok(base)
    }

    /// Adds what was fetched, all of it under names of its own.
    fn merge(&mut self, fetched: Fetched) {
        let services = services(&self.raw);
        let Self { raw, findings, .. } = self;
        let (models_at, aliases_at) = (Path::Root.key("models"), Path::Root.key("aliases"));
        for (name, model) in fetched.models {
            let at = models_at.key(&name);
            check_service(&at, model.as_ref(), &services, findings);
            if !is_taken(&at, &name, &raw.models, &raw.aliases, findings) {
                self.fetched.insert(name.clone());
                raw.models.insert(name, model);
            }
        }
        for (name, target) in fetched.aliases {
            let at = aliases_at.key(&name);
            // Both are in the answer, so the message must not blame the configuration.
            if self.fetched.contains(&name) {
                findings.problem(&at, "is also the name of a model; rename the alias or the model");
            } else if !is_taken(&at, &name, &raw.models, &raw.aliases, findings) {
                self.fetched.insert(name.clone());
                raw.aliases.insert(name, target);
            }
        }
        raw.routes.extend(fetched.routes);
    }

    /// Whether a model or alias was fetched.
    #[must_use]
    pub fn is_fetched(&self, name: &str) -> bool {
        self.fetched.contains(name)
    }

    /// Whether a model is configured or fetched.
    #[must_use]
    pub fn is_model(&self, name: &str) -> bool {
        self.raw.models.contains_key(name)
    }

    /// Whether an alias is configured or fetched.
    #[must_use]
    pub fn is_alias(&self, name: &str) -> bool {
        self.raw.aliases.contains_key(name)
    }

    /// Returns the names of all models, sorted; fetched ones are among them, dynamic ones are not.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.raw.models.keys().map(String::as_str)
    }

    /// Returns aliases with what they stand for, as it is written: that may be another alias.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        let aliases = self.raw.aliases.iter();
        aliases.filter_map(|(alias, model)| Some((alias.as_str(), model.as_deref()?)))
    }

    /// Returns the keys of the groups that a dynamic route of that name has: those of the model it
    /// hides; the empty one of a model without variants.
    #[must_use]
    pub fn groups(&self, name: &str) -> Vec<String> {
        let keys = self.hidden_by(name).map(|hidden| variant_keys(Some(hidden)));
        keys.filter(|keys| !keys.is_empty()).unwrap_or_else(|| vec![String::new()])
    }

    /// Returns the model that a name stands for without dynamic entries: the one that a dynamic
    /// route of that name hides. None where it hides none.
    pub(super) fn hidden_by(&self, name: &str) -> Option<&RawModel> {
        let mut current = name;
        // The bound ends the walk in a cycle of aliases, which is reported only when names are
        // resolved.
        for _ in 0..=self.raw.aliases.len() {
            match self.raw.aliases.get(current) {
                Some(next) => current = next.as_deref()?,
                None => break,
            }
        }
        self.raw.models.get(current)?.as_ref()
    }

    /// Returns names of what was fetched for which shared data has keys, beyond the document's.
    #[must_use]
    pub fn further_fetched(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, model) in self.models_fetched() {
            let keys = variant_keys(Some(model));
            // A model without variants has one group, whose key is empty.
            if keys.is_empty() {
                names.push(format!("model {name}#"));
            }
            for key in keys {
                names.push(format!("model {name}#{key}"));
            }
        }
        for candidate in self.models_fetched().flat_map(|(_, model)| candidates(model)) {
            if let Some((id, _)) = candidate.in_place()
                && !self.raw.deployments.contains_key(&id)
                && !self.own_placed.contains_key(&id)
            {
                names.push(format!("deployment {id}"));
            }
        }
        names
    }

    /// Returns the models that were fetched, with their names.
    fn models_fetched(&self) -> impl Iterator<Item = (&String, &RawModel)> {
        let models = self.raw.models.iter().filter(|(name, _)| self.fetched.contains(*name));
        models.filter_map(|(name, model)| Some((name, model.as_ref()?)))
    }
}

/// Returns the keys of a model's variants: none without variants. A key that was reported is
/// left out.
pub(super) fn variant_keys(model: Option<&RawModel>) -> Vec<String> {
    let variants = model.into_iter().flat_map(|model| model.variants.iter().flatten().flatten());
    variants.filter_map(|variant| variant.key.clone()).collect()
}

/// Returns every candidate of a model, those of its variants included.
pub(super) fn candidates(model: &RawModel) -> impl Iterator<Item = &RawCandidate> {
    let own = model.candidates.iter().flatten().flatten();
    let variants = model.variants.iter().flatten().flatten();
    own.chain(variants.flat_map(|variant| variant.candidates.iter().flatten().flatten()))
}

/// Returns the deployments that models create in place, those of the shadow included.
///
/// Of several with the same id the last is returned. That they do not differ is checked when names
/// are resolved.
pub(super) fn placed(raw: &Raw) -> ByName<Deployment> {
    let mut placed = ByName::new();
    let shadow = raw.settings.shadow.iter().flat_map(|shadow| &shadow.models);
    let models = shadow.chain([&raw.models]).flat_map(ByName::values);
    for candidate in models.flatten().flat_map(candidates) {
        if let Some((id, deployment)) = candidate.in_place() {
            placed.insert(id, Some(deployment.clone()));
        }
    }
    placed
}

/// Returns the clusters of services that fetched models may ask: those that the document asks
/// itself, and those that it names for this.
fn services(raw: &Raw) -> BTreeSet<String> {
    let own = given(&raw.models).filter_map(|(_, model)| model.traits.custom.as_ref());
    let source = raw.settings.route_source.iter().flat_map(|source| &source.services);
    set_of(own.map(|custom| &custom.cluster).chain(source).cloned())
}

/// Refuses a service at a cluster that the document does not name. The filter would send prompts
/// there. And the cluster may run this filter, so that the call would end the VM that makes it. The
/// operator and `lint` know what a cluster is; the route source does not.
fn check_service(
    at: &Path<'_>,
    model: Option<&RawModel>,
    services: &BTreeSet<String>,
    findings: &mut Diagnostics,
) {
    let Some(custom) = model.and_then(|model| model.traits.custom.as_ref()) else { return };
    if !services.contains(&custom.cluster) {
        let message = format!(
            "{} is not the cluster of a service in the configuration; add it to \
             route_source.services there",
            quoted(&custom.cluster)
        );
        findings.problem(&at.key("custom").key("cluster"), message);
    }
}

/// Whether the configuration has the name already. That is then reported.
fn is_taken(
    at: &Path<'_>,
    name: &str,
    models: &ByName<RawModel>,
    aliases: &ByName<String>,
    findings: &mut Diagnostics,
) -> bool {
    let is_taken = models.contains_key(name) || aliases.contains_key(name);
    if is_taken {
        findings.problem(at, "the configuration already has this name; choose another name");
    }
    is_taken
}
