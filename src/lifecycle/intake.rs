//! The one reading of a request's headers: whether the request is one for this filter, and
//! what its path and headers say. All later steps use the [`Intake`] and read no header that
//! decides anything.

use std::collections::BTreeMap;

use crate::config::{ClientHeaders, Config};
use crate::request::content_type::{self, BadContentType, BodyType};
use crate::request::control::{self, BadControl, Controls};
use crate::request::credential::Carries;
use crate::request::document::Document;
use crate::request::facts::{Fact, RequestFacts, Tokens, Unseen};
use crate::request::format::BodyKind;
use crate::request::path::{self, Call};
use crate::request::rewrite;
use crate::request::scan::ScanError;
use crate::routing;
use crate::text::lossy;

use super::head::RequestHead;
use super::payer::Payer;
use super::unread::Unread;

/// Longest path with its query, in bytes. The bound is that of most servers. There is one because
/// the path is copied for each deployment of a plan.
const LONGEST_PATH: usize = 8192;

/// A request for this filter, as its path and headers describe it.
///
/// It is made once for each request. Whatever has an `Intake` needs no header to decide; the
/// headers are kept only to make those for the provider.
#[derive(Debug)]
pub(super) struct Intake {
    /// The headers as they came, from which the headers for the provider are made.
    pub(super) head: RequestHead,
    /// The headers that must not go to every provider, each once, with what it carries.
    pub(super) carried: Vec<(String, Carries)>,
    /// Whether the client sent a credential, in a header or in the query.
    pub(super) has_credential: bool,
    /// The operation that its path asks for, and the model where the path names it.
    pub(super) call: Call,
    /// The type of its body, which decides which scanner reads it, or why none does; `None` where
    /// requests of this kind have no body.
    pub(super) body: Result<Option<BodyType>, BadContentType>,
    /// The protocol that the connection is to be upgraded to, if it is.
    pub(super) upgrade: Option<String>,
    /// The announced length of the body, in bytes; `None` where none is announced.
    pub(super) length: Option<u64>,
    /// The seed for everything that is drawn for this request, such as a weighted pick.
    pub(super) seed: u64,
    /// Where the request falls among all requests: from 0 up to, but not including, 100.
    pub(super) sample: f64,
    /// Whether the shadow is evaluated for this request.
    pub(super) is_shadowed: bool,
    /// Who it is billed to.
    pub(super) payer: Payer,
    /// The headers that conditions of the configuration compare.
    watched: BTreeMap<String, String>,
}

impl Intake {
    /// Reads the head of a request.
    ///
    /// A request is one for this filter if its method and path are in the table of wire
    /// formats: `POST /v1/chat/completions` is, and `GET /v1/files` is not. Its content type
    /// does not matter, because a server may read JSON whatever the type is.
    ///
    /// `seed` returns the seed for this request. It is called only if the request is one for
    /// this filter, because it costs a call of the host.
    ///
    /// # Errors
    /// The head itself, unchanged, where the request is not for this filter.
    pub(super) fn read(
        config: &Config,
        head: RequestHead,
        seed: impl FnOnce() -> u64,
    ) -> Result<Self, RequestHead> {
        let method = head.first(":method").unwrap_or_default();
        let path = head.text(":path").unwrap_or_default();
        let Some(call) = config.paths.call(method, &path) else {
            // The path may borrow from the head, which is returned.
            drop(path);
            return Err(head);
        };
        // Gemini's clients send their key in the query.
        let is_in_query =
            !call.is_at(&path) && path::split(&path).1.is_some_and(rewrite::has_credential);
        drop(path);
        let body = body_type(&head, call.entry.body);
        let seed = seed();
        let carried = head.carried();
        let shadow = config.shadow.as_ref();
        Ok(Self {
            length: head.length(),
            upgrade: head.upgrade(),
            sample: head.sample(seed),
            is_shadowed: shadow.is_some_and(|s| head.shadow_sample(seed) < s.sample_percent),
            payer: Payer::of(config, &head),
            watched: head.watched(&config.watched_headers),
            has_credential: is_in_query
                || carried.iter().any(|(_, carries)| *carries == Carries::Key),
            carried,
            call,
            body,
            seed,
            head,
        })
    }

    /// Returns why the request must not be read, as far as the headers tell; `None` where it can
    /// be. `is_end`: the request ends with its headers.
    ///
    /// Compressed bodies and foreign content types are not read because the provider would read
    /// another text than the scanner.
    pub(super) fn against_reading(&self, config: &Config, is_end: bool) -> Option<Unread> {
        if self.head.first(":path").is_some_and(|path| path.len() > LONGEST_PATH) {
            return Some(Unread::PathTooLong { limit: LONGEST_PATH });
        }
        if let Some(unread) = self.against_upgrading() {
            return Some(unread);
        }
        let limit = config.limits.max_body_bytes;
        match &self.body {
            Ok(Some(_)) => {}
            // What follows an upgrade is no body.
            Ok(None) if is_end || self.upgrade.is_some() => return None,
            Ok(None) => {
                let what = "a request of this kind may not have a body";
                return Some(Unread::Unparsable(ScanError::Malformed { at: 0, what }));
            }
            Err(bad) => return Some(Unread::ContentType(bad.clone())),
        }
        // Several codings may be listed, in several headers. Only `identity` changes nothing.
        let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        if let Some(encoding) = self.head.all("content-encoding")
            && !encoding.split(',').map(str::trim).all(is_plain)
        {
            Some(Unread::Encoded { encoding: encoding.into_owned() })
        } else if self.length.is_some_and(|length| length > limit) {
            Some(Unread::TooLarge { limit })
        } else if is_end {
            Some(Unread::Unparsable(ScanError::Malformed { at: 0, what: "the body is empty" }))
        } else {
            None
        }
    }

    /// Returns why the connection must not be upgraded; `None` where it may be, or is not.
    ///
    /// What follows an upgrade is read by nobody, and goes to the provider with the proxy's
    /// credential. So only the sessions that are made for it are let through.
    fn against_upgrading(&self) -> Option<Unread> {
        let protocol = self.upgrade.as_ref()?;
        let is_session = self.call.entry.body == BodyKind::None;
        let is_known = is_session && protocol.eq_ignore_ascii_case("websocket");
        (!is_known).then(|| Unread::Upgrade { protocol: protocol.clone() })
    }

    /// Returns the greatest length that the body can have, in bytes: the announced one, or
    /// else the configured limit.
    pub(super) fn longest(&self, config: &Config) -> u64 {
        self.length.unwrap_or(config.limits.max_body_bytes)
    }

    /// Returns whether a control header limits what the request may cost. Costs depend on the
    /// token count, so the prompt must be looked at then.
    pub(super) fn has_cost_limit(&self, config: &Config) -> bool {
        config.client_headers.cost_limit && self.head.first(&config.headers.cost_limit).is_some()
    }

    /// Returns what the control headers ask for, as far as clients may use them.
    ///
    /// Callers refuse a request whose control headers cannot be read, but only after its body
    /// has been read: a client that is answered before loses its connection.
    ///
    /// # Errors
    /// The first control header whose value cannot be read.
    pub(super) fn controls(&self, config: &Config) -> Result<Controls, BadControl> {
        // Few requests have any.
        if !self.head.has_own(&config.headers) {
            return Ok(Controls::default());
        }
        controls(config, &self.head)
    }

    /// Adds what the path and the headers say to the facts that were read from a body.
    ///
    /// Where both name the same thing, path and headers win. For example, a Gemini request
    /// names its model in the path, so a `model` in its body is ignored; a header with tags
    /// replaces the tags of the body; a header with params overrides those params of the body
    /// and keeps the others.
    pub(super) fn complete(&self, facts: &mut RequestFacts, controls: &Controls) {
        if !self.call.entry.has_model {
            // Nobody reads one here, so none is judged.
            facts.model = None;
        } else if self.call.names_model() {
            // A model in the body means nothing where path or query name one.
            facts.model = self.call.model().map(str::to_owned);
        }
        // Maps are seldom needed, and cost code to copy even where nothing is in them.
        if !self.watched.is_empty() {
            facts.headers.clone_from(&self.watched);
        }
        if let Some(tags) = &controls.tags {
            facts.tags.clone_from(tags);
            facts.unseen = facts.unseen.without(Fact::Tags);
        }
        if !controls.params.is_empty() {
            facts.params.extend(controls.params.clone());
        }
    }

    /// Returns the facts at the moment when only headers and model are known. Everything that
    /// the rest of the body may still say is marked as unseen.
    pub(super) fn facts_at_model(&self, model: &str, controls: &Controls) -> RequestFacts {
        let mut facts = RequestFacts::new(self.call.entry);
        facts.model = Some(model.to_owned());
        facts.input_tokens = Tokens::UNKNOWN;
        facts.unseen = unseen(self.call.entry.document);
        self.complete(&mut facts, controls);
        facts
    }

    /// Returns the request in the form that routing takes. `config` is the configuration to
    /// decide by: the one that serves, or the shadow's.
    pub(super) const fn request<'a>(
        &self,
        config: &'a Config,
        facts: &'a RequestFacts,
        controls: &'a Controls,
    ) -> routing::Request<'a> {
        routing::Request { config, facts, controls, sample: self.sample }
    }
}

/// Returns the type of the body; `None` where requests of that kind have none.
///
/// A body without a content type counts as JSON. Otherwise a client could get around every
/// condition by leaving the header out, since providers accept that.
///
/// # Errors
/// Why a body of that type is not read.
fn body_type(head: &RequestHead, body: BodyKind) -> Result<Option<BodyType>, BadContentType> {
    if body == BodyKind::None {
        return Ok(None);
    }
    let content_type = head.all("content-type").unwrap_or_default();
    content_type::body_type(&content_type, body == BodyKind::Form).map(Some)
}

/// Returns what a body of that kind may say. What it never says counts as seen, and absent, so
/// conditions on that need not wait for it.
fn unseen(document: &Document) -> Unseen {
    document.lacks.iter().fold(Unseen::BODY, |unseen, fact| unseen.without(*fact))
}

/// Returns what the control headers ask for. Those that the configuration does not open to
/// clients count as absent.
///
/// # Errors
/// The first header whose value cannot be read.
fn controls(config: &Config, head: &RequestHead) -> Result<Controls, BadControl> {
    // Taken apart, so that a new control header does not compile before it is read here.
    let ClientHeaders {
        route,
        tag,
        params,
        variant,
        provider,
        deployment,
        fallback,
        cost_limit,
        session,
    } = config.client_headers;
    let names = &config.headers;
    let read = |is_allowed: bool, name: &str| {
        let value = is_allowed.then(|| head.joined(name)).flatten();
        value.map(|value| control::text(name, &value)).transpose()
    };
    let cost_limit = read(cost_limit, &names.cost_limit)?;
    let params = read(params, &names.params)?;
    Ok(Controls {
        route: read(route, &names.route)?,
        variant: read(variant, &names.variant)?,
        provider: read(provider, &names.provider)?,
        deployment: read(deployment, &names.deployment)?,
        fallbacks: read(fallback, &names.fallback)?
            .map(|list| control::names(&list))
            .unwrap_or_default(),
        // Words that cannot be tags are dropped, so bytes that are not UTF-8 are no error.
        tags: tag
            .then(|| head.joined(&names.tag))
            .flatten()
            .map(|list| control::tags(&lossy(&list))),
        params: params
            .map(|list| control::params(&names.params, &list))
            .transpose()?
            .unwrap_or_default(),
        session: session
            .then(|| head.joined(&names.session))
            .flatten()
            .and_then(|value| control::session(&value)),
        cost_limit_usd: cost_limit
            .map(|amount| control::amount(&names.cost_limit, &amount))
            .transpose()?,
    })
}
