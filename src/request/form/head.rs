//! What a part of a form is, by its head.
//!
//! Refuses what servers read in different ways: one of them might find another
//! model than the one that was judged.

use super::malformed::malformed;
use crate::request::content_type::{PartText, is_plain_text, part_text};
use crate::request::credential::Naming;
use crate::request::document::{ObjectShape, OutputBound, TextClass, Word};
use crate::request::parameter::Parameters;
use crate::request::scan::{ScanError, longest};
use crate::request::watched::{Watched, WatchedKeys};
use crate::text::is_token;

/// What a part of a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormPart {
    Model,
    Stream,
    /// Any other field: its text may reach the model.
    Text,
    /// A picture that is given.
    Image,
    /// Another file.
    File,
    /// A field that is no text up to so many bytes, and a number that it may be.
    Setting {
        most: usize,
        output: Option<OutputBound>,
    },
    /// Data, or where it is, that costs nothing.
    Data,
}

/// What the head of a part says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) part: FormPart,
    /// How it is text.
    pub(super) text: PartText,
    /// Which watched key names it, if that is one which names another model or brings a credential.
    pub(super) watched: Option<usize>,
}

/// Returns what the part with that head is, which begins at byte `at` of the body. Its fields are
/// the members of the same document in JSON.
///
/// # Errors
/// Servers could take it for different things.
pub(super) fn part(
    head: &[u8],
    at: u64,
    document: &ObjectShape,
    watched: &WatchedKeys,
) -> Result<PartHead, ScanError> {
    let read = |head| {
        let head = lines(head)?;
        let part = typed(&head, document)?;
        Ok((part, naming(head.name, watched)?))
    };
    let ((part, text), watched) = read(head).map_err(|what| malformed(at, what))?;
    Ok(PartHead { part, text, watched })
}

/// The lines of a head that matter.
struct HeadLines<'a> {
    name: &'a str,
    is_file: bool,
    content_type: Option<&'a str>,
}

/// Returns what the lines of a head say. Everything that two servers could read in two ways is an
/// error.
///
/// # Errors
/// Why it cannot be said, for the client.
fn lines(head: &[u8]) -> Result<HeadLines<'_>, &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| "the headers of a part are not UTF-8")?;
    let (mut disposition, mut content_type, mut encoding) = (None, None, None);
    for line in head.split("\r\n") {
        let (name, value) =
            header(line).ok_or("a line in the headers of a part is not a header")?;
        let known = match name.to_ascii_lowercase().as_str() {
            "content-disposition" => &mut disposition,
            "content-type" => &mut content_type,
            "content-transfer-encoding" => &mut encoding,
            _ => continue,
        };
        // Some take the first of two, some the last.
        if known.replace(value).is_some() {
            return Err("a part has one of its headers twice");
        }
    }
    let is_plain = |encoding: &str| {
        ["binary", "8bit", "7bit"].iter().any(|w| encoding.eq_ignore_ascii_case(w))
    };
    if !encoding.is_none_or(is_plain) {
        return Err("a part has a transfer encoding");
    }
    let disposition = disposition.ok_or("a part has no content-disposition")?;
    let (name, is_file) = named(disposition)
        .ok_or("the content-disposition of a part must be form-data with one name in quotes")?;
    Ok(HeadLines { name, is_file, content_type })
}

/// Returns what a part is, and how it is text.
///
/// # Errors
/// Why it cannot be said, for the client.
fn typed(
    head: &HeadLines<'_>,
    document: &ObjectShape,
) -> Result<(FormPart, PartText), &'static str> {
    let HeadLines { name, is_file, content_type } = *head;
    let part = kind(name, is_file, document).ok_or(
        "`model`, `prompt` and `stream` must be fields with exactly these lower-case names, and \
         no part may have \\, % or ' in its name",
    )?;
    let Some(content_type) = content_type else { return Ok((part, PartText::Utf8)) };
    let is_typed = name == "prompt" || matches!(part, FormPart::Model | FormPart::Stream);
    if is_typed && !is_plain_text(content_type) {
        return Err("`model`, `prompt` and `stream` must be plain text in UTF-8");
    }
    // What a file is encoded in is not looked at.
    let text = match part {
        FormPart::Image | FormPart::File => Some(PartText::Utf8),
        FormPart::Model
        | FormPart::Stream
        | FormPart::Text
        | FormPart::Setting { .. }
        | FormPart::Data => part_text(content_type),
    };
    let text =
        text.ok_or("a field has a content type with another charset or with further parameters")?;
    Ok((part, text))
}

/// Returns the name and the value of a header's line; `None` where it is not one. Control
/// characters could end it for some server.
fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_line = !value.contains(|char: char| char.is_control() && char != '\t');
    (is_token(name) && is_line).then(|| (name, value.trim_matches([' ', '\t'])))
}

/// Returns the name in a disposition, and whether that has a file's name too. Of
/// `form-data; name="file"; filename="a.wav"` that is `file` and true.
fn named(disposition: &str) -> Option<(&str, bool)> {
    // Extended and continued names (`name*`) are read by some.
    let disposition = Parameters::read(disposition, &["name", "filename", "filename*"])?;
    let is_form = disposition.main.eq_ignore_ascii_case("form-data");
    let is_file = ["filename", "filename*"].iter().any(|name| disposition.get(name).is_some());
    disposition.get("name").filter(|_| is_form).map(|name| (name, is_file))
}

/// Returns the name of a part without what makes a list of it, as in `image[]` and `image[0]`, and
/// that without what servers take off: blanks around it, or slashes before it.
fn names(name: &str) -> (&str, &str) {
    let base = name.split('[').next().unwrap_or_default();
    (base, base.trim_matches(|char: char| !char.is_ascii_alphanumeric()))
}

/// Returns which watched key names a part, if that names another model or brings a credential.
///
/// # Errors
/// It is one of them, in another spelling.
fn naming(name: &str, watched: &WatchedKeys) -> Result<Option<usize>, &'static str> {
    let (base, bare) = names(name);
    let is_naming = || Naming::keys().any(|key| key == bare);
    match watched.find(bare) {
        None => Ok(None),
        Some(Watched::Key(_)) if !is_naming() => Ok(None),
        Some(Watched::Key(at)) if base == bare => Ok(Some(at)),
        Some(_) => Err("a part has a known name in another spelling; use the known spelling"),
    }
}

/// Returns what a part of that name is; `None` where servers may differ in it.
fn kind(name: &str, is_file: bool, document: &ObjectShape) -> Option<FormPart> {
    // So ` model`, `Model[]` and `/model` are compared as `model`, and then refused for not
    // being just that.
    let (base, bare) = names(name);
    let is = |known: &&str| bare.eq_ignore_ascii_case(known);
    let known = ["model", "prompt", "stream", "charset"].into_iter().find(is);
    // Some undo escapes and take off quotes.
    let is_escaped = name.contains(['\\', '%', '\'']);
    Some(match known {
        // An escape could hide a name that is refused, so it is refused in every name.
        _ if is_escaped => return None,
        Some(known) if known != name || is_file => return None,
        Some("model") => FormPart::Model,
        Some("prompt") => FormPart::Text,
        Some("stream") => FormPart::Stream,
        // It would change what the text of all parts is.
        Some(_) => return None,
        None if matches!(base, "image" | "images" | "mask") => FormPart::Image,
        None if is_file || base == "file" => FormPart::File,
        None => field(document.field(base).map_or(Word::Text(TextClass::Aside), |(_, at)| at.word)),
    })
}

/// Returns what a field is that would be such a word as a member of JSON.
fn field(word: Word) -> FormPart {
    let output = match word {
        Word::Output(bound) => Some(bound),
        Word::Setting | Word::Id | Word::Session(_) => None,
        Word::Media | Word::Link => return FormPart::Data,
        _ => return FormPart::Text,
    };
    longest(word).map_or(FormPart::Text, |most| FormPart::Setting { most, output })
}
