//! Routes as data: conditions over a request and the action to take.
//!
//! How a condition is evaluated is for `condition` to say.

use crate::request::format::Format;
use crate::request::keyword::KeywordId;

use super::declare::named;
use super::ids::{DeploymentId, GroupId, ModelId};

/// Conditions over a request and what to do when all of them hold.
#[derive(Debug, Clone)]
pub struct Route {
    /// Unique name. Requests can force a route by it, and metrics have it as a label.
    pub name: String,
    /// Higher is tried first. Routes of the same priority keep file order.
    pub priority: i32,
    /// Disabled routes never match.
    pub enabled: bool,
    /// All of them must hold.
    pub when: When,
    /// What happens to a request that matches.
    pub then: Action,
}

/// A conjunction of conditions; empty, it always holds.
///
/// The conditions are in the order of the documentation, whatever the order in the file, so that
/// explain shows the same for every encoding.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct When(pub Vec<Condition>);

/// One predicate over a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The name as sent, or its alias target, is in the list; an empty list is any.
    ModelIn(Vec<NamePattern>),
    /// Estimated input tokens strictly below.
    InputTokensLt(u64),
    /// Estimated input tokens strictly above.
    InputTokensGt(u64),
    /// Estimated cost in USD strictly below; unknown never matches.
    EstimatedCostLt(f64),
    /// Estimated cost in USD strictly above; unknown never matches.
    EstimatedCostGt(f64),
    /// The request has exactly this tag, among others or alone.
    TagEquals(String),
    /// A tag of the request is in the list. An empty list never matches.
    TagIn(Vec<String>),
    /// Images present, or absent for `false`.
    HasImages(bool),
    /// Audio present, or absent for `false`.
    HasAudio(bool),
    /// Files present, or absent for `false`.
    HasFiles(bool),
    /// Tools present, or absent for `false`.
    HasTools(bool),
    /// Streaming asked for, or not for `false`.
    Stream(bool),
    /// Continues provider state, or not for `false`.
    HasState(bool),
    /// Any keyword occurs in the text that is searched.
    PromptContainsAnyOf(SoughtKeywords),
    /// The requested output limit is strictly below; none requested never matches.
    MaxOutputTokensLt(u64),
    /// The requested output limit is strictly above; none requested never matches.
    MaxOutputTokensGt(u64),
    /// More messages than this.
    MessageCountGt(u64),
    /// The wire format is in the list. An empty list never matches.
    FormatIn(Vec<Format>),
    /// Each header (lower-case name) has exactly this value.
    HeaderEquals(Vec<(String, String)>),
    /// Each param has exactly this value, written as text.
    ParamsEqual(Vec<(String, String)>),
    /// This share of requests, 0–100.
    SamplePercent(f64),
    /// At least one of these holds. Of an empty list none does.
    AnyOf(Vec<When>),
    /// This does not hold.
    Not(When),
}

/// Keywords that a condition asks for, and what it makes of prompts that cannot be searched.
#[derive(Debug, Clone, PartialEq)]
pub struct SoughtKeywords {
    /// The keywords; the words are kept for explain.
    pub words: Vec<(KeywordId, String)>,
    /// What counts as a prompt that cannot be searched.
    pub unsearchable: Vec<Unsearchable>,
    /// What such a prompt makes of the condition.
    pub on_unsearchable: OnUnsearchable,
}

/// Something that may hold a prompt and cannot be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsearchable {
    /// A prompt as numbers of tokens, or as tensors.
    Tokens,
    /// Files.
    Files,
    /// Images.
    Images,
    /// Audio.
    Audio,
    /// What a provider keeps: an earlier response, a stored prompt, a cached one.
    State,
}

/// What becomes of a condition on keywords where the prompt cannot be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnsearchable {
    /// It holds, as if a keyword occurred.
    Match,
    /// It does not hold, unless a keyword occurs in the rest.
    NoMatch,
    /// A request that depends on it is refused.
    Reject,
}

named! {
    Unsearchable {
        "tokens" => Tokens,
        "files" => Files,
        "images" => Images,
        "audio" => Audio,
        "state" => State,
    }
    OnUnsearchable { "match" => Match, "no_match" => NoMatch, "reject" => Reject }
}

/// An exact name, or a prefix where the configuration ends it with `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// The whole name.
    Exact(String),
    /// What the name starts with, without the `*` that marks a prefix in the configuration. It may
    /// be empty, and then every name matches.
    Prefix(String),
}

/// What a matching route does.
#[derive(Debug, Clone)]
pub struct Action {
    /// Where the request goes.
    pub target: Target,
    /// Where the request goes, in order, when no candidate of the target is left to try.
    pub fallbacks: Vec<Target>,
    /// Whether caches on the way are told not to store or answer.
    pub disable_cache: bool,
    /// Candidates that cost more than this, in USD by estimate, are not eligible.
    pub max_cost_usd: Option<f64>,
}

/// A resolved name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A model; with a group where the name chose a variant.
    Model(ModelId, Option<GroupId>),
    /// One deployment.
    Deployment(DeploymentId),
}
