//! Writes the parts of a user's message: texts, images, documents and audio.

use std::borrow::Cow;

use super::super::conversation::{BlockContent, MediaSource};
use super::super::text::JsonText;
use crate::json::Json;

/// An empty line, escaped.
pub(super) const GAP: &str = r"\n\n";

/// Adds a text to others, with something between.
#[inline(never)]
pub(super) fn push<'t>(texts: &mut Vec<Cow<'t, str>>, between: &'static str, text: &JsonText<'t>) {
    if !texts.is_empty() && !between.is_empty() {
        texts.push(between.into());
    }
    texts.push(text.escaped());
}

/// Writes a text that texts are joined to.
#[inline(never)]
pub(super) fn write_joined(json: &mut Json, texts: &[Cow<'_, str>]) {
    json.joined(texts.iter().map(|text| &**text));
}

/// Returns name and text of a document that is text.
pub(super) const fn document_text<'b, 'a>(
    content: &'b BlockContent<'a>,
) -> Option<(Option<&'b JsonText<'a>>, &'b JsonText<'a>)> {
    match content {
        BlockContent::Document { source: MediaSource::Text(text), name } => {
            Some((name.as_ref(), text))
        }
        _ => None,
    }
}

/// Writes a part that is text.
#[inline(never)]
pub(super) fn write_text_part(json: &mut Json, text: &JsonText<'_>) {
    json.object(|json| {
        json.member("type", "text");
        text.write(json.key("text"));
    });
}

/// Writes a part of a user's message. If the part cannot be there, returns what it is.
#[inline(never)]
pub(super) fn write_part(json: &mut Json, content: &BlockContent<'_>) -> Result<(), &'static str> {
    match content {
        BlockContent::Text(text) => write_text_part(json, text),
        BlockContent::Image { source, detail } => {
            let url = url(source).ok_or("an image as text")?;
            json.object(|json| {
                json.member("type", "image_url");
                json.key("image_url").object(|json| {
                    json.key("url").joined(url.iter().map(|part| &**part));
                    JsonText::write_if_some(detail.as_ref(), "detail", json);
                });
            });
        }
        BlockContent::Document { source: MediaSource::Text(text), name } => {
            let mut texts = Vec::new();
            name.iter().for_each(|name| push(&mut texts, "", name));
            push(&mut texts, GAP, text);
            json.object(|json| {
                json.member("type", "text");
                write_joined(json.key("text"), &texts);
            });
        }
        BlockContent::Document { source: MediaSource::Url(_), .. } => {
            Err("a document given as a URL")?
        }
        BlockContent::Document { source, name } => {
            let name = name.clone().unwrap_or_else(|| JsonText::of(usual_name(source)));
            let data = url(source).unwrap_or_default();
            json.object(|json| {
                json.member("type", "file");
                json.key("file").object(|json| {
                    name.write(json.key("filename"));
                    json.key("file_data").joined(data.iter().map(|part| &**part));
                });
            });
        }
        BlockContent::Audio(MediaSource::Base64 { media_type, data }) => {
            write_audio(json, media_type, data)?;
        }
        BlockContent::Audio(_) => Err("audio given as a URL")?,
        _ => Err("content of the model in a user message")?,
    }
    Ok(())
}

/// Writes audio in one of the two formats that OpenAI takes.
fn write_audio(
    json: &mut Json,
    media_type: &JsonText<'_>,
    data: &JsonText<'_>,
) -> Result<(), &'static str> {
    let format = match &*media_type.plain() {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "wav",
        "audio/mpeg" | "audio/mp3" => "mp3",
        _ => return Err("audio that is neither WAV nor MP3"),
    };
    json.object(|json| {
        json.member("type", "input_audio");
        json.key("input_audio").object(|json| {
            data.write(json.key("data"));
            json.member("format", format);
        });
    });
    Ok(())
}

/// Returns the parts of the URL of an image or a document, escaped; `None` of a text.
#[inline(never)]
fn url<'a>(source: &MediaSource<'a>) -> Option<Vec<Cow<'a, str>>> {
    match source {
        MediaSource::Url(url) => Some(vec![url.escaped()]),
        MediaSource::Base64 { media_type, data } => {
            Some(vec!["data:".into(), media_type.escaped(), ";base64,".into(), data.escaped()])
        }
        MediaSource::Text(_) => None,
    }
}

/// Returns the name of a document that has none. OpenAI wants one.
fn usual_name(source: &MediaSource<'_>) -> &'static str {
    match source {
        MediaSource::Base64 { media_type, .. } if media_type.is("application/pdf") => {
            "document.pdf"
        }
        _ => "document",
    }
}
