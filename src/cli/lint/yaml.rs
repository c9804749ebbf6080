//! Text to a tree, the way Envoy reads YAML and JSON.
//!
//! Envoy knows anchors and aliases. It knows no merge keys: `<<` is to it the name
//! of a field, and no message has one. Plain scalars are null, booleans (`yes` and
//! `off` too), whole numbers or else text.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::tree::{YamlNode, YamlValue};

/// Most nodes of a document, those that aliases repeat included.
const MOST_NODES: usize = 1_000_000;

/// Reads JSON text, or else the first document of YAML text.
///
/// # Errors
/// What is wrong, with its line.
pub(in crate::cli) fn read(text: &str) -> Result<YamlNode, String> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
    {
        return Ok(value.into());
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| said(&error))?;
        let line = span.start.line();
        if builder.take(event, line).map_err(|what| format!("line {line}: {what}"))? {
            break;
        }
    }
    builder.root.ok_or_else(|| "holds nothing".to_owned())
}

fn said(error: &ScanError) -> String {
    format!("line {}: {}", error.marker().line(), error.info())
}

/// A list or an object that is not complete.
#[derive(Debug)]
struct Open {
    anchor: usize,
    line: usize,
    /// How many nodes it has by now, itself included.
    nodes: usize,
    /// The key whose value comes next, of an object.
    key: Option<String>,
    items: Vec<Rc<YamlNode>>,
    members: Option<Vec<(String, Rc<YamlNode>)>>,
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Open>,
    /// With how many nodes each stands for.
    anchors: HashMap<usize, (Rc<YamlNode>, usize)>,
    root: Option<YamlNode>,
}

impl Builder {
    /// Takes the next event; true when the document is complete.
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<bool, &'static str> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                if is_plain && text == "<<" && self.is_key_next() {
                    return Err("\"<<\": Envoy knows no merge keys; repeat the fields, \
                                or refer to all of them by one anchor");
                }
                let kind = if is_plain { plain(&text) } else { YamlValue::Text(text.into_owned()) };
                return self.add(Rc::new(YamlNode { line, kind }), 1, anchor);
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (node, nodes) = known.ok_or("an alias of what is not complete")?;
                return self.add(node, nodes, 0);
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, line, None),
            Event::MappingStart(anchor, _) => self.begin(anchor, line, Some(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(false) };
                let kind = open.members.map_or(YamlValue::List(open.items), YamlValue::Map);
                let node = Rc::new(YamlNode { line: open.line, kind });
                return self.add(node, open.nodes, open.anchor);
            }
            _ => {}
        }
        Ok(false)
    }

    fn is_key_next(&self) -> bool {
        self.open.last().is_some_and(|open| open.members.is_some() && open.key.is_none())
    }

    fn begin(&mut self, anchor: usize, line: usize, members: Option<Vec<(String, Rc<YamlNode>)>>) {
        self.open.push(Open { anchor, line, nodes: 1, key: None, items: Vec::new(), members });
    }

    /// Adds a node to what is open; `nodes` is how many it stands for.
    fn add(
        &mut self,
        node: Rc<YamlNode>,
        nodes: usize,
        anchor: usize,
    ) -> Result<bool, &'static str> {
        if anchor > 0 {
            self.anchors.insert(anchor, (Rc::clone(&node), nodes));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Rc::try_unwrap(node).ok();
            self.anchors.clear();
            return Ok(self.root.is_some());
        };
        open.nodes = open.nodes.saturating_add(nodes);
        if open.nodes > MOST_NODES {
            return Err("a million nodes and more, those that aliases repeat included");
        }
        match (&mut open.members, open.key.take()) {
            (None, _) => open.items.push(node),
            (Some(members), Some(key)) => members.push((key, node)),
            (Some(_), None) => {
                open.key = Some(match &node.kind {
                    YamlValue::Text(text) | YamlValue::Number(text) => text.clone(),
                    YamlValue::Bool(value) => value.to_string(),
                    YamlValue::Null => String::new(),
                    YamlValue::List(_) | YamlValue::Map(_) => return Err("a key that is no text"),
                });
            }
        }
        Ok(false)
    }
}

/// A scalar without quotes.
fn plain(text: &str) -> YamlValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => YamlValue::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            YamlValue::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            YamlValue::Bool(false)
        }
        _ if text.parse::<serde_json::Number>().is_ok() => YamlValue::Number(text.to_owned()),
        _ => YamlValue::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tree::At;
    use super::*;

    fn value(text: &str) -> Value {
        At::root(read(text).unwrap()).json().unwrap()
    }

    #[test]
    fn scalars_are_what_envoy_takes_them_for() {
        let text = "a: yes\nb: \"yes\"\nc: 1\nd: 0s\ne: ~\nf: 'off'\ng: |\n  x\n  y\nh: -0.5\n";
        let wanted = json!({"a": true, "b": "yes", "c": 1, "d": "0s", "e": null, "f": "off", "g": "x\ny\n", "h": -0.5});
        assert_eq!(value(text), wanted);
    }

    #[test]
    fn an_alias_is_what_its_anchor_is() {
        let text = "a: &a {b: [1, &c 2]}\nd: *a\ne: *c\n";
        assert_eq!(value(text), json!({"a": {"b": [1, 2]}, "d": {"b": [1, 2]}, "e": 2}));
        assert!(read("a: &a {b: *a}").is_err());
        assert!(read("a: *b").is_err());
    }

    #[test]
    fn aliases_of_aliases_end_somewhere() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..=20 {
            let last = at - 1;
            text.push_str(&format!("a{at}: &a{at} [*a{last}, *a{last}, *a{last}, *a{last}]\n"));
        }
        let message = read(&text).unwrap_err();
        assert!(message.starts_with("line 10: a million nodes and more"), "{message}");
    }

    #[test]
    fn json_is_read_as_json() {
        assert_eq!(
            value("\n{\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [1.5]}"),
            json!({"a": "😀", "b": [1.5]})
        );
        assert_eq!(value("{a: b}"), json!({"a": "b"}));
    }

    #[test]
    fn merge_keys_are_refused_with_their_line() {
        let message = read("a: &a {b: 1}\nc:\n  <<: *a\n").unwrap_err();
        assert!(message.starts_with("line 3: \"<<\": Envoy knows no merge keys"), "{message}");
        // A name in quotes, such as a cluster's, and what is no key are text.
        assert_eq!(value("\"<<\": {name: <<}"), json!({"<<": {"name": "<<"}}));
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        let message = read("a: [1\nb: 2\n").unwrap_err();
        assert!(message.starts_with("line "), "{message}");
        assert_eq!(read("# nothing\n").unwrap_err(), "holds nothing");
    }
}
