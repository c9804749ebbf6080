//! Request headers: what is read of them, and which never go on.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::config::{Config, HeaderNames, Provider};
use crate::hash::{fnv_1a, mixed};
use crate::host::Headers;
use crate::request::path;
use crate::request::rewrite;
use crate::sort::ordered;

/// Headers that providers take for a client's credential.
const CREDENTIALS: [&str; 5] =
    ["authorization", "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key"];
/// And by which another credential than the client's would be refused, as it does not
/// belong to that account, or (`origin`) as browsers are to have none.
const ACCOUNTS: [&str; 5] = [
    "openai-organization",
    "openai-project",
    "x-goog-user-project",
    "x-amz-security-token",
    "origin",
];

/// Every header that must not stand beside the proxy's credential.
pub(super) fn credential_names() -> impl Iterator<Item = &'static str> {
    CREDENTIALS.into_iter().chain(ACCOUNTS)
}

/// Headers that attempts change beside those that the configuration names.
const CHANGED: [&str; 5] =
    [":path", ":authority", "content-length", "accept-encoding", "cache-control"];

/// Every header that an attempt may change, each once.
pub(super) fn changed(config: &Config) -> Vec<String> {
    let of_one = |provider: &Provider| {
        let set = provider.headers.iter().map(|(name, _)| name.clone());
        let credential = provider.credential.iter().map(|credential| credential.header.clone());
        set.chain(provider.remove_headers.iter().cloned()).chain(credential).collect::<Vec<_>>()
    };
    let fixed = CHANGED.into_iter().chain(credential_names()).map(str::to_owned);
    let mut names: Vec<String> = Vec::new();
    for name in fixed.chain(config.providers.iter().flat_map(of_one)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Headers by which a client could steer Envoy's own retries.
const STEERING: [&str; 4] =
    ["x-envoy-retry-", "x-envoy-retriable-", "x-envoy-hedge-", "x-envoy-max-retries"];
/// And by which it could make a deployment look too slow, or well when it is not.
const TIMEOUTS: [&str; 2] = ["x-envoy-upstream-", "x-envoy-expected-rq-"];

/// The headers of a request as they arrived.
#[derive(Debug, Clone, Default)]
pub struct RequestHead(Headers);

impl RequestHead {
    /// Headers with lower-case names.
    #[must_use]
    pub fn new(headers: Headers) -> Self {
        Self(headers)
    }

    /// Replaces all values of a header.
    pub(super) fn set(&mut self, name: &str, value: Vec<u8>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }

    /// All of them.
    pub(super) const fn list(&self) -> &Headers {
        &self.0
    }

    /// The first value of a header.
    pub(super) fn first(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// Every value of a header.
    pub(super) fn each(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let of_it = self.0.iter().filter(move |(known, _)| known == name);
        of_it.map(|(_, value)| value.as_slice())
    }

    /// Removes the credentials of which one value is that; their names.
    pub(super) fn remove_credentials(
        &mut self,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> Vec<&'static str> {
        let mut names: Vec<&str> = CREDENTIALS.into();
        names.retain(|name| self.each(name).any(&is_it));
        self.0.retain(|(known, _)| !names.contains(&known.as_str()));
        names
    }

    /// The first value of a header as text; other bytes than UTF-8 are replaced.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.first(name).map(String::from_utf8_lossy)
    }

    /// All values of a header as text, joined by commas; other bytes than UTF-8 are replaced.
    pub(super) fn all(&self, name: &str) -> Option<Cow<'_, str>> {
        self.joined(name).map(|value| match value {
            Cow::Borrowed(value) => String::from_utf8_lossy(value),
            Cow::Owned(value) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
        })
    }

    /// All values of a header, joined by commas as HTTP allows.
    pub(super) fn joined(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let mut joined = Cow::Borrowed(values.next()?.as_slice());
        for value in values {
            let joined = joined.to_mut();
            joined.push(b',');
            joined.extend_from_slice(value);
        }
        Some(joined)
    }

    /// Names of headers that are not sent on: control headers, and internal
    /// ones that only this filter or Envoy may set.
    pub(super) fn withheld(&self, names: &HeaderNames, is_judged: bool) -> Vec<&str> {
        let own = names.all();
        let withheld: Vec<&str> = self
            .0
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| own.contains(name) || is_steering(name, is_judged))
            .collect();
        let mut withheld = ordered(withheld);
        withheld.dedup();
        withheld
    }

    /// Whether there is a credential of the client's.
    pub(super) fn has_credential(&self) -> bool {
        let path = self.text(":path").unwrap_or_default();
        CREDENTIALS.iter().any(|name| self.first(name).is_some())
            || rewrite::has_credential(path::split(&path).1)
    }

    /// Headers that must not stand beside the proxy's credential.
    pub(super) fn credentials(&self) -> impl Iterator<Item = &'static str> {
        credential_names().filter(|name| self.first(name).is_some())
    }

    /// The announced length of the body, in bytes.
    pub(super) fn length(&self) -> Option<u64> {
        str::from_utf8(self.first("content-length")?).ok()?.parse().ok()
    }

    /// The headers that conditions ask for.
    pub(super) fn watched(&self, names: &[String]) -> BTreeMap<String, String> {
        let value = |name: &String| {
            let value = self.joined(name)?;
            Some((name.clone(), String::from_utf8(value.into_owned()).ok()?))
        };
        names.iter().filter_map(value).collect()
    }

    /// Where the request falls among all requests, from 0 up to, not including, 100.
    ///
    /// By its id, so that every worker and every retry of one request agree.
    #[must_use]
    pub fn sample(&self, random: u64) -> f64 {
        percent(mixed(self.hash(random)))
    }

    /// The same for the shadow, whose share has nothing to do with that of a route.
    pub(super) fn shadow_sample(&self, random: u64) -> f64 {
        percent(mixed(mixed(self.hash(random)).wrapping_add(1)))
    }

    fn hash(&self, random: u64) -> u64 {
        self.first("x-request-id").map_or(random, fnv_1a)
    }
}

/// A hash as a share of all hashes.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
fn percent(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64 * 100.0
}

fn is_steering(name: &str, is_judged: bool) -> bool {
    let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    is(&STEERING) || (is_judged && is(&TIMEOUTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_stable_and_even() {
        let at = |id: u32| {
            RequestHead::new(vec![("x-request-id".to_owned(), format!("id-{id}").into_bytes())])
                .sample(7)
        };
        assert_eq!(at(1).to_bits(), at(1).to_bits());
        let below = (0..10_000).filter(|id| at(*id) < 25.0).count();
        let sigma = (10_000.0f64 * 0.25 * 0.75).sqrt();
        assert!((below as f64 - 2500.0).abs() < 4.0 * sigma, "{below}");
        assert!((0..10_000).all(|id| (0.0..100.0).contains(&at(id))));
        assert!((0.0..100.0).contains(&RequestHead::default().sample(u64::MAX)));
    }
}
