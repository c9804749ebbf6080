//! Reads the content of a message: its text or its parts, and the marks of what is to be cached.

use super::super::conversation::{BlockContent, CacheMark, ContentBlock, MediaSource};
use super::super::data_url::media_at;
use super::super::known::{KEPT, KnownObject, Spot};
use super::super::loss::Losses;
use super::super::sides::is_empty_text;
use super::super::tape::Node;
use super::super::text::JsonText;

/// Anthropic's mark, which clients of OpenRouter and LiteLLM set.
/// <https://openrouter.ai/docs/guides/best-practices/prompt-caching>
pub(super) const CACHE_CONTROL: &str = "cache_control";

/// OpenAI's own mark. <https://developers.openai.com/api/docs/guides/prompt-caching>
const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// The types of parts. The member of a part that has its content is called the same.
const KINDS: [&str; 5] = ["text", "refusal", "image_url", "input_audio", "file"];

/// Whose message a part is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    System,
    User,
    Assistant,
    Tool,
}

impl Speaker {
    /// Returns whether such a part may be in its messages.
    const fn may_say(self, content: &BlockContent<'_>) -> bool {
        match content {
            BlockContent::Text(_) => true,
            BlockContent::Refusal(_) => matches!(self, Self::Assistant),
            BlockContent::Audio(_) => matches!(self, Self::User),
            // OpenAI has only text in results of tools; others have images there too.
            _ => matches!(self, Self::User | Self::Tool),
        }
    }
}

/// Reads the content of a message, which is a text or a list of parts. Empty texts say nothing.
#[inline(never)]
pub(super) fn read_content<'a>(
    message: &KnownObject<'_, '_, 'a>,
    speaker: Speaker,
    losses: &mut Losses,
) -> Vec<ContentBlock<'a>> {
    let Some(node) = message.get("content") else { return Vec::new() };
    // Most have one.
    let mut blocks = Vec::with_capacity(1);
    if node.is_list() {
        let list = message.at("content");
        for (at, node) in message.elements("content", losses) {
            let spot = list.element(at);
            let block = part(node, spot, losses);
            if let Some(block) = &block
                && !speaker.may_say(&block.content)
            {
                spot.member("type").refuse("is not allowed in a message of that role", losses);
            }
            ContentBlock::add(block, &mut blocks);
        }
    } else if let Some(text) = message.text("content", losses) {
        blocks.push(ContentBlock::of(BlockContent::Text(text)));
    }
    blocks.retain(|block| !is_empty_text(&block.content));
    if let Some(mark) = cache_mark(message, losses)
        && let Some(last) = blocks.last_mut()
    {
        last.cache.get_or_insert(mark);
    }
    blocks
}

/// Reads a part.
#[inline(never)]
fn part<'a>(node: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Option<ContentBlock<'a>> {
    let word = node.get("type").filter(|word| word.text().is_some());
    let Some(word) = word else {
        spot.member("type").refuse("is missing or not a text", losses);
        return None;
    };
    let Some(kind) = KINDS.into_iter().find(|kind| word.is(kind)) else {
        spot.member("type").refuse_value(word, losses);
        return None;
    };
    let part = &KnownObject::of(node, spot, &["type", kind, CACHE_CONTROL, BREAKPOINT], losses);
    let content = match kind {
        "text" => part.needed_text(kind, losses).map(BlockContent::Text),
        "refusal" => part.needed_text(kind, losses).map(BlockContent::Refusal),
        "image_url" => image(part, losses),
        "input_audio" => audio(part, losses),
        _ => document(part, losses),
    };
    Some(ContentBlock { content: content?, cache: cache_mark(part, losses) })
}

/// Reads an image. Mistral's clients write its URL without an object around it.
fn image<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<BlockContent<'a>> {
    const KEY: &str = "image_url";
    if let Some(url) = part.get(KEY).and_then(Node::text) {
        let source = media_at(&part.at(KEY), url, losses)?;
        return Some(BlockContent::Image { source, detail: None });
    }
    let image = part.needed_object(KEY, &["url", "detail"], losses)?;
    let url = image.needed_text("url", losses)?;
    let detail = image.text("detail", losses).filter(|detail| !detail.is("auto"));
    let source = media_at(&image.at("url"), url, losses)?;
    Some(BlockContent::Image { source, detail })
}

fn audio<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<BlockContent<'a>> {
    let audio = part.needed_object("input_audio", &["data", "format"], losses)?;
    let (data, format) = (audio.needed_text("data", losses), audio.needed_text("format", losses)?);
    let media_type = match &*format.plain() {
        "wav" => JsonText::of("audio/wav"),
        "mp3" => JsonText::of("audio/mpeg"),
        other if other.chars().all(|char| char.is_ascii_alphanumeric()) => {
            JsonText::made(format!("audio/{other}"))
        }
        _ => {
            audio.refuse("format", "is not an audio format", losses);
            return None;
        }
    };
    Some(BlockContent::Audio(MediaSource::Base64 { media_type, data: data? }))
}

fn document<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<BlockContent<'a>> {
    let file = part.needed_object("file", &["file_data", "file_id", "filename"], losses)?;
    let name = file.text("filename", losses);
    if file.has("file_id") {
        file.refuse("file_id", KEPT, losses);
        return None;
    }
    let data = file.needed_text("file_data", losses)?;
    let source = media_at(&file.at("file_data"), data, losses)?;
    Some(BlockContent::Document { source, name })
}

/// Reads the mark of what is to be cached, in either form.
#[inline(never)]
pub(super) fn cache_mark<'a>(
    object: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) -> Option<CacheMark<'a>> {
    if let Some(mark) = object.object(CACHE_CONTROL, &["type", "ttl"], losses) {
        if !mark.needed_text("type", losses)?.is("ephemeral") {
            mark.refuse_value("type", losses);
        }
        return Some(CacheMark { ttl: mark.text("ttl", losses) });
    }
    let mark = object.object(BREAKPOINT, &["mode", "ttl"], losses)?;
    mark.text("mode", losses);
    // Half an hour is what OpenAI takes where nothing is said.
    mark.text("ttl", losses);
    mark.drop_unless(&[("ttl", "30m")], losses);
    Some(CacheMark { ttl: None })
}
