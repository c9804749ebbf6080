//! What the router hands to the attempts of a request, as bytes in filter state.
//!
//! It is what an attempt needs and cannot find out by itself: the deployments to try and their
//! order, the edits of the body for each, and the client's values of the headers that attempts
//! change. It holds no secret of the proxy's.
//!
//! Deployments and providers are handed over by name, not by index: the attempt filter may
//! already run a newer configuration, in which they stand elsewhere or have gone.

use std::borrow::Cow;

use crate::codec::{Reader, Writer};
use crate::request::format::{Format, Task};
use crate::state::{ATTEMPT_NUMBERS, HOLD_NUMBERS};

use super::legs::Legs;
use super::work::Work;

/// The version of the layout of [`Handover`] and of `Progress`. While a new version of the
/// filter is rolled out, a router of one version may meet an attempt filter of another, so
/// bytes of another layout are not read.
pub(super) const VERSION: u8 = 8;

/// What the router hands to the attempts of a request.
///
/// Text and headers are borrowed: by the router from the request, by an attempt from the
/// bytes. Only the legs are owned, because an attempt keeps them until its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Handover<'a> {
    pub(super) work: Work,
    /// The model that the client asked for, as a label of metrics.
    pub(super) asked: &'a str,
    /// Whether the provider is asked to serve nothing from a cache.
    pub(super) disable_cache: bool,
    /// The first attempt, which began with the decision, as `state::Attempt` writes itself;
    /// `None` where no state is kept of it.
    pub(super) begun: Option<[u64; ATTEMPT_NUMBERS]>,
    /// What is reserved for the request of its tenant's budget: the name of a tenant with a budget
    /// of its own, and numbers, as `state::TenantHold` writes itself.
    pub(super) hold: Option<(&'a str, [u64; HOLD_NUMBERS])>,
    /// The announced length of the client's body, in bytes.
    pub(super) length: Option<u64>,
    pub(super) legs: Legs,
    /// The client's value of every header that an attempt may change; `None` where the client
    /// did not send it.
    pub(super) original: Vec<(&'a str, Option<Cow<'a, [u8]>>)>,
}

impl<'a> Handover<'a> {
    /// Returns the client's value of a header that attempts change.
    pub(super) fn sent(&self, name: &str) -> Option<&[u8]> {
        let (_, sent) = self.original.iter().find(|(known, _)| *known == name)?;
        sent.as_deref()
    }

    /// Notes a length of the body, in bytes, as if the client had announced it. The buffer
    /// filter adds one to requests without a length, and each attempt has to correct it.
    pub(super) fn announce(&mut self, length: u64) {
        let mut all = self.original.iter_mut();
        if let Some((_, sent)) = all.find(|(name, _)| *name == "content-length") {
            *sent = Some(length.to_string().into_bytes().into());
        }
    }

    /// Returns the bytes that [`Handover::decode`] reads.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::new(VERSION);
        // Taken apart, so that a new field does not compile before it is written here.
        let Work {
            format,
            task,
            fingerprint,
            tokens,
            is_estimated,
            may_name_others,
            has_clients_credential,
        } = self.work;
        to.number(u64::from(format.code()));
        to.number(u64::from(task.code()));
        to.number(u64::from(fingerprint));
        to.number(tokens);
        // The order of the flags is that in which `decode` reads them.
        let of_work = [is_estimated, may_name_others, has_clients_credential];
        of_work.into_iter().for_each(|flag| to.flag(flag));
        to.flag(self.disable_cache);
        to.text(self.asked);
        to.option(self.begun, |to, numbers| numbers.into_iter().for_each(|n| to.number(n)));
        to.option(self.hold, |to, (name, numbers)| {
            to.text(name);
            numbers.into_iter().for_each(|n| to.number(n));
        });
        to.option(self.length, Writer::number);
        self.legs.write(&mut to);
        to.list(&self.original, |to, (name, sent)| {
            to.text(name);
            to.option(sent.as_deref(), Writer::bytes);
        });
        to.finish()
    }

    /// Returns what the bytes say; `None` where they have another layout or are cut.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let from = &mut Reader::new(bytes, VERSION)?;
        Some(Self {
            work: Work {
                format: Format::from_code(u8::try_from(from.number()?).ok()?)?,
                task: Task::from_code(u8::try_from(from.number()?).ok()?)?,
                fingerprint: u32::try_from(from.number()?).ok()?,
                tokens: from.number()?,
                is_estimated: from.flag()?,
                may_name_others: from.flag()?,
                has_clients_credential: from.flag()?,
            },
            disable_cache: from.flag()?,
            asked: from.str()?,
            begun: from.option(numbers)?,
            hold: from.option(|from| Some((from.str()?, numbers(from)?)))?,
            length: from.option(Reader::number)?,
            legs: Legs::read(from)?,
            original: from
                .list(|from| Some((from.str()?, from.option(Reader::slice)?.map(Cow::Borrowed))))?,
        })
    }
}

/// Reads so many numbers.
fn numbers<const COUNT: usize>(from: &mut Reader<'_>) -> Option<[u64; COUNT]> {
    let mut numbers = [0; COUNT];
    for number in &mut numbers {
        *number = from.number()?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::super::legs::{Leg, LegRequest, TranslatedLeg};
    use super::*;
    use crate::request::rewrite::Edit;

    fn handover() -> Handover<'static> {
        let leg = |name: &str, deployment: Option<&str>| Leg {
            deployment: deployment.map(str::to_owned),
            provider: "p".to_owned(),
            cluster: "c".to_owned(),
            model: "m".to_owned(),
            name: name.to_owned(),
            request: if deployment.is_some() {
                let edits = vec![Edit { range: 9..u64::MAX, with: vec![0, 255] }];
                LegRequest::Edited { path: "/v1/chat/completions?a=b".to_owned(), edits }
            } else {
                LegRequest::Translated(Box::new(TranslatedLeg {
                    into: Format::OpenAiChat,
                    model: "gpt".to_owned(),
                    max_tokens: u64::MAX,
                    defaults: "{}".to_owned(),
                    overrides: "{}".to_owned(),
                }))
            },
            is_stripped: deployment.is_none(),
        };
        Handover {
            work: Work {
                format: Format::AnthropicMessages,
                task: Task::CountTokens,
                fingerprint: u32::MAX,
                tokens: u64::MAX,
                is_estimated: true,
                may_name_others: true,
                has_clients_credential: true,
            },
            asked: "m",
            disable_cache: false,
            begun: Some([1, 0, u64::MAX, 2, 9, 5]),
            hold: Some(("acme", [0, 1, 2, 3, 4, 5, 6, u64::MAX])),
            length: Some(300),
            legs: Legs {
                all: vec![leg("a", Some("a")), leg("p:x", None)],
                removal: vec![Edit { range: 1..2, with: Vec::new() }],
                own: 1,
                general: 0..2,
                context_window: 2..2,
                content_policy: 0..0,
                rate_limit: 1..2,
            },
            original: vec![("a", None), ("b", Some(vec![0xff].into()))],
        }
    }

    #[test]
    fn what_is_handed_over_arrives() {
        let handover = handover();
        assert_eq!(Handover::decode(&handover.encode()), Some(handover));
    }

    #[test]
    fn what_is_cut_or_of_another_layout_is_nothing() {
        let mut bytes = handover().encode();
        for length in 0..bytes.len() {
            assert_eq!(Handover::decode(&bytes[..length]), None, "{length}");
        }
        bytes[0] = VERSION + 1;
        assert_eq!(Handover::decode(&bytes), None);
    }
}
