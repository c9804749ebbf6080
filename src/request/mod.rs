//! What a request says: its wire format, the facts in its body, and the edits
//! that send it to another model.
//!
//! Knows nothing of configuration or routing: what to look for comes in as a
//! [`scan::Spec`], what to change as arguments.

pub mod body;
pub mod content_type;
pub mod control;
pub mod credential;
pub mod document;
pub mod facts;
pub mod form;
pub mod format;
pub mod keyword;
pub mod media;
mod parameter;
pub mod path;
pub mod prompt;
pub mod provider_state;
pub mod refusal;
pub mod rewrite;
pub mod scan;
pub mod session;
pub mod strip;
pub mod tokens;
pub mod translations;
pub mod unseen;
pub mod watched;
