//! Puts a conversation into the form that Anthropic's API requires: instructions come before it, the two sides take
//! turns, and results of tools come first in the turn after their calls
//! (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls>).
//!
//! Instructions within the conversation are moved before it, in their order. Only some models accept them within the
//! conversation, only after a turn of the user, and not on every cloud
//! (<https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages>). As a turn of the user
//! they would lose their authority, which matters more than their place.
//!
//! Thinking is never sent, because the client got it through another API.

use super::super::conversation::{BlockContent, ContentBlock, Conversation};
use super::super::loss::Losses;
use super::super::sides::{OneSide, instructions, is_result, is_thought, refuse_other_ends, sides};
use super::super::text::JsonText;

/// A conversation in that form.
#[derive(Debug)]
pub(super) struct Arranged<'c, 'a> {
    /// What comes before the conversation.
    pub(super) system: Vec<&'c ContentBlock<'a>>,
    /// What the two sides say, one after the other.
    pub(super) messages: Vec<OneSide<'c, 'a>>,
}

impl<'c, 'a> Arranged<'c, 'a> {
    /// Returns a conversation in that form.
    pub(super) fn of(conversation: &'c Conversation<'a>, losses: &mut Losses) -> Self {
        let mut has_thoughts = false;
        let messages = sides(conversation, &mut |block| {
            has_thoughts |= is_thought(&block.content);
            is_sent(block)
        });
        let mut system = instructions(conversation, losses);
        system.retain(|block| is_sent(block));
        if has_thoughts {
            losses.drop("messages", "have thinking that Anthropic has not signed");
        }
        refuse_other_ends(&messages, losses);
        Self { system, messages }
    }

    /// Returns whether the last turn has results of tools.
    pub(super) fn ends_with_results(&self) -> bool {
        let first = self.messages.last().and_then(|turn| turn.blocks.first());
        first.is_some_and(|block| is_result(&block.content))
    }
}

/// Returns whether a block is sent. The API refuses texts without a visible character, and thinking that Anthropic has
/// not signed. Clients of other APIs never have thinking that Anthropic has signed: if there is a signature, it is
/// another vendor's.
#[inline(never)]
pub(super) fn is_sent(block: &ContentBlock<'_>) -> bool {
    match &block.content {
        BlockContent::Text(text) | BlockContent::Refusal(text) => !is_blank(text),
        content => !is_thought(content),
    }
}

/// Returns whether a text is nothing but white space. It looks no further than the first visible character.
#[inline(never)]
pub(super) fn is_blank(text: &JsonText<'_>) -> bool {
    let mut rest = match text {
        JsonText::Plain(plain) => return plain.trim().is_empty(),
        JsonText::Escaped(escaped) => escaped.trim_start(),
    };
    while let Some(after) = rest.strip_prefix('\\') {
        let after = if let Some(digits) = after.strip_prefix('u') {
            let Some((digits, after)) = digits.split_at_checked(4) else { return false };
            let char = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            char.filter(|char| char.is_whitespace()).map(|_| after)
        } else {
            after.strip_prefix(['n', 'r', 't', 'f'])
        };
        let Some(after) = after else { return false };
        rest = after.trim_start();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_found_in_any_writing() {
        for blank in ["", " ", "\u{a0}", "\\n", " \\t\\r \\f", "\\u0020\\u3000 \\n"] {
            assert!(is_blank(&JsonText::Escaped(blank)), "{blank:?}");
            let plain = JsonText::Escaped(blank).plain();
            assert!(is_blank(&JsonText::of(&plain)), "{blank:?}");
        }
        for text in
            ["a", " a", "\\\\n", "\\u0041", "\\ud83d\\ude00", "\\n\\u4f60", "\\\"", "\\b", "\\/"]
        {
            assert!(!is_blank(&JsonText::Escaped(text)), "{text:?}");
            let plain = JsonText::Escaped(text).plain();
            assert!(!is_blank(&JsonText::of(&plain)), "{text:?}");
        }
    }
}
