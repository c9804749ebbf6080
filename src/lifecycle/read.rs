//! What a request's head and body come to, before any decision.

use std::sync::Arc;

use log::Level;

use crate::config::{BodyPolicy, Config};
use crate::host::Host;
use crate::request::body::BodyScanner;
use crate::request::control::{BadControl, Controls};
use crate::request::facts::{Fact, RequestFacts};
use crate::request::form;
use crate::request::format::Body;
use crate::request::path::{Call, Entry};
use crate::request::refusal::Refusal;
use crate::request::scan::{Looks, ScanError, Spec};

use super::early;
use super::headers::RequestHead;

/// Whether a request is one this filter judges, by its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is: what it asks for, and what its body is written in.
    Yes(Call, Written),
    /// It is not: another method, path or content type.
    No,
}

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Json,
    Form,
    /// There is no body.
    Nothing,
}

/// Whether a request is judged.
///
/// A body without a content type is taken for JSON: not judging it would let a
/// client past every condition by leaving a header out.
pub(super) fn judge(config: &Config, head: &RequestHead) -> Judged {
    let method = head.first(":method").unwrap_or_default();
    let path = head.text(":path").unwrap_or_default();
    let Some(call) = config.paths.call(method, &path) else { return Judged::No };
    let content_type = head.all("content-type");
    let written = match call.entry.body {
        Body::None => Some(Written::Nothing),
        _ if content_type.as_deref().is_none_or(is_json) => Some(Written::Json),
        Body::Form if content_type.as_deref().is_some_and(is_form) => Some(Written::Form),
        _ => None,
    };
    written.map_or(Judged::No, |written| Judged::Yes(call, written))
}

/// What the headers alone say against reading the body.
pub(super) fn against(
    config: &Config,
    head: &RequestHead,
    written: Written,
    is_end: bool,
) -> Option<Unread> {
    if written == Written::Nothing {
        return None;
    }
    let limit = config.limits.max_body_bytes;
    let encoding = head.all("content-encoding").unwrap_or_default();
    let content_type = head.all("content-type").unwrap_or_default();
    let charset = (written == Written::Json).then(|| foreign_charset(&content_type)).flatten();
    let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    let length = head.length();
    if !encoding.split(',').map(str::trim).all(is_plain) {
        Some(Unread::Encoded { encoding: encoding.into_owned() })
    } else if let Some(charset) = charset {
        Some(Unread::Charset { charset })
    } else if length.is_some_and(|length| length > limit) {
        Some(Unread::TooLarge { limit })
    } else if is_end {
        Some(Unread::Unparsable(ScanError::Malformed { at: 0, what: "the body is empty" }))
    } else {
        None
    }
}

/// `application/json`, `text/json` and `application/…+json`, parameters aside; of
/// several types that a client sends, one is enough.
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

/// `multipart/form-data`, also as one of several types.
fn is_form(content_type: &str) -> bool {
    let is_form = |one: &str| {
        let essence = one.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("multipart/form-data")
    };
    content_type.split(',').any(is_form)
}

/// A charset that JSON does not have, under which a body could read differently.
fn foreign_charset(content_type: &str) -> Option<String> {
    let parameters = content_type.split([';', ',']).filter_map(|part| part.split_once('='));
    let mut charsets = parameters
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase());
    charsets.find(|charset| !matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii" | "ascii"))
}

/// Why a body is not judged although its request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge { limit: u64 },
    Encoded { encoding: String },
    Charset { charset: String },
    Unparsable(ScanError),
}

impl Unread {
    /// What the configuration says of such bodies.
    pub(super) fn policy(&self, config: &Config) -> BodyPolicy {
        match self {
            Self::TooLarge { .. } => config.limits.on_oversize,
            Self::Encoded { .. } | Self::Charset { .. } | Self::Unparsable(_) => {
                config.limits.on_unparsable
            }
        }
    }

    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::TooLarge { limit } => Refusal::new(
                413,
                "request_too_large",
                format!("the request body is longer than {limit} bytes"),
            ),
            Self::Encoded { encoding } => Refusal::new(
                400,
                "unsupported_content_encoding",
                format!(
                    "the request body is encoded as {}; send it without content-encoding, or have \
                     the proxy decompress it before it is routed",
                    crate::text::quoted(encoding)
                ),
            ),
            Self::Charset { charset } => Refusal::new(
                400,
                "unsupported_charset",
                format!(
                    "the content type names the charset {}; JSON is UTF-8",
                    crate::text::quoted(charset)
                ),
            ),
            Self::Unparsable(error) => Refusal::new(400, "invalid_body", error.to_string()),
        }
    }
}

/// Completes the facts of a scanned body with what the headers say.
///
/// # Errors
/// A control header whose value cannot be read.
pub(super) fn controls(
    config: &Config,
    head: &RequestHead,
    facts: &mut RequestFacts,
) -> Result<Controls, BadControl> {
    facts.headers = head.watched(&config.watched_headers);
    let mut controls = head.controls(config)?;
    if let Some(tags) = controls.tags.take() {
        facts.tags = tags;
        facts.unseen = facts.unseen.without(Fact::Tags);
    }
    facts.params.append(&mut controls.params);
    Ok(controls)
}

/// A scan of a body that is written so.
///
/// # Errors
/// A form whose boundary is not known.
pub(super) fn scanner(
    config: &Config,
    head: &RequestHead,
    entry: Entry,
    written: Written,
    looks: Looks,
    seed: u64,
) -> Result<BodyScanner, ScanError> {
    let boundary = match written {
        Written::Form => Some(form::boundary(&head.all("content-type").unwrap_or_default())?),
        Written::Json | Written::Nothing => None,
    };
    let spec = Spec {
        entry,
        keywords: Arc::clone(&config.keywords),
        costs: config.tokens,
        watched: Arc::clone(&config.override_keys),
        looks,
        seed,
    };
    Ok(BodyScanner::new(&spec, boundary.as_deref()))
}

/// A request that is whole in memory, read as the filter reads it.
#[derive(Debug)]
pub enum Whole {
    /// It is not judged, or passes through by policy.
    Untouched,
    /// It is refused before any decision; with what it says, where that is known.
    Refused(Refusal, Option<Box<RequestFacts>>),
    /// What it says.
    Read(Box<Read>),
}

/// What a request says, all of it and what could be known early.
#[derive(Debug)]
pub struct Read {
    /// The facts.
    pub facts: RequestFacts,
    /// What its headers ask for.
    pub controls: Controls,
    /// The facts when the model is known, or why nothing is decided then.
    pub early: Result<RequestFacts, &'static str>,
}

/// Reads a request that is whole in memory: for explain and tests.
#[must_use]
pub fn whole(config: &Config, head: &RequestHead, body: &[u8]) -> Whole {
    let Judged::Yes(call, written) = judge(config, head) else { return Whole::Untouched };
    let limit = config.limits.max_body_bytes;
    let scanned = match against(config, head, written, body.is_empty()) {
        Some(unread) => Err(unread),
        None if body.len() as u64 > limit => Err(Unread::TooLarge { limit }),
        None => scan(config, head, &call, written, body).map_err(Unread::Unparsable),
    };
    let (mut facts, model) = match scanned {
        Ok(scanned) => scanned,
        Err(unread) if unread.policy(config) == BodyPolicy::PassThrough => return Whole::Untouched,
        Err(unread) => return Whole::Refused(unread.refusal(), None),
    };
    match controls(config, head, &mut facts) {
        Ok(controls) => {
            let early = early(config, head, call.entry, model);
            Whole::Read(Box::new(Read { facts, controls, early }))
        }
        Err(bad) => Whole::Refused(bad_control(&bad), Some(Box::new(facts))),
    }
}

/// The facts of a body, and its model if it comes before the text.
fn scan(
    config: &Config,
    head: &RequestHead,
    call: &Call,
    written: Written,
    body: &[u8],
) -> Result<(RequestFacts, Option<String>), ScanError> {
    let named = call.model().map(str::to_owned);
    if written == Written::Nothing {
        let mut facts = RequestFacts::new(call.entry);
        facts.model.clone_from(&named);
        return Ok((facts, named));
    }
    let mut scanner = scanner(config, head, call.entry, written, Looks::EVERYTHING, 0)?;
    let rest = scanner.feed_to_model(body)?;
    let model = scanner.early_model().map(str::to_owned);
    scanner.go_on(Looks::EVERYTHING);
    scanner.feed(rest)?;
    let mut facts = scanner.finish()?.facts;
    if call.names_model() {
        facts.model.clone_from(&named);
        return Ok((facts, named));
    }
    Ok((facts, model))
}

fn early(
    config: &Config,
    head: &RequestHead,
    entry: Entry,
    model: Option<String>,
) -> Result<RequestFacts, &'static str> {
    if let Some(because) = early::against(config, Some(0)) {
        return Err(because);
    }
    let model = model.ok_or("the model is not named before the text of the prompt")?;
    let mut facts = early::facts(entry, &model);
    controls(config, head, &mut facts).map_err(|_| "a control header cannot be read")?;
    Ok(facts)
}

/// The refusal of a control header.
pub(super) fn bad_control(bad: &BadControl) -> Refusal {
    let message = format!("the header {} must hold {}", bad.header, bad.wanted);
    Refusal::new(400, "invalid_header", message)
}

/// The refusal of a body that the proxy holds and does not give.
pub(super) fn unreadable() -> Refusal {
    Refusal::new(500, "internal_error", "the request body could not be read")
}

/// Most bytes of a body that are in the module at a time while it is scanned.
const WINDOW: usize = 128 * 1024;

/// The next bytes of the body that are held, no more than fit.
pub(super) fn window<H: Host + ?Sized>(host: &H, at: usize, held: usize) -> Option<Vec<u8>> {
    let length = held.saturating_sub(at).min(WINDOW);
    host.request_body(at, length).filter(|window| !window.is_empty())
}

/// Notes on the way of a request, never its text.
pub(super) fn debug<H: Host + ?Sized>(host: &H, line: impl FnOnce() -> String) {
    if host.is_logged(Level::Debug) {
        host.log(Level::Debug, &line());
    }
}
