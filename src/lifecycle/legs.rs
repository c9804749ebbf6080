//! The legs of a plan as the router hands them over: what may be tried, in which order, and how the request is changed
//! for each deployment.

use std::borrow::Cow;
use std::ops::Range;

use crate::codec::{Reader, Writer};
use crate::request::format::{Format, Task};
use crate::request::rewrite::Edit;
use crate::request::strip::with_removal;

/// Everything that may be tried, as numbered legs, and the lists that say in which order.
///
/// A list is a range of numbers. For example, a model with two deployments, one fallback and
/// one deployment for long contexts has the legs 0 to 3, `own` 2, `general` 0..3 and
/// `context_window` 3..4. Where no list is configured for a kind of failure, its range is that
/// of the fallbacks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Legs {
    /// The legs of all lists; a leg's number is its place here.
    pub(super) all: Vec<Leg>,
    /// The edits that leave out what only one account can read, for the legs that cannot read it.
    pub(super) removal: Vec<Edit>,
    /// How many legs belong to the model itself. They are the first ones.
    pub(super) own: usize,
    /// The model's own legs and its fallbacks.
    pub(super) general: Range<usize>,
    /// What to try where the request does not fit the model.
    pub(super) context_window: Range<usize>,
    /// What to try where a provider refuses the content.
    pub(super) content_policy: Range<usize>,
    /// What to try where the model's own deployments are at their limits.
    pub(super) rate_limit: Range<usize>,
}

/// One deployment to try, with all changes that the request needs for it. The router makes them
/// while it has the body; an attempt filter sees the body only as it passes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leg {
    /// The id of the deployment; `None` for an upstream model that the client named itself.
    pub(super) deployment: Option<String>,
    /// The name of the provider, by which the attempt finds the credential.
    pub(super) provider: String,
    /// The cluster that Envoy's route goes to.
    pub(super) cluster: String,
    /// The model that it serves, by its name in the configuration.
    pub(super) model: String,
    /// Its name in response headers and logs. It may be the client's own text.
    pub(super) name: String,
    /// How the client's request becomes one for the provider.
    pub(super) request: LegRequest,
    /// Whether the provider gets the body without the state that it cannot read.
    pub(super) is_stripped: bool,
}

/// How the client's request becomes one for a deployment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LegRequest {
    /// It is sent as it is, with some edits.
    Edited {
        /// The path for this provider, with the query.
        path: String,
        /// The edits of the body.
        edits: Vec<Edit>,
    },
    /// The attempt translates it. Boxed, because it is rare and larger than the other.
    Translated(Box<TranslatedLeg>),
}

/// What an attempt needs to translate a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TranslatedLeg {
    /// The provider's format.
    pub(super) into: Format,
    /// The model, as the provider calls it.
    pub(super) model: String,
    /// The limit of the answer in tokens, if the client gives none.
    pub(super) max_tokens: u64,
    /// Members that the body gets if it has none of that setting, as a JSON object; empty if there are none.
    pub(super) defaults: String,
    /// Members that the deployment overrides, as a JSON object; empty if there are none.
    pub(super) overrides: String,
}

impl Legs {
    /// Returns the leg with that number.
    pub(super) fn get(&self, at: usize) -> Option<&Leg> {
        self.all.get(at)
    }

    /// Returns whether a request is translated for any of them.
    pub(super) fn are_translated(&self) -> bool {
        self.all.iter().any(|leg| matches!(leg.request, LegRequest::Translated(_)))
    }

    /// Returns all edits of the body for a leg.
    pub(super) fn edits<'l>(&self, leg: &'l Leg) -> Cow<'l, [Edit]> {
        let edits = match &leg.request {
            LegRequest::Edited { edits, .. } => edits.as_slice(),
            LegRequest::Translated(_) => &[],
        };
        if leg.is_stripped {
            return with_removal(edits.to_vec(), &self.removal).into();
        }
        Cow::Borrowed(edits)
    }

    /// Returns the list that a leg belongs to. A fallback may stand in for a missing list; it
    /// then counts as one of the general list.
    pub(super) fn list_of(&self, at: usize) -> Option<&Range<usize>> {
        let lists = [&self.general, &self.context_window, &self.content_policy, &self.rate_limit];
        lists.into_iter().find(|list| list.contains(&at))
    }

    /// Appends the bytes that [`Legs::read`] reads.
    pub(super) fn write(&self, to: &mut Writer) {
        to.number(self.own as u64);
        for range in [&self.general, &self.context_window, &self.content_policy, &self.rate_limit] {
            to.number(range.start as u64);
            to.number(range.end as u64);
        }
        write_edits(to, &self.removal);
        to.list(&self.all, |to, leg| leg.write(to));
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            own: from.index()?,
            general: from.index()?..from.index()?,
            context_window: from.index()?..from.index()?,
            content_policy: from.index()?..from.index()?,
            rate_limit: from.index()?..from.index()?,
            removal: read_edits(from)?,
            all: from.list(Leg::read)?,
        })
    }
}

impl Leg {
    /// Appends the bytes that [`Leg::read`] reads.
    fn write(&self, to: &mut Writer) {
        to.option(self.deployment.as_deref(), Writer::text);
        for text in [&self.provider, &self.cluster, &self.model, &self.name] {
            to.text(text);
        }
        match &self.request {
            LegRequest::Edited { path, edits } => {
                to.flag(false);
                to.text(path);
                write_edits(to, edits);
            }
            LegRequest::Translated(leg) => {
                to.flag(true);
                leg.write(to);
            }
        }
        to.flag(self.is_stripped);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            deployment: from.option(Reader::text)?,
            provider: from.text()?,
            cluster: from.text()?,
            model: from.text()?,
            name: from.text()?,
            request: if from.flag()? {
                LegRequest::Translated(Box::new(TranslatedLeg::read(from)?))
            } else {
                LegRequest::Edited { path: from.text()?, edits: read_edits(from)? }
            },
            is_stripped: from.flag()?,
        })
    }

    /// Returns whether it can be asked for work of that kind. A count of tokens is never translated.
    pub(super) fn may_serve(&self, task: Task) -> bool {
        task != Task::CountTokens || matches!(self.request, LegRequest::Edited { .. })
    }

    /// Returns the format in which its provider is asked. `asked` is the client's.
    pub(super) const fn format(&self, asked: Format) -> Format {
        match &self.request {
            LegRequest::Edited { .. } => asked,
            LegRequest::Translated(leg) => leg.into,
        }
    }
}

impl TranslatedLeg {
    /// Appends the bytes that [`TranslatedLeg::read`] reads.
    fn write(&self, to: &mut Writer) {
        to.number(u64::from(self.into.code()));
        to.text(&self.model);
        to.number(self.max_tokens);
        to.text(&self.defaults);
        to.text(&self.overrides);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            into: Format::from_code(u8::try_from(from.number()?).ok()?)?,
            model: from.text()?,
            max_tokens: from.number()?,
            defaults: from.text()?,
            overrides: from.text()?,
        })
    }
}

fn write_edits(to: &mut Writer, edits: &[Edit]) {
    to.list(edits, |to, edit| {
        to.number(edit.range.start);
        to.number(edit.range.end);
        to.bytes(&edit.with);
    });
}

fn read_edits(from: &mut Reader<'_>) -> Option<Vec<Edit>> {
    from.list(|from| Some(Edit { range: from.number()?..from.number()?, with: from.bytes()? }))
}
