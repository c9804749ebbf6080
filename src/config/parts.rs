//! Providers, deployments and models as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::request::format::Format;
use crate::request::session::SessionKey;
pub use crate::strategy::Strategy as StrategyName;

use super::{Custom, DeploymentId, GroupId, Index, ProviderId, When};

/// A vendor endpoint.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its key in `providers`.
    pub name: String,
    /// Envoy cluster.
    pub cluster: String,
    /// Which wire formats it speaks.
    pub api: Api,
    /// Value of `:authority` sent upstream.
    pub authority: Option<String>,
    /// Put before the request path.
    pub path_prefix: String,
    /// Template replacing the request path; holds `{model}` and `{operation}`.
    pub path: Option<String>,
    /// The proxy's own credential.
    pub credential: Option<Credential>,
    /// Headers set on every attempt, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Headers removed on every attempt, names in lower case.
    pub remove_headers: Vec<String>,
}

/// Where a provider's secret comes from and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Environment variable of the VM that holds the secret.
    pub env: String,
    /// Header it is sent in, lower case.
    pub header: String,
    /// Text before the secret.
    pub prefix: String,
}

/// The family of wire formats a provider speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Api {
    /// `openai-*` and rerank.
    #[default]
    OpenAi,
    /// `anthropic-messages`.
    Anthropic,
    /// `gemini-generate`.
    Gemini,
    /// `azure-openai`, and `openai-*` where a path template is set.
    Azure,
    /// `bedrock-converse`.
    Bedrock,
    /// `cohere-chat` and rerank.
    Cohere,
    /// `ollama`.
    Ollama,
    /// Every format.
    Any,
}

impl Provider {
    /// Whether a request in `format` can be sent there as it is.
    #[must_use]
    pub fn speaks(&self, format: Format) -> bool {
        let is_openai = matches!(
            format,
            Format::OpenAiChat
                | Format::OpenAiResponses
                | Format::OpenAiCompletions
                | Format::OpenAiEmbeddings
                | Format::OpenAiModerations
                | Format::OpenAiImages
                | Format::OpenAiAudio
                | Format::OpenAiRealtime
        );
        match self.api {
            Api::Any => true,
            Api::OpenAi => is_openai || format == Format::Rerank,
            Api::Azure => format == Format::AzureOpenAi || (is_openai && self.path.is_some()),
            Api::Anthropic => format == Format::AnthropicMessages,
            Api::Gemini => format == Format::GeminiGenerate,
            Api::Bedrock => format == Format::BedrockConverse,
            Api::Cohere => matches!(format, Format::CohereChat | Format::Rerank),
            Api::Ollama => format == Format::Ollama,
        }
    }
}

/// One provider and upstream model that can serve requests.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Its key in `deployments`, or `provider/model` when written in place.
    pub id: String,
    /// Stable hash of the id.
    pub hash: u64,
    /// Where it is.
    pub provider: ProviderId,
    /// Model name sent upstream.
    pub upstream_model: String,
    /// Share under `weighted` where the candidate names none.
    pub weight: u32,
    /// Lower is better.
    pub priority: i32,
    /// Labels for tag-restricted picks.
    pub tags: Vec<String>,
    /// Requests per minute.
    pub rpm_limit: Option<u32>,
    /// Tokens per minute.
    pub tpm_limit: Option<u32>,
    /// Requests at a time.
    pub max_parallel_requests: Option<u32>,
    /// Disabled deployments are never eligible.
    pub enabled: bool,
    /// The deployment's own facts over the catalogue's.
    pub facts: ModelFacts,
    /// Merged into the body of every request sent there.
    pub request_overrides: Arc<Overrides>,
}

/// What is known of an upstream model; what is not known is `None`: capable,
/// without limit, of unknown cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelFacts {
    /// Tokens of input and output together.
    pub context_window: Option<u64>,
    /// Most tokens of one answer.
    pub max_output_tokens: Option<u64>,
    /// Takes images.
    pub vision: Option<bool>,
    /// Takes audio.
    pub audio: Option<bool>,
    /// Takes files.
    pub files: Option<bool>,
    /// Takes tools.
    pub tools: Option<bool>,
    /// Can be held to JSON.
    pub json_mode: Option<bool>,
    /// Price of a million input tokens.
    pub input_usd_per_million: Option<f64>,
    /// Price of a million output tokens.
    pub output_usd_per_million: Option<f64>,
}

/// Top-level body members to replace: objects merge one level deep, `null` removes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides(pub Vec<(String, Value)>);

/// What clients ask for.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its key in `models`.
    pub name: String,
    /// The base group, or one per variant; never empty.
    pub groups: Vec<Group>,
    /// The group meant when none is named.
    pub default_group: GroupId,
    /// Models to go on to, by kind of failure.
    pub fallbacks: Fallbacks,
    /// Where requests that continue provider state go.
    pub state_deployment: Option<DeploymentId>,
    /// Whether it resolves and is listed.
    pub status: Status,
    /// Shown in the model list.
    pub description: Option<String>,
    /// Shown in the model list.
    pub purpose: Option<String>,
    /// Shown in the model list.
    pub when_to_use: Option<String>,
    /// What params must look like.
    pub param_schema: Option<ParamSchema>,
    /// How candidates are restricted by the request's tags.
    pub tag_match: TagMatch,
    /// What sessions are told by.
    pub sticky: Sticky,
    /// Whom the strategy `custom` asks; there where a group has that strategy.
    pub custom: Option<Custom>,
}

/// Settings of the strategy `sticky`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sticky {
    /// What tells the session: the first of these that is there.
    pub keys: Vec<SessionKey>,
    /// Most load of one deployment, as a multiple of the mean.
    pub bound: f64,
}

impl Default for Sticky {
    fn default() -> Self {
        let keys = [
            SessionKey::Header,
            SessionKey::CacheKey,
            SessionKey::User,
            SessionKey::MetadataUser,
            SessionKey::PromptPrefix,
        ];
        Self { keys: keys.into(), bound: 1.25 }
    }
}

/// A strategy over candidates: a model's own, or one of its variants.
#[derive(Debug, Clone)]
pub struct Group {
    /// The variant's key; none for a model without variants.
    pub key: Option<String>,
    /// How candidates are ordered.
    pub strategy: StrategyName,
    /// In file order; never empty.
    pub candidates: Vec<Candidate>,
    /// What is known beforehand of a large group.
    pub index: Index,
    /// Shown in the model list.
    pub purpose: Option<String>,
    /// Shown in the model list.
    pub when_to_use: Option<String>,
}

/// A deployment listed for a model.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which one.
    pub deployment: DeploymentId,
    /// Share under `weighted`.
    pub weight: u32,
    /// Order under `ordered_fallback`, lower first.
    pub position: i32,
    /// Under `rules`: it is taken when one of these holds.
    pub rules: Vec<Rule>,
    /// The candidate's overrides over the deployment's.
    pub request_overrides: Arc<Overrides>,
}

/// Params and conditions that must all hold.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Param → accepted values, as text.
    pub params: Vec<(String, Vec<String>)>,
    /// Conditions over the request.
    pub when: When,
}

/// Models to go on to, by kind of failure.
#[derive(Debug, Clone, Default)]
pub struct Fallbacks {
    /// After any failure without a list of its own.
    pub general: Vec<super::Target>,
    /// After a context window error.
    pub context_window: Option<Vec<super::Target>>,
    /// After a content policy refusal; `general` does not stand in for it.
    pub content_policy: Option<Vec<super::Target>>,
    /// After a rate limit.
    pub rate_limit: Option<Vec<super::Target>>,
}

/// Whether a model resolves and is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Resolves and is listed.
    #[default]
    Active,
    /// Resolves, is not listed.
    Archived,
    /// Neither.
    Deleted,
}

/// How candidates are restricted by the request's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagMatch {
    /// Not at all.
    #[default]
    Off,
    /// To deployments that hold at least one of them.
    Any,
    /// To deployments that hold all of them.
    All,
}

/// The part of JSON Schema that params are checked against.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamSchema {
    /// Params that must be there.
    pub required: Vec<String>,
    /// Known params: what type and which values they may have.
    pub properties: BTreeMap<String, ParamType>,
    /// Whether unknown params are accepted.
    pub additional: bool,
}

/// What one param must look like; params are text, so a number is text that reads as one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamType {
    /// Accepted types, JSON Schema names: `string`, `number`, `integer`, `boolean`; empty: any.
    pub types: Vec<String>,
    /// Accepted values as text; none: any.
    pub values: Option<Vec<String>>,
}
