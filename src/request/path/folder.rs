//! Folders that LLM requests are in, for what must not take them in.

use super::PathTable;

/// What SDKs put before the paths of a format that are known by their end.
const BASES: [&str; 8] =
    ["", "/v1", "/v2", "/openai", "/openai/v1", "/anthropic", "/anthropic/v1", "/api/v1"];

/// Folders of the formats whose model is in the path, and of lists of models.
const FOLDERS: [&str; 8] = [
    "/models",
    "/tunedModels",
    "/v1/models",
    "/v1/tunedModels",
    "/v1beta/models",
    "/v1beta/tunedModels",
    "/openai/deployments",
    "/model",
];

impl PathTable {
    /// Returns a path of LLM requests that is that folder or in it, as clients ask for them;
    /// `None` where there is none. What has a folder of its own, such as the admin endpoints,
    /// must not take requests away.
    #[must_use]
    pub fn below(&self, folder: &str) -> Option<String> {
        // A path is known by its end, so this one is under any name before it.
        if self.call(b"POST", folder).or_else(|| self.call(b"GET", folder)).is_some() {
            return Some(folder.to_owned());
        }
        let is_in = |path: &str| {
            path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(taken) = FOLDERS.into_iter().find(|taken| is_in(taken)) {
            return Some(taken.to_owned());
        }
        let suffixed = |base: &'static str| {
            self.suffixes.iter().map(move |(suffix, _)| format!("{base}{suffix}"))
        };
        BASES.into_iter().flat_map(suffixed).find(|path| is_in(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::format::Format;

    #[test]
    fn a_folder_of_llm_requests_is_told_by_one_of_them() {
        let table = PathTable::with([("/talk/now".to_owned(), Format::OpenAiChat)]);
        for (folder, wanted) in [
            ("/admin", None),
            ("/v", None),
            ("/chats", None),
            ("/v1", Some("/v1/models")),
            ("/chat", Some("/chat/completions")),
            ("/openai", Some("/openai/deployments")),
            ("/tools/v1/messages", Some("/tools/v1/messages")),
            ("/realtime", Some("/realtime")),
            ("/talk", Some("/talk/now")),
            ("/api", Some("/api/embeddings")),
            ("/model", Some("/model")),
        ] {
            assert_eq!(table.below(folder).as_deref(), wanted, "{folder}");
        }
    }
}
