//! LiteLLM's price map: names of models, and what is known of each.

use serde_json::{Map, Value};

use super::facts::facts;
use crate::config::{Api, Provider};
use crate::yaml::Ordered;

/// The entry that explains the others.
const SAMPLE: &str = "sample_spec";

/// The prices and limits of many models.
pub(super) struct PriceMap {
    entries: Map<String, Value>,
}

/// Hosts of providers, or their ends, and the word before the slash of their models in the map.
const HOSTS: [(&str, &str); 17] = [
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure"),
    ("services.ai.azure.com", "azure_ai"),
    ("models.ai.azure.com", "azure_ai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gemini"),
    ("aiplatform.googleapis.com", "vertex_ai"),
    ("amazonaws.com", "bedrock"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "xai"),
    ("api.mistral.ai", "mistral"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together_ai"),
    ("api.fireworks.ai", "fireworks_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.cohere.com", "cohere"),
];

/// Words whose models stand in the map without the word as well.
const BARE: [&str; 6] = ["openai", "anthropic", "vertex_ai", "bedrock", "cohere", "gemini"];

impl PriceMap {
    /// Reads the map; `None` where the text is none: no object, or none with prices or limits.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let entries: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let known = |entry: &Value| !entry_facts(entry).is_empty();
        entries.values().any(known).then_some(Self { entries })
    }

    /// Returns the facts of a provider's model, and its name in the map.
    pub(super) fn find(&self, provider: &Provider, model: &str) -> Option<(String, Ordered)> {
        let word = word(provider)?;
        let mut names = vec![format!("{word}/{model}")];
        if let Some(region) = region(provider) {
            names.insert(0, format!("{word}/{region}/{model}"));
        }
        if BARE.contains(&word) {
            names.push(model.to_owned());
        }
        // A version of a model of Vertex, and a profile of Bedrock for a part of the world.
        let short = model.split_once('.').filter(|(part, _)| word == "bedrock" && part.len() <= 6);
        names.extend(short.map(|(_, rest)| rest.to_owned()));
        names.into_iter().find_map(|name| {
            let facts = entry_facts(self.entries.get(&name).filter(|_| name != SAMPLE)?);
            (!facts.is_empty()).then_some((name, facts))
        })
    }

    /// Returns the facts of every model, by the name that its provider has for it. Where providers
    /// share a name, the entry without the word of a provider counts, or else the first. Also
    /// returns how many others there are that say something else.
    pub(super) fn all(&self) -> (Ordered, usize) {
        let own = |name: &str| !name.contains('/');
        let mut catalog = Ordered::object();
        let mut others = 0_usize;
        let is_sample = |name: &String| name == SAMPLE;
        let entries = || self.entries.iter().filter(|(name, _)| !is_sample(name));
        let (bare, named): (Vec<_>, Vec<_>) = entries().partition(|(name, _)| own(name));
        for (name, entry) in bare.into_iter().chain(named) {
            let facts = entry_facts(entry);
            let model = name.split_once('/').map_or(name.as_str(), |(_, model)| model);
            match catalog.get(model) {
                _ if facts.is_empty() => {}
                None => catalog.set(model, facts),
                Some(known) if *known == facts => {}
                Some(_) => others = others.saturating_add(1),
            }
        }
        (catalog, others)
    }

    /// Whether the map has a higher price for long requests to a model.
    pub(super) fn is_tiered(&self, name: &str) -> bool {
        let members = self.entries.get(name).and_then(Value::as_object);
        members
            .is_some_and(|members| members.keys().any(|key| key.contains("cost_per_token_above")))
    }
}

fn entry_facts(entry: &Value) -> Ordered {
    facts(|name| entry.get(name).cloned())
}

/// Returns the word that the map has for a provider; `None` for a server of one's own.
fn word(provider: &Provider) -> Option<&'static str> {
    let authority = provider.authority.as_deref().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let known = HOSTS.iter().find(|(end, _)| host.ends_with(end)).map(|(_, word)| *word);
    known.or(match provider.api {
        Api::Azure => Some("azure"),
        Api::Anthropic => Some("anthropic"),
        Api::Gemini => Some("gemini"),
        Api::Bedrock => Some("bedrock"),
        Api::Cohere => Some("cohere"),
        Api::OpenAi | Api::OpenAiChat | Api::Ollama | Api::Any => None,
    })
}

/// Returns the region of a provider at Bedrock.
fn region(provider: &Provider) -> Option<&str> {
    let rest = provider.authority.as_deref()?.strip_prefix("bedrock-runtime.")?;
    rest.split('.').next()
}
