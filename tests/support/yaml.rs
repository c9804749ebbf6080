//! YAML as JSON, for tests that take a file apart. Knows anchors and merge keys.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Returns the one document of a text.
pub(crate) fn value(text: &str) -> Value {
    let events = Parser::new_from_str(text).map(|event| event.unwrap().0);
    let mut events = events.filter(|event| {
        !matches!(event, Event::StreamStart | Event::DocumentStart(_) | Event::Nothing)
    });
    let first = events.next().unwrap();
    node(first, &mut events, &mut HashMap::new())
}

fn node<'i>(
    event: Event<'i>,
    events: &mut impl Iterator<Item = Event<'i>>,
    anchors: &mut HashMap<usize, Value>,
) -> Value {
    let (anchor, value) = match event {
        Event::Alias(anchor) => (0, anchors[&anchor].clone()),
        Event::Scalar(text, ScalarStyle::Plain, anchor, _) => (anchor, plain(&text)),
        Event::Scalar(text, _, anchor, _) => (anchor, Value::from(text.as_ref())),
        Event::SequenceStart(anchor, _) => {
            let mut items = Vec::new();
            while let Some(event) = events.next().filter(|it| *it != Event::SequenceEnd) {
                items.push(node(event, events, anchors));
            }
            (anchor, Value::from(items))
        }
        Event::MappingStart(anchor, _) => {
            let (mut own, mut merged) = (Map::new(), Map::new());
            while let Some(event) = events.next().filter(|it| *it != Event::MappingEnd) {
                let key = node(event, events, anchors);
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                let next = events.next().unwrap();
                match node(next, events, anchors) {
                    Value::Object(more) if key == "<<" => merged.extend(more),
                    value => drop(own.insert(key, value)),
                }
            }
            merged.extend(own);
            (anchor, Value::Object(merged))
        }
        other => panic!("{other:?}"),
    };
    if anchor > 0 {
        anchors.insert(anchor, value.clone());
    }
    value
}

fn plain(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "true" => Value::from(true),
        "false" => Value::from(false),
        "" | "~" | "null" => Value::Null,
        _ => text.parse().map_or_else(|_| Value::from(text), Value::Number),
    }
}
