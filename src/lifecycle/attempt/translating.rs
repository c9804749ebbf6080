//! What happens to the bodies of an attempt: they are edited while they pass, or translated.
//!
//! A translated request is collected, because its translation depends on all of it. Its head waits too, because path
//! and length change. A streamed answer is translated piece by piece. A whole answer is collected, and its head is held,
//! so that an answer that cannot be translated becomes an error with the right status.
//!
//! Collected bytes are taken away from the host, so that no buffer of Envoy's has to hold them.

use crate::config::{Config, ProviderId};
use crate::host::Host;
use crate::lifecycle::answer::{status, text};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, Following};
use crate::lifecycle::handover::Handover;
use crate::lifecycle::legs::{Leg, LegRequest, TranslatedLeg};
use crate::lifecycle::unread::unreadable;
use crate::request::credential::Passage;
use crate::request::format::Format;
use crate::request::path::conversation_path;
use crate::request::refusal::Refusal;
use crate::request::rewrite::{self, Edit, PathTarget, Splicer};
use crate::response::body::is_stream;
use crate::text::header_value;
use crate::translate::{self, AnswerForm, AnswerNames, AnswerTranslation, ClientApi, ProviderApi};

/// More than any body has, in bytes: it asks the host for all that it has.
const ALL: usize = u32::MAX as usize;

/// The most of a stream that is kept for its end, in bytes. An honest one has little to say after the reason why it
/// ends.
const MOST_KEPT: usize = 64 << 10;

/// What happens to the bodies of an attempt.
#[derive(Debug)]
pub(super) enum BodyWork {
    /// The request is edited while it passes, and the answer is left as it is.
    Spliced(Splicer),
    /// Both are translated.
    Translated(Box<Translator>),
}

/// The translation of one attempt.
#[derive(Debug)]
pub(super) struct Translator {
    leg: TranslatedLeg,
    /// The client's format.
    asked: Format,
    /// The edits that leave out what the provider cannot read.
    removal: Vec<Edit>,
    /// Whether the client has announced the length of its request.
    has_length: bool,
    stage: TranslationStage,
}

/// How far a translation has come.
#[derive(Debug)]
enum TranslationStage {
    /// The request is being collected.
    Request(Vec<u8>),
    /// The request has gone on, without the fields that `dropped` lists. Its answer is to have this form.
    Sent { form: AnswerForm, names: AnswerNames, dropped: String },
    /// The answer is being translated.
    Answer(TranslatedAnswer),
    /// The translation has ended.
    Over,
}

/// An answer that is being translated.
#[derive(Debug)]
struct TranslatedAnswer {
    translation: Box<AnswerTranslation>,
    /// Whether its head waits for its end.
    is_held: bool,
    /// What has been translated and waits for the end.
    kept: Vec<u8>,
    /// Whether the host holds the body, so that it can be written to when trailers have come.
    has_buffer: bool,
}

impl BodyWork {
    /// Returns what happens to the bodies of an attempt at a leg.
    pub(super) fn of(handover: &Handover<'_>, leg: &Leg) -> Self {
        let edits = handover.legs.edits(leg).into_owned();
        match &leg.request {
            LegRequest::Edited { .. } => Self::Spliced(Splicer::new(edits)),
            LegRequest::Translated(translated) => Self::Translated(Box::new(Translator {
                leg: (**translated).clone(),
                asked: handover.work.format,
                removal: edits,
                has_length: handover.sent("content-length").is_some(),
                stage: TranslationStage::Request(Vec::new()),
            })),
        }
    }

    /// Returns whether they are translated.
    pub(super) const fn is_translated(&self) -> bool {
        matches!(self, Self::Translated(_))
    }

    /// Returns whether the head of an answer is held until all of it is translated.
    pub(super) fn holds_head(&self) -> bool {
        self.answer().is_some_and(|answer| answer.is_held)
    }

    /// Returns whether the client gets an error in place of a translated answer.
    pub(super) fn has_failed(&self) -> bool {
        self.answer().is_some_and(|answer| answer.translation.failure().is_some())
    }

    /// Returns the answer that is being translated.
    fn answer(&self) -> Option<&TranslatedAnswer> {
        match self {
            Self::Translated(translator) => match &translator.stage {
                TranslationStage::Answer(answer) => Some(answer),
                _ => None,
            },
            Self::Spliced(_) => None,
        }
    }

    /// Takes a piece of the request's body, `length` bytes long, and returns whether the host holds it.
    ///
    /// # Errors
    /// The error for the client, where the request cannot be translated.
    pub(super) fn take_request<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        provider: ProviderId,
        length: usize,
        is_end: bool,
    ) -> Result<Action, Refusal> {
        match self {
            Self::Spliced(splicer) => {
                if !splicer.is_done() && length > 0 {
                    // Nothing after the last edit needs to be copied into the module.
                    let read = splicer.reach().min(length);
                    let piece = cx.host.request_body(0, read).unwrap_or_default();
                    let mut spliced = Vec::with_capacity(piece.len().saturating_add(64));
                    splicer.push(&piece, &mut spliced);
                    cx.host.replace_request_body(read, &spliced);
                }
                Ok(Action::Continue)
            }
            Self::Translated(translator) => translator.take_request(cx, provider, length, is_end),
        }
    }

    /// Takes the head of the answer, and returns whether it waits for the body.
    pub(super) fn take_head<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, is_end: bool) -> Action {
        match self {
            Self::Spliced(_) => Action::Continue,
            Self::Translated(translator) => translator.take_head(cx, is_end),
        }
    }

    /// Takes what the host has of the answer's body, and returns whether it holds it.
    pub(super) fn take_answer<H: Host + ?Sized>(&mut self, host: &H, then: Following) -> Action {
        match self {
            Self::Spliced(_) => Action::Continue,
            Self::Translated(translator) => translator.take_answer(host, then),
        }
    }
}

impl Translator {
    fn take_request<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        provider: ProviderId,
        length: usize,
        is_end: bool,
    ) -> Result<Action, Refusal> {
        let TranslationStage::Request(body) = &mut self.stage else {
            return Ok(Action::Continue);
        };
        if length > 0 {
            let piece = cx.host.request_body(0, length).filter(|piece| piece.len() == length);
            let piece = piece.ok_or_else(unreadable)?;
            let longest = cx.engine.config.limits.max_translated_bytes;
            if body.len().saturating_add(piece.len()) as u64 > longest {
                let message = format!(
                    "the request is longer than {longest} bytes, so it cannot be translated; \
                     shorten it"
                );
                return Err(Refusal::new(413, "request_too_large", message));
            }
            body.extend_from_slice(&piece);
            if !is_end {
                cx.host.replace_request_body(length, &[]);
            }
        }
        if !is_end {
            return Ok(Action::Pause);
        }
        let body = std::mem::take(body);
        self.send(cx, provider, &body, length)?;
        Ok(Action::Continue)
    }

    /// Translates the whole request, and replaces the `length` bytes that the host has by it.
    fn send<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        provider: ProviderId,
        body: &[u8],
        length: usize,
    ) -> Result<(), Refusal> {
        let leg = &self.leg;
        let (from, to) = apis(self.asked, leg.into)?;
        let mut stripped = Vec::new();
        let body = if self.removal.is_empty() {
            body
        } else {
            Splicer::new(std::mem::take(&mut self.removal)).push(body, &mut stripped);
            &stripped
        };
        let target = (leg.model.as_str(), leg.max_tokens);
        let mut request = translate::request((from, to), body, false, target)
            .map_err(|not| Refusal::new(400, "not_translatable", not.to_string()))?;
        if let Some(loss) = request.losses.refusal() {
            let message = format!("the request cannot be translated: {loss}");
            return Err(Refusal::new(400, "not_translatable", message));
        }
        let path = path(&cx.engine.config, provider, leg, request.stream);
        let dropped = request.losses.places();
        let form = AnswerForm {
            stream: request.stream,
            stream_usage: request.stream_usage,
            created_s: cx.host.now().as_secs(),
        };
        let id = format!("{:016x}", cx.host.random());
        let renamed = std::mem::take(&mut request.renamed);
        let names = AnswerNames { id, model: leg.model.clone(), renamed };
        let translated = request.body_with(&leg.defaults, &leg.overrides);
        cx.host.set_request_header(":path", Some(path.as_bytes()));
        if self.has_length {
            let length = translated.len().to_string();
            cx.host.set_request_header("content-length", Some(length.as_bytes()));
        }
        cx.host.replace_request_body(length, translated.as_bytes());
        self.stage = TranslationStage::Sent { form, names, dropped };
        Ok(())
    }

    fn take_head<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, is_end: bool) -> Action {
        let stage = std::mem::replace(&mut self.stage, TranslationStage::Over);
        let TranslationStage::Sent { form, names, dropped } = stage else {
            return Action::Continue;
        };
        let headers = cx.host.response_headers();
        let status = status(&headers);
        let is_success = (200..300).contains(&status);
        let Ok((client, provider)) = apis(self.asked, self.leg.into) else {
            return Action::Continue;
        };
        if is_end {
            // There is no way to add a body. A success without one would be read as an answer.
            if is_success {
                cx.host.set_response_header(":status", Some(b"502"));
            }
            return Action::Continue;
        }
        if !is_success && status < 400 {
            return Action::Continue;
        }
        let encoding = text(&headers, "content-encoding").unwrap_or_default();
        let is_compressed = !matches!(encoding.trim(), "" | "identity");
        let content_type = text(&headers, "content-type");
        let is_stream = content_type.map_or(form.stream, is_stream) && !is_compressed;
        let longest = cx.engine.config.limits.max_translated_bytes;
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        let kind = (status, is_stream);
        let mut translation =
            AnswerTranslation::new((provider, client), kind, form, names, longest);
        if is_compressed {
            translation.give_up("is compressed");
            cx.host.set_response_header("content-encoding", None);
        }
        let is_events = form.stream && status < 400;
        self.announce(cx, is_events, &dropped);
        // An error keeps its status, and Envoy must see that at once: it may ask for another attempt.
        let is_held = status < 400 && !(is_stream && is_events);
        let translation = Box::new(translation);
        let (kept, has_buffer) = (Vec::new(), false);
        self.stage =
            TranslationStage::Answer(TranslatedAnswer { translation, is_held, kept, has_buffer });
        if is_held { Action::Pause } else { Action::Continue }
    }

    /// Writes into the head what the translated answer is.
    fn announce<H: Host + ?Sized>(&self, cx: Ctx<'_, H>, is_events: bool, dropped: &str) {
        let written: &[u8] = if is_events { b"text/event-stream" } else { b"application/json" };
        cx.host.set_response_header("content-type", Some(written));
        cx.host.set_response_header("content-length", None);
        if !cx.engine.config.response_headers {
            return;
        }
        let mut value = format!("{}>{}", self.asked, self.leg.into);
        if !dropped.is_empty() {
            value.push_str("; dropped=");
            value.push_str(&header_value(dropped));
        }
        let name = &cx.engine.config.headers.translation;
        cx.host.set_response_header(name, Some(value.as_bytes()));
    }

    fn take_answer<H: Host + ?Sized>(&mut self, host: &H, then: Following) -> Action {
        match &mut self.stage {
            TranslationStage::Answer(answer) => answer.take(host, then),
            _ => Action::Continue,
        }
    }
}

impl TranslatedAnswer {
    /// Takes what the host has of the body, and returns whether it holds it.
    ///
    /// Nothing can be written once trailers have come, unless the host holds the body. So the last events of
    /// a stream, which may only be written at its end, wait for it together.
    fn take<H: Host + ?Sized>(&mut self, host: &H, then: Following) -> Action {
        let come = host.response_body(0, ALL).unwrap_or_default();
        self.translation.feed(&come, &mut self.kept);
        let waits = self.is_held || (self.translation.is_ending() && self.kept.len() <= MOST_KEPT);
        if waits && !then.is_end() {
            if !come.is_empty() {
                host.replace_response_body(come.len(), &[]);
            }
            self.has_buffer = true;
            return Action::Pause;
        }
        if then.is_end() {
            self.translation.finish(&mut self.kept);
        }
        let translated = std::mem::take(&mut self.kept);
        let is_open = then != Following::Trailers || self.has_buffer || !come.is_empty();
        if is_open && !(come.is_empty() && translated.is_empty()) {
            host.replace_response_body(come.len(), &translated);
        }
        self.has_buffer = false;
        if self.is_held
            && let Some(status) = self.translation.failure()
        {
            host.set_response_header(":status", Some(status.to_string().as_bytes()));
            host.set_response_header("content-type", Some(b"application/json"));
        }
        Action::Continue
    }
}

/// Returns the APIs of a client's format and of a provider's.
fn apis(asked: Format, into: Format) -> Result<(ClientApi, ProviderApi), Refusal> {
    let apis = ClientApi::of(asked).zip(ProviderApi::of(into));
    apis.ok_or_else(|| {
        Refusal::new(
            400,
            "not_translatable",
            "the request cannot be translated for this provider; simplify it or choose another \
             model",
        )
    })
}

/// Returns the path and query of a request to the provider in its own format.
fn path(config: &Config, provider: ProviderId, leg: &TranslatedLeg, stream: bool) -> String {
    let provider = config.provider(provider);
    let (usual, operation) = conversation_path(leg.into, &leg.model, stream);
    let target = PathTarget {
        prefix: &provider.path_prefix,
        template: provider.path.as_deref(),
        model: &leg.model,
        operation,
        passage: Passage { has_own: true, kept: &provider.keep },
        is_named_in_query: false,
    };
    // Without it, Google sends a list instead of events.
    let query = (leg.into == Format::GeminiGenerate && stream).then_some("alt=sse");
    rewrite::path(&usual, query, &target)
}
