//! Keeps what has come of an answer while a tool call before it is open.
//!
//! Invariant: no more than [`MOST_WAITING`] bytes in [`MOST_WAITING_BLOCKS`] blocks. Callers that add to it ask
//! afterwards whether it [is too much](Waiting::is_too_much), and fail the answer if it is.

use std::collections::VecDeque;

use crate::translate::event::ToolPart;
use crate::translate::text::JsonText;

/// The most bytes that wait for tool calls to end.
pub(super) const MOST_WAITING: usize = 1 << 20;

/// The most blocks that wait. OpenAI allows 128 tools.
pub(super) const MOST_WAITING_BLOCKS: usize = 1024;

/// The kind of a block that is open or waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenKind {
    Text,
    Thinking,
    Refusal,
    Tool(u32),
}

/// All blocks that wait, in the order in which they are to be written.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    blocks: VecDeque<WaitingBlock>,
    /// How many bytes are kept of them.
    bytes: usize,
}

/// A block that waits until the one before it has ended.
#[derive(Debug)]
pub(super) enum WaitingBlock {
    /// Text, thinking or a refusal, escaped as within a text of JSON.
    Words(OpenKind, String),
    Tool(WaitingTool),
}

/// A tool call that is not open yet.
#[derive(Debug, Default)]
pub(super) struct WaitingTool {
    pub(super) index: u32,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) signature: Option<String>,
    /// Its input so far, escaped as within a text of JSON.
    pub(super) input: String,
    pub(super) is_ended: bool,
}

impl Waiting {
    /// Returns whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns whether more waits than is allowed.
    pub(super) fn is_too_much(&self) -> bool {
        self.bytes > MOST_WAITING || self.blocks.len() > MOST_WAITING_BLOCKS
    }

    /// Adds words, to the last block if they belong to it.
    pub(super) fn add_words(&mut self, kind: OpenKind, words: &JsonText<'_>) {
        let escaped = words.escaped();
        self.bytes = self.bytes.saturating_add(escaped.len());
        match self.blocks.back_mut() {
            Some(WaitingBlock::Words(last, text)) if *last == kind => text.push_str(&escaped),
            _ => self.blocks.push_back(WaitingBlock::Words(kind, escaped.into_owned())),
        }
    }

    /// Adds a piece of a tool call. Returns whether it is the first of its call.
    pub(super) fn add_part(&mut self, part: &ToolPart<'_>) -> bool {
        let known = self.blocks.iter_mut().find_map(|block| match block {
            WaitingBlock::Tool(tool) if tool.index == part.index => Some(tool),
            _ => None,
        });
        if let Some(tool) = known {
            let before = tool.length();
            tool.add(part);
            self.bytes = self.bytes.saturating_sub(before).saturating_add(tool.length());
            return false;
        }
        let mut tool = WaitingTool { index: part.index, ..WaitingTool::default() };
        tool.add(part);
        self.bytes = self.bytes.saturating_add(tool.length());
        self.blocks.push_back(WaitingBlock::Tool(tool));
        true
    }

    /// Notes that nothing more comes of the tool call with that index.
    pub(super) fn end(&mut self, index: u32) {
        for block in &mut self.blocks {
            if let WaitingBlock::Tool(tool) = block
                && tool.index == index
            {
                tool.is_ended = true;
            }
        }
    }

    /// Takes the first block, if it may be written: it is words, or enough is known of the call.
    /// `is_end`: nothing more comes of any.
    pub(super) fn take_ready(&mut self, is_end: bool) -> Option<WaitingBlock> {
        let (length, is_ready) = match self.blocks.front()? {
            WaitingBlock::Words(_, text) => (text.len(), true),
            WaitingBlock::Tool(tool) => (tool.length(), tool.is_known() || tool.is_ended),
        };
        if !is_ready && !is_end {
            return None;
        }
        self.bytes = self.bytes.saturating_sub(length);
        self.blocks.pop_front()
    }

    /// Forgets all that waits.
    #[inline(never)]
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns how many bytes are kept, counted anew.
    #[cfg(test)]
    pub(super) fn counted(&self) -> usize {
        let length = |block: &WaitingBlock| match block {
            WaitingBlock::Words(_, text) => text.len(),
            WaitingBlock::Tool(tool) => tool.length(),
        };
        self.blocks.iter().map(length).sum()
    }
}

impl WaitingTool {
    /// Returns whether the call can begin: its name has come, and its id or input. An id comes before the
    /// input, if there is one.
    const fn is_known(&self) -> bool {
        self.name.is_some() && (self.id.is_some() || !self.input.is_empty())
    }

    /// Returns how many bytes are kept of it.
    #[inline(never)]
    fn length(&self) -> usize {
        let names = [&self.id, &self.name, &self.signature];
        let names = names.into_iter().flatten().map(String::len);
        names.fold(self.input.len(), usize::saturating_add)
    }

    /// Adds a piece. The first id and the first name stay.
    fn add(&mut self, part: &ToolPart<'_>) {
        let texts = [
            (&mut self.id, &part.id),
            (&mut self.name, &part.name),
            (&mut self.signature, &part.signature),
        ];
        for (known, text) in texts {
            if let (None, Some(text)) = (&known, text)
                && !text.is_empty()
            {
                *known = Some(text.plain().into_owned());
            }
        }
        if let Some(input) = &part.input {
            self.input.push_str(&input.escaped());
        }
    }
}
