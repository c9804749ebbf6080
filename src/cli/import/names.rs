//! Names that stand for models, and the models to go on to.

use super::place::Place;
use super::settings::Settings;
use crate::yaml::Ordered;

/// The models of the document and their aliases.
pub(super) struct Names {
    models: Vec<String>,
    /// Alias and model.
    aliases: Vec<(String, String)>,
}

/// Every model that has no fallbacks of its own.
const EVERY: &str = "*";

/// LiteLLM's lists of fallbacks, and the kinds here.
const LISTS: [(&str, &str); 3] = [
    ("fallbacks", "general"),
    ("context_window_fallbacks", "context_window"),
    ("content_policy_fallbacks", "content_policy"),
];

impl Names {
    /// Reads the aliases of the file. One that leads to no model is reported.
    pub(super) fn of(models: &Ordered, settings: &Settings) -> Self {
        let models: Vec<String> = models.members().iter().map(|(name, _)| name.clone()).collect();
        let mut names = Self { models, aliases: Vec::new() };
        for (alias, place) in settings.get("model_group_alias").members() {
            let target = if place.is_object() { place.member("model") } else { place.clone() };
            place.mark();
            let model = target.text().unwrap_or_default().to_owned();
            let hidden = place.member("hidden");
            if hidden.flag() == Some(true) {
                hidden.report("has no counterpart: the list of models has aliases too");
            }
            if names.models.contains(&alias) {
                place.report("is left out, because model_list has a model of this name");
            } else if names.models.contains(&model) {
                names.aliases.push((alias, model));
            } else {
                place.report("is left out, because the document has no such model");
            }
        }
        names
    }

    /// Returns the section `aliases`.
    pub(super) fn section(&self) -> Ordered {
        let members =
            self.aliases.iter().map(|(alias, model)| (alias.clone(), model.as_str().into()));
        Ordered::Map(members.collect())
    }

    fn model(&self, name: &str) -> Option<&str> {
        let own = self.models.iter().find(|model| *model == name);
        let alias = || self.aliases.iter().find(|(alias, _)| alias == name).map(|(_, model)| model);
        own.or_else(alias).map(String::as_str)
    }

    /// Adds the fallbacks of the file to the models.
    pub(super) fn add_fallbacks(&self, models: &mut Ordered, settings: &Settings) {
        for (list, kind) in LISTS {
            let mut rest = Vec::new();
            for (name, place) in pairs(&settings.get(list)) {
                let targets = self.targets(&place);
                if name == EVERY {
                    rest = targets;
                    continue;
                }
                match self.model(&name).and_then(|model| models.entry(model)) {
                    Some(model) if has(model, kind) => {
                        place.report("is left out, because a list before it is for the same model");
                    }
                    Some(model) => add(model, kind, targets),
                    None => place.report(
                        "is left out, because the document has no model of the name before it",
                    ),
                }
            }
            if kind == "general" {
                let default = settings.get("default_fallbacks");
                if default.is_there() {
                    rest = self.targets(&default);
                }
            }
            self.models.iter().for_each(|name| {
                if let Some(model) = models.entry(name)
                    && !has(model, kind)
                {
                    // No model falls back on itself.
                    add(
                        model,
                        kind,
                        rest.iter().filter(|target| *target != name).cloned().collect(),
                    );
                }
            });
        }
        let general = settings.get("fallbacks");
        if !pairs(&general).is_empty() && !settings.get("content_policy_fallbacks").is_there() {
            general.report_once(
                "is not tried after a provider refuses the content of a request; for that, list models in \
                 content_policy in fallbacks of the model, which content_policy_fallbacks becomes",
            );
        }
    }

    /// Returns the models of a list, each once.
    fn targets(&self, list: &Place) -> Vec<String> {
        let mut targets: Vec<String> = Vec::new();
        let items = if list.text().is_some() { vec![list.clone()] } else { list.items() };
        for item in items {
            match item.text().and_then(|name| self.model(name)) {
                Some(model) if targets.iter().any(|known| known == model) => {}
                Some(model) => targets.push(model.to_owned()),
                None if item.is_object() => {
                    item.report("is left out: settings of a fallback have no counterpart; write a model with them");
                }
                None => item.report("is left out, because the document has no such model"),
            }
        }
        targets
    }
}

/// Whether a model has fallbacks of a kind.
fn has(model: &Ordered, kind: &str) -> bool {
    model.get("fallbacks").is_some_and(|lists| lists.get(kind).is_some())
}

fn add(model: &mut Ordered, kind: &str, targets: Vec<String>) {
    if !targets.is_empty()
        && let Some(lists) = model.entry("fallbacks")
    {
        lists.set(kind, targets);
    }
}

/// Returns the members of a list of objects, or of one object.
fn pairs(list: &Place) -> Vec<(String, Place)> {
    if list.is_object() {
        return list.members();
    }
    list.items().iter().flat_map(Place::members).collect()
}
