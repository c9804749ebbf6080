//! What a part of a form is, by its head; and the boundary a content type names.
//!
//! Refuses what servers read in different ways: one of them might find another
//! model than the one that was judged.

use super::malformed::malformed;
use super::parameter::Parameters;
use crate::request::scan::ScanError;
use crate::text::is_token;

/// What a part of a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormPart {
    Model,
    Prompt,
    Stream,
    /// A picture that is given.
    Image,
    /// Another file.
    File,
    Skipped,
}

/// Returns what the part with that head is; the head begins at byte `at` of the body.
///
/// # Errors
/// Servers could take it for different things.
pub(super) fn part(head: &[u8], at: u64) -> Result<FormPart, ScanError> {
    read(head).map_err(|what| malformed(at, what))
}

/// Returns the same as [`part`].
///
/// # Errors
/// Why it cannot be said, for the client.
fn read(head: &[u8]) -> Result<FormPart, &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| "the head of a part is not UTF-8")?;
    let (mut disposition, mut content_type, mut encoding) = (None, None, None);
    for line in head.split("\r\n") {
        let (name, value) = header(line).ok_or("a line of a part's head is no header")?;
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
    let part = kind(name, is_file).ok_or(
        "`model`, `prompt` and `stream` must be fields, their names in lower case and nothing \
         else, and the names of all parts without \\, % and '",
    )?;
    let is_text = matches!(part, FormPart::Model | FormPart::Prompt | FormPart::Stream);
    if is_text && !content_type.is_none_or(is_plain_text) {
        return Err("`model`, `prompt` and `stream` must be plain text in UTF-8");
    }
    Ok(part)
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
    let disposition = Parameters::read(disposition)?;
    let mut names = disposition.names();
    // Extended and continued names are read by some.
    let is_known = names.all(|name| ["name", "filename", "filename*"].contains(&name));
    let is_form = disposition.main.eq_ignore_ascii_case("form-data");
    let is_file = disposition.names().any(|name| name != "name");
    disposition.get("name").filter(|_| is_known && is_form).map(|name| (name, is_file))
}

/// Returns what a part of that name is; `None` where servers may differ in it.
fn kind(name: &str, is_file: bool) -> Option<FormPart> {
    // `image[]`, `image[0]`
    let base = name.split('[').next().unwrap_or_default();
    // Blanks around names are taken off by some, slashes before them by aiohttp.
    let bare = base.trim_matches(|char: char| !char.is_ascii_alphanumeric());
    // So ` model`, `Model[]` and `/model` are compared as `model`, and then refused for not
    // being just that.
    let is = |known: &&str| bare.eq_ignore_ascii_case(known);
    let known = ["model", "prompt", "stream", "charset"].into_iter().find(is);
    // Some undo escapes and take off quotes.
    let is_escaped = name.contains(['\\', '%', '\'']);
    Some(match known {
        _ if is_escaped => return None,
        Some(known) if known != name || is_file => return None,
        Some("model") => FormPart::Model,
        Some("prompt") => FormPart::Prompt,
        Some("stream") => FormPart::Stream,
        // It would change what the text of all parts is.
        Some(_) => return None,
        None if matches!(base, "image" | "images" | "mask") => FormPart::Image,
        None if is_file || base == "file" => FormPart::File,
        None => FormPart::Skipped,
    })
}

/// Returns whether a field with that content type is text in UTF-8.
fn is_plain_text(content_type: &str) -> bool {
    Parameters::read(content_type).is_some_and(|content_type| {
        let charset = content_type.get("charset").unwrap_or("utf-8");
        content_type.main.eq_ignore_ascii_case("text/plain")
            && ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
    })
}

/// Returns the boundary that the content type of a form names.
///
/// # Errors
/// Where there is none that all servers agree on: a comma comes of two headers,
/// of which some take the first.
pub fn boundary(content_type: &str) -> Result<String, ScanError> {
    const LONGEST: usize = 70;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_-./:=? ".contains(&byte);
    let is_boundary = |text: &&str| {
        let is_short = (1..=LONGEST).contains(&text.len());
        is_short && text.bytes().all(is_plain) && !text.ends_with(' ')
    };
    let read = Parameters::read(content_type).filter(|read| {
        let mut names = read.names();
        !content_type.contains(',')
            && read.main.eq_ignore_ascii_case("multipart/form-data")
            && names.all(|name| name == "boundary" || !name.starts_with("boundary"))
    });
    let boundary = read.and_then(|read| read.get("boundary")).filter(is_boundary);
    let bad = malformed(0, "the content type names no boundary, or not a plain one");
    boundary.map(str::to_owned).ok_or(bad)
}
