//! What the open containers say of the text in them, for a scan that shows each text. The filter's
//! own scan does not ask.

use super::{Frame, Frames, Inside};
use crate::request::document::{Modality, ObjectKind, TextClass};

/// What the innermost container makes of what is in it, if it ends as it is now.
#[derive(Debug, Clone, Copy)]
pub(in crate::request::scan) struct ClosingView {
    /// Whose text is in it, where its role or its type says so.
    pub(in crate::request::scan) class: Option<TextClass>,
    /// Whether the data in it is base64.
    pub(in crate::request::scan) is_base64: bool,
    /// What it carries as a part of a message, or by its place alone.
    pub(in crate::request::scan) carried: Option<Modality>,
}

impl Frames {
    /// Returns how many bytes of text have been counted in the containers that are open.
    pub(in crate::request::scan) fn counted_bytes(&self) -> u64 {
        let of = |frame: &Frame| {
            let data = frame.data.as_ref().map_or(0, |data| data.bytes);
            frame.sum.bytes.saturating_add(data)
        };
        self.stack.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Returns what the innermost container makes of what is in it; `None` where none is open.
    pub(in crate::request::scan) fn closing(&self) -> Option<ClosingView> {
        let frame = self.stack.last()?;
        let by_place = match frame.inside {
            Inside::Object(_) => frame.place.carries,
            Inside::Array(_) => None,
        };
        let by_part = frame.carried().filter(|_| matches!(frame.kind(), ObjectKind::Part(_)));
        Some(ClosingView {
            class: frame.class(),
            is_base64: frame.is_base64,
            carried: by_part.or(by_place),
        })
    }
}
