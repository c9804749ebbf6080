//! The texts of a request as they were searched for keywords: which text has which keyword of which
//! route, which text was not searched, and what cannot be.
//!
//! The core says all of that; here it becomes what the page shows.

use std::collections::BTreeMap;

use pointsman::config::{Condition, Config, OnUnsearchable, SoughtKeywords, Unsearchable, When};
use pointsman::lifecycle::{Whole, texts, whole};
use pointsman::request::keyword::KeywordId;
use pointsman::request::provider_state::StateName;
use pointsman::request::scan::{BodyText, KeywordMark};
use serde_json::{Value, json};

use crate::request::Request;

/// An unmarked stretch of text that is longer than this is shortened, in characters.
const LONG: usize = 600;
/// How much of it stays at its beginning and at its end, in characters.
const KEPT: (usize, usize) = (360, 160);

/// Returns the texts of a request. Of one without a JSON document there are none, and `note` says so.
///
/// # Errors
/// Why the body cannot be read.
pub(crate) fn listed(config: &Config, request: &Request) -> Result<Value, String> {
    let head = request.head();
    let found = texts(config, &head, &request.body).map_err(|error| error.to_string())?;
    let routes = Routes::of(config);
    let searched = &config.search;
    let Some(found) = found else {
        return Ok(json!({"texts": [], "hidden": [], "note": note(request)}));
    };
    let shown = found.texts.iter().map(|text| routes.text(text));
    let mut hidden: Vec<Value> =
        found.hidden.iter().map(|it| routes.hidden(&it.at, it.kind.name())).collect();
    if let Whole::Read(read) = whole(config, &head, &request.body) {
        let kept = read.state.iter().flat_map(|state| &state.places);
        // A signature hides no prompt.
        let kept = kept.filter(|place| place.kind != StateName::Signed);
        hidden.extend(kept.map(|place| routes.hidden(&place.at, name(Unsearchable::State))));
    }
    Ok(json!({
        "texts": shown.collect::<Value>(),
        "hidden": hidden,
        "keywords": routes.keywords.len(),
        "search": {
            "assistant": searched.assistant,
            "tools": searched.tools,
            "schemas": searched.schemas,
        },
    }))
}

/// Returns why a request has no texts.
fn note(request: &Request) -> &'static str {
    if request.body.is_empty() {
        return "The request has no body.";
    }
    "The body is no JSON document that the filter reads. The fields of a form are searched as well, but \
     this page does not list them."
}

/// What the routes of a configuration look for.
#[derive(Debug, Default)]
struct Routes<'c> {
    /// Each keyword as it is written, with the routes that look for it.
    keywords: BTreeMap<KeywordId, (&'c str, Vec<&'c str>)>,
    /// The routes that ask for something that cannot be searched, and what they do then.
    unsearchable: Vec<(Unsearchable, &'c str, &'static str)>,
}

impl<'c> Routes<'c> {
    fn of(config: &'c Config) -> Self {
        let mut all = Self::default();
        for route in config.routes.iter().filter(|route| route.enabled) {
            all.add(&route.when, &route.name);
        }
        all
    }

    /// Adds what a route looks for, in conditions at any depth.
    fn add(&mut self, when: &'c When, route: &'c str) {
        for condition in &when.0 {
            match condition {
                Condition::PromptContainsAnyOf(sought) => self.add_sought(sought, route),
                Condition::AnyOf(all) => all.iter().for_each(|when| self.add(when, route)),
                Condition::Not(when) => self.add(when, route),
                _ => {}
            }
        }
    }

    fn add_sought(&mut self, sought: &'c SoughtKeywords, route: &'c str) {
        for (id, word) in &sought.words {
            let (_, routes) = self.keywords.entry(*id).or_insert((word, Vec::new()));
            if !routes.contains(&route) {
                routes.push(route);
            }
        }
        let then = match sought.on_unsearchable {
            OnUnsearchable::Match => "match",
            OnUnsearchable::NoMatch => "no_match",
            OnUnsearchable::Reject => "reject",
        };
        self.unsearchable.extend(sought.unsearchable.iter().map(|kind| (*kind, route, then)));
    }

    /// Returns a text in parts, some of which are keywords.
    fn text(&self, text: &BodyText) -> Value {
        json!({
            "at": text.at,
            "is_key": text.is_key,
            "is_searched": text.fate.is_searched,
            "because": text.fate.because,
            "parts": self.parts(text),
        })
    }

    /// Returns the parts of a text: keywords, and what stands between them. Where keywords overlap, a
    /// part may belong to several.
    fn parts(&self, text: &BodyText) -> Value {
        let mut borders: Vec<usize> =
            text.marks.iter().flat_map(|mark| [mark.from, mark.to]).collect();
        borders.extend([0, text.text.len()]);
        borders.sort_unstable();
        borders.dedup();
        let parts = borders.iter().zip(borders.iter().skip(1)).map(|(from, to)| {
            let part = text.text.get(*from..*to).unwrap_or_default();
            let marks = text.marks.iter().filter(|mark| mark.from <= *from && mark.to >= *to);
            let found: Vec<Value> = marks.map(|mark| self.mark(mark)).collect();
            if found.is_empty() {
                return json!({"text": shortened(part)});
            }
            json!({"text": part, "keywords": found})
        });
        parts.collect()
    }

    fn mark(&self, mark: &KeywordMark) -> Value {
        let (word, routes) = self.keywords.get(&mark.keyword).cloned().unwrap_or_default();
        json!({"word": word, "routes": routes, "begins_before": mark.begins_before})
    }

    /// Returns something that cannot be searched, and what it does to the routes that ask for it.
    fn hidden(&self, at: &str, kind: &str) -> Value {
        let asked = self.unsearchable.iter().filter(|(asked, ..)| name(*asked) == kind);
        let asked: Vec<Value> =
            asked.map(|(_, route, then)| json!({"route": route, "then": then})).collect();
        json!({"at": at, "kind": kind, "asked": asked})
    }
}

/// Returns what cannot be searched by its name in the configuration.
const fn name(kind: Unsearchable) -> &'static str {
    match kind {
        Unsearchable::Tokens => "tokens",
        Unsearchable::Files => "files",
        Unsearchable::Images => "images",
        Unsearchable::Audio => "audio",
        Unsearchable::State => "state",
    }
}

/// Returns a stretch of text, without its middle if it is long.
fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONG {
        return text.to_owned();
    }
    let (first, last) = KEPT;
    let head: String = text.chars().take(first).collect();
    let tail: String = text.chars().skip(count.saturating_sub(last)).collect();
    let left_out = count.saturating_sub(first).saturating_sub(last);
    format!("{head} … {left_out} characters … {tail}")
}
