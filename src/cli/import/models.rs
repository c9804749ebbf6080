//! `model_list`: an entry becomes a deployment. Decides which entries have a counterpart, and what
//! a deployment is; [`super::groups`] makes models of them.

use super::draft::Draft;
use super::kind;
use super::members;
use super::params::Params;
use super::place::Place;
use super::settings::Settings;
use super::shape;
use super::times::timeouts;
use crate::cli::catalog::facts;
use crate::yaml::Ordered;

/// An entry of `model_list` that has a counterpart.
pub(super) struct Entry {
    /// The name that clients use.
    pub(super) model_name: String,
    pub(super) place: Place,
    pub(super) params: Params,
    pub(super) draft: Draft,
    /// The provider's name for the model.
    pub(super) upstream: String,
    /// The id that the file gives the deployment.
    pub(super) id: Option<String>,
}

/// The entry in `model_list` that stands for every model of every provider.
const EVERYTHING: &str = "*";

/// Returns the entries of the file that have a counterpart. The others are reported.
pub(super) fn entries(root: &Place) -> Vec<Entry> {
    let list = root.member("model_list");
    list.items().into_iter().filter_map(|place| entry(place, root)).collect()
}

fn entry(place: Place, root: &Place) -> Option<Entry> {
    let params = Params::of(&place, root);
    place.mark();
    let info = place.member("model_info");
    info.mark();
    let name = place.member("model_name").text().map(str::to_owned);
    let model = params.get("model").resolved();
    let (Some(model_name), Some(model)) = (name, model) else {
        place.report("is left out: it has no model_name, or no litellm_params.model");
        return None;
    };
    if model == EVERYTHING {
        place.report("is left out: it stands for every model of every provider; list the models that clients use");
        return None;
    }
    let custom = params.get("custom_llm_provider").resolved();
    let has_base = params.either("api_base", "base_url").is_there();
    let Some((kind, own)) = kind::of_model(&model, custom.as_deref(), has_base) else {
        place.report(
            "is left out: its provider is not known to this importer; write a provider for it by hand",
        );
        return None;
    };
    let kind = kind::for_mode(kind, info.member("mode").text().unwrap_or_default());
    match shape::draft(kind, own, &params) {
        Ok((draft, upstream)) => {
            let id = info.member("id").text().map(str::to_owned);
            Some(Entry { model_name, place, params, draft, upstream, id })
        }
        Err(why) => {
            place.report(format!("is left out: {why}"));
            None
        }
    }
}

impl Entry {
    /// Whether the entry stands for many models: there is a `*` in it.
    pub(super) fn is_wildcard(&self) -> bool {
        self.model_name.contains('*') || self.upstream.contains('*')
    }

    /// Returns the deployment. `share`: the key and value by which its model picks it.
    pub(super) fn deployment(
        &self,
        provider: &str,
        share: Option<(&str, u64)>,
        settings: &Settings,
    ) -> Ordered {
        let mut deployment = Ordered::with([
            ("provider", provider.into()),
            ("model", self.upstream.as_str().into()),
        ]);
        if let Some((key, value)) = share {
            deployment.set(key, value);
        }
        for (key, limit) in [("rpm", "rpm_limit"), ("tpm", "tpm_limit")] {
            if let Some(value) = self.limit(key) {
                self.params.get(key).report_once(if settings.strategy() == "weighted" {
                    "is held as a limit by each Envoy, over all of its workers; LiteLLM's simple-shuffle takes it \
                     for a share alone"
                } else {
                    "is held as a limit by each Envoy, over all of its workers"
                });
                deployment.set(limit, value);
            }
        }
        if let Some(most) =
            self.limit("max_parallel_requests").or(settings.parallel().filter(|it| *it > 0))
        {
            deployment.set("max_parallel_requests", most);
        }
        let tags = self.params.get("tags").texts();
        if tags.iter().any(|tag| tag == "default") {
            self.params.get("tags").report_once(
                "\"default\" is a tag like any other: a request without tags may go to every deployment",
            );
        }
        deployment.set_unless_empty("tags", tags);
        deployment.set_unless_empty("facts", self.facts());
        deployment.set_unless_empty("timeouts", self.timeouts());
        let defaults = members::defaults(self.draft.api, &self.params);
        deployment.set_unless_empty("request_defaults", defaults);
        deployment.set_unless_empty("request_overrides", members::overrides(&self.params));
        deployment
    }

    /// Returns a number of at least 1; LiteLLM takes 0 for a deployment that gets nothing, which
    /// has no counterpart as a limit.
    pub(super) fn limit(&self, key: &str) -> Option<u64> {
        let place = self.params.get(key);
        let number = place.number()?;
        if number == 0 || number > u64::from(u32::MAX) {
            place.report("is no limit here; wanted 1 to 4294967295");
            return None;
        }
        Some(number)
    }

    /// Returns the facts that the entry states: in `model_info`, or among its settings.
    fn facts(&self) -> Ordered {
        let info = self.place.member("model_info");
        facts(|key| {
            let place = self.params.get(key);
            // `max_tokens` among the settings is a limit of the answer.
            if place.is_there() && key != "max_tokens" {
                place.json()
            } else {
                info.member(key).json()
            }
        })
    }

    fn timeouts(&self) -> Ordered {
        timeouts(&self.params.get("timeout"), &self.params.get("stream_timeout"))
    }
}
