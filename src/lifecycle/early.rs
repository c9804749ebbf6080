//! Whether a request can go on before its body has been read.
//!
//! Knows what of a request is not known yet when its model is; what hangs on it
//! is `routing`'s to say.

use std::rc::Rc;

use crate::config::{BodyPolicy, Config, Hold};
use crate::host::Host;
use crate::request::document::Document;
use crate::request::facts::{Fact, RequestFacts, Tokens, Unseen};
use crate::request::path::Entry;
use crate::request::scan::Looks;
use crate::routing::{Answers, Decision, Verdict, looks};

use super::apply::Held;
use super::read;
use super::refuse::refuse;
use super::rest::Rest;
use super::shadow::{self, Shadowed};
use super::stream::{Action, Opening, Reading, Sent, State, Stream};

/// Up to this length of a body, finding out what need not be looked at costs more
/// than looking.
const SHORT: u64 = 4 * 1024;

impl Stream {
    /// Decides at the model if nothing hangs on the rest; else sees to it that no more
    /// of that is looked at than is asked for.
    pub(super) fn at_model<H: Host + ?Sized>(
        &mut self,
        host: &H,
        reading: &mut Reading,
        is_whole: bool,
    ) -> Option<Decision> {
        let is_named = reading.opening.call.names_model();
        if !(reading.is_model_awaited && (is_named || reading.scanner.is_at_model())) {
            return None;
        }
        reading.is_model_awaited = false;
        let engine = Rc::clone(&self.engine);
        let config = &engine.config;
        let opening = &reading.opening;
        let longest = opening.length.unwrap_or(config.limits.max_body_bytes);
        let may_release = !is_whole && against(config, opening.length).is_none();
        let may_narrow = reading.looks != Looks::NOTHING && longest > SHORT;
        if (may_release || may_narrow)
            && let Some(model) = opening.call.model().or_else(|| reading.scanner.early_model())
        {
            let mut facts = self::facts(opening.call.entry, model);
            if let Ok(controls) = read::controls(config, &opening.head, &mut facts) {
                if may_release
                    && let Ok(Verdict::Serve(decision)) =
                        self.verdict(host, opening, &facts, &controls, &Answers::default())
                {
                    // Where the path names the model, one in the body is none.
                    if !is_named {
                        reading.scanner.release();
                    }
                    let is_open = self.shadowed.as_deref().is_some_and(Shadowed::is_open);
                    reading.scanner.go_on(match &config.shadow {
                        Some(shadow) if is_open => {
                            let request = opening.request(&shadow.config, &facts, &controls);
                            looks::left(request, longest, reading.looks)
                        }
                        _ => Looks::NOTHING,
                    });
                    return Some(decision);
                }
                if may_narrow {
                    let before = reading.looks;
                    reading.looks = shadow::looks(config, opening.is_shadowed, |c| {
                        looks::left(opening.request(c, &facts, &controls), longest, before)
                    });
                }
            }
        }
        reading.scanner.go_on(reading.looks);
        None
    }

    /// Sends on what is held, rewritten, and lets the rest follow as it comes.
    pub(super) fn release<H: Host + ?Sized>(
        &mut self,
        host: &H,
        reading: Reading,
        decision: Decision,
        window: &[u8],
    ) -> Action {
        let Reading { opening, scanner, seen, .. } = reading;
        let Opening { head, call, length, .. } = opening;
        let format = call.format();
        let held = Held { head: &head, call: &call, layout: &scanner.layout(), length, window };
        if let Err(refusal) = self.apply(host, held, &decision) {
            self.count_refused(host, &refusal, Some(&decision));
            return refuse(host, &refusal, format.dialect());
        }
        self.note_decision(host, &decision);
        let rest = Rest::new(format, scanner, length, seen as u64);
        self.state = State::Sent(Box::new(Sent { decision: Some(decision), rest: Some(rest) }));
        Action::Continue
    }
}

/// The facts of a request of which the path, the headers and the model are known.
pub(super) fn facts(entry: Entry, model: &str) -> RequestFacts {
    let mut facts = RequestFacts::new(entry);
    facts.model = Some(model.to_owned());
    facts.input_tokens = Tokens::UNKNOWN;
    facts.unseen = unseen(entry.document);
    facts
}

/// What such a body may still say.
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

/// What the configuration has against it, for a body of which that length is announced.
pub(super) fn against(config: &Config, length: Option<u64>) -> Option<&'static str> {
    if config.hold == Hold::BufferFilter {
        Some("hold is buffer_filter, and the filter behind this one holds the whole body")
    } else if config.limits.on_unparsable == BodyPolicy::PassThrough {
        Some(
            "limits.on_unparsable is pass_through, and only the whole body shows that it can be read",
        )
    } else if length.is_none() && config.limits.on_oversize == BodyPolicy::PassThrough {
        Some("limits.on_oversize is pass_through, and the length of the body is not announced")
    } else {
        None
    }
}
