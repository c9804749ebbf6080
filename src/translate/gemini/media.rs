//! Images, documents and audio as parts: as data in the request, or as a URL.
//! <https://ai.google.dev/gemini-api/docs/generate-content/file-input-methods>

use super::super::conversation::{BlockContent, ContentBlock, MediaSource};
use super::super::loss::Losses;
use super::super::text::JsonText;
use crate::json::Json;

/// Types of images.
/// <https://ai.google.dev/gemini-api/docs/generate-content/image-understanding#supported-formats>
const IMAGES: [&str; 6] =
    ["image/png", "image/jpeg", "image/jpg", "image/webp", "image/heic", "image/heif"];

/// Types of files by the end of their names.
const ENDINGS: [(&str, &str); 11] = [
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".webp", "image/webp"),
    (".heic", "image/heic"),
    (".heif", "image/heif"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
    (".csv", "text/csv"),
    (".html", "text/html"),
    (".json", "application/json"),
];

/// Writes the part of an image, a document or audio.
pub(super) fn write_media(block: &ContentBlock<'_>, losses: &mut Losses, json: &mut Json) {
    let (source, what) = match &block.content {
        BlockContent::Image { source, detail } => {
            if detail.as_ref().is_some_and(|detail| !detail.is("auto")) {
                losses.drop("image detail", "has no counterpart in generateContent");
            }
            (source, "an image")
        }
        BlockContent::Document { source, name } => {
            if name.is_some() {
                losses.drop("the name of a document", "has no counterpart in generateContent");
            }
            (source, "a document")
        }
        BlockContent::Audio(source) => (source, "audio"),
        _ => return,
    };
    match source {
        MediaSource::Text(text) => text.write_part(json),
        MediaSource::Base64 { media_type, data } => {
            let media_type = media_type.plain();
            if !is_taken(&block.content, &media_type) {
                losses.refuse(what, "is of a type that generateContent does not accept");
                return;
            }
            json.object(|json| write_inline(&media_type, data, json));
        }
        MediaSource::Url(url) => write_url(url, what, losses, json),
    }
}

/// Returns whether the result of a tool can have this content within it, as data.
pub(super) fn is_inline(content: &BlockContent<'_>) -> bool {
    match content {
        BlockContent::Image { source, .. } | BlockContent::Document { source, .. } => {
            matches!(source, MediaSource::Base64 { .. })
        }
        _ => false,
    }
}

/// Writes the member with data of that type.
fn write_inline(media_type: &str, data: &JsonText<'_>, json: &mut Json) {
    let media_type = if media_type == "image/jpg" { "image/jpeg" } else { media_type };
    json.key("inlineData").object(|json| {
        json.member("mimeType", media_type);
        data.write(json.key("data"));
    });
}

/// Writes the part of something that the provider fetches: over HTTPS, from Google's storage, or a video of
/// YouTube's.
fn write_url(url: &JsonText<'_>, what: &str, losses: &mut Losses, json: &mut Json) {
    let plain = url.plain();
    let is_scheme = |scheme: &str| {
        plain.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    if !is_scheme("https://") && !is_scheme("gs://") {
        losses.refuse(what, "has a URL that generateContent does not fetch");
        return;
    }
    let path = plain.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let media_type = ENDINGS.iter().find(|(ending, _)| path.ends_with(ending));
    json.object(|json| {
        json.key("fileData").object(|json| {
            if let Some((_, media_type)) = media_type {
                json.member("mimeType", media_type);
            }
            url.write(json.key("fileUri"));
        });
    });
}

/// Returns whether Google accepts data of that type.
fn is_taken(content: &BlockContent<'_>, media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match content {
        BlockContent::Image { .. } => IMAGES.contains(&essence),
        BlockContent::Document { .. } => {
            matches!(essence, "application/pdf" | "application/json")
                || essence.starts_with("text/")
        }
        _ => essence.starts_with("audio/"),
    }
}
