//! `GET /v1/models`: which models clients can ask for, in the shape of their API.
//!
//! Lists active models and their aliases, sorted by name. An archived model is not listed, but
//! is found by its name, because requests for it are served. Deployments and providers are
//! not shown to clients.

use crate::config::{Config, Group, ModelId, Status};
use crate::json::Json;
use crate::request::format::Dialect;
use crate::request::path::{canonical, split};
use crate::request::refusal::Refusal;
use crate::text::{percent_decoded_text, quoted};

/// When every model was created, in the notation of each shape. Both require a time, and none
/// is known.
const CREATED: (u64, &str) = (0, "1970-01-01T00:00:00Z");

/// Number of models on a page in Anthropic's shape, where the client asks for no other: that of
/// Anthropic's own API.
const PAGE: usize = 20;
/// Most models on a page. A client that asks for more is answered with 400.
const LONGEST_PAGE: usize = 1000;

/// A request for the list of models, or for one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelsRequest<'a> {
    /// The model that is asked for; `None`: all.
    id: Option<String>,
    query: Option<&'a str>,
    dialect: Dialect,
}

impl<'a> ModelsRequest<'a> {
    /// Returns what a request asks for; `None` where it is not a request for models.
    ///
    /// Models are at `/models` and, whatever stands before that, at `…/v1/models`: below the
    /// base path that a client also has for its chats. For example:
    ///
    /// | path | asks for |
    /// |---|---|
    /// | `/v1/models`, `/openai/v1/models` | all |
    /// | `/v1/models/gpt-4o` | `gpt-4o` |
    /// | `/models/a%2Fb` | `a/b` |
    /// | `/site/models` | nothing: it may be any page |
    #[must_use]
    pub fn of(method: &[u8], path: &'a str, is_anthropic: bool) -> Option<Self> {
        if !matches!(method, b"GET" | b"HEAD") {
            return None;
        }
        let (path, query) = split(path);
        let plain = canonical(path);
        let at_root = plain.strip_prefix("/models");
        let below = at_root.or_else(|| plain.split_once("/v1/models").map(|(_, below)| below))?;
        let id = match below.strip_prefix('/') {
            Some(id) => Some(percent_decoded_text(id)),
            None if below.is_empty() => None,
            None => return None,
        };
        let dialect = if is_anthropic { Dialect::Anthropic } else { Dialect::OpenAi };
        Some(Self { id, query, dialect })
    }

    /// Returns the dialect in which the client is answered.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns the models, or the one, as JSON.
    ///
    /// # Errors
    /// The refusal of what is wrong with the request, and the dialect for it.
    pub fn answer(&self, config: &Config) -> Result<String, (Refusal, Dialect)> {
        let dialect = self.dialect;
        let mut json = Json::default();
        match (&self.id, dialect) {
            (Some(id), _) => {
                let unknown = || {
                    let message = format!("the model {} does not exist", quoted(id));
                    (Refusal::new(404, "model_not_found", message).of("model"), dialect)
                };
                let model = named(config, id).ok_or_else(unknown)?;
                json.object(|json| one(json, config, id, model, dialect));
            }
            (None, Dialect::Anthropic) => {
                let page = self.page(config).map_err(|refusal| (refusal, dialect))?;
                json.object(|json| page.write(json, config));
            }
            (None, _) => json.object(|json| {
                json.key("object").text("list");
                json.key("data").list(|json| {
                    for (name, model) in listed(config) {
                        json.object(|json| one(json, config, name, model, dialect));
                    }
                });
            }),
        }
        Ok(json.finish())
    }

    /// Returns the page that the query asks for in Anthropic's way: after or before an id, of so
    /// many models.
    fn page<'c>(&self, config: &'c Config) -> Result<ModelsPage<'c>, Refusal> {
        let mut models: Vec<(&str, ModelId)> = listed(config).collect();
        let (mut most, mut is_before) = (PAGE, false);
        for pair in self.query.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decoded_text(value);
            match name {
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=LONGEST_PAGE).contains(limit));
                    most = limit.ok_or_else(|| {
                        let message = format!("limit: expected a number from 1 to {LONGEST_PAGE}");
                        Refusal::new(400, "invalid_request", message)
                    })?;
                }
                // By comparison and not by place: the model of that id may be gone by now.
                "after_id" => models.retain(|(name, _)| *name > value.as_str()),
                "before_id" => {
                    models.retain(|(name, _)| *name < value.as_str());
                    is_before = true;
                }
                // Unknown parameters are ignored, as the providers' own servers do.
                _ => {}
            }
        }
        let has_more = models.len() > most;
        // The last ones before an id, the first ones otherwise.
        if is_before {
            models.drain(..models.len().saturating_sub(most));
        }
        models.truncate(most);
        Ok(ModelsPage { models, has_more })
    }
}

/// One page of the list.
struct ModelsPage<'c> {
    models: Vec<(&'c str, ModelId)>,
    has_more: bool,
}

impl ModelsPage<'_> {
    /// Writes the members of the page, in Anthropic's shape.
    fn write(&self, json: &mut Json, config: &Config) {
        json.key("data").list(|json| {
            for (name, model) in &self.models {
                json.object(|json| one(json, config, name, *model, Dialect::Anthropic));
            }
        });
        json.key("has_more").flag(self.has_more);
        for (key, end) in [("first_id", self.models.first()), ("last_id", self.models.last())] {
            match end {
                Some((name, _)) => json.key(key).text(name),
                None => json.key(key).null(),
            }
        }
    }
}

/// Returns the model that a name stands for, unless it is deleted. An alias goes first, as it
/// does where requests are decided.
fn named(config: &Config, name: &str) -> Option<ModelId> {
    let names = &config.names;
    let id = names.aliases.get(name).or_else(|| names.models.get(name)).copied()?;
    (config.model(id).status != Status::Deleted).then_some(id)
}

/// Returns the names of active models and of their aliases, sorted, each with its model.
fn listed(config: &Config) -> impl Iterator<Item = (&str, ModelId)> {
    let is_active = |(_, id): &(&str, ModelId)| config.model(*id).status == Status::Active;
    let mut models = config.names.models.iter().map(|(name, id)| (name.as_str(), *id)).peekable();
    let mut aliases = config.names.aliases.iter().map(|(name, id)| (name.as_str(), *id)).peekable();
    // Both are sorted; to sort them together would be one more sort in the module.
    let merged = std::iter::from_fn(move || match (models.peek(), aliases.peek()) {
        (Some((model, _)), Some((alias, _))) if alias < model => aliases.next(),
        (Some(_), _) => models.next(),
        (None, _) => aliases.next(),
    });
    merged.filter(is_active)
}

/// Writes the members of one model under one of its names: those of the client's API, and
/// further ones that neither API has. Clients ignore what they do not know.
fn one(json: &mut Json, config: &Config, name: &str, id: ModelId, dialect: Dialect) {
    let model = config.model(id);
    if dialect == Dialect::Anthropic {
        json.key("type").text("model");
        json.key("id").text(name);
        json.key("display_name").text(name);
        json.key("created_at").text(CREATED.1);
    } else {
        json.key("id").text(name);
        json.key("object").text("model");
        json.key("created").number(CREATED.0);
        json.key("owned_by").text("pointsman");
    }
    if name != model.name {
        json.key("alias_of").text(&model.name);
    }
    if let Some(description) = &model.description {
        json.key("description").text(description);
    }
    uses(json, model.purpose.as_deref(), model.when_to_use.as_deref());
    let mut variants = model.groups.iter().filter_map(|group| Some((group.key.as_deref()?, group)));
    let Some(first) = variants.next() else { return };
    json.key("variants").list(|json| {
        for (key, group) in std::iter::once(first).chain(variants) {
            let Group { purpose, when_to_use, .. } = group;
            json.object(|json| {
                json.key("key").text(key);
                uses(json, purpose.as_deref(), when_to_use.as_deref());
            });
        }
    });
}

/// Writes what a model or variant is for, as far as the configuration says.
fn uses(json: &mut Json, purpose: Option<&str>, when_to_use: Option<&str>) {
    for (key, text) in [("purpose", purpose), ("when_to_use", when_to_use)] {
        if let Some(text) = text {
            json.key(key).text(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn config() -> Config {
        let candidates = json!([{"provider": "p", "model": "m"}]);
        let document = json!({
            "providers": {"p": {"cluster": "p"}},
            "models": {
                "b/one": {"candidates": candidates, "description": "the \"one\"",
                          "purpose": "all", "when_to_use": "always"},
                "archived": {"candidates": candidates, "status": "archived"},
                "deleted": {"candidates": candidates, "status": "deleted"},
                "varied": {"variants": [{"key": "fast", "purpose": "speed", "candidates": candidates}]},
            },
            "aliases": {"a": "b/one", "zz": "varied", "old": "archived"},
        });
        crate::config::parse(document.to_string().as_bytes()).unwrap()
    }

    fn ask(path: &str, is_anthropic: bool) -> Result<Value, Value> {
        let asked =
            ModelsRequest::of(b"GET", path, is_anthropic).unwrap_or_else(|| panic!("{path}"));
        let read = |text: String| serde_json::from_str(&text).unwrap();
        let answer = asked.answer(&config());
        answer.map(read).map_err(|(refusal, dialect)| read(refusal.body(dialect)))
    }

    fn ids(answer: &Value) -> Vec<&str> {
        answer["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn models_are_below_the_base_of_a_client() {
        for (path, wanted) in [
            ("/v1/models", Some(None)),
            ("/v1/models?limit=3", Some(None)),
            ("/models/", Some(None)),
            ("/openai/v1//models", Some(None)),
            ("/v1/models/gpt", Some(Some("gpt"))),
            ("/base/v1/models/openai/gpt%20x", Some(Some("openai/gpt x"))),
            ("/models/a%2Fb", Some(Some("a/b"))),
            ("/v1/models/v1/models", Some(Some("v1/models"))),
            ("/v1/modelsx", None),
            ("/modelsx", None),
            ("/site/models", None),
            ("/v1beta/models", None),
            ("/v1/chat", None),
            ("", None),
        ] {
            let asked = ModelsRequest::of(b"GET", path, false);
            assert_eq!(
                asked.map(|asked| asked.id),
                wanted.map(|id| id.map(str::to_owned)),
                "{path}"
            );
        }
        assert!(ModelsRequest::of(b"HEAD", "/v1/models", false).is_some());
        assert_eq!(ModelsRequest::of(b"DELETE", "/v1/models/gpt", false), None);
        assert_eq!(ModelsRequest::of(b"POST", "/v1/models", false), None);
    }

    #[test]
    fn active_models_and_aliases_are_listed_in_order() {
        let answer = ask("/v1/models", false).unwrap();
        assert_eq!(answer["object"], "list");
        assert_eq!(ids(&answer), ["a", "b/one", "varied", "zz"]);
        let told = json!({"id": "a", "object": "model", "created": 0, "owned_by": "pointsman",
            "alias_of": "b/one", "description": "the \"one\"", "purpose": "all", "when_to_use": "always"});
        assert_eq!(answer["data"][0], told);
        assert_eq!(answer["data"][2]["variants"], json!([{"key": "fast", "purpose": "speed"}]));
    }

    #[test]
    fn one_is_found_by_any_name_that_resolves() {
        assert_eq!(ask("/v1/models/b/one", false).unwrap()["description"], "the \"one\"");
        assert_eq!(ask("/v1/models/archived", false).unwrap()["object"], "model");
        assert_eq!(ask("/v1/models/old", true).unwrap()["type"], "model");
        for name in ["deleted", "none", "B/ONE"] {
            let path = format!("/v1/models/{name}");
            assert_eq!(ask(&path, false).unwrap_err()["error"]["code"], "model_not_found");
            assert_eq!(ask(&path, true).unwrap_err()["error"]["type"], "not_found_error");
        }
    }

    #[test]
    fn anthropics_shape_comes_in_pages() {
        let all = ask("/v1/models", true).unwrap();
        assert_eq!(ids(&all), ["a", "b/one", "varied", "zz"]);
        assert_eq!(
            (&all["has_more"], &all["first_id"], &all["last_id"]),
            (&json!(false), &json!("a"), &json!("zz"))
        );
        let told = json!({"type": "model", "id": "varied", "display_name": "varied",
            "created_at": "1970-01-01T00:00:00Z", "variants": [{"key": "fast", "purpose": "speed"}]});
        assert_eq!(all["data"][2], told);
        for (query, wanted, has_more) in [
            ("limit=2", &["a", "b/one"][..], true),
            ("limit=2&after_id=b%2Fone", &["varied", "zz"], false),
            ("after_id=c", &["varied", "zz"], false),
            ("before_id=zz&limit=1", &["varied"], true),
            ("after_id=zz", &[], false),
            ("x=y&limit=1000", &["a", "b/one", "varied", "zz"], false),
        ] {
            let page = ask(&format!("/v1/models?{query}"), true).unwrap();
            assert_eq!(
                (ids(&page), &page["has_more"]),
                (wanted.to_vec(), &json!(has_more)),
                "{query}"
            );
        }
        assert_eq!(ask("/v1/models?after_id=zz", true).unwrap()["last_id"], Value::Null);
        for limit in ["0", "1001", "x", ""] {
            let refused = ask(&format!("/v1/models?limit={limit}"), true).unwrap_err();
            assert_eq!(refused["error"]["type"], "invalid_request_error");
        }
    }
}
