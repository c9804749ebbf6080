//! What a request's path asks for: the wire format, the operation, and the
//! model where the path names it.
//!
//! Goes by the canonical path, so that spellings which servers may take for
//! one another are the same here, and says which plain path is to be sent on, so
//! that what was judged is what is asked for.

mod canonical;
mod entry;
mod folder;
mod nearest;
mod usual;

use crate::request::format::{BodyKind, Family, Format};
use crate::sort::sorted;
use crate::text::{percent_decoded, percent_decoded_text, uri_component};

pub use canonical::canonical;
pub use entry::Entry;
pub use nearest::nearest_dialect;
pub use usual::conversation_path;

/// What Google's models are kept in. The collection is a segment of the path before the model, and
/// all but `models/` are a part of the model's name.
const COLLECTIONS: [&str; 3] = ["models", "tunedModels", "endpoints"];

/// A request as its path describes it: what it asks for, and where the model stands, if the
/// body is not the place for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What it asks for.
    pub entry: Entry,
    /// The plain path without a query: as it came, where it came so.
    path: String,
    /// The model, where path or query is the place for it.
    pub named: Option<UrlModel>,
}

/// The model of a path or query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlModel {
    /// In the path, of which this stands before and after it.
    Path {
        /// The model, percent-decoded.
        model: String,
        /// Up to the model.
        before: String,
        /// From its end.
        after: String,
    },
    /// In the query parameter `model`, or Azure's `deployment`, if one is there.
    Query(Option<String>),
}

impl Call {
    /// Returns the wire format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.entry.format
    }

    /// Returns whether the model's place is path or query, not the body.
    #[must_use]
    pub const fn names_model(&self) -> bool {
        self.named.is_some()
    }

    /// Returns whether the model's place is the query.
    #[must_use]
    pub const fn is_named_in_query(&self) -> bool {
        matches!(self.named, Some(UrlModel::Query(_)))
    }

    /// Returns the model that path or query name.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        match self.named.as_ref()? {
            UrlModel::Path { model, .. } => Some(model),
            UrlModel::Query(model) => model.as_deref(),
        }
    }

    /// Returns whether any model is asked for under this very path: the model stands in the
    /// body, and the path came as it is to be sent.
    #[must_use]
    pub fn is_at(&self, path: &str) -> bool {
        self.named.is_none() && self.path == path
    }

    /// Returns the path, without a query, for another model.
    #[must_use]
    pub fn path_for(&self, model: &str) -> String {
        let Some(UrlModel::Path { before, after, .. }) = &self.named else {
            return self.path.clone();
        };
        // Google's models are in a collection, which stands in the path as a segment of its own.
        if self.format().family() != Family::Gemini {
            return format!("{before}{}{after}", uri_component(model));
        }
        let (collection, name) = in_collection(model);
        format!("{before}{collection}/{}{after}", uri_component(name))
    }

    /// Returns the query for another model: unchanged, unless it is the place of the model.
    #[must_use]
    pub fn query_for(&self, query: Option<&str>, model: &str) -> Option<String> {
        if !matches!(self.named, Some(UrlModel::Query(_))) {
            return query.map(str::to_owned);
        }
        let model = uri_component(model);
        // One of each name, and no more: servers differ in which of several they take, and a
        // client chooses how many there are.
        let mut named: Vec<&str> = Vec::new();
        let mut pairs = Vec::new();
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            if let Some(name) = model_parameter(pair) {
                if !named.contains(&name) {
                    named.push(name);
                    pairs.push(format!("{name}={model}"));
                }
            } else if !pair.is_empty() {
                pairs.push(pair.to_owned());
            }
        }
        if named.is_empty() {
            pairs.insert(0, format!("model={model}"));
        }
        Some(pairs.join("&"))
    }
}

/// Returns the collection of one of Google's models, and its name there. The collection is a part
/// of the name, as in `tunedModels/mine`, and not encoded with the rest.
fn in_collection(model: &str) -> (&str, &str) {
    match model.split_once('/') {
        Some((collection, name)) if COLLECTIONS.contains(&collection) => (collection, name),
        _ => ("models", model),
    }
}

/// Returns the resource that one of Google's models is, as bodies name it: `models/m`.
#[must_use]
pub fn resource(model: &str) -> String {
    let (collection, name) = in_collection(model);
    format!("{collection}/{name}")
}

/// Returns the name of a query parameter if it is the model's, in whatever case: Azure's
/// servers do not mind it.
fn model_parameter(pair: &str) -> Option<&'static str> {
    let name = percent_decoded(pair.split('=').next().unwrap_or_default());
    ["model", "deployment"].into_iter().find(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Returns the model of a query: the last one, as most servers read it.
fn model_of(query: &str) -> Option<String> {
    let pair = query.split('&').rfind(|pair| model_parameter(pair).is_some())?;
    let value = pair.split_once('=').map_or("", |(_, value)| value).replace('+', " ");
    let model = percent_decoded_text(&value);
    (!model.is_empty()).then_some(model)
}

/// Paths and what requests on them ask for. A path is known by its end, so that providers may
/// have anything before it; where several ends fit, the longest wins.
#[derive(Debug, Clone)]
pub struct PathTable {
    /// The ends with a slash first, the longest first.
    suffixes: Vec<(String, Entry)>,
    /// What is asked for on the paths that nearly every client sends: those below `/v1` without a
    /// query, as providers write them. They need not be read for each request.
    usual: Vec<Call>,
}

impl Default for PathTable {
    fn default() -> Self {
        Self::with(std::iter::empty())
    }
}

impl PathTable {
    /// Returns the built-in paths and `further` ends, which win over built-in ones of the same
    /// text.
    pub fn with(further: impl IntoIterator<Item = (String, Format)>) -> Self {
        let entry = |(suffix, format): (String, Format)| {
            let suffix = canonical(&suffix);
            let entry = Entry::at(&suffix, format)?;
            Some((suffix, entry))
        };
        let mut suffixes: Vec<(String, Entry)> = further.into_iter().filter_map(entry).collect();
        suffixes.extend(Entry::suffixes().map(|entry| (format!("/{}", entry.path), entry)));
        let is_longer = |(a, _): &(String, _), (b, _): &(String, _)| a.len() > b.len();
        let mut table = Self { suffixes: sorted(suffixes, &is_longer), usual: Vec::new() };
        let usual = table.suffixes.iter().map(|(suffix, _)| format!("/v1{suffix}"));
        table.usual =
            usual.filter_map(|path| table.read(&path).filter(|call| call.is_at(&path))).collect();
        table
    }

    /// Returns what a request of that method and path (with or without a query) asks for;
    /// `None` if it is none of a known format.
    #[must_use]
    pub fn call(&self, method: &[u8], path: &str) -> Option<Call> {
        let usual = self.usual.iter().find(|call| call.path == path).cloned();
        let call = usual.or_else(|| self.read(path))?;
        // With another method it is another endpoint, which reads or deletes what is stored.
        let wanted: &[u8] = match call.entry.body {
            BodyKind::None => b"GET",
            BodyKind::Json | BodyKind::Form => b"POST",
        };
        (method == wanted).then_some(call)
    }

    /// Returns the paths that nearly every client sends, as providers write them.
    pub fn usual(&self) -> impl Iterator<Item = &str> {
        self.usual.iter().map(|call| call.path.as_str())
    }

    /// Returns what a request of that path asks for, whatever its method.
    #[cold]
    fn read(&self, path: &str) -> Option<Call> {
        let (came, query) = split(path);
        let plain = canonical(came);
        // Those that name the model come first: their ends are ends of other formats too, as in
        // `/openai/deployments/m/chat/completions`.
        let (entry, path, named) = gemini(&plain)
            .or_else(|| self.azure(&plain))
            .or_else(|| bedrock(&plain))
            .or_else(|| self.suffixed(&plain, query))?;
        Some(Call { entry, path, named })
    }

    fn suffixed(&self, plain: &str, query: Option<&str>) -> Option<PathMatch> {
        let (kept, suffix, entry) = self.ending(plain)?;
        let is_stored = entry.path == "messages" && find(plain, "/threads/").is_some();
        // Messages of an assistant's thread are stored, and answered by no model.
        if is_stored {
            return None;
        }
        let named =
            (entry.body == BodyKind::None).then(|| UrlModel::Query(query.and_then(model_of)));
        Some((*entry, format!("{kept}{suffix}"), named))
    }

    /// Returns what stands before the known end of a plain path, that end as it is spelled
    /// here, and what it asks for. The case of the path's letters does not matter.
    fn ending<'s, 'p>(&'s self, plain: &'p str) -> Option<(&'p str, &'s str, &'s Entry)> {
        self.suffixes.iter().find_map(|(suffix, entry)| {
            let (kept, end) = plain.split_at_checked(plain.len().checked_sub(suffix.len())?)?;
            end.eq_ignore_ascii_case(suffix).then_some((kept, suffix.as_str(), entry))
        })
    }

    /// Reads `…/openai/deployments/MODEL/OPERATION`, the operation being one of the OpenAI
    /// formats.
    fn azure(&self, plain: &str) -> Option<PathMatch> {
        const FOLDER: &str = "/openai/deployments/";
        let at = find(plain, FOLDER)?;
        let (kept, suffix, entry) = self.ending(plain)?;
        let is_openai = entry.body != BodyKind::None && entry.format.family() == Family::OpenAi;
        let start = at.saturating_add(FOLDER.len());
        let (model, before) = (kept.get(start..)?, plain.get(..start)?);
        if model.is_empty() || !is_openai {
            return None;
        }
        let entry = Entry { format: Format::AzureOpenAi, ..*entry };
        Some(found(entry, before, model, suffix))
    }
}

/// What a path was found to be: an entry, the plain path, and the model's place.
type PathMatch = (Entry, String, Option<UrlModel>);

/// Returns a match whose model stands between two parts of the path.
fn found(entry: Entry, before: &str, model: &str, after: &str) -> PathMatch {
    let named = UrlModel::Path {
        model: percent_decoded_text(model),
        before: before.to_owned(),
        after: after.to_owned(),
    };
    (entry, format!("{before}{model}{after}"), Some(named))
}

/// Returns the entries of two formats that have their models at the same place of a path.
fn entries(formats: [Format; 2]) -> impl Iterator<Item = Entry> {
    formats.into_iter().flat_map(Entry::all)
}

/// Reads `…/models/MODEL:METHOD` and `…/tunedModels/MODEL:METHOD`, the model being all that stands
/// between the two. A tuned model is asked for with its collection, as `tunedModels/MODEL`, and one
/// that is deployed on Vertex as `endpoints/ENDPOINT`.
fn gemini(plain: &str) -> Option<PathMatch> {
    let (rest, method) = plain.rsplit_once(':')?;
    let entry = entries([Format::GeminiGenerate, Format::VertexPredict])
        .find(|entry| entry.path.eq_ignore_ascii_case(method))?;
    // The last collection counts, for a publisher's models may be below another collection.
    let last = COLLECTIONS.into_iter().filter_map(|known| {
        let folder = format!("/{known}/");
        Some((find_last(rest, &folder)?, known, folder.len()))
    });
    let (at, collection, length) = last.max_by_key(|(at, ..)| *at)?;
    let (before, name) = rest.split_at_checked(at)?;
    let name = name.get(length..).filter(|name| !name.is_empty())?;
    let after = format!(":{}", entry.path);
    let path = format!("{before}/{collection}/{name}{after}");
    let name = percent_decoded_text(name);
    let model = if collection == "models" { name } else { format!("{collection}/{name}") };
    let named = UrlModel::Path { model, before: format!("{before}/"), after };
    Some((entry, path, Some(named)))
}

/// Reads `…/model/MODEL/END`, the model being everything between the two: names of models
/// may have slashes.
fn bedrock(plain: &str) -> Option<PathMatch> {
    const FOLDER: &str = "/model/";
    let at = find(plain, FOLDER)?;
    let start = at.saturating_add(FOLDER.len());
    let (before, rest) = plain.split_at_checked(start)?;
    let (model, end) = rest.rsplit_once('/')?;
    let mut entries = entries([Format::BedrockConverse, Format::BedrockInvoke]);
    let entry = entries.find(|entry| entry.path.eq_ignore_ascii_case(end))?;
    (!model.is_empty()).then(|| found(entry, before, model, &format!("/{}", entry.path)))
}

/// Returns where a part of a path stands first, whatever its case.
fn find(path: &str, part: &str) -> Option<usize> {
    places(path, part).next()
}

/// Returns where a part of a path stands last, whatever its case.
fn find_last(path: &str, part: &str) -> Option<usize> {
    places(path, part).next_back()
}

/// Returns every place of a path at which a part of it stands, whatever its case. The part must
/// begin with a slash, so that only what follows a slash is compared.
fn places(path: &str, part: &str) -> impl DoubleEndedIterator<Item = usize> {
    let ends = path.len().checked_sub(part.len());
    ends.into_iter().flat_map(|last| 0..=last).filter(move |at| {
        let found = path.as_bytes().get(*at..).filter(|found| found.first() == Some(&b'/'));
        found
            .and_then(|found| found.get(..part.len()))
            .is_some_and(|found| found.eq_ignore_ascii_case(part.as_bytes()))
    })
}

/// Returns the path and the query of a path as it comes; a fragment, which is none of either,
/// is dropped.
#[must_use]
pub fn split(path: &str) -> (&str, Option<&str>) {
    let path = path.split('#').next().unwrap_or_default();
    path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)))
}

#[cfg(test)]
mod tests;
