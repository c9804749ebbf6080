//! Keywords over the line ends of a text.

use super::{CHAT, hits, user};

#[test]
fn keywords_go_over_line_ends_in_a_text_but_not_between_texts() {
    let words = &["project heron"];
    for between in ["\\n", "\\r\\n\\t  ", " \\u00a0 ", "\\u3000", "\\u200b", "\u{a0}"] {
        let body = user(&format!(r#""about project{between}heron, please""#));
        assert_eq!(hits(CHAT, &body, words), words, "{between}");
    }
    let body =
        r#"{"messages":[{"role":"user","content":"project "},{"role":"user","content":" heron"}]}"#;
    assert!(hits(CHAT, body, words).is_empty());
}
