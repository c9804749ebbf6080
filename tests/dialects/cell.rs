//! What becomes of a field, as a cell of a table.

use pointsman::request::format::Format;
use pointsman::translate::{ClientApi, Loss, Losses, ProviderApi, Specimen, trial};
use serde_json::Value;

use super::difference::{Place, places};
use super::rows::Row;

/// A provider's API.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) format: &'static str,
    pub(crate) name: &'static str,
    /// What the lists call it.
    key: &'static str,
    /// The model for which the cells are true.
    model: &'static str,
}

pub(crate) const COLUMNS: [Column; 4] = [
    Column { format: "openai-chat", name: "Chat", key: "chat", model: "gpt-5" },
    Column {
        format: "anthropic-messages",
        name: "Messages",
        key: "messages",
        model: "claude-sonnet-4-5",
    },
    Column {
        format: "bedrock-converse",
        name: "Converse",
        key: "converse",
        model: "anthropic.claude-sonnet-4-5-20250929-v1:0",
    },
    Column { format: "gemini-generate", name: "Gemini", key: "gemini", model: "gemini-2.5-flash" },
];

/// The longest reason that is told, in characters.
const LONGEST: usize = 90;

/// The API of a client, and what the page calls it.
pub(crate) const CLIENTS: [(&str, &str); 3] = [
    ("openai-chat", "Chat"),
    ("anthropic-messages", "Messages"),
    ("openai-responses", "Responses"),
];

/// Returns the request in the column's API, and what was lost.
pub(crate) fn translated(client: &str, document: &Value, column: &Column) -> (Value, Losses) {
    let client = ClientApi::of(Format::from_name(client).unwrap()).unwrap();
    let provider = ProviderApi::of(Format::from_name(column.format).unwrap()).unwrap();
    let document = document.to_string();
    let model = (column.model, 4096);
    let tried =
        trial((client, provider), Specimen::Request, document.as_bytes(), model, 0).unwrap();
    (serde_json::from_str(&tried.text).unwrap(), tried.losses)
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    pub(crate) what: String,
    /// Why, if that is more than that it has no counterpart.
    pub(crate) reason: Option<String>,
}

impl Cell {
    fn of(what: impl Into<String>, loss: Option<&Loss>) -> Self {
        Self { what: what.into(), reason: loss.and_then(reason) }
    }

    /// Returns the cell as Markdown.
    pub(crate) fn shown(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}: {reason}", self.what),
            None => self.what.clone(),
        }
    }
}

/// Returns what becomes of a field of a request.
pub(crate) fn request_cell(client: &str, row: &Row, column: &Column) -> Cell {
    let (before, known) = translated(client, &row.before, column);
    assert!(!known.is_refused(), "{} in {}: {known:?}", row.name, column.name);
    let (after, losses) = translated(client, &row.after, column);
    if let Some(loss) = losses.refusal() {
        return Cell::of("refused", Some(loss));
    }
    let changes = places(&before, &after);
    let loss = losses.list().iter().find(|loss| !known.list().contains(loss));
    if changes.is_empty() {
        // What it belongs to may be dropped already.
        let is_dropped = loss.is_some() || !known.is_empty();
        let usual = row.aside(column.key).unwrap_or("no effect");
        return Cell::of(if is_dropped { "dropped" } else { usual }, loss);
    }
    let own = places(&row.before, &row.after);
    let is_same = own == changes;
    Cell::of(if is_same { "as it is".to_owned() } else { arrow(changes, Some(&row.after)) }, loss)
}

/// Returns a provider's answer as the client gets it.
pub(crate) fn answered(provider: &str, client: &str, status: u16, document: &Value) -> Value {
    let client = ClientApi::of(Format::from_name(client).unwrap()).unwrap();
    let provider = ProviderApi::of(Format::from_name(provider).unwrap()).unwrap();
    let document = document.to_string();
    let specimen = Specimen::Answer(status);
    let tried = trial((client, provider), specimen, document.as_bytes(), ("m", 1), 0).unwrap();
    let mut answer = serde_json::from_str(&tried.text).unwrap();
    leave_out_sums(&mut answer);
    answer
}

/// Leaves out what changes with anything else: sums, and ids that are numbers of items.
fn leave_out_sums(document: &mut Value) {
    match document {
        Value::Object(members) => {
            members.retain(|name, _| !matches!(name.as_str(), "id" | "total_tokens"));
            members.values_mut().for_each(leave_out_sums);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out_sums),
        _ => {}
    }
}

/// Returns what becomes of a field of an answer.
pub(crate) fn answer_cell(provider: &str, row: &Row, client: &str) -> Cell {
    let [before, after] =
        [&row.before, &row.after].map(|document| answered(provider, client, 200, document));
    assert!(before["error"].is_null(), "{}: {before}", row.name);
    let changes = places(&before, &after);
    Cell::of(
        match changes.as_slice() {
            [] => "left out".to_owned(),
            _ if !after["error"].is_null() => "an error".to_owned(),
            _ => arrow(changes, None),
        },
        None,
    )
}

/// Returns where something went: at most two places, and first what the client has said itself. Of
/// answers there is no sample, and numbers are counts that nobody needs to see.
fn arrow(changes: Vec<Place>, sample: Option<&Value>) -> String {
    let (gone, mut there): (Vec<_>, Vec<_>) = changes.into_iter().partition(|place| place.is_gone);
    let is_said = |value: &Value| sample.is_some_and(|sample| has(sample, value));
    there.sort_by_key(|place| !place.value.is_null() && !is_said(&place.value));
    let (word, listed) = if there.is_empty() { ("without", gone) } else { ("→", there) };
    // Neighbours in one object are told together.
    let mut objects: Vec<(String, Vec<String>)> = Vec::new();
    for place in &listed {
        let path = short(&place.path);
        let (object, name) = path.rsplit_once('.').unwrap_or(("", path));
        let name = format!("{name}{}", value(place, sample));
        match objects.iter_mut().find(|(known, _)| known == object && !object.is_empty()) {
            Some((_, names)) => names.push(name),
            None => objects.push((object.to_owned(), vec![name])),
        }
    }
    let shown = objects.iter().take(2).map(|(object, names)| match names.as_slice() {
        [name] if object.is_empty() => format!("`{name}`"),
        [name] => format!("`{object}.{name}`"),
        names => format!("`{object} {{ {} }}`", names.join(", ")),
    });
    let mut shown: Vec<String> = shown.collect();
    if objects.len() > 2 {
        shown.push("…".to_owned());
    }
    format!("{word} {}", shown.join(", "))
}

/// Returns a path without the message that it is in.
fn short(path: &str) -> &str {
    let within = ["messages[", "contents["].iter().find_map(|list| {
        let (_, rest) = path.strip_prefix(list)?.split_once("].")?;
        Some(rest)
    });
    within.unwrap_or(path)
}

/// Returns what stands at a place, if it is a word or a number that the client has not said.
fn value(place: &Place, sample: Option<&Value>) -> String {
    match &place.value {
        Value::Null | Value::Array(_) => String::new(),
        value if sample.is_some_and(|sample| has(sample, value)) => String::new(),
        Value::Number(_) if sample.is_none() => String::new(),
        Value::String(text) => {
            let is_part = |char: char| char.is_ascii_alphanumeric() || "_-/".contains(char);
            if !text.is_empty() && text.chars().all(is_part) {
                format!(": {text}")
            } else {
                String::new()
            }
        }
        value => format!(": {value}"),
    }
}

/// Whether something stands anywhere in a document, or within a text there.
fn has(document: &Value, value: &Value) -> bool {
    match document {
        document if document == value => true,
        Value::Object(members) => members.values().any(|within| has(within, value)),
        Value::Array(elements) => elements.iter().any(|within| has(within, value)),
        Value::String(text) => value.as_str().is_some_and(|part| text.contains(part)),
        _ => false,
    }
}

/// Returns why something is lost, if that is more than that it has no counterpart.
fn reason(loss: &Loss) -> Option<String> {
    let Loss { place, why, .. } = loss;
    if why.contains("has no counterpart") {
        return None;
    }
    let first = why.split(' ').next().unwrap_or_default();
    let reason = match first {
        "is" | "has" | "asks" | "refers" | "allows" | "cannot" | "can" | "contradicts" => {
            format!("it {why}")
        }
        "are" | "end" | "have" => format!("the {place} {why}"),
        _ => format!("{place} {why}"),
    };
    (reason.chars().count() <= LONGEST).then(|| reason.replace('|', "\\|"))
}
