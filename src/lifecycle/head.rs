//! The headers of a request: how they are read, and which of them never go on.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::config::{Config, Credential, HeaderNames, Provider};
use crate::hash::{fnv_1a, mixed};
use crate::host::Headers;
use crate::request::credential::{self, Carries};
use crate::sort::{map_of, ordered};
use crate::text::lossy;

/// Headers that attempts change whatever the configuration is.
const CHANGED: [&str; 5] =
    [":path", ":authority", "content-length", "accept-encoding", "cache-control"];

/// Headers that belong to one API, which a translated request has no use for. Attempts change them where a leg
/// of the plan is translated, and then the router hands them over as well.
pub(super) const OF_ONE_API: [&str; 6] = [
    "anthropic-version",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "openai-beta",
    "x-goog-api-client",
    "x-amzn-bedrock-accept",
];

/// Returns the name of every header that an attempt may change, whoever the client is, each once.
/// The credentials that a client sent come on top of these, and where a leg is translated [`OF_ONE_API`].
///
/// Envoy keeps one header map for all attempts of a request. Each attempt therefore puts the
/// client's values of all these headers back before it sets its own: otherwise the second
/// provider would get what was set for the first, its credential included.
pub(super) fn changed(config: &Config) -> Vec<String> {
    let of_one = |provider: &Provider| {
        let set = provider.headers.iter().map(|(name, _)| name.clone());
        let credential = provider.credential.iter().flat_map(Credential::header_names);
        let credential = credential.map(str::to_owned);
        set.chain(provider.remove_headers.iter().cloned()).chain(credential).collect::<Vec<_>>()
    };
    let fixed = CHANGED.into_iter().map(str::to_owned);
    let mut names: Vec<String> = Vec::new();
    for name in fixed.chain(config.providers.iter().flat_map(of_one)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How every header begins that Envoy reads itself.
const ENVOYS: &str = "x-envoy-";
/// What follows in headers by which a client could steer Envoy's own retries.
const STEERING: [&str; 4] = ["retry-", "retriable-", "hedge-", "max-retries"];
/// What follows in headers by which a client could set timeouts. With a short one it could make
/// a healthy deployment look too slow; with an alternative status for timeouts it could make
/// a slow one look healthy.
const TIMEOUTS: [&str; 2] = ["upstream-", "expected-rq-"];
/// How headers end by which providers and gateways let a client set timeouts: `x-server-timeout`
/// (Google), `grpc-timeout`, `x-litellm-timeout`, `cf-aig-request-timeout` and others.
const PROVIDERS_TIMEOUTS: [&str; 4] = ["timeout", "timeout-ms", "timeout_ms", "deadline"];

/// The headers of a request as they arrived, pseudo-headers included.
#[derive(Debug, Clone, Default)]
pub struct RequestHead(Headers);

impl RequestHead {
    /// Returns the head of a request. The names of the headers must be in lower case, as Envoy
    /// gives them.
    #[must_use]
    pub fn new(headers: Headers) -> Self {
        Self(headers)
    }

    /// Replaces all values of a header.
    pub(super) fn set(&mut self, name: &str, value: &[u8]) {
        self.0.remove(name);
        self.0.push(name, value);
    }

    /// Returns all headers in their order.
    pub(super) const fn list(&self) -> &Headers {
        &self.0
    }

    /// Returns the first value of a header.
    pub(super) fn first(&self, name: &str) -> Option<&[u8]> {
        self.0.first(name)
    }

    /// Returns whether there is a header that this filter reads or writes. Few requests have one.
    pub(super) fn has_own(&self, names: &HeaderNames) -> bool {
        self.0.iter().any(|(name, _)| names.has(name))
    }

    /// Returns every value of a header, in their order: a header can be there several times, and
    /// servers differ in which one they read.
    pub(super) fn each(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.each(name)
    }

    /// Removes every header whose value holds the admin token, as `holds` tells, and returns the
    /// names of those headers. All values of such a name go.
    pub(super) fn remove_holding(&mut self, holds: impl Fn(&[u8]) -> bool) -> Vec<String> {
        let is_of_it = |(name, value): &(&str, &[u8])| !name.starts_with(':') && holds(value);
        let names: Vec<String> =
            self.0.iter().filter(is_of_it).map(|(name, _)| name.to_owned()).collect();
        names.iter().for_each(|name| self.0.remove(name));
        names
    }

    /// Returns the first value of a header as text. Bytes that are not UTF-8 become
    /// replacement characters.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.first(name).map(lossy)
    }

    /// Returns all values of a header as text, joined by commas. Bytes that are not UTF-8
    /// become replacement characters.
    pub(super) fn all(&self, name: &str) -> Option<Cow<'_, str>> {
        self.joined(name).map(|value| match value {
            Cow::Borrowed(value) => lossy(value),
            Cow::Owned(value) => Cow::Owned(lossy(&value).into_owned()),
        })
    }

    /// Returns all values of a header, joined by commas as HTTP allows; `None` where the
    /// request does not have it. One value is borrowed, several are copied.
    pub(super) fn joined(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        // Nearly every header has one value, which needs no copy.
        let mut values = self.0.each(name);
        let mut joined = Cow::Borrowed(values.next()?);
        for value in values {
            let joined = joined.to_mut();
            joined.push(b',');
            joined.extend_from_slice(value);
        }
        Some(joined)
    }

    /// Returns the names of the headers that are not sent on, each once: the filter's own,
    /// which clients could use to name a cluster or a deployment, and those that steer
    /// Envoy's retries.
    ///
    /// `is_ours`: the request is one for this filter, so headers that set timeouts are
    /// withheld too. Other requests keep them.
    pub(super) fn withheld(&self, names: &HeaderNames, is_ours: bool) -> Vec<&str> {
        let is_withheld = |name: &&str| names.has(name) || is_steering(name, is_ours);
        let withheld: Vec<&str> = self.0.iter().map(|(name, _)| name).filter(is_withheld).collect();
        if withheld.is_empty() {
            return withheld;
        }
        // Each name is removed once, with all its values, and a call of the host costs more than
        // this.
        let mut withheld = ordered(withheld);
        withheld.dedup();
        withheld
    }

    /// Returns the headers that must not go to every provider, each once, with what it carries:
    /// credentials, names of accounts, choices of another model.
    pub(super) fn carried(&self) -> Vec<(String, Carries)> {
        let mut carried: Vec<(String, Carries)> = Vec::new();
        for (name, value) in self.0.iter() {
            let Some(carries) = credential::of_header(name) else { continue };
            // Of a list, each value is looked at: one of them may hold a key.
            let is_harmless =
                matches!(credential::harmless_part(name, value), Some(Cow::Borrowed(_)));
            if !is_harmless && !carried.iter().any(|(known, _)| known == name) {
                carried.push((name.to_owned(), carries));
            }
        }
        carried
    }

    /// Returns the protocol that the connection is to be upgraded to; `None` where it is to stay
    /// what it is. Envoy upgrades by both headers alone.
    pub(super) fn upgrade(&self) -> Option<String> {
        let protocol = self.text("upgrade")?;
        let connection = self.all("connection")?;
        let mut tokens = connection.split(',').map(str::trim);
        tokens.any(|token| token.eq_ignore_ascii_case("upgrade")).then(|| protocol.into_owned())
    }

    /// Returns the announced length of the body, in bytes; `None` where there is none that can
    /// be read.
    pub(super) fn length(&self) -> Option<u64> {
        str::from_utf8(self.first("content-length")?).ok()?.parse().ok()
    }

    /// Returns those of the named headers that the request has, for conditions to compare. A
    /// header whose value is not UTF-8 counts as absent.
    pub(super) fn watched(&self, names: &[String]) -> BTreeMap<String, String> {
        let value = |name: &String| {
            let value = self.joined(name)?;
            Some((name.clone(), String::from_utf8(value.into_owned()).ok()?))
        };
        map_of(names.iter().filter_map(value))
    }

    /// Returns where the request falls among all requests: a number from 0 up to, but not
    /// including, 100. A condition for 10 percent of requests holds below 10.
    ///
    /// The number is a hash of the request id, so every worker and every retry of one request
    /// agree. `random` is used where there is no id.
    #[must_use]
    pub fn sample(&self, random: u64) -> f64 {
        percent(mixed(self.hash(random)))
    }

    /// Returns the same for the shadow. It is another hash, so that the requests which the
    /// shadow sees are a fair sample of every route, also of one for 10 percent.
    pub(super) fn shadow_sample(&self, random: u64) -> f64 {
        percent(mixed(mixed(self.hash(random)).wrapping_add(1)))
    }

    /// Returns a hash of the request id, or `random` where there is none.
    fn hash(&self, random: u64) -> u64 {
        self.first("x-request-id").map_or(random, fnv_1a)
    }
}

/// Returns a hash as a percentage of all hashes.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
fn percent(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64 * 100.0
}

/// Returns whether a header could steer Envoy's retries or, for a request of this filter, set its
/// timeouts.
fn is_steering(name: &str, is_ours: bool) -> bool {
    let is_of = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let steers = |rest: &str| {
        let is = |starts: &[&str]| starts.iter().any(|start| rest.starts_with(start));
        is(&STEERING) || (is_ours && is(&TIMEOUTS))
    };
    (is_ours && is_of(&PROVIDERS_TIMEOUTS)) || name.strip_prefix(ENVOYS).is_some_and(steers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_stable_and_even() {
        let at = |id: u32| {
            RequestHead::new([("x-request-id", format!("id-{id}"))].into_iter().collect()).sample(7)
        };
        assert_eq!(at(1).to_bits(), at(1).to_bits());
        let below = (0..10_000).filter(|id| at(*id) < 25.0).count();
        let sigma = (10_000.0f64 * 0.25 * 0.75).sqrt();
        assert!((below as f64 - 2500.0).abs() < 4.0 * sigma, "{below}");
        assert!((0..10_000).all(|id| (0.0..100.0).contains(&at(id))));
        assert!((0.0..100.0).contains(&RequestHead::default().sample(u64::MAX)));
    }
}
