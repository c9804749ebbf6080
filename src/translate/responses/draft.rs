//! The response object of the API and its items, as far as the answer has come.
//!
//! Each block of the answer is an item of its own. Members that repeat the request have their default values, because
//! the request is not known here.
//!
//! Invariant: what is kept is bounded by [`MOST_KEPT`] and the longest piece of an answer.

use super::item::{ItemKind, ItemStatus, ResponseItem};
use crate::hash;
use crate::json::Json;
use crate::request::refusal::Refusal;
use crate::translate::error::TOO_LONG;
use crate::translate::event::{AnswerUsage, StopReason};
use crate::translate::order::BlockStart;
use crate::translate::text::JsonText;

/// The most bytes that are kept of an answer: about two million tokens, at 4 bytes for each.
const MOST_KEPT: usize = 8 << 20;

/// The longest id of an answer that becomes part of the ids of its items, in bytes. Clients may send items back to
/// OpenAI, which accepts ids of 64 bytes.
const LONGEST_BASE: usize = 40;

/// Members that repeat what the request asks for, which is not known here, and `store`, which says that nothing is
/// kept.
const USUAL_MEMBERS: &str = concat!(
    r#""parallel_tool_calls":true,"previous_response_id":null,"#,
    r#""reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"#,
    r#""text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,"#,
    r#""truncation":"disabled""#,
);

/// An answer as far as it has come.
#[derive(Debug, Default)]
pub(super) struct ResponseDraft {
    created_s: u64,
    /// The id, escaped.
    id: String,
    /// How the ids of its items begin.
    base: String,
    /// The model, escaped.
    model: String,
    /// The items that are complete, as JSON with commas between them.
    items: String,
    /// How many those are.
    count: u64,
    /// The item that is not complete.
    pub(super) open: Option<ResponseItem>,
    /// Whether the model has declined in words of its own.
    has_refusal: bool,
}

/// How far the answer has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum ResponseState<'r> {
    Created,
    InProgress,
    Completed(AnswerUsage),
    /// It was cut off, for the reason with that name.
    Incomplete(AnswerUsage, &'static str),
    Failed(&'r Refusal),
}

impl ResponseState<'_> {
    /// Returns how far the last item has come.
    pub(super) const fn item_status(self) -> ItemStatus {
        match self {
            Self::Created | Self::InProgress | Self::Completed(_) => ItemStatus::Completed,
            Self::Incomplete(..) | Self::Failed(_) => ItemStatus::Incomplete,
        }
    }

    /// Returns the name of the event for this state.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Created => "response.created",
            Self::InProgress => "response.in_progress",
            Self::Completed(_) => "response.completed",
            Self::Incomplete(..) => "response.incomplete",
            Self::Failed(_) => "response.failed",
        }
    }
}

impl ResponseDraft {
    /// Returns an answer that has not begun.
    pub(super) fn new(created_s: u64) -> Self {
        Self { created_s, ..Self::default() }
    }

    /// Takes id and model of the answer.
    pub(super) fn begin(&mut self, id: &JsonText<'_>, model: &JsonText<'_>) {
        let plain = id.plain();
        let own = plain.strip_prefix("resp_").unwrap_or(&plain);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        self.base = if own.len() <= LONGEST_BASE && own.bytes().all(is_plain) {
            own.to_owned()
        } else {
            format!("{:016x}", hash::of(own.as_bytes()))
        };
        self.id = JsonText::made(format!("resp_{own}")).kept();
        self.model = model.kept();
    }

    /// Begins an item. Encrypted thinking becomes no item, because only its provider can read it.
    pub(super) fn open(&mut self, start: BlockStart<'_>) {
        let (kind, prefix) = match &start {
            BlockStart::Redacted(_) => return,
            BlockStart::Text => (ItemKind::Message, "msg"),
            BlockStart::Refusal => (ItemKind::Refusal, "msg"),
            BlockStart::Thinking => (ItemKind::Reasoning, "rs"),
            BlockStart::Tool { .. } => (ItemKind::Call, "fc"),
        };
        self.has_refusal |= kind == ItemKind::Refusal;
        let call = match start {
            BlockStart::Tool { id, name, .. } => Some((id.kept(), name.kept())),
            _ => None,
        };
        let id = format!("{prefix}_{}_{}", self.base, self.count);
        self.open = Some(ResponseItem { kind, index: self.count, id, call, text: String::new() });
    }

    /// Adds to the text of the open item.
    pub(super) fn add(&mut self, escaped: &str) {
        if let Some(open) = &mut self.open {
            open.text.push_str(escaped);
        }
    }

    /// Returns why no more of the answer can be kept, in words that end a sentence about it.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        let open = self.open.as_ref().map_or(0, ResponseItem::length);
        let is_too_long = self.items.len().saturating_add(open) > MOST_KEPT;
        is_too_long.then_some(TOO_LONG)
    }

    /// Gives the open item an empty object as arguments, if it is a complete call without arguments. Returns whether it
    /// has done so.
    pub(super) fn fill(&mut self, status: ItemStatus) -> bool {
        let is_empty = |item: &ResponseItem| item.kind == ItemKind::Call && item.text.is_empty();
        let item = self.open.as_mut().filter(|item| is_empty(item));
        let Some(item) = item.filter(|_| status == ItemStatus::Completed) else { return false };
        item.text.push_str("{}");
        true
    }

    /// Ends the open item and returns it.
    #[inline(never)]
    pub(super) fn close(&mut self, status: ItemStatus) -> Option<ResponseItem> {
        self.fill(status);
        let item = self.open.take()?;
        if !self.items.is_empty() {
            self.items.push(',');
        }
        let mut json = Json::default();
        item.write(status, &mut json);
        self.items.push_str(&json.finish());
        self.count = self.count.saturating_add(1);
        Some(item)
    }

    /// Returns how the answer has ended.
    pub(super) const fn ending(
        &self,
        reason: StopReason,
        usage: AnswerUsage,
    ) -> ResponseState<'static> {
        match reason {
            StopReason::Done | StopReason::Sequence | StopReason::Tools => {
                ResponseState::Completed(usage)
            }
            StopReason::Refused if self.has_refusal => ResponseState::Completed(usage),
            StopReason::Refused => ResponseState::Incomplete(usage, "content_filter"),
            StopReason::Length | StopReason::ContextWindow | StopReason::Paused => {
                ResponseState::Incomplete(usage, "max_output_tokens")
            }
        }
    }

    /// Writes the response object. If it has failed or has only begun, it has no items.
    #[inline(never)]
    pub(super) fn write(&self, state: ResponseState<'_>, json: &mut Json) {
        let (status, items) = match state {
            ResponseState::Created | ResponseState::InProgress => ("in_progress", ""),
            ResponseState::Completed(_) => ("completed", self.items.as_str()),
            ResponseState::Incomplete(..) => ("incomplete", self.items.as_str()),
            ResponseState::Failed(_) => ("failed", ""),
        };
        json.object(|json| {
            json.key("id").escaped(&self.id);
            json.member("object", "response");
            json.key("created_at").number(self.created_s);
            json.member("status", status);
            json.key("background").flag(false);
            json.key("error");
            match state {
                ResponseState::Failed(refusal) => json.object(|json| {
                    json.member("code", failure_code(refusal));
                    json.member("message", &refusal.message);
                }),
                _ => json.null(),
            }
            json.key("incomplete_details");
            match state {
                ResponseState::Incomplete(_, reason) => {
                    json.object(|json| json.member("reason", reason));
                }
                _ => json.null(),
            }
            json.key("instructions").null();
            json.key("max_output_tokens").null();
            json.key("model").escaped(&self.model);
            json.key("output").list(|json| json.value(items));
            json.value(USUAL_MEMBERS);
            json.key("usage");
            match state {
                ResponseState::Completed(usage) | ResponseState::Incomplete(usage, _)
                    if usage != AnswerUsage::default() =>
                {
                    write_usage(usage, json);
                }
                _ => json.null(),
            }
            json.key("user").null();
            json.key("metadata").object(|_| {});
        });
    }
}

/// Returns the code of a response that has failed. The API has a list of codes, with one code for all failures of a
/// server.
const fn failure_code(refusal: &Refusal) -> &'static str {
    if refusal.status >= 500 { "server_error" } else { refusal.code }
}

/// Writes the counts of tokens. If only some are known, the others are zero.
fn write_usage(usage: AnswerUsage, json: &mut Json) {
    let AnswerUsage { input, cache_read, cache_write, output, reasoning } = usage;
    let count = |count: Option<u64>| count.unwrap_or_default();
    json.object(|json| {
        json.key("input_tokens").number(count(input));
        json.key("input_tokens_details").object(|json| {
            json.key("cached_tokens").number(count(cache_read));
            json.key("cache_write_tokens").number(count(cache_write));
        });
        json.key("output_tokens").number(count(output));
        json.key("output_tokens_details")
            .object(|json| json.key("reasoning_tokens").number(count(reasoning)));
        json.key("total_tokens").number(count(input).saturating_add(count(output)));
    });
}
