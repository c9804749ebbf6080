//! Images and documents in Converse. Both have a format with a name of Amazon's, and documents also have a name.

use std::collections::BTreeMap;

use super::super::conversation::MediaSource;
use super::super::loss::Losses;
use super::super::text::JsonText;
use crate::json::Json;

/// The longest name of a document, in bytes, with room for a number.
const LONGEST_NAME: usize = 180;

/// Names of documents. No two documents of a request may have the same name.
#[derive(Debug, Clone, Default)]
pub(super) struct DocumentNames {
    /// Names that are taken, and how often each was wanted.
    taken: BTreeMap<String, usize>,
}

impl DocumentNames {
    /// Returns a name for a document that the API takes and that no other document has: letters, digits,
    /// hyphens, parentheses, brackets, and single blanks.
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>
    pub(super) fn fit(&mut self, name: Option<&JsonText<'_>>) -> String {
        let mut fit = String::new();
        for char in name.map(JsonText::plain).unwrap_or_default().chars() {
            let char = match char {
                _ if char.is_ascii_alphanumeric() => char,
                '(' | ')' | '[' | ']' => char,
                _ if char.is_whitespace() => ' ',
                _ => '-',
            };
            if fit.len() < LONGEST_NAME && !(char == ' ' && fit.ends_with(' ')) {
                fit.push(char);
            }
        }
        let fit = fit.trim_matches([' ', '-']);
        let fit = if fit.is_empty() { "document" } else { fit };
        let mut number = self.taken.get(fit).copied().unwrap_or(1);
        let mut unique = fit.to_owned();
        while self.taken.contains_key(&unique) {
            number = number.saturating_add(1);
            unique = format!("{fit} ({number})");
        }
        self.taken.insert(unique.clone(), 1);
        self.taken.insert(fit.to_owned(), number);
        unique
    }
}

/// Writes the block of an image.
#[inline(never)]
pub(super) fn write_image(
    source: &MediaSource<'_>,
    detail: Option<&JsonText<'_>>,
    losses: &mut Losses,
    json: &mut Json,
) {
    if detail.is_some_and(|detail| !detail.is("auto")) {
        losses.drop("image detail", "has no counterpart in Bedrock Converse");
    }
    let MediaSource::Base64 { media_type, data } = source else {
        losses.refuse("an image", "is given as a URL, which Bedrock Converse does not fetch");
        return;
    };
    let Some(format) = format_of(&media_type.plain(), IMAGES) else {
        losses.refuse("an image", "is of a type that Bedrock Converse does not accept");
        return;
    };
    json.object(|json| {
        json.key("image").object(|json| {
            json.member("format", format);
            json.key("source").object(|json| data.write(json.key("bytes")));
        });
    });
}

/// Writes the block of a document, and returns its name; `None` where it is refused.
pub(super) fn write_document(
    source: &MediaSource<'_>,
    name: Option<&JsonText<'_>>,
    (names, losses): (&mut DocumentNames, &mut Losses),
    json: &mut Json,
) -> Option<String> {
    let format = match source {
        MediaSource::Base64 { media_type, .. } => format_of(&media_type.plain(), DOCUMENTS),
        MediaSource::Text(_) => Some("txt"),
        MediaSource::Url(_) => {
            let why = "is given as a URL, which Bedrock Converse does not fetch";
            losses.refuse("a document", why);
            return None;
        }
    };
    let Some(format) = format else {
        losses.refuse("a document", "is of a type that Bedrock Converse does not accept");
        return None;
    };
    let name = names.fit(name);
    json.object(|json| {
        json.key("document").object(|json| {
            json.member("format", format);
            json.member("name", &name);
            json.key("source").object(|json| match source {
                MediaSource::Text(text) => json.member("bytes", &base64(text.plain().as_bytes())),
                MediaSource::Base64 { data, .. } | MediaSource::Url(data) => {
                    data.write(json.key("bytes"));
                }
            });
        });
    });
    Some(name)
}

/// Types of images, with their formats.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html>
const IMAGES: &[(&str, &str)] = &[
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];

/// Types of documents, with their formats.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>
const DOCUMENTS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
    ("text/x-markdown", "md"),
];

/// Returns the format that a table has for a media type. Parameters of the media type do not count.
#[inline(never)]
fn format_of(media_type: &str, table: &[(&str, &'static str)]) -> Option<&'static str> {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    table.iter().find(|(known, _)| *known == essence).map(|(_, format)| *format)
}

/// Returns bytes as base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = LETTERS.get((bits >> shift & 63) as usize).copied();
            let is_there = at <= group.len();
            text.push(if is_there { char::from(letter.unwrap_or_default()) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_and_unique() {
        let mut names = DocumentNames::default();
        let mut fit = |name: &'static str| names.fit(Some(&JsonText::of(name)));
        assert_eq!(fit("Q3 report_final.pdf"), "Q3 report-final-pdf");
        assert_eq!(fit("(1) [x]"), "(1) [x]");
        assert_eq!(fit("a \t\u{2003}b"), "a b");
        assert_eq!(fit("a b"), "a b (2)");
        assert_eq!(fit("a b"), "a b (3)");
        assert_eq!(fit("a b (2)"), "a b (2) (2)");
        assert_eq!(fit("a b (3)"), "a b (3) (2)");
        assert_eq!(fit("a b"), "a b (4)");
        assert_eq!(fit("…"), "document");
        assert_eq!(names.fit(None), "document (2)");
        let long = names.fit(Some(&JsonText::made("é".repeat(999) + &"x".repeat(999))));
        assert!(long.len() <= 200);
    }

    #[test]
    fn a_text_is_encoded() {
        let rows = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let wanted = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        assert_eq!(rows.map(|text| base64(text.as_bytes())), wanted);
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }
}
