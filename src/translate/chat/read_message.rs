//! Reads the messages of a client's request into turns.

use super::super::conversation::{
    BlockContent, ContentBlock, Conversation, TalkTurn, ToolInput, TurnRole,
};
use super::super::known::{KnownObject, NO_OBJECT, Spot};
use super::super::loss::Losses;
use super::super::tape::Node;
use super::super::text::JsonText;
use super::read_part::{CACHE_CONTROL, Speaker, read_content};
use super::read_tool::is_foreign;

/// The members of messages of the system, the user and functions.
const MEMBERS: &[&str] = &["role", "content", "name", CACHE_CONTROL];

/// The members of results of tools. `name` is the tool's name, which the id tells already.
const TOOL: &[&str] = &["role", "content", "name", "tool_call_id", CACHE_CONTROL];

/// The members of the assistant's messages. Clients send messages back as they got them. So these are also the
/// members that compatible servers and OpenAI's own library add. `parsed` repeats the content.
const ASSISTANT: &[&str] = &[
    "role",
    "content",
    "name",
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
    "annotations",
    "parsed",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "thinking_blocks",
    "extra_content",
    "provider_specific_fields",
    CACHE_CONTROL,
];

/// Members of the assistant's messages that are left out.
const DROPPED: &[&str] =
    &["name", "annotations", "reasoning_details", "extra_content", "provider_specific_fields"];

/// The members of a call. The index is left over from a stream.
const CALL: &[&str] =
    &["id", "type", "function", "index", "extra_content", "provider_specific_fields"];

/// The members of a function that is called. OpenAI's library adds the last one, which repeats the arguments.
const FUNCTION: &[&str] = &["name", "arguments", "parsed_arguments"];

/// Messages while they are read.
struct ChatReading<'c, 'l, 'a> {
    conversation: &'c mut Conversation<'a>,
    losses: &'l mut Losses,
    /// The id that was made for the last call in the older form, which has no ids.
    last_call: Option<String>,
}

/// Reads the messages. Those of the system that come first become the instructions.
#[inline(never)]
pub(super) fn read_messages<'a>(
    body: &KnownObject<'_, '_, 'a>,
    conversation: &mut Conversation<'a>,
    losses: &mut Losses,
) {
    body.needed("messages", losses);
    let list = body.at("messages");
    let elements = body.elements("messages", losses);
    let mut reading = ChatReading { conversation, losses, last_call: None };
    for (at, node) in elements {
        reading.message(node, at, list.element(at));
    }
}

impl<'a> ChatReading<'_, '_, 'a> {
    fn message(&mut self, node: Node<'_, 'a>, at: usize, spot: Spot<'_>) {
        let role = node.text_of("role");
        let Some(role) = role else {
            spot.member("role").refuse("is missing or not a text", self.losses);
            return;
        };
        let role = role.plain();
        let names = match &*role {
            "assistant" => ASSISTANT,
            "tool" => TOOL,
            _ => MEMBERS,
        };
        let message = &KnownObject::of(node, spot, names, self.losses);
        match &*role {
            "system" | "developer" => self.said(message, Speaker::System),
            "user" => self.said(message, Speaker::User),
            "assistant" => self.assistant(message, at),
            "tool" => {
                let id = message.needed_text("tool_call_id", self.losses);
                self.result(message, id);
            }
            "function" => {
                let id = self.last_call.clone().map(JsonText::made);
                if id.is_none() {
                    let why = "is `function`, but no function has been called";
                    message.refuse("role", why, self.losses);
                }
                self.result(message, id);
            }
            _ => message.refuse_value("role", self.losses),
        }
    }

    /// Adds a turn, if anything is said in it.
    #[inline(never)]
    fn turn(&mut self, role: TurnRole, blocks: Vec<ContentBlock<'a>>) {
        if !blocks.is_empty() {
            self.conversation.turns.push(TalkTurn { role, blocks });
        }
    }

    /// Reads a message of the system or the user.
    fn said(&mut self, message: &KnownObject<'_, '_, 'a>, speaker: Speaker) {
        message.drop_all(&["name"], self.losses);
        message.needed("content", self.losses);
        let blocks = read_content(message, speaker, self.losses);
        match speaker {
            Speaker::System if self.conversation.turns.is_empty() => {
                self.conversation.system.extend(blocks);
            }
            Speaker::System => self.turn(TurnRole::System, blocks),
            _ => self.turn(TurnRole::User, blocks),
        }
    }

    /// Reads a result of a tool, which answers the call of that id.
    #[inline(never)]
    fn result(&mut self, message: &KnownObject<'_, '_, 'a>, id: Option<JsonText<'a>>) {
        let mut blocks = read_content(message, Speaker::Tool, self.losses);
        let Some(id) = id else { return };
        // A mark on the message is one on the result: the cached prompt ends after it.
        let cache = blocks.last_mut().and_then(|last| last.cache.take());
        let content = BlockContent::ToolResult { id, is_error: false, blocks };
        self.turn(TurnRole::User, vec![ContentBlock { content, cache }]);
    }

    #[inline(never)]
    fn assistant(&mut self, message: &KnownObject<'_, '_, 'a>, at: usize) {
        let mut blocks = thinking(message, self.losses);
        let mut said = read_content(message, Speaker::Assistant, self.losses);
        // Most have nothing else, and their list is as long as it has to be.
        if blocks.is_empty() {
            blocks = said;
        } else {
            blocks.append(&mut said);
        }
        let refusal = message.said("refusal", self.losses).map(BlockContent::Refusal);
        ContentBlock::add_content(refusal, &mut blocks);
        let list = message.at("tool_calls");
        for (number, node) in message.elements("tool_calls", self.losses) {
            let call = call(node, list.element(number), self.losses);
            ContentBlock::add_content(call, &mut blocks);
        }
        if let Some(call) = message.object("function_call", FUNCTION, self.losses) {
            let id = format!("call_function_{at}");
            self.last_call = Some(id.clone());
            let call = function(&call, JsonText::made(id), None, self.losses);
            ContentBlock::add_content(call, &mut blocks);
        }
        message.drop_all(DROPPED, self.losses);
        if message.has("audio") {
            message.refuse("audio", "refers to an answer stored at another provider", self.losses);
        }
        self.turn(TurnRole::Assistant, blocks);
    }
}

/// Reads what the model has thought. LiteLLM's `thinking_blocks` have Anthropic's signatures. The other members
/// say the same without signatures.
fn thinking<'a>(message: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Vec<ContentBlock<'a>> {
    let said = ["reasoning_content", "reasoning"].map(|name| message.said(name, losses));
    let list = message.at("thinking_blocks");
    let mut blocks = Vec::new();
    let mut is_told = false;
    for (at, node) in message.elements("thinking_blocks", losses) {
        is_told = true;
        let names = ["type", "thinking", "signature", "data", CACHE_CONTROL];
        let block = KnownObject::of(node, list.element(at), &names, losses);
        let content = if block.has("data") {
            block.text("data", losses).map(BlockContent::RedactedThinking)
        } else {
            let signature = block.text("signature", losses);
            let text = block.needed_text("thinking", losses);
            text.map(|text| BlockContent::Thinking { text, signature })
        };
        ContentBlock::add_content(content, &mut blocks);
    }
    if !is_told {
        let text = said.into_iter().flatten().next();
        let thought = text.map(|text| BlockContent::Thinking { text, signature: None });
        ContentBlock::add_content(thought, &mut blocks);
    }
    blocks
}

/// Reads a call of a tool.
fn call<'a>(node: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Option<BlockContent<'a>> {
    if is_foreign(node, spot, losses) {
        return None;
    }
    let object = KnownObject::of(node, spot, CALL, losses);
    object.text("type", losses);
    object.drop_all(&["provider_specific_fields"], losses);
    let id = object.needed_text("id", losses)?;
    let signature = signature(&object, losses);
    function(&object.needed_object("function", FUNCTION, losses)?, id, signature, losses)
}

/// Reads Google's signature of a call.
/// <https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures>
fn signature<'a>(call: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<JsonText<'a>> {
    let extra = call.object("extra_content", &["google"], losses)?;
    let google = extra.needed_object("google", &["thought_signature"], losses)?;
    google.text("thought_signature", losses)
}

/// Reads which function is called, and with what.
#[inline(never)]
fn function<'a>(
    call: &KnownObject<'_, '_, 'a>,
    id: JsonText<'a>,
    signature: Option<JsonText<'a>>,
    losses: &mut Losses,
) -> Option<BlockContent<'a>> {
    let (name, input) = (call.needed_text("name", losses), input(call, losses)?);
    Some(BlockContent::ToolCall { id, name: name?, input, signature })
}

/// Reads the arguments of a call. There need not be any. Ollama's clients write the object itself.
fn input<'a>(call: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<ToolInput<'a>> {
    const KEY: &str = "arguments";
    let Some(node) = call.get(KEY) else { return Some(ToolInput::Json("{}")) };
    if node.is_object() {
        return Some(ToolInput::Json(node.raw()));
    }
    let input = ToolInput::within(&call.text(KEY, losses)?);
    if input.is_none() {
        call.refuse(KEY, NO_OBJECT, losses);
    }
    input
}
