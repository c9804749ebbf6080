//! What tells which session a request belongs to: hashes, never the values.

/// Something that may tell which session a request belongs to. The configuration lists those
/// that count, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKey {
    /// The control header.
    Header,
    /// `prompt_cache_key` of the body.
    CacheKey,
    /// `user` of the body.
    User,
    /// `metadata.user_id` of the body.
    MetadataUser,
    /// The beginning of the conversation.
    PromptPrefix,
}

/// What a body tells: for each that is there, a hash by which equal values are known. The
/// values are names of users and texts of prompts, and are not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sessions {
    /// Of `prompt_cache_key`.
    pub cache_key: Option<u64>,
    /// Of `user`.
    pub user: Option<u64>,
    /// Of `metadata.user_id`.
    pub metadata_user: Option<u64>,
    /// Of the beginning of the conversation.
    pub prompt_prefix: Option<u64>,
}

impl Sessions {
    /// Takes what the body says of the session under that key, if the key is a member of the
    /// body.
    pub(super) fn tell(&mut self, key: SessionKey, told: Option<u64>) {
        match key {
            SessionKey::CacheKey => self.cache_key = told,
            SessionKey::User => self.user = told,
            SessionKey::Header | SessionKey::MetadataUser | SessionKey::PromptPrefix => {}
        }
    }

    /// Returns what the body tells under that key. The header is none of the body's.
    #[must_use]
    pub const fn told(&self, key: SessionKey) -> Option<u64> {
        match key {
            SessionKey::Header => None,
            SessionKey::CacheKey => self.cache_key,
            SessionKey::User => self.user,
            SessionKey::MetadataUser => self.metadata_user,
            SessionKey::PromptPrefix => self.prompt_prefix,
        }
    }
}
