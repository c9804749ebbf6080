//! Whether a document of an answer holds any content, and not only what goes with it.
//!
//! An answer without content is no answer, whatever its status: an empty list of choices, `{}`,
//! a page, nothing but usage. Where a document has the member that holds content in its format,
//! that member alone decides. A document of another shape has content if it has any member with a
//! value besides the usual companions (`id`, `model`, `created`…). A reason to
//! stop is as good as content to a client that has got it: models do answer with nothing at all, and
//! are paid for it. With failover a plain one is not.
//!
//! | format | what holds content |
//! |---|---|
//! | chat, completions, Azure | `choices[]`: of `message` or `delta` all but the role; `text` |
//! | Responses | `output[]`, in the document or its `response`; events of type `…delta` |
//! | Anthropic | `content[]`; events of type `…delta` |
//! | Gemini | `candidates[]`: of `content` all but the role; `embedding`, `embeddings[]` |
//! | Bedrock | `output`; events of type `…Delta` |
//! | Cohere | `message`: all but the role; `embeddings`; events of type `…delta` |
//! | Ollama | `message`: all but the role; `response`; `embeddings[]` |
//! | embeddings, images | `data[]` |
//! | moderations, rerank | `results[]` |
//! | transcriptions | `text`, also an empty one: there may be nothing to hear |

/// How much a member says about whether its document has content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentRank {
    /// A member that is in no table. It counts only where nothing else does.
    Other,
    /// The member that holds content in its format.
    Holder,
    /// A holder with an entry for each input: whoever sends none gets an empty one.
    List,
    /// A part of a message, which says more than that there is a message.
    Piece,
}

/// What the type of an event says about its content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum EventType {
    /// It has none: the document is a whole answer, or an event of OpenAI's chat.
    #[default]
    Absent,
    /// It brings a piece of content.
    Piece,
    /// It brings no content, only the beginning or end of some.
    Frame,
    /// Its members tell. It is not counted as an event with a token.
    Other,
}

/// How the types of events end that frame content: Anthropic, Responses, Cohere, Bedrock.
const FRAMES: [&[u8]; 8] =
    [b"start", b"stop", b"-end", b".created", b".queued", b".in_progress", b".added", b"Start"];

impl EventType {
    /// Returns what the type of an event says.
    pub(super) fn of(text: &[u8]) -> Self {
        // Anthropic's `message_delta` brings only the usage and the reason to stop.
        if text == b"message_delta" || text.ends_with(b"Stop") {
            Self::Frame
        } else if text.ends_with(b"delta") || text.ends_with(b"Delta") {
            Self::Piece
        } else if FRAMES.iter().any(|end| text.ends_with(end)) {
            Self::Frame
        } else {
            Self::Other
        }
    }
}

/// What the members of one document say about its content.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ContentSigns {
    /// Whether a member that is in no table has a value.
    has_others: bool,
    /// Whether a member that holds content is filled; `None` where there is none.
    holder: Option<bool>,
    /// Whether a part of a message is filled; `None` where there is none.
    piece: Option<bool>,
    /// Whether there is a reason to stop.
    is_stopped: bool,
    /// Whether it is a whole answer although nothing in it is filled.
    is_answer: bool,
    /// Whether the holder has an entry for each input.
    is_list: bool,
}

impl ContentSigns {
    /// Takes a member that may hold content. Of several, one that is filled counts.
    pub(super) const fn take(&mut self, rank: ContentRank, is_filled: bool) {
        let known = match rank {
            ContentRank::Other => {
                self.has_others |= is_filled;
                return;
            }
            ContentRank::List => {
                self.is_list = true;
                &mut self.holder
            }
            ContentRank::Holder => &mut self.holder,
            ContentRank::Piece => &mut self.piece,
        };
        *known = Some(is_filled || matches!(known, Some(true)));
    }

    /// Takes that the answer, or a part of it, has come to its end.
    pub(super) const fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Takes that it is an answer, whatever else is in it: it says why there is no content, or that
    /// the content is nothing.
    pub(super) const fn answer(&mut self) {
        self.is_answer = true;
    }

    /// Takes that the document is a list of what was asked for.
    pub(super) const fn list(&mut self) {
        self.is_list = true;
    }

    /// Returns whether it is empty as a list is for a request without input.
    pub(super) fn is_empty_list(&self) -> bool {
        self.is_list && self.holder == Some(false)
    }

    /// Returns whether the document has a place for content, and none there.
    pub(super) fn is_unfilled(&self) -> bool {
        self.holder == Some(false) && self.piece.is_none()
    }

    /// Returns whether the document has content or a reason to stop, if it is an event of that type.
    pub(super) fn has_content(&self, of: EventType) -> bool {
        self.is_stopped || self.has_output(of)
    }

    /// Returns whether the document already has content that no later member can cancel.
    pub(super) fn has_begun(&self) -> bool {
        self.is_answer || self.piece.or(self.holder) == Some(true)
    }

    /// Returns whether the document has content, if it is an event of that type.
    pub(super) fn has_output(&self, of: EventType) -> bool {
        self.is_answer
            || match of {
                EventType::Piece => true,
                EventType::Frame => false,
                EventType::Absent | EventType::Other => {
                    // The more exact sign decides: what is in a message over that there is one.
                    self.piece.or(self.holder).unwrap_or(self.has_others)
                }
            }
    }
}
