//! Whether the facts are there by which a request goes to `context_window_fallbacks` before any provider
//! has refused it.

use super::settings::Settings;
use crate::yaml::Ordered;

/// Names the deployments whose context window nobody knows, if their models have such fallbacks.
pub(super) fn say(models: &Ordered, deployments: &Ordered, settings: &Settings) {
    let has_list = |model: &Ordered| {
        model.get("fallbacks").is_some_and(|lists| lists.get("context_window").is_some())
    };
    let mut without: Vec<&str> = Vec::new();
    for (_, model) in models.members().iter().filter(|(_, model)| has_list(model)) {
        let candidates = model.get("candidates").map_or(&[][..], Ordered::items);
        for id in candidates.iter().filter_map(Ordered::text) {
            let facts = deployments.get(id).and_then(|deployment| deployment.get("facts"));
            let is_known = facts.is_some_and(|facts| facts.get("context_window").is_some());
            if !is_known && !without.contains(&id) {
                without.push(id);
            }
        }
    }
    if !without.is_empty() {
        settings.get("context_window_fallbacks").report(format!(
            "is followed only after a provider has refused the request, until context windows are known of: {}. \
             `pointsman catalog` adds those in LiteLLM's list; for another model, and for Azure's deployments with \
             names of your own, write into the deployment: \"facts\": {{\"context_window\": 131072}}, with the \
             model's number",
            without.join(", ")
        ));
    }
}
