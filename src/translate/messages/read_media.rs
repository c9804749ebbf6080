//! Reads images and documents (<https://platform.claude.com/docs/en/build-with-claude/vision>,
//! <https://platform.claude.com/docs/en/build-with-claude/pdf-support>).
//!
//! A file that the client has stored at Anthropic is refused, because only Anthropic has it.

use super::super::conversation::{BlockContent, ContentBlock, MediaSource};
use super::super::known::{KnownObject, NO_COUNTERPART, Spot};
use super::super::loss::Losses;
use super::super::tape::Node;
use super::read_cache::marked;

/// Reads an image.
#[inline(never)]
pub(super) fn image<'a>(
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let names = ["type", "source", "cache_control", "transformations"];
    let image = KnownObject::of(part, spot, &names, losses);
    if image.has("transformations") {
        image.drop("transformations", NO_COUNTERPART, losses);
    }
    let source = match read_source(&image, losses)? {
        MediaPlace::Media(source @ (MediaSource::Base64 { .. } | MediaSource::Url(_))) => source,
        _ => {
            image.at("source").member("type").refuse("is not a source of an image", losses);
            return None;
        }
    };
    Some(marked(BlockContent::Image { source, detail: None }, &image, losses))
}

/// Where an image or a document is.
#[derive(Debug)]
pub(super) enum MediaPlace<'t, 'a> {
    Media(MediaSource<'a>),
    /// In blocks of the document itself.
    Content(Node<'t, 'a>),
}

/// Reads where the image or document of a block is.
#[inline(never)]
pub(super) fn read_source<'t, 'a>(
    block: &KnownObject<'_, 't, 'a>,
    losses: &mut Losses,
) -> Option<MediaPlace<'t, 'a>> {
    let at = block.at("source");
    let source = block.needed("source", losses)?;
    let Some(kind) = source.get("type") else {
        at.member("type").refuse("is missing", losses);
        return None;
    };
    let kind = at.member("type").text(kind, losses)?.plain();
    let of = |names: &[&str], losses: &mut Losses| KnownObject::of(source, at, names, losses);
    Some(MediaPlace::Media(match &*kind {
        "base64" => {
            let source = of(&["type", "media_type", "data"], losses);
            let data = source.needed_text("data", losses);
            let media_type = source.needed_text("media_type", losses)?;
            MediaSource::Base64 { media_type, data: data? }
        }
        "text" => {
            let source = of(&["type", "media_type", "data"], losses);
            MediaSource::Text(source.needed_text("data", losses)?)
        }
        "url" => MediaSource::Url(of(&["type", "url"], losses).needed_text("url", losses)?),
        "content" => {
            let source = of(&["type", "content"], losses);
            return source.needed("content", losses).map(MediaPlace::Content);
        }
        _ => {
            at.member("type").refuse_value(source.get("type")?, losses);
            return None;
        }
    }))
}
