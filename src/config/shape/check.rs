//! A document against the table: known keys, types, ranges, defaults.
//!
//! Reports every deviation with its path and returns what is left as plain
//! JSON: short forms written out, numbers normalised, defaults filled in. A
//! piece that was reported is left out of an object or replaced by its
//! default, and is `null` in a list or map, so that indices and names stay.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::describe::{all_described, described, fits, found};
use super::suggest::{all, did_you_mean};
use super::table::{Alternative, Key, Kind, Meaning, Presence, Shape};
use super::text::Text;
use crate::config::document::{self, Document, Node, number};
use crate::config::error::{Findings, Path, quoted};

/// Deepest nesting of an object within itself (`when` in `any_of` or `not`).
const DEEPEST_NESTING: usize = 16;

/// Checks a document against the shape of its outermost object.
pub(in crate::config) fn check(
    document: &Document,
    shape: &'static Shape,
    findings: &mut Findings,
) -> Option<Value> {
    let mut checker = Checker { findings, is_struct: document.is_struct, open: Vec::new() };
    match &document.root {
        Node::Object(members) => checker.object(&Path::Root, members, shape),
        other => checker.mismatch(&Path::Root, other, "an object"),
    }
}

type Members = [(String, Node)];

struct Checker<'a> {
    findings: &'a mut Findings,
    is_struct: bool,
    /// Names of the shapes around the current value.
    open: Vec<&'static str>,
}

impl Checker<'_> {
    /// The value in its normal form; none where it was reported.
    fn value(&mut self, path: &Path<'_>, node: &Node, kind: &'static Kind) -> Option<Value> {
        match (kind, node) {
            (Kind::Bool, Node::Bool(value)) => Some(Value::Bool(*value)),
            (Kind::Integer(..) | Kind::Number(..), _) => self.number(path, node, kind),
            (Kind::Text(form), Node::Text(text)) => self.text(path, text, *form),
            (Kind::Choice(names), Node::Text(text)) => self.choice(path, text, names, ""),
            (Kind::Scalar, Node::Text(text)) => Some(Value::String(text.clone())),
            (Kind::Scalar, Node::Number(value)) => Some(number::spelled(value).into()),
            (Kind::Scalar, Node::Bool(value)) => Some(value.to_string().into()),
            (Kind::List(kind), Node::List(elements)) => Some(self.list(path, elements, kind)),
            (Kind::Map(form, kind), Node::Object(members)) => {
                Some(self.map(path, members, *form, kind))
            }
            (Kind::Object(shape), Node::Object(members)) => self.object(path, members, shape()),
            (Kind::Json, Node::Object(_)) => Some(self.json(path, "", node)),
            (Kind::Either(alternatives), _) => self.either(path, node, alternatives),
            _ => self.mismatch(path, node, &described(kind)),
        }
    }

    fn number(&mut self, path: &Path<'_>, node: &Node, kind: &Kind) -> Option<Value> {
        match kind {
            Kind::Integer(least, most) => match number::integer(node) {
                Some(value) if (*least..=*most).contains(&value) => Some(value.into()),
                Some(value) => self.out_of_range(path, value, least, most),
                None => self.mismatch(path, node, &described(kind)),
            },
            Kind::Number(least, most) => match number::float(node) {
                Some(value) if (*least..=*most).contains(&value) => Some(value.into()),
                Some(value) => self.out_of_range(path, value, least, most),
                None => self.mismatch(path, node, &described(kind)),
            },
            _ => None,
        }
    }

    fn text(&mut self, path: &Path<'_>, text: &str, form: Text) -> Option<Value> {
        match form.normalised(text) {
            Ok(text) => Some(Value::String(text)),
            Err(expected) => {
                self.findings.problem(path, format!("found {}; expected {expected}", quoted(text)));
                None
            }
        }
    }

    /// One of the names; `others` tells what the value may be instead.
    fn choice(
        &mut self,
        path: &Path<'_>,
        text: &str,
        names: &[&str],
        others: &str,
    ) -> Option<Value> {
        if names.contains(&text) {
            return Some(text.into());
        }
        let near = did_you_mean(text, names.iter().copied());
        let parting = if near.is_some() { "" } else { ";" };
        let (near, allowed) = (near.unwrap_or_default(), all(names.iter().copied()));
        let message =
            format!("unknown value {}{near}{parting} allowed: {allowed}{others}", quoted(text));
        self.findings.problem(path, message);
        None
    }

    fn list(&mut self, path: &Path<'_>, elements: &[Node], kind: &'static Kind) -> Value {
        let elements = elements.iter().enumerate();
        elements
            .map(|(at, node)| self.value(&path.index(at), node, kind).unwrap_or_default())
            .collect()
    }

    fn map(
        &mut self,
        path: &Path<'_>,
        members: &Members,
        form: Text,
        kind: &'static Kind,
    ) -> Value {
        let mut map = Map::new();
        for (key, node) in members {
            let value = self.value(&path.key(key), node, kind).unwrap_or_default();
            match form.normalised(key) {
                Ok(key) if map.contains_key(&key) => self.duplicate(path, &key),
                Ok(key) => _ = map.insert(key, value),
                Err(expected) => {
                    let message = format!("found key {}; expected {expected}", quoted(key));
                    self.findings.problem(path, message);
                }
            }
        }
        Value::Object(map)
    }

    fn object(
        &mut self,
        path: &Path<'_>,
        members: &Members,
        shape: &'static Shape,
    ) -> Option<Value> {
        let depth = self.open.iter().filter(|name| **name == shape.name).count();
        if depth >= DEEPEST_NESTING {
            let message = format!("is nested too deeply; allowed: {DEEPEST_NESTING} levels");
            self.findings.problem(path, message);
            return None;
        }
        self.open.push(shape.name);
        let mut map = Map::new();
        let mut seen = BTreeSet::new();
        for (name, node) in members {
            if !seen.insert(name.as_str()) {
                self.duplicate(path, name);
                continue;
            }
            match shape.keys().find(|key| key.name == name) {
                None => self.unknown(path, name, shape),
                Some(key) => {
                    if let Some(value) = self.value(&path.key(name), node, &key.kind) {
                        map.insert(name.clone(), value);
                    }
                }
            }
        }
        for key in shape.keys() {
            self.absent(path, key, &mut map, seen.contains(key.name));
        }
        self.open.pop();
        Some(Value::Object(map))
    }

    /// Fills in what a key stands for when it is left out, or was reported.
    fn absent(
        &mut self,
        path: &Path<'_>,
        key: &'static Key,
        map: &mut Map<String, Value>,
        is_seen: bool,
    ) {
        if map.contains_key(key.name) {
            return;
        }
        match &key.presence {
            Presence::Required if !is_seen => {
                let message = format!("missing key {}: {}", quoted(key.name), key.doc);
                self.findings.problem(path, message);
            }
            Presence::Required | Presence::Optional => {}
            // Through the kind, for defaults have short forms and keys of their own.
            Presence::Default(json) => {
                let node = document::text(json).unwrap_or(Node::Null);
                if let Some(value) = self.value(&path.key(key.name), &node, &key.kind) {
                    map.insert(key.name.to_owned(), value);
                }
            }
        }
    }

    fn either(
        &mut self,
        path: &Path<'_>,
        node: &Node,
        alternatives: &'static [Alternative],
    ) -> Option<Value> {
        let fitting = || alternatives.iter().filter(|alternative| fits(&alternative.kind, node));
        let meant = fitting().find(|alternative| alternative.is_marked(node));
        let Some(alternative) = meant.or_else(|| fitting().next()) else {
            return self.mismatch(path, node, &all_described(alternatives.iter()));
        };
        let value = match (&alternative.kind, node) {
            (Kind::Choice(names), Node::Text(text)) => {
                let others = alternatives.iter().filter(|other| !fits(&other.kind, node));
                self.choice(path, text, names, &format!(", or {}", all_described(others)))?
            }
            (kind, _) => self.value(path, node, kind)?,
        };
        Some(match alternative.stands_for {
            Meaning::Itself => value,
            Meaning::Element => Value::Array(vec![value]),
            Meaning::Member(key) => member(key, value),
        })
    }

    /// Any JSON; `member` is the key it stands under.
    fn json(&mut self, path: &Path<'_>, member: &str, node: &Node) -> Value {
        match node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(value) => Value::Number(value.clone()),
            // The YAML file said `temperature: 0.2`, and a provider would refuse "0.2".
            Node::Text(text) if self.is_struct => {
                number::restored(member, text).unwrap_or_else(|| Value::String(text.clone()))
            }
            Node::Text(text) => Value::String(text.clone()),
            Node::List(elements) => {
                let elements = elements.iter().enumerate();
                elements.map(|(at, node)| self.json(&path.index(at), "", node)).collect()
            }
            Node::Object(members) => {
                let mut map = Map::new();
                for (key, node) in members {
                    let value = self.json(&path.key(key), key, node);
                    if map.insert(key.clone(), value).is_some() {
                        self.duplicate(path, key);
                    }
                }
                Value::Object(map)
            }
        }
    }

    fn unknown(&mut self, path: &Path<'_>, name: &str, shape: &'static Shape) {
        let known = || shape.keys().map(|key| key.name);
        let hint =
            did_you_mean(name, known()).unwrap_or_else(|| format!("; allowed: {}", all(known())));
        self.findings.problem(path, format!("unknown key {}{hint}", quoted(name)));
    }

    fn duplicate(&mut self, path: &Path<'_>, key: &str) {
        self.findings.problem(path, format!("duplicate key {}", quoted(key)));
    }

    fn mismatch(&mut self, path: &Path<'_>, node: &Node, expected: &str) -> Option<Value> {
        self.findings.problem(path, format!("found {}; expected {expected}", found(node)));
        None
    }

    fn out_of_range(
        &mut self,
        path: &Path<'_>,
        value: impl Display,
        least: impl Display,
        most: impl Display,
    ) -> Option<Value> {
        let message = format!("{value} is out of range; allowed: {least} to {most}");
        self.findings.problem(path, message);
        None
    }
}

/// An object of one member.
fn member(key: &str, value: Value) -> Value {
    let mut map = Map::new();
    map.insert(key.to_owned(), value);
    Value::Object(map)
}

impl Alternative {
    /// Whether a value of the right type is meant for this alternative.
    fn is_marked(&self, node: &Node) -> bool {
        match (self.marker, node) {
            (Some(marker), Node::Object(members)) => members.iter().any(|(key, _)| key == marker),
            (marker, _) => marker.is_none(),
        }
    }
}
