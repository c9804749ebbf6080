//! A conversation for APIs that know only two sides. The sides take turns, results of tools come first in a turn, and
//! instructions stand apart.

use super::conversation::{
    BlockContent, ContentBlock, Conversation, TalkTurn, ToolChoice, TurnRole,
};
use super::loss::Losses;

/// What one side says until the other speaks.
#[derive(Debug, Clone)]
pub(super) struct OneSide<'c, 'a> {
    pub(super) is_user: bool,
    /// At least one. On the user's side, results of tools come first.
    pub(super) blocks: Vec<&'c ContentBlock<'a>>,
}

impl OneSide<'_, '_> {
    /// Puts the results of tools before all else. Both keep their order.
    fn put_results_first(&mut self) {
        let is_result = |block: &&ContentBlock<'_>| is_result(&block.content);
        let is_sorted = self.blocks.is_sorted_by_key(|block| !is_result(block));
        if !is_sorted {
            let said: Vec<_> =
                self.blocks.iter().copied().filter(|block| !is_result(block)).collect();
            self.blocks.retain(is_result);
            self.blocks.extend(said);
        }
    }

    /// Returns whether any block is such content.
    #[must_use]
    pub(super) fn has(&self, is_it: &dyn Fn(&BlockContent<'_>) -> bool) -> bool {
        self.blocks.iter().any(|block| is_it(&block.content))
    }
}

/// Returns the sides in their order, with the blocks that are to be kept. Instructions within the
/// conversation are left to [`instructions`].
#[inline(never)]
pub(super) fn sides<'c, 'a>(
    conversation: &'c Conversation<'a>,
    is_kept: &mut dyn FnMut(&ContentBlock<'a>) -> bool,
) -> Vec<OneSide<'c, 'a>> {
    let mut sides: Vec<OneSide<'c, 'a>> = Vec::new();
    for turn in &conversation.turns {
        if turn.role == TurnRole::System {
            continue;
        }
        let is_user = turn.role == TurnRole::User;
        let kept = turn.blocks.iter().filter(|block| is_kept(block));
        match sides.last_mut() {
            Some(side) if side.is_user == is_user => side.blocks.extend(kept),
            _ => {
                let blocks: Vec<_> = kept.collect();
                if !blocks.is_empty() {
                    sides.push(OneSide { is_user, blocks });
                }
            }
        }
    }
    sides.iter_mut().for_each(OneSide::put_results_first);
    sides
}

/// Refuses a request that requires a tool call but has no tools.
#[inline(never)]
pub(super) fn refuse_call_without_tools(choice: Option<&ToolChoice<'_>>, losses: &mut Losses) {
    if is_forced(choice) {
        losses.refuse("tool_choice", "requires a tool call, but there are no tools");
    }
}

/// Returns whether the model has to call a tool.
pub(super) const fn is_forced(choice: Option<&ToolChoice<'_>>) -> bool {
    matches!(choice, Some(ToolChoice::Any | ToolChoice::Named(_)))
}

/// Refuses a conversation that does not begin and end with the user. Some models would continue the last message,
/// and others refuse it. No message is made up to fill the gap.
#[inline(never)]
pub(super) fn refuse_other_ends(sides: &[OneSide<'_, '_>], losses: &mut Losses) {
    let why = match (sides.first(), sides.last()) {
        (Some(first), _) if !first.is_user => "begin with an assistant message",
        (_, Some(last)) if !last.is_user => "end with an assistant message",
        (Some(_), Some(_)) => return,
        _ => "have no user message",
    };
    losses.refuse("messages", format_args!("{why}, which the provider does not accept"));
}

/// Returns the instructions: those before the conversation, then those within it.
#[inline(never)]
pub(super) fn instructions<'c, 'a>(
    conversation: &'c Conversation<'a>,
    losses: &mut Losses,
) -> Vec<&'c ContentBlock<'a>> {
    let is_system = |turn: &TalkTurn<'_>| turn.role == TurnRole::System;
    let first_said = conversation.turns.iter().position(|turn| !is_system(turn));
    if conversation.turns.iter().rposition(is_system) > first_said && first_said.is_some() {
        losses.drop("system messages", "are moved before the conversation");
    }
    let mut all: Vec<_> = conversation.system.iter().collect();
    for turn in conversation.turns.iter().filter(|turn| is_system(turn)) {
        all.extend(&turn.blocks);
    }
    all.retain(|block| !is_empty_text(&block.content));
    all
}

/// Returns whether this is the result of a tool.
pub(super) const fn is_result(content: &BlockContent<'_>) -> bool {
    matches!(content, BlockContent::ToolResult { .. })
}

/// Returns whether this is what the model has thought.
pub(super) const fn is_thought(content: &BlockContent<'_>) -> bool {
    matches!(content, BlockContent::Thinking { .. } | BlockContent::RedactedThinking(_))
}

/// Returns whether this is a call, or the result of one.
pub(super) const fn is_of_tools(content: &BlockContent<'_>) -> bool {
    matches!(content, BlockContent::ToolCall { .. } | BlockContent::ToolResult { .. })
}

/// Refuses a request that allows the model one call at a time, for an API that has no word for it.
pub(super) fn refuse_one_at_a_time(conversation: &Conversation<'_>, losses: &mut Losses) {
    if conversation.parallel_tools == Some(false) && !conversation.tools.is_empty() {
        losses.refuse("parallel_tool_calls", "is false, which this API cannot ensure");
    }
}

/// Returns whether this is an empty text, which some APIs refuse.
pub(super) fn is_empty_text(content: &BlockContent<'_>) -> bool {
    matches!(content, BlockContent::Text(text) | BlockContent::Refusal(text) if text.is_empty())
}

/// Returns whether anything is to be cached.
pub(super) fn has_cache_mark(conversation: &Conversation<'_>) -> bool {
    conversation.tools.iter().any(|tool| tool.cache.is_some())
        || conversation.system.iter().any(is_marked)
        || conversation.turns.iter().any(|turn| turn.blocks.iter().any(is_marked))
}

/// Returns whether a block, or one within it, is marked to be cached.
fn is_marked(block: &ContentBlock<'_>) -> bool {
    block.cache.is_some()
        || matches!(&block.content, BlockContent::ToolResult { blocks, .. } if blocks.iter().any(is_marked))
}

#[cfg(test)]
mod tests {
    use super::super::text::JsonText;
    use super::*;

    fn said(role: TurnRole, texts: &[&'static str]) -> TalkTurn<'static> {
        let block = |text: &&'static str| ContentBlock::of(BlockContent::Text(JsonText::of(text)));
        TalkTurn { role, blocks: texts.iter().map(block).collect() }
    }

    fn texts(blocks: &[&ContentBlock<'_>]) -> String {
        let text = |block: &&ContentBlock<'_>| match &block.content {
            BlockContent::Text(text) => text.plain().into_owned(),
            BlockContent::ToolResult { id, .. } => format!("<{}>", id.plain()),
            _ => panic!("unexpected"),
        };
        blocks.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn neighbours_are_one_side_and_results_come_first() {
        let mut turns = vec![
            said(TurnRole::System, &["be brief"]),
            said(TurnRole::User, &["a"]),
            said(TurnRole::System, &["be nice"]),
            said(TurnRole::User, &["b", ""]),
            said(TurnRole::Assistant, &["", ""]),
            said(TurnRole::User, &["c"]),
            said(TurnRole::Assistant, &["d"]),
            said(TurnRole::User, &["e"]),
        ];
        let result =
            BlockContent::ToolResult { id: JsonText::of("1"), is_error: false, blocks: vec![] };
        turns.push(TalkTurn { role: TurnRole::User, blocks: vec![ContentBlock::of(result)] });
        let conversation = Conversation {
            system: vec![ContentBlock::of(BlockContent::Text(JsonText::of("be true")))],
            turns,
            ..Conversation::default()
        };
        let sides = sides(&conversation, &mut |block| !is_empty_text(&block.content));
        let sides: Vec<_> = sides.iter().map(|side| (side.is_user, texts(&side.blocks))).collect();
        let side = |is_user, text: &str| (is_user, text.to_owned());
        assert_eq!(sides, [side(true, "a b c"), side(false, "d"), side(true, "<1> e")]);
        let mut losses = Losses::default();
        assert_eq!(texts(&instructions(&conversation, &mut losses)), "be true be brief be nice");
        assert_eq!(losses.list().len(), 1);
        assert!(!losses.is_refused());
    }
}
