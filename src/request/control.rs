//! Control headers: what a request's headers ask of routing.
//!
//! Which of them a client may use is decided here and nowhere else: a header
//! that is not allowed is never read. Values are bounded in size and number.

use std::collections::BTreeMap;

use crate::hash;
use crate::sort::map_of;

/// Longest control header that is read, in bytes.
const LONGEST: usize = 8 * 1024;
/// Most entries of a comma list.
const MOST: usize = 64;
/// Longest tag, in bytes.
const LONGEST_TAG: usize = 128;

/// What control headers ask for. Each field is what one header says, in the order in which
/// docs/routing-reference.md explains them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Controls {
    /// Forces a route.
    pub route: Option<String>,
    /// Picks a variant.
    pub variant: Option<String>,
    /// Restricts to a provider.
    pub provider: Option<String>,
    /// Pins a deployment.
    pub deployment: Option<String>,
    /// Fallback models, in order; empty: the configured ones.
    pub fallbacks: Vec<String>,
    /// Labels; `None`: the body's.
    pub tags: Option<Vec<String>>,
    /// Params over those of the body.
    pub params: BTreeMap<String, String>,
    /// Hash of what tells the session.
    pub session: Option<u64>,
    /// Most a candidate may cost, in USD.
    pub cost_limit_usd: Option<f64>,
}

/// A control header whose value cannot be read: the request is refused, so that no typing
/// error sends it elsewhere than was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadControl {
    /// Its name as configured.
    pub header: String,
    /// What it should hold.
    pub wanted: &'static str,
}

/// Returns one header value as text.
///
/// # Errors
/// [`BadControl`] where it is too long, or not UTF-8.
pub fn text(header: &str, value: &[u8]) -> Result<String, BadControl> {
    let is_short = value.len() <= LONGEST;
    let text = str::from_utf8(value).ok().filter(|_| is_short).map(|text| text.trim().to_owned());
    text.ok_or_else(|| BadControl {
        header: header.to_owned(),
        wanted: "UTF-8 text of at most 8192 bytes",
    })
}

/// Returns an amount in USD.
///
/// # Errors
/// [`BadControl`] where it is no number or below 0.
pub fn amount(header: &str, value: &str) -> Result<f64, BadControl> {
    let amount = value.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| BadControl {
        header: header.to_owned(),
        wanted: "a number of US dollars, 0 or more",
    })
}

/// Returns the hash of what tells a session, whatever its bytes are; an empty header tells
/// none. The value itself is kept nowhere.
#[must_use]
pub fn session(value: &[u8]) -> Option<u64> {
    let value = value.trim_ascii();
    (!value.is_empty()).then(|| hash::of(value))
}

/// Returns the names of a comma list, trimmed, each once and without empty ones.
#[must_use]
pub fn names(value: &str) -> Vec<String> {
    let mut names = list(value);
    let mut known = std::collections::BTreeSet::new();
    names.retain(|name| known.insert(name.clone()));
    names
}

/// Returns the entries of a comma list, trimmed, without empty ones. Those that are one too
/// many are dropped.
fn list(value: &str) -> Vec<String> {
    let entries = value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.take(MOST).map(str::to_owned).collect()
}

/// Returns the tags of a comma list, each once. What cannot be a tag is dropped.
#[must_use]
pub fn tags(value: &str) -> Vec<String> {
    let mut tags = names(value);
    tags.retain(|tag| is_tag(tag));
    tags
}

/// Returns whether the text can be a tag: at most 128 bytes of printable ASCII without spaces.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    (1..=LONGEST_TAG).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns the `key=value` entries of a comma list. Of equal keys the last counts.
///
/// # Errors
/// [`BadControl`] where an entry has no `=`, or nothing before it.
pub fn params(header: &str, value: &str) -> Result<BTreeMap<String, String>, BadControl> {
    let pair = |entry: String| {
        let (key, value) = entry.split_once('=')?;
        let (key, value) = (key.trim(), value.trim());
        (!key.is_empty()).then(|| (key.to_owned(), value.to_owned()))
    };
    let pairs: Option<Vec<_>> = list(value).into_iter().map(pair).collect();
    pairs.map(map_of).ok_or_else(|| BadControl {
        header: header.to_owned(),
        wanted: "a comma list of key=value",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_printable_ascii_without_spaces() {
        let long = "x".repeat(129);
        let value = format!("prod, eu-west ,,a b,naïve,{long}");
        assert_eq!(tags(&value), ["prod", "eu-west"]);
    }

    #[test]
    fn params_are_pairs() {
        let read = params("x-llm-params", "tier=fast, region = eu,empty=,a=b=c").unwrap();
        let pairs: Vec<(&str, &str)> =
            read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "b=c"), ("empty", ""), ("region", "eu"), ("tier", "fast")]);
        assert!(params("x-llm-params", "tier").is_err());
        assert!(params("x-llm-params", "=fast").is_err());
    }

    #[test]
    fn amounts_are_finite_and_not_negative() {
        assert_eq!(amount("h", "0.25"), Ok(0.25));
        for bad in ["", "-1", "NaN", "inf", "1e999", "1,5", "$1"] {
            assert!(amount("h", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_are_bounded() {
        assert_eq!(list(&"a,".repeat(10_000)).len(), MOST);
        assert!(text("h", &[b'a'; 8193]).is_err());
        assert!(text("h", &[0xff]).is_err());
    }
}
