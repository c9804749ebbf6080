//! What each family of models in Converse accepts, beyond what the API has for all of them.

use super::super::claude::ModelRules;

/// A family of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelFamily {
    /// Anthropic's.
    Claude(ModelRules),
    /// Amazon's.
    Nova,
    /// OpenAI's open models.
    GptOss,
    /// Any other, and inference profiles whose names do not tell.
    Other,
}

impl ModelFamily {
    /// Returns the family of a model's id, or of the ARN of an inference profile. A region may stand before the
    /// id.
    pub(super) fn of(model: &str) -> Self {
        match model {
            _ if model.contains("anthropic.claude") => Self::Claude(ModelRules::of(model)),
            _ if model.contains("amazon.nova") => Self::Nova,
            _ if model.contains("openai.gpt-oss") => Self::GptOss,
            _ => Self::Other,
        }
    }

    /// Returns whether prompts may be cached up to a mark.
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
    pub(super) const fn takes_cache_points(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova)
    }

    /// Returns whether a mark may stand among the tools.
    pub(super) const fn takes_cache_points_of_tools(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Returns whether a tool result can be marked as failed.
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>
    pub(super) const fn takes_result_status(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova)
    }

    /// Returns whether its thinking can be sent back to it. Other families refuse the signature.
    pub(super) const fn takes_thinking(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Returns whether it can be made to follow the schemas of its tools exactly.
    pub(super) fn takes_strict_tools(self) -> bool {
        matches!(self, Self::Claude(rules) if rules.follows_schemas())
    }

    /// Returns whether it can be made to call a tool. For most families that is not known.
    pub(super) fn can_be_forced(self) -> bool {
        !matches!(self, Self::Claude(rules) if !rules.can_be_forced())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_told_by_the_id_or_the_arn() {
        let is_claude = |model: &str| matches!(ModelFamily::of(model), ModelFamily::Claude(_));
        assert!(is_claude("anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(is_claude("eu.anthropic.claude-sonnet-4-20250514-v1:0"));
        assert!(is_claude(
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-opus-4-7"
        ));
        assert_eq!(ModelFamily::of("us.amazon.nova-pro-v1:0"), ModelFamily::Nova);
        assert_eq!(ModelFamily::of("openai.gpt-oss-120b-1:0"), ModelFamily::GptOss);
        assert_eq!(ModelFamily::of("meta.llama3-70b-instruct-v1:0"), ModelFamily::Other);
        let opaque = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2";
        assert_eq!(ModelFamily::of(opaque), ModelFamily::Other);
    }
}
