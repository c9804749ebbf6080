//! What changes of a request on its way to a provider: places and bytes.
//!
//! Pure functions of what the client sent, where it lies and where it goes, so
//! that either role can apply them, whatever the chunking. Everything outside
//! an [`Edit`] stays as it is, byte for byte.

mod body;
mod merge;
mod path;
mod splice;

pub use body::{BodyModel, BodyTarget, MemberUse, NotWritten, edits, same_setting};
pub use merge::Mergeable;
pub use path::{PathTarget, has_credential, is_cut, path};
pub use splice::{Edit, Splicer, length_after};
