//! What the router hands to the attempts of a request, as bytes in filter state.
//!
//! All that an attempt needs and cannot know: whom to try in which order, what to
//! make of the body for each, and what the client sent of the headers that attempts
//! change. No secrets of the proxy's. Deployments and providers go by name: the
//! attempts' configuration may be a newer one.

use std::borrow::Cow;
use std::ops::Range;

use crate::codec::{Reader, Writer};
use crate::request::format::Format;
use crate::request::rewrite::Edit;

use super::work::Work;

/// Of the layout below; another one is not read.
pub(super) const VERSION: u8 = 3;

/// What the router hands to the attempts of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Handover<'a> {
    pub(super) work: Work,
    /// The model that was asked for, as metrics call it.
    pub(super) asked: &'a str,
    pub(super) disable_cache: bool,
    /// The first attempt, which was started with the decision, as numbers.
    pub(super) begun: Option<[u64; 4]>,
    /// Of the client's body, in bytes, if it is announced.
    pub(super) length: Option<u64>,
    pub(super) legs: Legs,
    /// Headers that attempts change, as the client sent them; `None`: not at all.
    pub(super) original: Vec<(&'a str, Option<Cow<'a, [u8]>>)>,
}

/// Everything that may be tried, and in which order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Legs {
    /// The legs of all lists.
    pub(super) all: Vec<Leg>,
    /// The first so many legs are the model's own.
    pub(super) own: usize,
    /// Those and its fallbacks.
    pub(super) general: Range<usize>,
    pub(super) context_window: Range<usize>,
    pub(super) content_policy: Range<usize>,
    pub(super) rate_limit: Range<usize>,
}

/// Something to try.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leg {
    /// Its deployment's id; none for an upstream model that the client named itself.
    pub(super) deployment: Option<String>,
    pub(super) provider: String,
    pub(super) cluster: String,
    /// The model it serves.
    pub(super) model: String,
    /// How it is called in response headers.
    pub(super) name: String,
    pub(super) path: String,
    /// What to change in the client's body.
    pub(super) edits: Vec<Edit>,
}

impl<'a> Handover<'a> {
    /// Returns a header that attempts change as the client sent it.
    pub(super) fn sent(&self, name: &str) -> Option<&[u8]> {
        let (_, sent) = self.original.iter().find(|(known, _)| *known == name)?;
        sent.as_deref()
    }

    /// Has attempts take this for the length that the client announced.
    pub(super) fn announce(&mut self, length: u64) {
        let mut all = self.original.iter_mut();
        if let Some((_, sent)) = all.find(|(name, _)| *name == "content-length") {
            *sent = Some(length.to_string().into_bytes().into());
        }
    }

    /// Returns it as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::new(VERSION);
        let Work {
            format,
            tokens,
            is_estimated,
            is_processed,
            is_text,
            may_name_others,
            has_clients_credential,
        } = self.work;
        to.number(u64::from(format.code()));
        to.number(tokens);
        let of_work =
            [is_estimated, is_processed, is_text, may_name_others, has_clients_credential];
        of_work.into_iter().for_each(|flag| to.flag(flag));
        to.flag(self.disable_cache);
        to.text(self.asked);
        to.option(self.begun, |to, numbers| numbers.into_iter().for_each(|n| to.number(n)));
        to.option(self.length, Writer::number);
        self.legs.write(&mut to);
        to.list(&self.original, |to, (name, sent)| {
            to.text(name);
            to.option(sent.as_deref(), Writer::bytes);
        });
        to.finish()
    }

    /// Returns what those bytes say; `None` where they are of another layout.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let from = &mut Reader::new(bytes, VERSION)?;
        Some(Self {
            work: Work {
                format: Format::from_code(u8::try_from(from.number()?).ok()?)?,
                tokens: from.number()?,
                is_estimated: from.flag()?,
                is_processed: from.flag()?,
                is_text: from.flag()?,
                may_name_others: from.flag()?,
                has_clients_credential: from.flag()?,
            },
            disable_cache: from.flag()?,
            asked: from.str()?,
            begun: from.option(|from| {
                Some([from.number()?, from.number()?, from.number()?, from.number()?])
            })?,
            length: from.option(Reader::number)?,
            legs: Legs::read(from)?,
            original: from
                .list(|from| Some((from.str()?, from.option(Reader::slice)?.map(Cow::Borrowed))))?,
        })
    }
}

impl Legs {
    /// Returns the leg at that place.
    pub(super) fn get(&self, at: usize) -> Option<&Leg> {
        self.all.get(at)
    }

    /// Returns the list that a leg belongs to.
    pub(super) fn list_of(&self, at: usize) -> Option<&Range<usize>> {
        let lists = [&self.general, &self.context_window, &self.content_policy, &self.rate_limit];
        lists.into_iter().find(|list| list.contains(&at))
    }

    fn write(&self, to: &mut Writer) {
        to.number(self.own as u64);
        for range in [&self.general, &self.context_window, &self.content_policy, &self.rate_limit] {
            to.number(range.start as u64);
            to.number(range.end as u64);
        }
        to.list(&self.all, |to, leg| leg.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            own: from.index()?,
            general: from.index()?..from.index()?,
            context_window: from.index()?..from.index()?,
            content_policy: from.index()?..from.index()?,
            rate_limit: from.index()?..from.index()?,
            all: from.list(Leg::read)?,
        })
    }
}

impl Leg {
    fn write(&self, to: &mut Writer) {
        to.option(self.deployment.as_deref(), Writer::text);
        for text in [&self.provider, &self.cluster, &self.model, &self.name, &self.path] {
            to.text(text);
        }
        to.list(&self.edits, |to, edit| {
            to.number(edit.range.start);
            to.number(edit.range.end);
            to.bytes(&edit.with);
        });
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            deployment: from.option(Reader::text)?,
            provider: from.text()?,
            cluster: from.text()?,
            model: from.text()?,
            name: from.text()?,
            path: from.text()?,
            edits: from.list(|from| {
                Some(Edit { range: from.number()?..from.number()?, with: from.bytes()? })
            })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handover() -> Handover<'static> {
        let leg = |name: &str, deployment: Option<&str>| Leg {
            deployment: deployment.map(str::to_owned),
            provider: "p".to_owned(),
            cluster: "c".to_owned(),
            model: "m".to_owned(),
            name: name.to_owned(),
            path: "/v1/chat/completions?a=b".to_owned(),
            edits: vec![Edit { range: 9..u64::MAX, with: vec![0, 255] }],
        };
        Handover {
            work: Work {
                format: Format::AnthropicMessages,
                tokens: u64::MAX,
                is_estimated: true,
                is_processed: true,
                is_text: false,
                may_name_others: true,
                has_clients_credential: true,
            },
            asked: "m",
            disable_cache: false,
            begun: Some([1, 0, u64::MAX, 2]),
            length: Some(300),
            legs: Legs {
                all: vec![leg("a", Some("a")), leg("p:x", None)],
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
