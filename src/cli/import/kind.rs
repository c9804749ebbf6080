//! The providers of LiteLLM, by the word before the slash of `model`: where they are, what they
//! speak, and which variable LiteLLM reads their key from.

/// A provider as LiteLLM knows it.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its names at LiteLLM.
    names: &'static [&'static str],
    /// Its name here.
    pub(super) name: &'static str,
    /// The `api` of a provider.
    pub(super) api: &'static str,
    /// Where it is unless `api_base` says so; empty where only `api_base` can.
    pub(super) base: &'static str,
    /// The variable of its key; empty for a server that needs none.
    pub(super) variable: &'static str,
    /// The header of its key; empty for a bearer token.
    pub(super) header: &'static str,
    pub(super) shape: Shape,
}

/// How the address and path of a provider are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The operation follows the base, as in `/v1/chat/completions`.
    Operation,
    /// The same for a server that has its API below `/v1`, also where the base does not say so.
    Server,
    /// The client's path follows the base.
    Prefix,
    Azure,
    AzureAi,
    Bedrock,
    Vertex,
}

macro_rules! kinds {
    ($($names:expr, $name:literal, $api:literal, $base:literal, $variable:literal, $header:literal, $shape:ident;)*) => {
        &[$(Kind {
            names: &$names, name: $name, api: $api, base: $base, variable: $variable,
            header: $header, shape: Shape::$shape,
        }),*]
    };
}

/// All of them. Only those that are documented to have OpenAI's Responses API are `openai`: requests of that
/// API are translated for the others.
#[rustfmt::skip]
static KINDS: &[Kind] = kinds! {
    ["openai", "text-completion-openai"], "openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", "", Operation;
    ["azure", "azure_text"], "azure", "azure", "", "AZURE_API_KEY", "api-key", Azure;
    ["azure_ai"], "azure-ai", "openai-chat", "", "AZURE_AI_API_KEY", "api-key", AzureAi;
    ["anthropic", "anthropic_text"], "anthropic", "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", "x-api-key", Prefix;
    ["gemini"], "gemini", "gemini", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY", "x-goog-api-key", Prefix;
    ["gemini-embedding"], "gemini-openai", "openai-chat", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", "", Operation;
    ["vertex_ai", "vertex_ai_beta"], "vertex", "gemini", "", "VERTEX_AI_ACCESS_TOKEN", "", Vertex;
    ["bedrock", "bedrock_converse"], "bedrock", "bedrock", "", "", "", Bedrock;
    ["groq"], "groq", "openai-chat", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "", Operation;
    ["deepseek"], "deepseek", "openai-chat", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "", Operation;
    ["xai"], "xai", "openai", "https://api.x.ai/v1", "XAI_API_KEY", "", Operation;
    ["mistral", "codestral"], "mistral", "openai-chat", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "", Operation;
    ["openrouter"], "openrouter", "openai-chat", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "", Operation;
    ["together_ai"], "together", "openai-chat", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY", "", Operation;
    ["fireworks_ai"], "fireworks", "openai-chat", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY", "", Operation;
    ["cohere", "cohere_chat"], "cohere", "openai-chat", "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY", "", Operation;
    ["cohere-rerank"], "cohere-rerank", "cohere", "https://api.cohere.com", "COHERE_API_KEY", "", Prefix;
    ["perplexity"], "perplexity", "openai-chat", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY", "", Operation;
    ["cerebras"], "cerebras", "openai-chat", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", "", Operation;
    ["nvidia_nim"], "nvidia", "openai-chat", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY", "", Operation;
    ["deepinfra"], "deepinfra", "openai-chat", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY", "", Operation;
    ["sambanova"], "sambanova", "openai-chat", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY", "", Operation;
    ["moonshot"], "moonshot", "openai-chat", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", "", Operation;
    ["ollama", "ollama_chat"], "ollama", "openai-chat", "http://localhost:11434", "", "", Server;
    ["hosted_vllm", "vllm"], "vllm", "openai-chat", "", "", "", Server;
    ["lm_studio", "llamafile", "xinference", "docker_model_runner"], "local", "openai-chat", "", "", "", Server;
    ["openai_like", "custom_openai", "custom", "litellm_proxy"], "compatible", "openai-chat", "", "", "", Operation;
};

/// The beginnings of model names by which LiteLLM knows a provider that is not named.
const BEGINNINGS: [(&str, &str); 19] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("ft:", "openai"),
    ("text-embedding-", "openai"),
    ("omni-moderation", "openai"),
    ("dall-e", "openai"),
    ("whisper", "openai"),
    ("tts-", "openai"),
    ("davinci", "openai"),
    ("babbage", "openai"),
    ("claude", "anthropic"),
    ("gemini", "vertex_ai"),
    ("command", "cohere"),
    ("embed-", "cohere"),
    ("rerank-", "cohere"),
    ("anthropic.claude", "bedrock"),
];

/// Returns the provider that LiteLLM calls so.
pub(super) fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.names.contains(&name))
}

/// Returns the provider and the name that the provider has for a model, from the text of
/// `litellm_params.model` and, where there is one, that of `custom_llm_provider`.
///
/// `None` where the provider is none of the table's. `has_base`: an address is given, so that a
/// name that tells nothing is that of a server with OpenAI's API.
pub(super) fn of_model(
    model: &str,
    custom: Option<&str>,
    has_base: bool,
) -> Option<(&'static Kind, String)> {
    if let Some(custom) = custom {
        let own = model.strip_prefix(custom).and_then(|rest| rest.strip_prefix('/'));
        return Some((named(custom)?, own.unwrap_or(model).to_owned()));
    }
    if let Some((first, rest)) = model.split_once('/') {
        return Some((named(first)?, rest.to_owned()));
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| model.starts_with(beginning));
    let name = known.map(|(_, name)| *name).or(has_base.then_some("openai"))?;
    Some((named(name)?, model.to_owned()))
}

/// Returns the kind to use where a model is for embeddings or reranking and the provider has those
/// under another API than chats.
pub(super) fn for_mode(kind: &'static Kind, mode: &str) -> &'static Kind {
    let other = match (kind.name, mode) {
        ("gemini", "embedding") => named("gemini-embedding"),
        ("cohere", "rerank") => named("cohere-rerank"),
        _ => None,
    };
    other.unwrap_or(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_found_and_has_a_base_that_can_be_read() {
        for kind in KINDS {
            for name in kind.names {
                assert!(std::ptr::eq(named(name).unwrap(), kind), "{name} is there twice");
            }
            let base = super::super::address::Base::read(kind.base);
            assert_eq!(base.is_some(), !kind.base.is_empty(), "{}", kind.name);
        }
        assert!(BEGINNINGS.iter().all(|(_, name)| named(name).is_some()));
    }

    #[test]
    fn models_name_their_provider() {
        let of = |model, custom, has_base| {
            of_model(model, custom, has_base).map(|(kind, model)| (kind.name, model))
        };
        let some = |name, model: &str| Some((name, model.to_owned()));
        assert_eq!(of("azure/ours", None, false), some("azure", "ours"));
        assert_eq!(of("openrouter/a/b", None, false), some("openrouter", "a/b"));
        assert_eq!(of("gpt-4o", None, false), some("openai", "gpt-4o"));
        assert_eq!(of("claude-x", None, false), some("anthropic", "claude-x"));
        assert_eq!(of("mine", None, true), some("openai", "mine"));
        assert_eq!(of("mine", None, false), None);
        assert_eq!(of("sagemaker/x", None, true), None);
        assert_eq!(of("a/b", Some("openai"), false), some("openai", "a/b"));
        assert_eq!(of("groq/b", Some("groq"), false), some("groq", "b"));
    }
}
