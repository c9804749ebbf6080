//! Settings of the strategy `sticky`.

use super::declare::{named, section};
use crate::request::session::SessionKey;

section! {
    /// Settings of the strategy sticky.
    #[derive(Debug)]
    pub(super) struct RawSticky "sticky" {
        /// Where the session is read from: the first of these that the request has. Without it, all
        /// of them.
        pub(super) keys: Option<Vec<SessionKey>> = none,
        /// The most load of one deployment, as a multiple of the mean.
        pub(super) bound: f64 as (KeyKind::Number(1.0, 1000.0)) = 1.25,
    }
}

named! {
    SessionKey {
        "x-llm-session" => Header,
        "prompt_cache_key" => CacheKey,
        "user" => User,
        "metadata.user_id" => MetadataUser,
        "prompt_prefix" => PromptPrefix,
    }
}

/// How sessions keep to their deployments.
#[derive(Debug, Clone, PartialEq)]
pub struct Sticky {
    /// What tells the session: the first of these that is there.
    pub keys: Vec<SessionKey>,
    /// Most load of one deployment, as a multiple of the mean. With 1.25 it may have a quarter more
    /// requests in flight than the mean of all.
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
