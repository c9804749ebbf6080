//! Where a client's credential can stand in a request, and where another choice of the model: the
//! headers, query parameters and members of the body that must not stand beside the proxy's own.
//!
//! One table and one rule, for everything that sends a request on. A name is in the table
//! (`table.rs`), or its words say that it carries a credential (`words.rs`): a gateway that nobody
//! has listed calls its header `x-…-api-key` as well. Knows nothing of providers or configuration.

mod members;
mod table;
mod words;

use std::borrow::Cow;

pub use members::Naming;

/// What stands at a place of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// A key, a token, or a signature.
    Key,
    /// The name of an account, which the proxy's credential does not belong to.
    Account,
    /// What a browser adds, by which a provider tells that no key should be there.
    Browser,
    /// Another model, another place to serve it, or another request than the one that was judged.
    Choice,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
struct CarrierRow {
    /// In lower case. With a dash at its end, the beginning of several names.
    name: &'static str,
    carries: Carries,
    /// Who reads it, and where that is documented. Shown by the documentation alone.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the table and its test"))]
    source: &'static str,
}

impl CarrierRow {
    /// Returns whether the row is about that name, which is in lower case.
    fn has(&self, name: &str) -> bool {
        if self.name.ends_with('-') { name.starts_with(self.name) } else { name == self.name }
    }
}

/// What of all this may go to one provider: the one rule.
#[derive(Debug, Clone, Copy)]
pub struct Passage<'a> {
    /// Whether the proxy's own credential goes to it. The client's go on only where not.
    pub has_own: bool,
    /// Names that the configuration lets pass, whatever they carry.
    pub kept: &'a [String],
}

impl Passage<'_> {
    /// Returns whether what has that name goes on. Another choice of the model never does unless
    /// the configuration says so, whoever pays for it.
    #[must_use]
    pub fn lets(&self, name: &str, carries: Carries) -> bool {
        !self.bars(carries) || self.keeps(name)
    }

    /// Returns whether what carries that goes on only where the configuration says so. A choice of
    /// the model is barred from every provider, the rest only beside the proxy's credential.
    const fn bars(&self, carries: Carries) -> bool {
        self.has_own || matches!(carries, Carries::Choice)
    }

    /// Returns whether the configuration lets that name pass.
    fn keeps(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| kept.eq_ignore_ascii_case(name))
    }

    /// Returns what goes on of a client's header that carries a credential or a choice; `None`
    /// where nothing does.
    #[must_use]
    pub fn part<'v>(
        &self,
        name: &str,
        carries: Carries,
        value: Cow<'v, [u8]>,
    ) -> Option<Cow<'v, [u8]>> {
        if self.lets(name, carries) {
            return Some(value);
        }
        // What is harmless as a whole goes on uncopied.
        match harmless_part(name, &value)? {
            Cow::Owned(part) => Some(Cow::Owned(part)),
            Cow::Borrowed(_) => Some(value),
        }
    }
}

/// Returns what a header carries, by its name in lower case; `None` where it is no credential.
#[must_use]
pub fn of_header(name: &str) -> Option<Carries> {
    // Pseudo-headers are what a request is addressed to, and most others are these: looking for
    // their words would cost more than all the rest.
    if name.starts_with(':') || is_ordinary(name) {
        return None;
    }
    // Servers of CGI's kind, as of WSGI and PHP, take an underscore for a dash.
    let dashed = name.contains('_').then(|| name.replace('_', "-"));
    carried(table::HEADERS, dashed.as_deref().unwrap_or(name), name)
}

/// Returns what stands under a name: by its row, or else by its words. `lower` is the name in lower
/// case; capitals may begin words.
fn carried(rows: &[CarrierRow], lower: &str, name: &str) -> Option<Carries> {
    let row = rows.iter().find(|row| row.has(lower));
    let by_words = || words::name_a_credential(name).then_some(Carries::Key);
    row.map(|row| row.carries).or_else(by_words)
}

/// Returns whether a header is one that nearly every request has, and no credential.
fn is_ordinary(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "anthropic-beta"
            | "anthropic-version"
            | "connection"
            | "content-length"
            | "content-type"
            | "traceparent"
            | "user-agent"
            | "x-envoy-internal"
            | "x-forwarded-for"
            | "x-forwarded-proto"
            | "x-request-id"
    )
}

/// Returns what a query parameter carries, by its decoded name; `None` where it is no credential.
#[must_use]
pub fn of_parameter(name: &str) -> Option<Carries> {
    // Google's may be written with a `$`.
    let name = name.strip_prefix('$').unwrap_or(name);
    carried(table::QUERY, &name.to_ascii_lowercase(), name)
}

/// Returns what of a header's value may stand beside the proxy's credential; `None` where nothing
/// may. The header must be one that carries a credential.
///
/// Only the list of a WebSocket's subprotocols holds more than credentials: of
/// `realtime, openai-insecure-api-key.KEY` there stays `realtime`, without which no session opens.
#[must_use]
pub fn harmless_part<'v>(name: &str, value: &'v [u8]) -> Option<Cow<'v, [u8]>> {
    if name != "sec-websocket-protocol" {
        return None;
    }
    let entries: Vec<&[u8]> = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    let is_kept = |entry: &&[u8]| *entry == b"realtime" || entry.starts_with(b"openai-beta.");
    let kept: Vec<&[u8]> = entries.iter().copied().filter(is_kept).collect();
    if kept.is_empty() {
        return None;
    }
    let is_whole = kept.len() == entries.len();
    Some(if is_whole { Cow::Borrowed(value) } else { Cow::Owned(kept.join(&b", "[..])) })
}

#[cfg(test)]
mod tests;
