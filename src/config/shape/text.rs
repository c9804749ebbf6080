//! Forms of text: names, headers, paths, tags.
//!
//! Decides what a text of each form may hold, and normalises header names to lower case. The
//! forms are predicates: the patterns of the schema would need an engine, and the smallest one
//! (regex-lite) would add 58 KB to the module. What a name refers to is left to `resolve`.

use crate::text::{is_token, quoted};

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum TextForm {
    /// Anything.
    Any,
    /// Not empty, no control characters.
    Name,
    /// 1–64 of `a-z 0-9 -`, no edge hyphen.
    VariantKey,
    /// A name with `*` at its end at most.
    Pattern,
    /// A token of RFC 9110; becomes lower case.
    HeaderName,
    /// A header name, or one of HTTP/2's pseudo-headers.
    ReadableHeader,
    /// Without CR, LF and NUL.
    HeaderValue,
    /// What `:authority` may hold: a host, with a port if need be. It has no user name and no path.
    Authority,
    /// A path to request. It begins with `/` and may have a query.
    Path,
    /// Put before a path: as a path, without a slash at its end, or empty.
    PathPrefix,
    /// The end of a path. It begins with `/`, and requests on all paths that end with it are meant.
    PathSuffix,
    /// A path with `{model}` and `{operation}` in it.
    PathTemplate,
    /// Name of an environment variable: letters, digits and `_`, and no secret by mistake.
    Variable,
}

/// How keys of vendors begin that could be names of variables. Those with `-` could not.
const SECRETS: [&str; 8] = ["AIza", "AKIA", "gsk_", "hf_", "r8_", "sk_", "tgp_", "ghp_"];

/// Characters of a text that messages show where it may be a secret.
const SHOWN_OF_SECRETS: usize = 3;

/// Pseudo-headers that a condition may read.
const PSEUDO_HEADERS: [&str; 4] = [":authority", ":method", ":path", ":scheme"];

impl TextForm {
    /// Returns the text in its normal form: `X-Tier` as `x-tier`, where it names a header.
    ///
    /// # Errors
    /// What was expected.
    pub(in crate::config) fn normalised(self, text: &str) -> Result<String, &'static str> {
        if self.matches(text) {
            Ok(match self {
                // Envoy passes the names of headers in lower case.
                Self::HeaderName | Self::ReadableHeader => text.to_ascii_lowercase(),
                // The path after it brings the slash.
                Self::PathPrefix => text.trim_end_matches('/').to_owned(),
                _ => text.to_owned(),
            })
        } else {
            Err(self.expected())
        }
    }

    /// Whether the text has this form. Knows nothing of what it names.
    fn matches(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name => is_name(text),
            Self::VariantKey => is_variant_key(text),
            Self::Pattern => {
                is_name(text) && !text.trim_end_matches('*').contains('*') && !text.ends_with("**")
            }
            Self::HeaderName => is_token(text),
            Self::ReadableHeader => {
                is_token(text) || PSEUDO_HEADERS.contains(&text.to_ascii_lowercase().as_str())
            }
            // With one of these, a value could end its header and begin another.
            Self::HeaderValue => !text.contains(['\r', '\n', '\0']),
            // These would end the host, or put a user name before it.
            Self::Authority => {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@".contains(&byte))
            }
            Self::Path => is_path(text),
            Self::PathPrefix => text.is_empty() || is_path(text) && !text.contains(['?']),
            Self::PathSuffix => is_suffix(text),
            // With the placeholders filled in, other braces are refused as in any path.
            Self::PathTemplate => {
                is_path(&text.replace("{model}", "m").replace("{operation}", "o"))
            }
            Self::Variable => is_variable(text) && !is_secret(text),
        }
    }

    /// Returns a text as messages show it. Where the name of a variable is expected, the text may be the
    /// secret itself, so no more than its beginning is shown.
    pub(super) fn shown(self, text: &str) -> String {
        match self {
            Self::Variable if text.chars().count() > SHOWN_OF_SECRETS => {
                let start: String = text.chars().take(SHOWN_OF_SECRETS).collect();
                format!("a text that begins with {}", quoted(&start))
            }
            _ => quoted(text),
        }
    }

    /// Returns what the form asks for, to stand after "expected".
    pub(in crate::config) const fn expected(self) -> &'static str {
        match self {
            Self::Any => "text",
            Self::Name => "text that is not empty and has no control characters",
            Self::VariantKey => {
                "1 to 64 characters from a-z, 0-9 and \"-\", with no \"-\" at either end"
            }
            Self::Pattern => "a name, with \"*\" only at its end",
            Self::HeaderName => "a header name: letters, digits and !#$%&'*+-.^_`|~",
            Self::ReadableHeader => {
                "a header name: letters, digits and !#$%&'*+-.^_`|~, \
                 or :authority, :method, :path, :scheme"
            }
            Self::HeaderValue => {
                "a header value: text without carriage returns, line feeds or NUL characters"
            }
            Self::Authority => "a host name, optionally with \":port\"",
            Self::Path => {
                "a path that starts with \"/\", in printable ASCII without spaces, \"#\" or braces"
            }
            Self::PathPrefix => {
                "a path that starts with \"/\", in printable ASCII without spaces, \"?\", \"#\" \
                 or braces"
            }
            Self::PathSuffix => {
                "the end of a path, such as \"/chat\": it starts with \"/\", is longer than that, \
                 and has no spaces, \"?\", \"#\", \"%\" or \"//\""
            }
            Self::PathTemplate => {
                "a path that starts with \"/\", in printable ASCII without spaces or \"#\"; the \
                 placeholders are {model} and {operation}"
            }
            Self::Variable => {
                "the name of an environment variable: letters, digits and _, as in OPENAI_API_KEY; a \
                 secret belongs into that variable"
            }
        }
    }

    /// Returns the form as a pattern for JSON Schema, as near as a pattern gets. None where every
    /// text has the form.
    pub(super) const fn pattern(self) -> Option<&'static str> {
        Some(match self {
            Self::Any => return None,
            Self::Name => r"^[^\u0000-\u001f\u007f]+$",
            Self::VariantKey => "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
            Self::Pattern => r"^([^\u0000-\u001f\u007f*]+\*?|\*)$",
            Self::HeaderName => "^[0-9A-Za-z!#$%&'*+.^_`|~-]+$",
            Self::ReadableHeader => {
                "^([0-9A-Za-z!#$%&'*+.^_`|~-]+|:(authority|method|path|scheme))$"
            }
            Self::HeaderValue => r"^[^\u0000\r\n]*$",
            Self::Authority => r#"^[!"$-.0->A-~]+$"#,
            Self::Path => "^/[!\"$-z|~]*$",
            Self::PathPrefix => "^(/[!\"$->@-z|~]*)?$",
            Self::PathSuffix => "^(/[!\"$&-.0->@-~]+)+/?$",
            Self::PathTemplate => r"^/([!$-z|~]|\{model\}|\{operation\})*$",
            Self::Variable => "^[A-Za-z_][A-Za-z0-9_]*$",
        })
    }
}

/// Whether a text may name something. Without control characters, so that no name can forge a line
/// of the log.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|char| char.is_ascii_control())
}

/// Whether a text may be the key of a variant. Keys are ASCII, so bytes are characters.
fn is_variant_key(text: &str) -> bool {
    let is_known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=64).contains(&text.len())
        && text.bytes().all(is_known)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text may be the name of an environment variable, as POSIX has them.
fn is_variable(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a text that could be the name of a variable is more likely a secret: it begins as the
/// keys of a vendor do, or is long, of small letters and digits, and without `_`.
fn is_secret(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let is_keyed = SECRETS.iter().any(|start| {
        text.strip_prefix(start).is_some_and(|rest| rest.len() >= 16 && !rest.contains('_'))
    });
    is_keyed || text.len() >= 24 && is_mixed && !text.contains('_')
}

/// Whether a text is a path that can be sent. A `#` would cut it off, and braces are kept for
/// placeholders.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#{}".contains(&byte))
}

/// Whether a text may be the end of a path. Request paths are compared decoded and with slashes
/// merged, so a suffix that holds what those steps remove never matches; one of slashes alone
/// always does.
fn is_suffix(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_graphic() && !b"?#%".contains(&byte);
    text.len() > 1 && text.starts_with('/') && !text.contains("//") && text.bytes().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_accepts_and_refuses() {
        let cases: &[(TextForm, &[&str], &[&str])] = &[
            (TextForm::Any, &["", "\n"], &[]),
            (TextForm::Name, &["gpt-4.1", "ü b"], &["", "a\nb"]),
            (TextForm::VariantKey, &["a", "a-1", "0"], &["", "-a", "a-", "A", "a_b"]),
            (TextForm::Pattern, &["gpt-*", "*", "a"], &["", "a*b", "**", "*a"]),
            (TextForm::HeaderName, &["X-Tier", "a_b"], &["", ":path", "a b", "ä", "a:b"]),
            (TextForm::ReadableHeader, &[":path", ":Authority", "x"], &[":status", ""]),
            (TextForm::HeaderValue, &["", "Bearer x\t"], &["a\r\nb", "a\0"]),
            (TextForm::Authority, &["a.b:443", "[::1]:80"], &["", "a b", "a/b", "u@h"]),
            (TextForm::Path, &["/", "/a?b=c"], &["", "a", "/a b", "/a#b", "/{x}"]),
            (TextForm::PathPrefix, &["", "/v1/"], &["v1", "/v1?x"]),
            (
                TextForm::PathSuffix,
                &["/chat", "/a/b/"],
                &["", "/", "chat", "/a//b", "/a?b", "/%61"],
            ),
            (
                TextForm::PathTemplate,
                &["/d/{model}/{operation}?v=1"],
                &["/{deployment}", "{model}"],
            ),
            (
                TextForm::Variable,
                &[
                    "OPENAI_KEY",
                    "k",
                    "_2",
                    "hf_token_of_production",
                    "team2_key_for_production_use",
                ],
                &[
                    "",
                    "A=B",
                    "2A",
                    "sk-abcdefgh12345678",
                    "sk-ant-api03-abcdefgh",
                    "xai-abcdefgh12345678",
                    "AIzaSyAbcdefgh12345678abcdefgh",
                    "gsk_abcdefghABCDEFGH12345678",
                    "hf_abcdefghABCDEFGHabcdefghABCDEFGH",
                    "d41d8cd98f00b204e9800998ecf8427e",
                ],
            ),
        ];
        for (form, accepted, refused) in cases {
            for text in *accepted {
                assert!(form.matches(text), "{form:?} {text:?}");
            }
            for text in *refused {
                assert!(!form.matches(text), "{form:?} {text:?}");
            }
        }
        assert!(!TextForm::VariantKey.matches(&"a".repeat(65)));
    }

    #[test]
    fn header_names_become_lower_case_and_prefixes_lose_their_last_slash() {
        assert_eq!(TextForm::HeaderName.normalised("X-Tier"), Ok("x-tier".to_owned()));
        assert_eq!(TextForm::PathPrefix.normalised("/v1/"), Ok("/v1".to_owned()));
        assert_eq!(TextForm::HeaderName.normalised("a b"), Err(TextForm::HeaderName.expected()));
    }
}
