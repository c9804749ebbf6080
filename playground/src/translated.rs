//! A translation between the API of a client and that of a provider.

use pointsman::request::format::Format;
use pointsman::translate::{ClientApi, Gravity, Loss, ProviderApi, Specimen, trial};
use serde_json::{Value, json};

/// The limit of an answer in tokens where the request gives none: the default of
/// `limits.translated_max_tokens`.
const MAX_TOKENS: u64 = 4096;

/// Translates `{"from", "to", "what", "status", "model", "now_s", "document"}`: the formats of client and
/// provider; `request`, `answer` or `stream`; the status of an answer; the provider's name of the model;
/// and the time that an answer is dated with, in seconds since the epoch.
///
/// # Errors
/// Why the document cannot be translated, for the user.
pub(crate) fn translated(asked: &str) -> Result<Value, String> {
    let asked: Value = serde_json::from_str(asked).map_err(|error| error.to_string())?;
    let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| asked.get(key).and_then(Value::as_u64);
    let (from, to) = (text("from"), text("to"));
    let client = Format::from_name(from).and_then(ClientApi::of).ok_or_else(|| match from {
        "" => "this request is not translated".to_owned(),
        from => format!("requests of {from} are not translated"),
    })?;
    let provider = Format::from_name(to)
        .and_then(ProviderApi::of)
        .ok_or_else(|| format!("nothing is translated for {to}"))?;
    if from == to {
        return Err(
            "the client and the provider use the same API, so there is nothing to translate; name another format".to_owned()
        );
    }
    let status = number("status").unwrap_or(200);
    let specimen = match text("what") {
        "answer" => Specimen::Answer(
            u16::try_from(status).map_err(|_| format!("{status} is not an HTTP status"))?,
        ),
        "stream" => Specimen::Stream,
        _ => Specimen::Request,
    };
    let of_model = (text("model"), MAX_TOKENS);
    let now_s = number("now_s").unwrap_or_default();
    let document = text("document").as_bytes();
    let tried = trial((client, provider), specimen, document, of_model, now_s)
        .map_err(|not_read| not_read.to_string())?;
    Ok(json!({
        "text": tried.text,
        "is_refused": tried.losses.is_refused(),
        "losses": tried.losses.list().iter().map(loss).collect::<Value>(),
        "unlisted": tried.losses.unlisted(),
    }))
}

fn loss(loss: &Loss) -> Value {
    let what = match loss.gravity {
        Gravity::Droppable => "dropped",
        Gravity::Refused => "refused",
    };
    json!({"what": what, "place": loss.place, "why": loss.why})
}
