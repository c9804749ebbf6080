//! Paths that look like those of LLM requests but are not known: which API they seem to belong to,
//! and which paths are known instead.

use super::{PathTable, canonical};
use crate::request::format::{BodyKind, Dialect, Format, ModelPlace};
use crate::sort::ordered;

/// Segments of paths under which providers and SDKs have their APIs, with the dialect that is
/// spoken there. The first that a path has counts, so the more exact ones come first.
const FOLDERS: [(&str, Dialect); 16] = [
    ("anthropic", Dialect::Anthropic),
    ("messages", Dialect::Anthropic),
    ("complete", Dialect::Anthropic),
    ("v1beta", Dialect::Gemini),
    ("v1beta1", Dialect::Gemini),
    ("v1alpha", Dialect::Gemini),
    ("publishers", Dialect::Gemini),
    ("tunedModels", Dialect::Gemini),
    ("model", Dialect::Message),
    ("v2", Dialect::Message),
    ("openai", Dialect::OpenAi),
    ("v1", Dialect::OpenAi),
    ("v3", Dialect::OpenAi),
    ("models", Dialect::OpenAi),
    ("engines", Dialect::OpenAi),
    ("api", Dialect::Ollama),
];

/// Returns the dialect of the API that a path seems to belong to; `None` where it does not look
/// like one of an LLM API at all.
#[must_use]
pub fn nearest_dialect(path: &str) -> Option<Dialect> {
    let plain = canonical(path);
    let has = |folder: &str| plain.split('/').any(|one| one.eq_ignore_ascii_case(folder));
    FOLDERS.into_iter().find(|(folder, _)| has(folder)).map(|(_, dialect)| dialect)
}

impl PathTable {
    /// Returns the ends of all paths whose requests are posted and judged, for messages.
    #[must_use]
    pub fn known(&self) -> String {
        let is_posted = |body: BodyKind| body != BodyKind::None;
        let by_end = self.suffixes.iter().filter(|(_, entry)| is_posted(entry.body));
        let mut known: Vec<String> = ordered(by_end.map(|(suffix, _)| suffix.clone()).collect());
        known.push("/openai/deployments/MODEL/…".to_owned());
        for format in Format::ALL.into_iter().filter(|one| one.model_place() == ModelPlace::Path) {
            let before = match format.dialect() {
                Dialect::Gemini => "/models/MODEL:",
                _ => "/model/MODEL/",
            };
            known.extend(format.paths().iter().map(|row| format!("{before}{}", row.end)));
        }
        known.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_dialect_of_its_api() {
        for (path, wanted) in [
            ("/v1/nothing", Some(Dialect::OpenAi)),
            ("/v1/messages/batches", Some(Dialect::Anthropic)),
            ("/anthropic/v1/x", Some(Dialect::Anthropic)),
            ("/v1beta/models/m:unknown", Some(Dialect::Gemini)),
            ("/v1/projects/p/locations/l/publishers/google/models/m:x", Some(Dialect::Gemini)),
            ("/model/m/unknown", Some(Dialect::Message)),
            ("/v2/classify", Some(Dialect::Message)),
            ("/openai/v1/x", Some(Dialect::OpenAi)),
            ("/gateway/V1//x?y", Some(Dialect::OpenAi)),
            ("/api/pull", Some(Dialect::Ollama)),
            ("/index.html", None),
            ("/apiary/v11/x", None),
            ("", None),
        ] {
            assert_eq!(nearest_dialect(path), wanted, "{path}");
        }
    }

    #[test]
    fn what_is_known_is_told() {
        let known = PathTable::with([("/talk".to_owned(), Format::OpenAiChat)]).known();
        for path in [
            "/chat/completions",
            "/talk",
            "/models/MODEL:generateContent",
            "/models/MODEL:rawPredict",
            "/model/MODEL/invoke",
            "/openai/deployments/MODEL/",
        ] {
            assert!(known.contains(path), "{path}: {known}");
        }
        assert!(!known.contains("/realtime,"), "that one is a GET");
    }
}
