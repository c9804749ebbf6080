//! The one reading of a request's head: whether the request is one for this filter, and
//! all that its headers say of it. Everything after this goes by the [`Intake`].

use std::collections::BTreeMap;

use crate::config::{ClientHeaders, Config};
use crate::request::control::{self, BadControl, Controls};
use crate::request::document::Document;
use crate::request::facts::{Fact, RequestFacts, Tokens, Unseen};
use crate::request::form;
use crate::request::format::Body;
use crate::request::path::Call;
use crate::request::scan::ScanError;
use crate::routing;

use super::head::RequestHead;
use super::unread::Unread;

/// What a body is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    Json,
    /// A form, with the boundary of its parts where the content type names one.
    Form(Result<String, ScanError>),
    /// There is no body.
    Nothing,
}

/// A request for this filter, as its head describes it.
#[derive(Debug)]
pub(super) struct Intake {
    /// The headers as they came, for what is to be sent on.
    pub(super) head: RequestHead,
    /// What its path asks for.
    pub(super) call: Call,
    pub(super) written: Written,
    /// The length of the body in bytes, where it is announced.
    pub(super) length: Option<u64>,
    /// What is drawn for this request is drawn by this.
    pub(super) seed: u64,
    /// Where it falls among all requests, from 0 up to, not including, 100.
    pub(super) sample: f64,
    /// Whether the shadow is evaluated for it.
    pub(super) is_shadowed: bool,
    /// The headers that conditions ask for.
    watched: BTreeMap<String, String>,
}

impl Intake {
    /// Reads a head. `seed` draws what is drawn for the request.
    ///
    /// # Errors
    /// The head itself, where the request is none for this filter: it has another method,
    /// path or content type.
    pub(super) fn read(
        config: &Config,
        head: RequestHead,
        seed: impl FnOnce() -> u64,
    ) -> Result<Self, RequestHead> {
        let method = head.first(":method").unwrap_or_default();
        let path = head.text(":path").unwrap_or_default();
        let Some(call) = config.paths.call(method, &path) else {
            drop(path);
            return Err(head);
        };
        drop(path);
        let Some(written) = written(&head, call.entry.body) else { return Err(head) };
        let seed = seed();
        let shadow = config.shadow.as_ref();
        Ok(Self {
            length: head.length(),
            sample: head.sample(seed),
            is_shadowed: shadow.is_some_and(|s| head.shadow_sample(seed) < s.sample_percent),
            watched: head.watched(&config.watched_headers),
            call,
            written,
            seed,
            head,
        })
    }

    /// Returns what the head says against reading the body, if anything. `is_end`: the
    /// request ends with its head.
    pub(super) fn against_reading(&self, config: &Config, is_end: bool) -> Option<Unread> {
        let limit = config.limits.max_body_bytes;
        let charset = match self.written {
            Written::Nothing => return None,
            Written::Json => foreign_charset(&self.head.all("content-type").unwrap_or_default()),
            Written::Form(_) => None,
        };
        let encoding = self.head.all("content-encoding").unwrap_or_default();
        let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        if !encoding.split(',').map(str::trim).all(is_plain) {
            Some(Unread::Encoded { encoding: encoding.into_owned() })
        } else if let Some(charset) = charset {
            Some(Unread::Charset { charset })
        } else if self.length.is_some_and(|length| length > limit) {
            Some(Unread::TooLarge { limit })
        } else if is_end {
            Some(Unread::Unparsable(ScanError::Malformed { at: 0, what: "the body is empty" }))
        } else {
            None
        }
    }

    /// Returns the longest that the body can be, in bytes.
    pub(super) fn longest(&self, config: &Config) -> u64 {
        self.length.unwrap_or(config.limits.max_body_bytes)
    }

    /// Returns whether a header sets a limit to the cost of the request.
    pub(super) fn has_cost_limit(&self, config: &Config) -> bool {
        config.client_headers.cost_limit && self.head.first(&config.headers.cost_limit).is_some()
    }

    /// Reads what the control headers ask for, as far as clients may use them.
    ///
    /// A request whose control headers cannot be read is refused, but only after its body has
    /// been read.
    ///
    /// # Errors
    /// The first whose value cannot be read.
    pub(super) fn controls(&self, config: &Config) -> Result<Controls, BadControl> {
        controls(config, &self.head)
    }

    /// Completes the facts of a body with what the headers and the path say.
    pub(super) fn complete(&self, facts: &mut RequestFacts, controls: &Controls) {
        if self.call.names_model() {
            facts.model = self.call.model().map(str::to_owned);
        }
        facts.headers.clone_from(&self.watched);
        if let Some(tags) = &controls.tags {
            facts.tags.clone_from(tags);
            facts.unseen = facts.unseen.without(Fact::Tags);
        }
        facts.params.extend(controls.params.clone());
    }

    /// Returns the facts as they are when nothing but head and model are known.
    pub(super) fn facts_at_model(&self, model: &str, controls: &Controls) -> RequestFacts {
        let mut facts = RequestFacts::new(self.call.entry);
        facts.model = Some(model.to_owned());
        facts.input_tokens = Tokens::UNKNOWN;
        facts.unseen = unseen(self.call.entry.document);
        self.complete(&mut facts, controls);
        facts
    }

    /// Returns the request as routing takes it.
    pub(super) const fn request<'a>(
        &self,
        config: &'a Config,
        facts: &'a RequestFacts,
        controls: &'a Controls,
    ) -> routing::Request<'a> {
        routing::Request { config, facts, controls, sample: self.sample }
    }
}

/// Returns what the body is written in; `None`: nothing that is read under that path.
///
/// A body without a content type is taken for JSON. Otherwise a client could get around
/// every condition by leaving a header out.
fn written(head: &RequestHead, body: Body) -> Option<Written> {
    if body == Body::None {
        return Some(Written::Nothing);
    }
    let Some(content_type) = head.all("content-type") else { return Some(Written::Json) };
    if is_json(&content_type) {
        Some(Written::Json)
    } else if body == Body::Form && is_form(&content_type) {
        Some(Written::Form(form::boundary(&content_type)))
    } else {
        None
    }
}

/// Returns what a body of that kind may still say.
const fn unseen(document: &Document) -> Unseen {
    if !document.is_text_only {
        return Unseen::BODY;
    }
    Unseen::BODY
        .without(Fact::State)
        .without(Fact::Tools)
        .without(Fact::JsonMode)
        .without(Fact::Modality)
}

/// Reads the control headers that clients may use.
///
/// # Errors
/// The first whose value cannot be read.
fn controls(config: &Config, head: &RequestHead) -> Result<Controls, BadControl> {
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
            .map(|list| control::list(&list))
            .unwrap_or_default(),
        // What is no tag is dropped, whatever its bytes.
        tags: tag
            .then(|| head.joined(&names.tag))
            .flatten()
            .map(|list| control::tags(&String::from_utf8_lossy(&list))),
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

/// Returns whether a content type is `application/json`, `text/json` or
/// `application/…+json`, parameters aside. Of several types that a client sends, one is
/// enough.
fn is_json(content_type: &str) -> bool {
    let is_json = |one: &str| {
        let essence = one.split(';').next().unwrap_or_default().trim();
        let is = |ending: &str| {
            let at = essence.len().checked_sub(ending.len());
            at.and_then(|at| essence.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
        };
        let is_application = essence
            .split_once('/')
            .is_some_and(|(kind, _)| kind.eq_ignore_ascii_case("application"));
        essence.eq_ignore_ascii_case("text/json") || is_application && (is("/json") || is("+json"))
    };
    content_type.trim().is_empty() || content_type.split(',').any(is_json)
}

/// Returns whether a content type is `multipart/form-data`, also as one of several types.
fn is_form(content_type: &str) -> bool {
    let is_form = |one: &str| {
        let essence = one.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("multipart/form-data")
    };
    content_type.split(',').any(is_form)
}

/// Returns a charset that JSON does not have: the body could read differently under it.
fn foreign_charset(content_type: &str) -> Option<String> {
    let parameters = content_type.split([';', ',']).filter_map(|part| part.split_once('='));
    let mut charsets = parameters
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase());
    charsets.find(|charset| !matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii" | "ascii"))
}
