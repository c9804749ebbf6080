//! A document against the table: known keys, types, ranges, defaults.
//!
//! Reports every deviation with its path and returns what is left as plain
//! JSON: short forms written out, numbers normalised, defaults filled in. A
//! piece that was reported is left out of an object or replaced by its
//! default, and is `null` in a list or map, so that indices and names stay.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::describe::{all_described, described, fits, found, told};
use super::suggest::{all, did_you_mean};
use super::table::{Alternative, Key, KeyKind, Meaning, SectionShape, WhenAbsent};
use super::text::TextForm;
use crate::config::document::{self, Tree, TreeNode, number};
use crate::config::error::{Diagnostics, Path, quoted};
use crate::decimal::Decimal;

/// Deepest nesting of an object within itself (`when` in `any_of` or `not`).
const DEEPEST_NESTING: usize = 16;

/// Checks a document against the shape of its outermost object.
///
/// Returns the document in its normal form. `{"fallbacks": ["m"]}` of a model comes back as
/// `{"fallbacks": {"any_failure": ["m"]}, "status": "active", …}`. None where the outermost value
/// is no object, which is then reported.
pub(in crate::config) fn check(
    document: &Tree,
    shape: &'static SectionShape,
    findings: &mut Diagnostics,
) -> Option<Value> {
    let mut checker = Checker { findings, is_struct: document.is_struct, open: Vec::new() };
    match &document.root {
        TreeNode::Object(members) => checker.object(&Path::Root, members, shape),
        other => checker.mismatch(&Path::Root, other, "an object"),
    }
}

type NodeMembers = [(String, TreeNode)];

/// Walks a document and its table side by side.
struct Checker<'a> {
    findings: &'a mut Diagnostics,
    is_struct: bool,
    /// Names of the shapes around the current value, outermost first.
    open: Vec<&'static str>,
}

impl Checker<'_> {
    /// Returns a value in its normal form; none where it was reported.
    fn value(&mut self, path: &Path<'_>, node: &TreeNode, kind: &'static KeyKind) -> Option<Value> {
        match (kind, node) {
            (KeyKind::Bool, TreeNode::Bool(value)) => Some(Value::Bool(*value)),
            (KeyKind::Integer(..) | KeyKind::Number(..), _) => self.number(path, node, kind),
            (KeyKind::Text(form), TreeNode::Text(text)) => self.text(path, text, *form),
            (KeyKind::Choice(names), TreeNode::Text(text)) => self.choice(path, text, names, ""),
            (KeyKind::Scalar, TreeNode::Text(text)) => Some(Value::String(text.clone())),
            (KeyKind::Scalar, TreeNode::Number(value)) => Some(number::spelled(value).into()),
            (KeyKind::Scalar, TreeNode::Bool(value)) => Some(value.to_string().into()),
            (KeyKind::List(kind), TreeNode::List(elements)) => {
                Some(self.list(path, elements, kind))
            }
            (KeyKind::Map(form, kind), TreeNode::Object(members)) => {
                Some(self.map(path, members, *form, kind))
            }
            (KeyKind::Object(shape), TreeNode::Object(members)) => {
                self.object(path, members, shape())
            }
            (KeyKind::Json, TreeNode::Object(_)) => Some(self.json(path, "", node)),
            (KeyKind::Either(alternatives), _) => self.either(path, node, alternatives),
            _ => self.mismatch(path, node, &described(kind)),
        }
    }

    /// Returns a number of its kind, however it was written; none where it was reported.
    fn number(&mut self, path: &Path<'_>, node: &TreeNode, kind: &KeyKind) -> Option<Value> {
        match kind {
            KeyKind::Integer(least, most) => match number::integer(node) {
                Some(value) if (*least..=*most).contains(&value) => Some(value.into()),
                Some(value) => self.out_of_range(path, value, least, most),
                None => self.mismatch(path, node, &described(kind)),
            },
            KeyKind::Number(least, most) => match number::float(node) {
                Some(value) if (*least..=*most).contains(&value) => Some(value.into()),
                Some(value) => {
                    let [value, least, most] = [value, *least, *most].map(Decimal);
                    self.out_of_range(path, value, least, most)
                }
                None => self.mismatch(path, node, &described(kind)),
            },
            _ => None,
        }
    }

    /// Returns a text in the normal form of its kind; none where it was reported.
    fn text(&mut self, path: &Path<'_>, text: &str, form: TextForm) -> Option<Value> {
        match form.normalised(text) {
            Ok(text) => Some(Value::String(text)),
            Err(expected) => {
                let message = format!("found {}; expected {expected}", form.shown(text));
                self.findings.problem(path, message);
                None
            }
        }
    }

    /// Returns the text if it is one of the names; `others` says in the message what the value may
    /// be instead of a name.
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
        // All names are listed even with a suggestion, which is only a guess.
        let near = did_you_mean(text, names.iter().copied());
        let parting = if near.is_some() { "" } else { ";" };
        let (near, allowed) = (near.unwrap_or_default(), all(names.iter().copied()));
        let message =
            format!("unknown value {}{near}{parting} allowed: {allowed}{others}", quoted(text));
        self.findings.problem(path, message);
        None
    }

    /// Returns the elements; `null` stands for one that was reported.
    fn list(&mut self, path: &Path<'_>, elements: &[TreeNode], kind: &'static KeyKind) -> Value {
        let elements = elements.iter().enumerate();
        elements
            .map(|(at, node)| self.value(&path.index(at), node, kind).unwrap_or_default())
            .collect()
    }

    /// Returns the members; `null` stands for a value that was reported.
    fn map(
        &mut self,
        path: &Path<'_>,
        members: &NodeMembers,
        form: TextForm,
        kind: &'static KeyKind,
    ) -> Value {
        let mut map = Map::new();
        for (key, node) in members {
            // Even under a key that is refused, so that both are reported in one pass.
            let value = self.value(&path.key(key), node, kind).unwrap_or_default();
            match form.normalised(key) {
                // By the normal form: `X-Tier` and `x-tier` are one header.
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

    /// Returns the known keys of an object, with the defaults of those that are left out; none
    /// where it is nested too deeply.
    fn object(
        &mut self,
        path: &Path<'_>,
        members: &NodeMembers,
        shape: &'static SectionShape,
    ) -> Option<Value> {
        // By shape: only one that holds itself can be nested without end.
        let depth = self.open.iter().filter(|name| **name == shape.name).count();
        if depth >= DEEPEST_NESTING {
            let message = format!("is nested too deeply; use at most {DEEPEST_NESTING} levels");
            self.findings.problem(path, message);
            return None;
        }
        self.open.push(shape.name);
        let mut map = Map::new();
        let mut seen = BTreeSet::new();
        for (name, node) in members {
            // Of equal keys the first counts; that there are two is a problem anyway.
            if !seen.insert(name.as_str()) {
                self.duplicate(path, name);
                continue;
            }
            match shape.keys().find(|key| key.name == name) {
                // Refused, because a misspelt key would otherwise have its default silently.
                None => self.unknown(path, name, shape),
                Some(key) => {
                    if let Some(value) = self.value(&path.key(name), node, &key.kind) {
                        map.insert(name.clone(), value);
                    }
                }
            }
        }
        // Last, because a key that was reported has its default like one that is left out.
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
            WhenAbsent::Required if !is_seen => {
                let what = told(key.doc).map(|what| format!(": {what}")).unwrap_or_default();
                let message = format!("missing key {}; add it{what}", quoted(key.name));
                self.findings.problem(path, message);
            }
            // A required key that was there and wrong has been reported.
            WhenAbsent::Required | WhenAbsent::Optional => {}
            // Through the kind, because defaults have short forms and keys of their own.
            WhenAbsent::Default(json) => {
                let node = document::text(json).unwrap_or(TreeNode::Null);
                if let Some(value) = self.value(&path.key(key.name), &node, &key.kind) {
                    map.insert(key.name.to_owned(), value);
                }
            }
        }
    }

    /// Returns a value under the alternative that is meant, its short form written out; none where
    /// it was reported.
    ///
    /// An object is meant for the alternative whose marker it has: `{"provider": …}` is a candidate
    /// in place, `{"deployment": …}` a listed one. Without a marker the first that takes the type
    /// counts.
    fn either(
        &mut self,
        path: &Path<'_>,
        node: &TreeNode,
        alternatives: &'static [Alternative],
    ) -> Option<Value> {
        let fitting = || alternatives.iter().filter(|alternative| fits(&alternative.kind, node));
        let meant = fitting().find(|alternative| alternative.is_marked(node));
        let Some(alternative) = meant.or_else(|| fitting().next()) else {
            return self.mismatch(path, node, &all_described(alternatives.iter()));
        };
        // The message for a wrong name in a short form lists all that the value may be instead.
        let value = match (&alternative.kind, node) {
            (KeyKind::Choice(names), TreeNode::Text(text)) => {
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

    /// Returns any JSON as it is; `member` is the key it stands under.
    fn json(&mut self, path: &Path<'_>, member: &str, node: &TreeNode) -> Value {
        match node {
            TreeNode::Null => Value::Null,
            TreeNode::Bool(value) => Value::Bool(*value),
            TreeNode::Number(value) => Value::Number(value.clone()),
            // The YAML file said `temperature: 0.2`, and a provider would refuse "0.2".
            TreeNode::Text(text) if self.is_struct => {
                number::restored(member, text).unwrap_or_else(|| Value::String(text.clone()))
            }
            TreeNode::Text(text) => Value::String(text.clone()),
            TreeNode::List(elements) => {
                let elements = elements.iter().enumerate();
                elements.map(|(at, node)| self.json(&path.index(at), "", node)).collect()
            }
            TreeNode::Object(members) => {
                let mut map = Map::new();
                for (key, node) in members {
                    let value = self.json(&path.key(key), key, node);
                    // Which of two equal members a provider would take is not defined.
                    if map.insert(key.clone(), value).is_some() {
                        self.duplicate(path, key);
                    }
                }
                Value::Object(map)
            }
        }
    }

    /// Reports a key that the shape does not have. The message suggests the nearest one, or else
    /// lists all keys.
    fn unknown(&mut self, path: &Path<'_>, name: &str, shape: &'static SectionShape) {
        let known = || shape.keys().map(|key| key.name);
        let hint =
            did_you_mean(name, known()).unwrap_or_else(|| format!("; allowed: {}", all(known())));
        self.findings.problem(path, format!("unknown key {}{hint}", quoted(name)));
    }

    /// Reports that an object has a key twice.
    fn duplicate(&mut self, path: &Path<'_>, key: &str) {
        self.findings.problem(path, format!("duplicate key {}; keep one of them", quoted(key)));
    }

    /// Reports a value of another type; returns none.
    fn mismatch(&mut self, path: &Path<'_>, node: &TreeNode, expected: &str) -> Option<Value> {
        self.findings.problem(path, format!("found {}; expected {expected}", found(node)));
        None
    }

    /// Reports a number beyond its bounds; returns none.
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

/// Returns an object of one member, which is what a short form stands for.
fn member(key: &str, value: Value) -> Value {
    let mut map = Map::new();
    map.insert(key.to_owned(), value);
    Value::Object(map)
}

impl Alternative {
    /// Whether a value of the right type is meant for this alternative.
    fn is_marked(&self, node: &TreeNode) -> bool {
        match (self.marker, node) {
            (Some(marker), TreeNode::Object(members)) => {
                members.iter().any(|(key, _)| key == marker)
            }
            (marker, _) => marker.is_none(),
        }
    }
}
