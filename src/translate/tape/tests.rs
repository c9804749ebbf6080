//! Documents that are read, and those that are refused.

use super::slot::{MOST_DEPTH, MOST_VALUES};
use super::*;

#[test]
fn values_are_found_where_they_are_written() {
    let text = r#" {"a": [1, -2.50e+3, {"b": null, "c": "x\"\u00e9"}, []], "d": {}, "a": true} "#;
    let tape = Tape::read(text.as_bytes()).unwrap();
    let root = tape.root();
    assert_eq!(root.get("a").and_then(Node::flag), Some(true), "the last one counts");
    let (_, list) = root.members().next().unwrap();
    let parts: Vec<_> = list.elements().map(Node::raw).collect();
    assert_eq!(parts, ["1", "-2.50e+3", r#"{"b": null, "c": "x\"\u00e9"}"#, "[]"]);
    let object = list.elements().nth(2).unwrap();
    assert_eq!(object.members().count(), 1, "null is no member");
    assert_eq!(object.at(&["c"]).unwrap().text().unwrap().plain(), "x\"é");
    assert_eq!(root.get("d").unwrap().members().count(), 0);
    assert_eq!(root.elements().count(), 0);
}

#[test]
fn whole_numbers_are_read_in_any_form() {
    let whole = |text: &str| Tape::read(text.as_bytes()).unwrap().root().whole();
    assert_eq!(whole("4096"), Some(4096));
    assert_eq!(whole("4096.0"), Some(4096));
    assert_eq!(whole("4e3"), Some(4000));
    assert_eq!(whole("0.5"), None);
    assert_eq!(whole("-1"), None);
    assert_eq!(whole("1e99"), None);
    assert_eq!(whole("\"1\""), None);
}

#[test]
fn what_is_not_json_is_refused() {
    let bad = [
        "",
        " ",
        "{",
        "[",
        "]",
        "{]",
        "[}",
        "[1,]",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nul",
        "1 2",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "NaN",
        "'a'",
        "[1]]",
    ];
    for text in bad {
        assert_eq!(Tape::read(text.as_bytes()).unwrap_err(), NotRead::Malformed, "{text:?}");
    }
    assert_eq!(Tape::read(b"\"\xff\"").unwrap_err(), NotRead::Malformed);
}

#[test]
fn depth_and_values_are_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Tape::read(nested(MOST_DEPTH).as_bytes()).is_ok());
    assert_eq!(Tape::read(nested(MOST_DEPTH + 1).as_bytes()).unwrap_err(), NotRead::TooLarge);
    let many = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
    assert!(Tape::read(many(MOST_VALUES - 1).as_bytes()).is_ok());
    assert_eq!(Tape::read(many(MOST_VALUES).as_bytes()).unwrap_err(), NotRead::TooLarge);
}

proptest::proptest! {
    /// It accepts what a JSON library accepts, and shows the same values.
    #[test]
    fn it_reads_what_a_library_reads(text in r#"[\[\]{}",:0-9eE.\\utrufalsn +-]{0,24}"#) {
        let read = Tape::read(text.as_bytes());
        let library = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text);
        proptest::prop_assert_eq!(read.is_ok(), library.is_ok(), "{}", text);
        if let Ok(tape) = read {
            proptest::prop_assert_eq!(tape.root().raw(), text.trim());
        }
    }
}
