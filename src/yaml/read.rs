//! Text to a tree, the way Envoy reads YAML and JSON.
//!
//! Envoy knows anchors and aliases. It knows no merge keys: it takes `<<` for the name of a
//! field, which no message has. Plain scalars are null, booleans (`yes` and `off` too),
//! numbers or else text.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::mistake::said;
use super::tree::{At, TreeMember, TreeNode, TreeValue};

/// Most nodes of a document, those that aliases repeat included.
///
/// Aliases of aliases grow exponentially: a file of a kilobyte can stand for more nodes than
/// memory holds, and every check would visit them all.
const MOST_NODES: usize = 1_000_000;

/// Reads JSON text, or else the first document of YAML text.
///
/// JSON is tried first, because YAML's escapes lack surrogate pairs (`\ud83d\ude00`).
///
/// # Errors
/// What is wrong, with its line.
pub(super) fn read(text: &str) -> Result<TreeNode, String> {
    read_first(text, Builder::default()).map(|(node, _)| node)
}

/// Reads the same, and understands merge keys (`<<: *anchor`), which Envoy does not: an object gets
/// the members of those that it names, except what it has itself.
///
/// # Errors
/// What is wrong, with its line.
pub(crate) fn read_merging(text: &str) -> Result<TreeNode, String> {
    read_first(text, Builder { merges: true, ..Builder::default() }).map(|(node, _)| node)
}

/// Returns the first document of a text, and the line in which another one begins.
fn read_first(text: &str, mut builder: Builder) -> Result<(TreeNode, Option<usize>), String> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(node) = serde_json::from_str(text)
    {
        return Ok((node, None));
    }
    let mut events = Parser::new_from_str(text);
    for event in events.by_ref() {
        let (event, span) = event.map_err(|error| said(text, &error))?;
        let line = span.start.line();
        if builder.take(event, line).map_err(|what| format!("line {line}: {what}"))? {
            break;
        }
    }
    let root = builder.root.ok_or_else(|| "is empty".to_owned())?;
    // What is wrong after the first document does not matter to it.
    let begins = |event: &(Event<'_>, Span)| matches!(event.0, Event::DocumentStart(_));
    let next = events.map_while(Result::ok).find(begins);
    Ok((root, next.map(|(_, span)| span.start.line())))
}

/// Reads YAML or JSON as [`read`] does, and returns the place of the whole.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn read_tree(text: &str) -> Result<At, String> {
    read(text).map(At::root)
}

/// Reads the only document of a text, as [`read`] does.
///
/// # Errors
/// As [`read`], and where another document follows: all but the first would be passed over.
pub(crate) fn read_only_document(text: &str) -> Result<TreeNode, String> {
    let (node, next) = read_first(text, Builder::default())?;
    match next {
        None => Ok(node),
        Some(line) => Err(format!(
            "line {line}: another document begins; put only one document into the file"
        )),
    }
}

/// The key whose value is merged into the object that it is in.
const MERGE_KEY: &str = "<<";

/// A list or an object whose end has not been read.
#[derive(Debug)]
struct Open {
    /// What has been read of it.
    node: TreeNode,
    /// 0 for none.
    anchor: usize,
    /// How many nodes it stands for so far, itself and repeated ones included.
    nodes: usize,
    /// The key whose value comes next, and its line; none where a key comes next.
    key: Option<(String, usize)>,
}

/// Makes a tree of the parser's events, which come in the order of the text.
#[derive(Debug, Default)]
struct Builder {
    /// From the outermost to the innermost.
    open: Vec<Open>,
    /// What each anchor stands for, and how many nodes that are.
    anchors: HashMap<usize, (Rc<TreeNode>, usize)>,
    root: Option<TreeNode>,
    /// Whether merge keys are understood.
    merges: bool,
}

impl Builder {
    /// Takes the next event; returns true when the document is complete.
    ///
    /// # Errors
    /// Text that Envoy would refuse as well, and text of too many nodes.
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<bool, &'static str> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                if is_plain && text == MERGE_KEY && self.is_key_next() && !self.merges {
                    return Err(
                        "\"<<\": Envoy does not support merge keys; repeat the fields, or \
                                use one anchor for all of them",
                    );
                }
                let value =
                    if is_plain { plain(&text) } else { TreeValue::Text(text.into_owned()) };
                return self.add(Rc::new(TreeNode { line, value }), 1, anchor);
            }
            Event::Alias(anchor) => {
                // An anchor is known once its node is complete, so nothing can contain itself.
                let known = self.anchors.get(&anchor).cloned();
                let (node, nodes) =
                    known.ok_or("an alias refers to an anchor that is not complete")?;
                return self.add(node, nodes, 0);
            }
            Event::SequenceStart(anchor, _) => self.begin(TreeValue::List(vec![]), line, anchor),
            Event::MappingStart(anchor, _) => self.begin(TreeValue::Map(vec![]), line, anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                // The parser ends only what it has begun, so something is open.
                let Some(mut open) = self.open.pop() else { return Ok(false) };
                if self.merges {
                    merge(&mut open.node)?;
                }
                return self.add(Rc::new(open.node), open.nodes, open.anchor);
            }
            // Beginnings and ends of the stream and its documents hold no value.
            _ => {}
        }
        Ok(false)
    }

    /// Whether the next scalar is the key of a member.
    fn is_key_next(&self) -> bool {
        let is_map = |open: &Open| matches!(open.node.value, TreeValue::Map(_));
        self.open.last().is_some_and(|open| is_map(open) && open.key.is_none())
    }

    fn begin(&mut self, value: TreeValue, line: usize, anchor: usize) {
        self.open.push(Open { node: TreeNode { line, value }, anchor, nodes: 1, key: None });
    }

    /// Adds a node to what is open, or makes it the root; returns true when it is the root.
    ///
    /// `nodes` is how many nodes it stands for. `anchor` is 0 for none.
    fn add(
        &mut self,
        node: Rc<TreeNode>,
        nodes: usize,
        anchor: usize,
    ) -> Result<bool, &'static str> {
        if anchor > 0 {
            self.anchors.insert(anchor, (Rc::clone(&node), nodes));
        }
        let Some(open) = self.open.last_mut() else {
            // The anchors may hold the root as well.
            self.anchors.clear();
            self.root = Rc::try_unwrap(node).ok();
            return Ok(self.root.is_some());
        };
        // What an alias stands for counts each time. It is shared in memory, but every check
        // visits it again.
        open.nodes = open.nodes.saturating_add(nodes);
        if open.nodes > MOST_NODES {
            return Err("the file has a million nodes or more, counting those that aliases repeat");
        }
        match (&mut open.node.value, open.key.take()) {
            (TreeValue::List(items), _) => items.push(node),
            (TreeValue::Map(members), Some((key, line))) => {
                members.push(TreeMember { key, line, node })
            }
            _ => {
                let key = match &node.value {
                    TreeValue::Text(text) | TreeValue::Number(text) => text.clone(),
                    // Envoy takes any scalar for a key.
                    TreeValue::Bool(value) => value.to_string(),
                    TreeValue::Null => String::new(),
                    TreeValue::List(_) | TreeValue::Map(_) => return Err("a key is not text"),
                };
                open.key = Some((key, node.line));
            }
        }
        Ok(false)
    }
}

/// Puts the members of merged objects into an object. Its own count first, then those of the first
/// object that it names.
///
/// # Errors
/// What is named is no object.
fn merge(node: &mut TreeNode) -> Result<(), &'static str> {
    let TreeValue::Map(members) = &mut node.value else { return Ok(()) };
    if members.iter().all(|member| member.key != MERGE_KEY) {
        return Ok(());
    }
    let (merged, own): (Vec<_>, Vec<_>) =
        std::mem::take(members).into_iter().partition(|member| member.key == MERGE_KEY);
    let mut named = HashSet::new();
    members.extend(own);
    named.extend(members.iter().map(|member| member.key.clone()));
    for TreeMember { node: from, .. } in merged {
        let sources =
            if let TreeValue::List(items) = &from.value { items.clone() } else { vec![from] };
        for source in sources {
            let TreeValue::Map(more) = &source.value else {
                return Err("\"<<\": expected an object, or a list of objects");
            };
            members.extend(more.iter().filter(|member| named.insert(member.key.clone())).cloned());
        }
    }
    Ok(())
}

/// Returns the value of a scalar without quotes, by the rules of yaml-cpp, which is what Envoy
/// reads by: those of YAML 1.1 for booleans.
fn plain(text: &str) -> TreeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => TreeValue::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            TreeValue::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            TreeValue::Bool(false)
        }
        _ if text.parse::<serde_json::Number>().is_ok() => TreeValue::Number(text.to_owned()),
        _ => TreeValue::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
        assert_eq!(value("&a {b: &b 1, c: *b}"), json!({"b": 1, "c": 1}));
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
        assert!(message.starts_with("line 10: the file has a million nodes"), "{message}");
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
        assert!(
            message.starts_with("line 3: \"<<\": Envoy does not support merge keys"),
            "{message}"
        );
        // A name in quotes, such as a cluster's, and what is no key are text.
        assert_eq!(value("\"<<\": {name: <<}"), json!({"<<": {"name": "<<"}}));
    }

    #[test]
    fn merge_keys_are_understood_where_they_are_meant() {
        let merging = |text: &str| At::root(read_merging(text).unwrap()).json().unwrap();
        assert_eq!(
            merging("a: &a {b: 1, c: 2}\nd: &d {b: 3, e: 4}\nf: {b: 0, <<: [*a, *d]}\n")["f"],
            json!({"b": 0, "c": 2, "e": 4})
        );
        assert!(read_merging("a: {<<: 1}").unwrap_err().contains("expected an object"));
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        let message = read("a: [1\nb: 2\n").unwrap_err();
        assert!(message.starts_with("line "), "{message}");
        assert_eq!(read("# nothing\n").unwrap_err(), "is empty");
    }
}
