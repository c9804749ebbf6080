//! What a content type says of a body, and of the text in a part of a form.
//!
//! One rule for all of them: the text is UTF-8. Servers decode a body by its `charset`, so under
//! another one the provider would read another text than was judged. What servers make of further
//! parameters is not known, so `boundary` and `charset` are all that may be there.

use std::fmt;

use super::parameter::Parameters;
use crate::text::{is_token, quoted};

/// The type of a body that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyType {
    /// JSON.
    Json,
    /// `multipart/form-data`, with the boundary of its parts.
    Form(String),
}

/// Why a body is not read, by its content type. The text is the client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadContentType {
    /// It is of a type that the operation does not have.
    Type {
        /// The content type.
        found: String,
        /// Whether the operation takes a form.
        takes_form: bool,
    },
    /// It has a parameter that is neither `boundary` nor `charset`.
    Parameter(String),
    /// It names another charset than UTF-8 and ASCII.
    Charset(String),
    /// It is a form, and names no boundary that all servers agree on.
    Boundary,
}

impl fmt::Display for BadContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { found, takes_form } => {
                let or_form = if *takes_form { ", or a form as multipart/form-data" } else { "" };
                let found = quoted(found);
                write!(
                    f,
                    "the content type is {found}; send content-type: application/json{or_form}"
                )
            }
            Self::Parameter(name) => write!(
                f,
                "the content type has the parameter {}; remove it, because only boundary and \
                 charset are allowed",
                quoted(name)
            ),
            Self::Charset(charset) => {
                write!(f, "the content type names the charset {}; send UTF-8", quoted(charset))
            }
            Self::Boundary => f.write_str(
                "the content type has no boundary, or a boundary with unusual characters; send a \
                 plain boundary",
            ),
        }
    }
}

/// Returns the type of a body by its content type, of which several may stand in a list. An empty
/// one is JSON.
///
/// Where one of several types is JSON, the body is JSON: some server may go by that one.
///
/// # Errors
/// Why a body of that type is not read.
pub fn body_type(content_type: &str, takes_form: bool) -> Result<BodyType, BadContentType> {
    // Nearly every body has this type, which leaves nothing to be checked.
    if content_type.eq_ignore_ascii_case("application/json") {
        return Ok(BodyType::Json);
    }
    let types =
        || content_type.split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
    let is_form = || types().any(|one| one.eq_ignore_ascii_case(FORM));
    if content_type.trim().is_empty() || types().any(is_json) {
        check_parameters(content_type)?;
        Ok(BodyType::Json)
    } else if takes_form && is_form() {
        check_parameters(content_type)?;
        boundary(content_type).map(BodyType::Form).ok_or(BadContentType::Boundary)
    } else {
        Err(BadContentType::Type { found: content_type.to_owned(), takes_form })
    }
}

const FORM: &str = "multipart/form-data";

/// Returns whether a media type is `application/json`, `text/json` or `application/…+json`.
fn is_json(media_type: &str) -> bool {
    let is = |ending: &str| {
        let at = media_type.len().checked_sub(ending.len());
        at.and_then(|at| media_type.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    let is_application = media_type
        .split_once('/')
        .is_some_and(|(kind, _)| kind.eq_ignore_ascii_case("application"));
    media_type.eq_ignore_ascii_case("text/json") || is_application && (is("/json") || is("+json"))
}

/// Checks the parameters of all types in a list. They are read in the widest sense, so that none
/// is hidden from this by quotes or blanks that a server reads over.
///
/// # Errors
/// The first parameter that may not be there.
fn check_parameters(content_type: &str) -> Result<(), BadContentType> {
    for one in content_type.split(',') {
        for parameter in one.split(';').skip(1).map(str::trim).filter(|text| !text.is_empty()) {
            // Without `=` it has no name, which servers pass over: `application/json; utf-8`.
            let (name, value) = parameter.split_once('=').unwrap_or(("charset", parameter));
            let name = name.trim();
            let value = value.trim().trim_matches('"');
            if name.eq_ignore_ascii_case("charset") {
                if !is_utf_8(value) {
                    return Err(BadContentType::Charset(value.to_owned()));
                }
            } else if !name.eq_ignore_ascii_case("boundary") {
                return Err(BadContentType::Parameter(name.to_owned()));
            }
        }
    }
    Ok(())
}

/// Returns the boundary that the content type of a form names; `None` where there is none that
/// all servers agree on. A comma comes of two headers, of which some take the first.
fn boundary(content_type: &str) -> Option<String> {
    // What RFC 2046 allows, but for the comma.
    const LONGEST: usize = 70;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_-./:=? ".contains(&byte);
    let read = Parameters::read(content_type, &["boundary", "charset"])
        .filter(|read| !content_type.contains(',') && read.main.eq_ignore_ascii_case(FORM))?;
    let boundary = read.get("boundary")?;
    let is_short = (1..=LONGEST).contains(&boundary.len());
    let is_boundary = is_short && boundary.bytes().all(is_plain) && !boundary.ends_with(' ');
    is_boundary.then(|| boundary.to_owned())
}

/// How a part of a form may be text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartText {
    /// In UTF-8.
    Utf8,
    /// In a charset that has ASCII and more, so that only ASCII is the same text in UTF-8.
    Ascii,
}

/// Returns how a part of a form with that content type is text, which every part without a file's
/// name is for servers, whatever its type; `None` where even ASCII could be another text in its
/// charset, and for any further parameter.
pub(super) fn part_text(content_type: &str) -> Option<PartText> {
    match Parameters::read(content_type, &["charset"])?.get("charset") {
        None => Some(PartText::Utf8),
        Some(charset) if is_utf_8(charset) => Some(PartText::Utf8),
        Some(charset) => is_ascii_and_more(charset).then_some(PartText::Ascii),
    }
}

/// Returns whether a content type is `text/plain`, whatever its parameters.
pub(super) fn is_plain_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/plain")
}

/// Returns whether a charset is UTF-8, or ASCII, which is a part of it. Other names of these two
/// count as another charset.
fn is_utf_8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
}

/// Returns whether a charset has one byte for a character, and that of ASCII for the characters of
/// ASCII. Clients on Java name the first of these by default.
fn is_ascii_and_more(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    let families = ["iso-8859-", "iso8859-", "windows-125", "cp125"];
    let digits = families.iter().find_map(|family| charset.strip_prefix(family));
    let is_number = |digits: &str| {
        is_token(digits) && digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    charset == "latin1" || charset == "latin-1" || digits.is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_is_utf_8_with_no_other_parameter() {
        for of in [
            "application/json",
            "multipart/form-data; boundary=a",
            "text/json",
            "application/x+json",
        ] {
            let read = |more: &str| body_type(&format!("{of}{more}"), true);
            for good in ["", ";", "; charset=utf-8", ";CHARSET=\"UTF-8\"", "; charset=us-ascii"] {
                assert!(read(good).is_ok(), "{of}{good}");
            }
            for charset in [
                "utf-7",
                "utf-16",
                "utf-16le",
                "utf-32",
                "latin1",
                "cp037",
                "iso-2022-jp",
                "hz",
                "",
            ] {
                let bad = BadContentType::Charset(charset.to_owned());
                assert_eq!(read(&format!("; charset={charset}")), Err(bad.clone()), "{of}");
                assert_eq!(read(&format!("; charset=utf-8; charset=\"{charset}\"")), Err(bad));
            }
            for name in
                ["x", "charset*", "charset*0", "encoding", "profile", "boundaryx", "_charset_"]
            {
                let bad = BadContentType::Parameter(name.to_owned());
                assert_eq!(read(&format!("; {name}=utf-8")), Err(bad), "{of}");
            }
        }
    }

    #[test]
    fn json_is_one_json_type_among_several_and_none() {
        for json in [
            "",
            " ",
            "Application/JSON",
            "text/plain, application/json",
            "application/vnd.x+json",
            "application/json; utf-8",
            "application/json; charset = utf-8",
        ] {
            assert_eq!(body_type(json, false), Ok(BodyType::Json), "{json}");
        }
        let listed = body_type("application/json, text/plain; charset=utf-7", false);
        assert_eq!(listed, Err(BadContentType::Charset("utf-7".to_owned())));
    }

    #[test]
    fn other_types_are_told_what_to_send() {
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "image/png",
            "json",
            "text/html+json",
            "application/jsonx",
            "multipart/mixed; boundary=a",
            ";",
            ",",
        ] {
            for takes_form in [true, false] {
                let bad = body_type(other, takes_form).unwrap_err();
                let told = bad.to_string();
                assert!(told.contains("send content-type: application/json"), "{other}: {told}");
                assert_eq!(told.contains("multipart/form-data"), takes_form, "{other}: {told}");
            }
        }
        let form = body_type("multipart/form-data; boundary=a", false);
        assert!(matches!(form, Err(BadContentType::Type { takes_form: false, .. })));
    }

    #[test]
    fn boundaries_are_announced_once_and_plainly() {
        for (content_type, wanted) in [
            ("multipart/form-data; boundary=a", Some("a")),
            ("multipart/form-data; BOUNDARY=\"a b\"; charset=utf-8", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=\"a", None),
            ("multipart/form-data; boundary=a; boundary=b", None),
            ("multipart/form-data; boundary=a, multipart/form-data; boundary=b", None),
            ("multipart/form-data; boundary=\"a \"", None),
            ("multipart/form-data; boundary=a\"b", None),
        ] {
            let wanted = wanted.map(|wanted| BodyType::Form(wanted.to_owned()));
            assert_eq!(body_type(content_type, true).ok(), wanted, "{content_type}");
        }
        let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
        assert_eq!(body_type(&long, true), Err(BadContentType::Boundary));
    }

    #[test]
    fn parts_are_text_where_ascii_at_least_is_the_same() {
        for (content_type, wanted) in [
            ("text/plain", Some(PartText::Utf8)),
            ("Text/Plain; charset=UTF-8", Some(PartText::Utf8)),
            ("application/json; charset=utf8", Some(PartText::Utf8)),
            ("text/plain; charset=ISO-8859-1", Some(PartText::Ascii)),
            ("text/plain;charset=\"windows-1252\"", Some(PartText::Ascii)),
            ("text/plain; charset=latin1", Some(PartText::Ascii)),
            ("text/plain; charset=utf-7", None),
            ("text/plain; charset=utf-16", None),
            ("text/plain; charset=iso-8859-", None),
            ("text/plain; charset=iso-8859-1x", None),
            ("text/plain; charset=iso-2022-jp", None),
            ("text/plain; charset=cp037", None),
            ("text/plain; format=flowed", None),
            ("application/octet-stream", Some(PartText::Utf8)),
        ] {
            assert_eq!(part_text(content_type), wanted, "{content_type}");
        }
    }
}
