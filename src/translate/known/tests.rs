//! What is read of an object, and what is said of it.

use super::super::tape::Tape;
use super::*;

/// Reads an object with the members `a` to `f`, and returns what is lost.
fn losses(json: &str, read: impl Fn(&KnownObject<'_, '_, '_>, &mut Losses)) -> Vec<String> {
    let tape = Tape::read(json.as_bytes()).unwrap();
    let mut losses = Losses::default();
    let names = ["a", "b", "c", "d", "e", "f"];
    read(&KnownObject::of(tape.root(), Spot::Body, &names, &mut losses), &mut losses);
    losses.list().iter().map(ToString::to_string).collect()
}

#[test]
fn no_member_is_passed_over() {
    let told = losses(r#"{"a":1,"x":2,"\u0061":3,"y":null,"b":null}"#, |_, _| {});
    assert_eq!(told, ["x is not known to the translation", "a is given twice"]);
    assert_eq!(losses("[]", |_, _| {}), ["the body is not an object"]);
    let told = losses(r#"{"a":{"b":1,"c":2,"c":3}}"#, |object, losses| {
        let inner = object.object("a", &["c"], losses).unwrap();
        assert_eq!(inner.whole("c", losses), Some(3), "the last one counts");
    });
    assert_eq!(told, ["a.b is not known to the translation", "a.c is given twice"]);
}

#[test]
fn what_is_of_the_right_type_is_returned() {
    let json = r#"{"a":"t","b":1.50,"c":7,"d":true,"e":{"x": 1},"f":[1,"",3]}"#;
    let told = losses(json, |object, losses| {
        assert_eq!(object.text("a", losses), Some(JsonText::Escaped("t")));
        assert_eq!(object.needed_text("a", losses), Some(JsonText::Escaped("t")));
        assert_eq!(object.number("b", losses), Some("1.50"));
        assert_eq!(object.whole("c", losses), Some(7));
        assert_eq!(object.flag("d", losses), Some(true));
        assert_eq!(object.raw_object("e", losses), Some(r#"{"x": 1}"#));
        let list: Vec<_> = object.elements("f", losses).collect();
        assert_eq!(list.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 1, 2]);
        let (at, empty) = list[1];
        assert!(object.at("f").element(at).text(empty, losses).unwrap().is_empty());
    });
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn what_is_absent_is_missing_only_where_it_is_needed() {
    let told = losses("{}", |object, losses| {
        assert_eq!(object.text("a", losses), None);
        assert_eq!(object.elements("a", losses).count(), 0);
        assert!(object.object("a", &[], losses).is_none());
        object.drop_all(&["a"], losses);
        object.drop_unless(&[("a", "")], losses);
        object.refuse_flags(&["a"], losses);
        object.refuse_value("a", losses);
        assert!(losses.is_empty());
        assert_eq!(object.needed_text("a", losses), None);
        assert!(object.needed_object("b", &[], losses).is_none());
    });
    assert_eq!(told, ["a is missing", "b is missing"]);
}

#[test]
fn what_is_of_another_type_is_refused_where_it_is() {
    let json = r#"{"a":[{"b":7},{"b":[]}]}"#;
    let told = losses(json, |object, losses| {
        let list = object.at("a");
        for (number, node) in object.elements("a", losses) {
            let inner = KnownObject::of(node, list.element(number), &["b"], losses);
            inner.text("b", losses);
            inner.flag("b", losses);
            inner.raw_object("b", losses);
            inner.elements("b", losses);
        }
        let second = list.element(1);
        let node = object.elements("a", losses).nth(1).unwrap().1;
        let inner = KnownObject::of(node, second, &["b"], losses);
        inner.number("b", losses);
        inner.whole("b", losses);
        object.whole("a", losses);
    });
    let wanted = [
        "a[0].b is not a text",
        "a[0].b is neither true nor false",
        "a[0].b is not an object",
        "a[0].b is not a list",
        "a[1].b is not a text",
        "a[1].b is neither true nor false",
        "a[1].b is not an object",
        "a[1].b is not a number",
        "a[1].b is not a whole number",
        "a is not a whole number",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn what_says_nothing_is_no_loss() {
    let json = r#"{"a":[],"b":{},"c":"auto","d":false,"e":"","f":"x\ny"}"#;
    let told = losses(json, |object, losses| {
        object.drop_all(&["a", "b", "e"], losses);
        object.refuse_all(&["a", "b", "e"], losses);
        object.drop_unless(&[("c", "auto"), ("f", "auto")], losses);
        object.refuse_flags(&["d"], losses);
        object.refuse_value("f", losses);
        object.refuse_value("d", losses);
    });
    let wanted = [
        "e has no counterpart",
        "e has no counterpart",
        "f has no counterpart",
        r#"f is "x\ny", which has no counterpart"#,
        r#"d is "false", which has no counterpart"#,
    ];
    assert_eq!(told, wanted);
}
