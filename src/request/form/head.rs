//! What a part of a form is, by its head; and the boundary a content type names.

use super::wrong;
use crate::request::scan::ScanError;

/// Longest head of a part in bytes.
const LONGEST: usize = 4096;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Model,
    Prompt,
    Stream,
    /// A picture that is given.
    Image,
    /// Another file.
    File,
    Skipped,
}

/// The head of a part, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    /// Where it begins.
    at: Option<u64>,
}

impl Head {
    pub(super) fn push(&mut self, bytes: &[u8], at: u64) -> Result<(), ScanError> {
        let at = *self.at.get_or_insert(at);
        if self.bytes.len().saturating_add(bytes.len()) > LONGEST {
            return Err(wrong(at, "the head of a part is longer than 4096 bytes"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// What the part is.
    ///
    /// Refuses heads that servers read differently: another encoding, a name given
    /// twice or in an extended form, a known name in another case or for a file.
    pub(super) fn part(&self, at: u64) -> Result<Part, ScanError> {
        let head =
            std::str::from_utf8(&self.bytes).map_err(|_| wrong(at, "the head is not UTF-8"))?;
        let mut disposition = None;
        for line in head.split("\r\n").filter(|line| !line.is_empty()) {
            let bad = || wrong(at, "a line of a part's head is no header");
            let (name, value) = line.split_once(':').ok_or_else(bad)?;
            if name.is_empty() || name.bytes().any(|byte| !byte.is_ascii_graphic()) {
                return Err(bad());
            }
            if name.eq_ignore_ascii_case("content-disposition") {
                if disposition.replace(value).is_some() {
                    return Err(wrong(at, "a part has several content-disposition headers"));
                }
            } else if name.eq_ignore_ascii_case("content-transfer-encoding")
                && !["binary", "8bit", "7bit"].contains(&value.trim().to_ascii_lowercase().as_str())
            {
                return Err(wrong(at, "a part is encoded"));
            }
        }
        let disposition =
            disposition.ok_or_else(|| wrong(at, "a part has no content-disposition"))?;
        let (name, is_file) = names(disposition).ok_or_else(|| {
            wrong(at, "a content-disposition must be form-data with one name in quotes")
        })?;
        kind(&name, is_file).ok_or_else(|| {
            wrong(at, "`model`, `prompt` and `stream` must be fields, named in lower case")
        })
    }
}

/// What a part of that name is; `None` where servers may differ in it.
fn kind(name: &str, is_file: bool) -> Option<Part> {
    // `image[]`, `image[0]`
    let base = name.split('[').next().unwrap_or_default();
    let known = ["model", "prompt", "stream"].into_iter().find(|k| base.eq_ignore_ascii_case(k));
    Some(match known {
        Some(known) if known != name || is_file => return None,
        Some("model") => Part::Model,
        Some("prompt") => Part::Prompt,
        Some(_) => Part::Stream,
        None if matches!(base, "image" | "images" | "mask") => Part::Image,
        None if is_file || base == "file" => Part::File,
        None => Part::Skipped,
    })
}

/// The name of a disposition, and whether it has a file's.
fn names(disposition: &str) -> Option<(String, bool)> {
    let (kind, mut rest) = disposition.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut is_file) = (None, false);
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            break;
        }
        let (key, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        rest = after;
        match key.trim().to_ascii_lowercase().as_str() {
            "name" => {
                if name.replace(value).is_some() {
                    return None;
                }
            }
            "filename" | "filename*" => is_file = true,
            _ => return None,
        }
    }
    name.map(|name| (name, is_file))
}

/// A value in quotes or without, and what follows its semicolon.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        let value = value.trim();
        let is_token = !value.is_empty() && !value.contains(['"', ' ', '\t', '\\']);
        return is_token.then(|| (value.to_owned(), rest));
    };
    // Within quotes clients write `%22` or `\"`; servers differ in backslashes.
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => {
                let rest = quoted.get(at..)?.strip_prefix('"')?.trim_start_matches([' ', '\t']);
                let rest = if rest.is_empty() { "" } else { rest.strip_prefix(';')? };
                return Some((value, rest));
            }
            '\\' => {
                value.push('\\');
                value.push(chars.next()?.1);
            }
            char => value.push(char),
        }
    }
    None
}

/// The boundary that a content type names, if it is one of a form.
///
/// # Errors
/// Why the form cannot be read.
pub fn boundary(content_type: &str) -> Result<String, ScanError> {
    let bad = wrong(0, "the content type names no boundary, or not a plain one");
    let mut found = None;
    for parameter in content_type.split(';').skip(1) {
        let Some((key, value)) = parameter.split_once('=') else { continue };
        if key.trim().eq_ignore_ascii_case("boundary") {
            let value = value.trim();
            let value = value.strip_prefix('"').map_or(Some(value), |v| v.strip_suffix('"'));
            if found.replace(value.ok_or(bad)?).is_some() {
                return Err(bad);
            }
        }
    }
    let found = found.ok_or(bad)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let is_boundary = (1..=70).contains(&found.len()) && found.bytes().all(is_plain);
    if is_boundary && !found.ends_with(' ') { Ok(found.to_owned()) } else { Err(bad) }
}
