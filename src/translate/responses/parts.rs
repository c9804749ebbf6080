//! Reads the parts of a message or of the result of a tool.

use crate::translate::conversation::{BlockContent, CacheMark, ContentBlock, MediaSource};
use crate::translate::data_url::{data_of, media_at};
use crate::translate::known::{KEPT, KnownObject, Spot};
use crate::translate::loss::Losses;
use crate::translate::tape::Node;
use crate::translate::text::JsonText;

/// Whose parts they are. That decides which types they may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartsOf {
    /// Text only.
    System,
    /// Text and media.
    User,
    /// Text and refusals.
    Assistant,
    /// Text, images and documents.
    Tool,
}

/// The mark of what is to be cached.
const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// Reads content, which is a text or a list of parts.
pub(super) fn read<'a>(
    content: Node<'_, 'a>,
    spot: Spot<'_>,
    parts_of: PartsOf,
    losses: &mut Losses,
) -> Vec<ContentBlock<'a>> {
    if let Some(text) = content.text() {
        return vec![ContentBlock::of(BlockContent::Text(text))];
    }
    if !content.is_list() {
        spot.refuse("is neither a text nor a list", losses);
        return Vec::new();
    }
    let parts = spot.elements(content, losses);
    parts.filter_map(|(at, part)| read_part(part, spot.element(at), parts_of, losses)).collect()
}

#[inline(never)]
fn read_part<'a>(
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    parts_of: PartsOf,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let has_files = matches!(parts_of, PartsOf::User | PartsOf::Tool);
    let kind_at = spot.member("type");
    let Some(kind) = part.get("type") else {
        kind_at.refuse("is missing", losses);
        return None;
    };
    let of = |names: &[&str], losses: &mut Losses| KnownObject::of(part, spot, names, losses);
    match &*kind.word() {
        "input_text" => {
            let part = of(&["type", "text", BREAKPOINT], losses);
            let content = BlockContent::Text(part.needed_text("text", losses)?);
            Some(ContentBlock { content, cache: cache_mark(&part, losses) })
        }
        "output_text" => {
            // Citations and probabilities are of the answer, and say nothing to a model.
            let part = of(&["type", "text", "annotations", "logprobs"], losses);
            Some(ContentBlock::of(BlockContent::Text(part.needed_text("text", losses)?)))
        }
        "refusal" if parts_of == PartsOf::Assistant => {
            let part = of(&["type", "refusal"], losses);
            Some(ContentBlock::of(BlockContent::Refusal(part.needed_text("refusal", losses)?)))
        }
        "input_image" if has_files => {
            image(&of(&["type", "image_url", "file_id", "detail", BREAKPOINT], losses), losses)
        }
        "input_file" if has_files => {
            let names =
                ["type", "file_data", "file_url", "file_id", "filename", "detail", BREAKPOINT];
            file(&of(&names, losses), losses)
        }
        "input_audio" if parts_of == PartsOf::User => {
            audio(&of(&["type", "input_audio"], losses), losses)
        }
        "refusal" | "input_image" | "input_file" | "input_audio" => {
            kind_at.refuse("cannot be part of this message", losses);
            None
        }
        _ => {
            kind_at.refuse_value(kind, losses);
            None
        }
    }
}

fn image<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<ContentBlock<'a>> {
    if part.has("file_id") {
        part.refuse("file_id", KEPT, losses);
        return None;
    }
    let detail = part.text("detail", losses);
    let cache = cache_mark(part, losses);
    let url = part.needed_text("image_url", losses)?;
    let source = media_at(&part.at("image_url"), url, losses)?;
    Some(ContentBlock { content: BlockContent::Image { source, detail }, cache })
}

/// Reads a file. The form of its content is described in
/// <https://developers.openai.com/api/docs/guides/file-inputs>.
fn file<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<ContentBlock<'a>> {
    if part.has("file_id") {
        part.refuse("file_id", KEPT, losses);
        return None;
    }
    part.drop_unless(&[("detail", "auto")], losses);
    let name = part.text("filename", losses);
    let cache = cache_mark(part, losses);
    let source = match (part.has("file_data"), part.has("file_url")) {
        (true, true) => {
            part.spot().refuse("has both file_data and file_url", losses);
            return None;
        }
        (false, true) => {
            let url = part.text("file_url", losses)?;
            media_at(&part.at("file_url"), url, losses)?
        }
        _ => file_data(part, name.as_ref(), losses)?,
    };
    Some(ContentBlock { content: BlockContent::Document { source, name }, cache })
}

/// Reads the content of a file, which is a data URL. For PDFs, some clients send only the base64.
fn file_data<'a>(
    part: &KnownObject<'_, '_, 'a>,
    name: Option<&JsonText<'_>>,
    losses: &mut Losses,
) -> Option<MediaSource<'a>> {
    let data = part.needed_text("file_data", losses)?;
    let is_pdf = name.is_some_and(|name| name.plain().to_ascii_lowercase().ends_with(".pdf"));
    match data_of(&data) {
        Ok(Some(source)) => return Some(source),
        Ok(None) if is_pdf => {
            let media_type = JsonText::of("application/pdf");
            return Some(MediaSource::Base64 { media_type, data });
        }
        Ok(None) => {
            part.refuse("file_data", "has no media type; send it as a data URL", losses);
        }
        Err(why) => part.refuse("file_data", why, losses),
    }
    None
}

fn audio<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<ContentBlock<'a>> {
    let audio = part.needed_object("input_audio", &["data", "format"], losses)?;
    let data = audio.needed_text("data", losses)?;
    let media_type = match &*audio.needed("format", losses)?.word() {
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        _ => {
            audio.refuse_value("format", losses);
            return None;
        }
    };
    let media_type = JsonText::of(media_type);
    Some(ContentBlock::of(BlockContent::Audio(MediaSource::Base64 { media_type, data })))
}

/// Reads a cache mark. The default lifetime is not passed on, because each provider has its own.
#[inline(never)]
fn cache_mark<'a>(part: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<CacheMark<'a>> {
    let mark = part.object(BREAKPOINT, &["mode", "ttl"], losses)?;
    if mark.get("mode").is_some_and(|mode| !mode.is("explicit")) {
        mark.refuse_value("mode", losses);
    }
    mark.drop_unless(&[("ttl", "30m")], losses);
    Some(CacheMark { ttl: None })
}
