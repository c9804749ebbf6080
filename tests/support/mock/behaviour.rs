//! How a request is answered when it is not simply served.
//!
//! The request itself asks for it (`x-mock-*` headers), or a script that was sent to the control
//! endpoint does. Both use the same keys with text values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::answer::Refusal;

/// What to do instead of, or besides, serving.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Behaviour {
    /// Do it only at the provider, or for the upstream model, of this name.
    pub(crate) only: Option<String>,
    /// Report that this many tokens were used.
    pub(crate) used: Used,
    /// Answer with this many words.
    pub(crate) words: Option<usize>,
    /// Answer with this error.
    pub(crate) refusal: Option<Refusal>,
    /// Answer with this status.
    pub(crate) status: Option<u16>,
    /// Answer with this `retry-after`.
    pub(crate) retry_after: Option<String>,
    /// Wait before answering.
    pub(crate) delay_ms: u64,
    /// Wait between the events of a stream.
    pub(crate) event_delay_ms: u64,
    /// Leave a stream open for so long after its last event.
    pub(crate) linger_ms: u64,
    /// Answer with this body.
    pub(crate) body: Option<Bytes>,
    /// Send that body in pieces of so many bytes, as the events of a stream are sent.
    pub(crate) piece_bytes: Option<usize>,
    /// Answer with these headers.
    pub(crate) headers: Vec<(String, String)>,
    /// Send a trailer after the body.
    pub(crate) has_trailer: bool,
    /// Break the connection.
    pub(crate) reset: Option<Reset>,
    /// End a stream with an error event, after half of it.
    pub(crate) has_error_event: bool,
    /// Send a stream as far as its first text, then wait until this key is released.
    pub(crate) hold: Option<String>,
    /// Do not answer at all, until the client gives up or this key is released.
    pub(crate) hang: Option<String>,
    /// What the providers, or the upstream models, of these names do instead of all the above.
    pub(crate) each: Vec<(String, Self)>,
}

/// The tokens that an answer reports as used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

impl Default for Used {
    fn default() -> Self {
        Self { input: 7, output: 5 }
    }
}

impl Used {
    /// Returns the `usage` member of OpenAI's answers.
    pub(crate) fn openai(self) -> Value {
        let Self { input, output } = self;
        // Long prompts begin as others did.
        let details = json!({"cached_tokens": input / 2 / 128 * 128});
        json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
               "prompt_tokens_details": details})
    }

    /// Returns the `usage` member of Bedrock's answers.
    pub(crate) fn bedrock(self) -> Value {
        let Self { input, output } = self;
        json!({"inputTokens": input, "outputTokens": output, "totalTokens": input + output})
    }
}

/// The moment at which a connection is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// Before any header of the answer.
    BeforeHeaders,
    /// After the headers and half of the body.
    MidBody,
}

impl Behaviour {
    /// Returns what the headers of a request ask for, or `None` if they ask for nothing.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Option<Self>, String> {
        let mut behaviour = Self::default();
        for (name, value) in headers {
            if let Some(key) = name.as_str().strip_prefix("x-mock-") {
                let value = value.to_str().map_err(|_| format!("{name}: not text"))?;
                behaviour.set(key, value)?;
            }
        }
        Ok((behaviour != Self::default()).then_some(behaviour))
    }

    /// Returns what a script asks for, and for how many requests.
    pub(crate) fn of_script(script: &Value) -> Result<(Self, Option<u32>), String> {
        let mut behaviour = Self::default();
        let mut times = None;
        for (key, value) in script.as_object().ok_or("a script is a JSON object")? {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if key == "times" {
                times = Some(number(key, &text)?);
            } else {
                behaviour.set(&key.replace('_', "-"), &text)?;
            }
        }
        Ok((behaviour, times))
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "only" => self.only = Some(value.to_owned()),
            "input-tokens" => self.used.input = number(key, value)?,
            "output-tokens" => self.used.output = number(key, value)?,
            "words" => self.words = Some(number(key, value)?),
            "refusal" => {
                let refusal = Refusal::named(value);
                self.refusal = Some(refusal.ok_or_else(|| format!("refusal: {value:?}"))?);
            }
            "error-event" => self.has_error_event = true,
            "status" => self.status = Some(number(key, value)?),
            "retry-after" => self.retry_after = Some(value.to_owned()),
            "delay-ms" => self.delay_ms = number(key, value)?,
            "event-delay-ms" => self.event_delay_ms = number(key, value)?,
            "linger-ms" => self.linger_ms = number(key, value)?,
            "body" => self.body = Some(value.to_owned().into()),
            "body-base64" => {
                self.body = Some(STANDARD.decode(value).map_err(|error| error.to_string())?.into());
            }
            "piece-bytes" => self.piece_bytes = Some(number(key, value)?),
            "header" => {
                let (name, value) = value.split_once(':').ok_or("header: wants NAME: VALUE")?;
                self.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            "trailer" => self.has_trailer = true,
            "reset" => {
                self.reset = Some(match value {
                    "before-headers" => Reset::BeforeHeaders,
                    "mid-body" => Reset::MidBody,
                    _ => return Err(format!("reset: {value:?}; before-headers or mid-body")),
                });
            }
            "hold" => self.hold = Some(value.to_owned()),
            "hang" => self.hang = Some(value.to_owned()),
            "each" => {
                let all: Value = serde_json::from_str(value).map_err(|error| error.to_string())?;
                for (name, script) in all.as_object().ok_or("each: wants an object")? {
                    self.each.push((name.clone(), Self::of_script(script)?.0));
                }
            }
            _ => return Err(format!("x-mock-{key}: unknown behaviour")),
        }
        Ok(())
    }

    /// Whether the behaviour applies at this provider for this upstream model.
    pub(crate) fn concerns(&self, provider: &str, upstream_model: Option<&str>) -> bool {
        self.only.as_deref().is_none_or(|only| only == provider || Some(only) == upstream_model)
    }

    /// Returns what to do at this provider for this upstream model.
    pub(crate) fn at(self, provider: &str, upstream_model: Option<&str>) -> Self {
        if self.each.is_empty() {
            return self;
        }
        let mut each = self.each.into_iter();
        let of_one =
            each.find(|(name, _)| name == provider || Some(name.as_str()) == upstream_model);
        of_one.map(|(_, behaviour)| behaviour).unwrap_or_default()
    }
}

fn number<N: std::str::FromStr>(key: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{key}: {value:?} is not a number"))
}
