//! A request to try: which model of a document, and in which wire format.
//!
//! Decides by the document alone. Whether the provider answers is not known.

use std::path::Path;

use serde_json::Value;

use crate::cli::routing_file::RoutingFile;
use crate::config::{Api, Config, Model, Provider, Status, Translate, UnknownModel};
use crate::request::format::{Format, Task};
use crate::text::uri_component;

/// Parts of the names of models that do not chat.
const NO_CHAT: [&str; 15] = [
    "embed",
    "bge-",
    "e5-",
    "rerank",
    "moderation",
    "whisper",
    "transcribe",
    "tts",
    "speech",
    "dall-e",
    "image",
    "imagen",
    "flux",
    "stable-diffusion",
    "guard",
];

/// Returns a command that sends a chat through the proxy at `url`.
pub(super) fn curl(file: &RoutingFile, config: &Config, url: &str) -> String {
    let (model, api) = chosen(file, config).unwrap_or_else(|| ("MODEL".to_owned(), Api::OpenAi));
    let (path, headers, body) = request(api, &model);
    let header = |text: &str| format!(" -H '{text}'");
    format!(
        "curl -i {} -H 'content-type: application/json'{} \\\n      -d {}",
        address(&format!("{url}{path}")),
        headers.iter().map(|text| header(text)).collect::<String>(),
        in_shell(&body)
    )
}

/// Returns what to add to the command where filters before pointsman may ask for a key of the client.
pub(super) fn key(filters: Option<&Path>) -> String {
    let line = |file: &Path| {
        format!(
            "If a filter of {} asks clients for a key, add it: -H 'authorization: Bearer KEY'.\n\n",
            file.display()
        )
    };
    filters.map(line).unwrap_or_default()
}

/// Returns the model to ask for, and the API to ask in: the model that stands in for unknown ones,
/// or the first of the document that seems to chat, or else the first.
fn chosen(file: &RoutingFile, config: &Config) -> Option<(String, Api)> {
    let default = match config.unknown_model {
        UnknownModel::Model(id) => config.models.get(id.0),
        _ => None,
    };
    let names = file.tree().map(|tree| tree.member_or_empty("models").keys()).unwrap_or_default();
    let in_order =
        names.into_iter().filter_map(|name| config.models.iter().find(|one| one.name == name));
    let models: Vec<&Model> =
        default.into_iter().chain(in_order).filter(|one| one.status == Status::Active).collect();
    let choice = |model: &&Model| Some((model.name.clone(), api_of(config, model)?));
    let chatting = models.iter().filter(|model| is_chat(config, model));
    chatting.chain(&models).find_map(choice)
}

/// Returns whether the name of a model, and those of all that serves it, are names of models that
/// chat.
fn is_chat(config: &Config, model: &Model) -> bool {
    let upstream = served(config, model).map(|(upstream, _)| upstream.to_lowercase());
    let mut names = upstream.chain([model.name.to_lowercase()]);
    !names.any(|name| NO_CHAT.iter().any(|part| name.contains(part)))
}

/// Returns the upstream model and the provider of each candidate that is switched on.
fn served<'c>(
    config: &'c Config,
    model: &'c Model,
) -> impl Iterator<Item = (&'c str, &'c Provider)> {
    let candidates = model.groups.iter().flat_map(|group| &group.candidates);
    candidates.filter_map(|candidate| {
        let deployment = config.deployments.get(candidate.deployment.0)?;
        let provider = config.providers.get(deployment.provider.0)?;
        deployment.enabled.then_some((deployment.upstream_model.as_str(), provider))
    })
}

/// Returns the API in which a model can be asked: OpenAI's where one of its providers understands
/// that, also by a translation, else that of the first one; `None` where nothing serves it.
fn api_of(config: &Config, model: &Model) -> Option<Api> {
    let is_translated = model.translate.unwrap_or(config.translate) != Translate::Off;
    let chat = Format::OpenAiChat;
    let understands = |provider: &Provider| {
        provider.speaks(chat) || is_translated && provider.translated(chat, Task::Chat).is_some()
    };
    let mut providers = served(config, model).map(|(_, provider)| provider).peekable();
    let first = providers.peek()?.api;
    Some(if providers.any(understands) { Api::OpenAi } else { first })
}

/// Returns the path, more headers and the body of a chat.
fn request(api: Api, model: &str) -> (String, &'static [&'static str], String) {
    let name = uri_component(model);
    let model = Value::from(model);
    let chat = |more: &str| format!("{{\"model\": {model}, {more}{MESSAGES}}}");
    let at = |path: &str| path.to_owned();
    match api {
        Api::OpenAi | Api::OpenAiChat | Api::Any => (at("/v1/chat/completions"), &[], chat("")),
        Api::Anthropic => {
            let version: &[&str] = &["anthropic-version: 2023-06-01"];
            (at("/v1/messages"), version, chat("\"max_tokens\": 100, "))
        }
        Api::Gemini => {
            let body = r#"{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}"#;
            (format!("/v1beta/models/{name}:generateContent"), &[], body.to_owned())
        }
        Api::Azure => {
            let path =
                format!("/openai/deployments/{name}/chat/completions?api-version=2024-10-21");
            (path, &[], format!("{{{MESSAGES}}}"))
        }
        Api::Bedrock => {
            let body = r#"{"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}"#;
            (format!("/model/{name}/converse"), &[], body.to_owned())
        }
        Api::Cohere => (at("/v2/chat"), &[], chat("")),
        Api::Ollama => (at("/api/chat"), &[], chat("\"stream\": false, ")),
    }
}

/// The conversation, as most APIs have it.
const MESSAGES: &str = r#""messages": [{"role": "user", "content": "Hello"}]"#;

/// Returns a URL as one word of a shell, which takes a question mark for a pattern.
fn address(url: &str) -> String {
    if url.contains('?') { in_shell(url) } else { url.to_owned() }
}

/// Returns a text as one word of a shell.
fn in_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str, text: &str) -> String {
        let file = format!("pointsman-example-{}-{name}.yaml", std::process::id());
        let file = std::env::temp_dir().join(file);
        std::fs::write(&file, text).unwrap();
        let read = RoutingFile::read(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        curl(&read, &read.config().unwrap(), "http://h:1")
    }

    /// Returns a document with these models and this API.
    fn document(api: &str, models: &str, more: &str) -> String {
        format!("providers: {{p: {{cluster: c, api: {api}}}}}\nmodels: {{{models}}}\n{more}\n")
    }

    #[test]
    fn the_model_is_the_first_of_the_document_that_chats() {
        for (models, more, wanted) in [
            (
                "z: {candidates: [{provider: p, model: x}]}, a: {candidates: [{provider: p, model: x}]}",
                "",
                "z",
            ),
            (
                "search: {candidates: [{provider: p, model: text-embedding-3-small}]}, b: {candidates: [{provider: p, model: x}]}",
                "",
                "b",
            ),
            (
                "pictures: {candidates: [{provider: p, model: gpt-image-1}]}, b: {candidates: [{provider: p, model: x}]}",
                "",
                "b",
            ),
            (
                "gone: {status: deleted, candidates: [{provider: p, model: x}]}, b: {candidates: [{provider: p, model: x}]}",
                "",
                "b",
            ),
            (
                "z: {candidates: [{provider: p, model: x}]}, a: {candidates: [{provider: p, model: x}]}",
                "unknown_model: {model: a}",
                "a",
            ),
            // Better an example that fails with the provider's words than none.
            ("bge-m3: {candidates: [{provider: p, model: bge-m3}]}", "", "bge-m3"),
        ] {
            let printed = example("model", &document("openai", models, more));
            assert!(printed.contains(&format!("{{\"model\": \"{wanted}\", ")), "{printed}");
            assert!(printed.starts_with("curl -i http://h:1/v1/chat/completions -H"), "{printed}");
        }
    }

    #[test]
    fn filters_may_ask_for_a_key() {
        assert_eq!(key(None), "");
        let told = key(Some(Path::new("keys.yaml")));
        assert!(told.starts_with("If a filter of keys.yaml asks clients for a key, add"), "{told}");
    }

    #[test]
    fn the_request_is_in_the_api_of_the_provider() {
        for (api, path, part) in [
            ("openai-chat", "/v1/chat/completions -H", "\"model\": \"m'\\''/1\", \"messages\""),
            ("any", "/v1/chat/completions -H", "\"model\""),
            ("anthropic", "/v1/messages -H", "-H 'anthropic-version: 2023-06-01' \\"),
            ("gemini", "/v1beta/models/m%27%2F1:generateContent -H", "\"contents\""),
            ("bedrock", "/model/m%27%2F1/converse -H", "[{\"text\": \"Hello\"}]"),
            ("cohere", "/v2/chat -H", "\"model\""),
            ("ollama", "/api/chat -H", "\"stream\": false"),
        ] {
            let text = document(api, "\"m'/1\": {candidates: [{provider: p, model: x}]}", "");
            let printed = example("api", &text);
            assert!(printed.starts_with(&format!("curl -i http://h:1{path}")), "{printed}");
            assert!(printed.contains(part), "{printed}");
            // A client of OpenAI's is what most people have.
            let printed = example(
                "translated",
                &format!("{text}translate: strict\nfailover: {{max_attempts: 2}}\n"),
            );
            let stays = matches!(api, "cohere" | "ollama");
            assert!(printed.contains("/v1/chat/completions -H") != stays, "{printed}");
        }
    }
}
