//! What the name of a model tells of what its server accepts.
//!
//! Servers that are compatible with OpenAI's API differ from it, and from one another. Only the name of the model
//! tells which server it may be.

/// What a model's server accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct ChatModel {
    /// It is one of OpenAI's own, at OpenAI or at Azure.
    is_openai: bool,
    /// It does not think, and its server refuses a request to think.
    pub(super) never_thinks: bool,
    /// Its server refuses tools if it thinks, and some of these models think by default.
    /// <https://developers.openai.com/api/docs/guides/migrate-to-responses>
    pub(super) never_thinks_with_tools: bool,
    /// Its server refuses a tool call in the history without what was thought before it.
    ///
    /// <https://api-docs.deepseek.com/guides/thinking_mode> says so of DeepSeek's, and Moonshot's does the
    /// same. Others refuse the member: Groq and Mistral do, for example.
    pub(super) wants_thinking: bool,
    /// Its server knows Google's signatures of calls, and wants them back.
    /// <https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures>
    pub(super) wants_signatures: bool,
}

impl ChatModel {
    /// Returns what the name of a deployment at Azure tells, which may be any name.
    #[must_use]
    pub(in super::super) fn at_azure(name: &str) -> Self {
        Self { is_openai: true, ..Self::of(name) }
    }

    /// Returns what the name tells.
    #[must_use]
    pub(in super::super) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        // Deployments at Azure have names of their own, in which the model's usually is a part.
        let words = || name.split(|char: char| !char.is_ascii_alphanumeric());
        let (mut is_openai, mut never_thinks) = (false, false);
        for (word, next) in words().zip(words().skip(1).chain([""])) {
            is_openai |= matches!(word, "chatgpt" | "codex");
            is_openai |= word.strip_prefix('o').is_some_and(is_version);
            never_thinks |= word == "chatgpt";
            let Some(version) = word.strip_prefix("gpt") else { continue };
            let version = if version.is_empty() { next } else { version };
            // Open models have such names without a version.
            if is_version(version) {
                is_openai = true;
                never_thinks |= version.starts_with(['3', '4']);
            }
        }
        // Others who serve these models have their vendor's name before a slash.
        let is_own = |vendor: &str| name.starts_with(vendor) && !name.contains('/');
        let wants_thinking = is_own("deepseek-") || is_own("kimi-");
        let wants_signatures = words().any(|word| word == "gemini");
        let never_thinks_with_tools = is_openai && name.split("gpt-").skip(1).any(is_5_4_or_later);
        Self { is_openai, never_thinks, never_thinks_with_tools, wants_thinking, wants_signatures }
    }

    /// Returns the name of the limit of the answer in tokens.
    ///
    /// No name works for all servers. OpenAI's models that think refuse `max_tokens`
    /// (<https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create>), and take `max_completion_tokens`
    /// alone. Of the others all know `max_tokens`, while Mistral refuses the newer name, and Ollama
    /// takes it and sets no limit (<https://github.com/ollama/ollama/issues/7125>). Both together are
    /// refused by OpenAI.
    #[must_use]
    pub(super) const fn limit_name(self) -> &'static str {
        if self.is_openai { "max_completion_tokens" } else { "max_tokens" }
    }

    /// Returns whether its server knows what only OpenAI has, such as keeping answers.
    #[must_use]
    pub(super) const fn is_openai(self) -> bool {
        self.is_openai
    }
}

/// Returns whether a name, after `gpt-`, begins with version 5.4 or a later one.
fn is_5_4_or_later(version: &str) -> bool {
    let end = |char: char| !char.is_ascii_digit();
    let number = |text: &str| text.split(end).next().and_then(|digits| digits.parse::<u32>().ok());
    let rest = version.trim_start_matches(|char: char| char.is_ascii_digit());
    let minor = rest.strip_prefix('.').and_then(number).unwrap_or(0);
    number(version).is_some_and(|major| (major, minor) >= (5, 4))
}

/// Returns whether a word is or begins with a version.
fn is_version(word: &str) -> bool {
    word.starts_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_of_openai_are_known_by_name() {
        let rows = [
            ("gpt-4o-mini", true, true),
            ("gpt-4.1", true, true),
            ("gpt-35-turbo", true, true),
            ("team-gpt4o-eu", true, true),
            ("chatgpt-4o-latest", true, true),
            ("gpt-5-mini", true, false),
            ("gpt-6-astra", true, false),
            ("openai/gpt-5.4", true, false),
            ("ft:gpt-5-mini:acme::abc", true, false),
            ("o3", true, false),
            ("prod-o4-mini", true, false),
            ("codex-mini-latest", true, false),
            ("openai/gpt-oss-120b", false, false),
            ("gpt-oss:20b", false, false),
            ("gpt-j-6b", false, false),
            ("gpt-neox-20b", false, false),
            ("llama-3.3-70b", false, false),
            ("mistral-large-latest", false, false),
            ("olmo-2", false, false),
            ("", false, false),
        ];
        for (name, is_openai, never_thinks) in rows {
            let model = ChatModel::of(name);
            assert_eq!((model.is_openai, model.never_thinks), (is_openai, never_thinks), "{name}");
            assert!(!model.wants_thinking, "{name}");
        }
    }

    #[test]
    fn the_limit_has_the_name_that_its_server_takes() {
        assert_eq!(ChatModel::of("gpt-5").limit_name(), "max_completion_tokens");
        assert_eq!(ChatModel::of("prod-chat").limit_name(), "max_tokens");
        assert_eq!(ChatModel::at_azure("prod-chat").limit_name(), "max_completion_tokens");
    }

    #[test]
    fn models_that_think_only_without_tools_are_known_by_version() {
        let names = [
            "gpt-5",
            "gpt-5-2025-08-07",
            "gpt-5.3-codex",
            "gpt-4.1",
            "gpt-oss-120b",
            "o4-mini",
            "llama-5.4",
            "gpt-5-turbo.9",
        ];
        for name in names {
            assert!(!ChatModel::of(name).never_thinks_with_tools, "{name}");
        }
        for name in ["gpt-5.4", "openai/gpt-5.6-sol", "gpt-5.10", "GPT-6-astra", "ft:gpt-5.5:a::b"]
        {
            assert!(ChatModel::of(name).never_thinks_with_tools, "{name}");
        }
    }

    #[test]
    fn thinking_goes_back_to_those_who_want_it() {
        assert!(ChatModel::of("deepseek-flash").wants_thinking);
        assert!(ChatModel::of("kimi-k2.6").wants_thinking);
        // Served by Groq and vLLM.
        assert!(!ChatModel::of("moonshotai/kimi-k2-instruct").wants_thinking);
        assert!(!ChatModel::of("deepseek-ai/DeepSeek-V3.1").wants_thinking);
    }
}
