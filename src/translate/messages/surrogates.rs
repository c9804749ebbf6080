//! Replaces lone surrogates in a JSON document. Some SDKs send them when they cut a text within a character.
//! Anthropic's API says that such a document is not JSON.

/// What replaces a character that cannot be read.
const REPLACEMENT: &str = "\\ufffd";

/// Returns the document with a replacement character in place of each lone surrogate.
pub(super) fn without_lone_surrogates(document: String) -> String {
    if !document.contains("\\ud") && !document.contains("\\uD") {
        return document;
    }
    let mut whole = String::with_capacity(document.len());
    let mut rest = document.as_str();
    // Backslashes stand in texts alone, and each with what it escapes.
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        whole.push_str(before);
        let (kept, length) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (escape.get(..12), 12),
            (Some(0xd800..=0xdfff), _) => (Some(REPLACEMENT), 6),
            (Some(_), _) => (escape.get(..6), 6),
            (None, _) => (escape.get(..2), 2),
        };
        whole.push_str(kept.unwrap_or(escape));
        rest = escape.get(length..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// Returns the number of the escape that a text begins with, if it is written in digits.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_pairs_stay() {
        let rows = [
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            (r#""\ud83d\ude00 \uD83D\uDE00""#, r#""\ud83d\ude00 \uD83D\uDE00""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00\ud83d x""#, r#""\ufffd\ufffd x""#),
            (r#""\ud83d\ud83d\ude00é""#, r#""\ufffd\ud83d\ude00é""#),
            (r#""\ud83d\n\u00e9""#, r#""\ufffd\n\u00e9""#),
            // Here the backslash is escaped itself.
            (r#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
        ];
        for (document, wanted) in rows {
            assert_eq!(without_lone_surrogates(document.to_owned()), wanted, "{document}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_comes_out_can_be_read(text in r"(\\u[dD][89a-fA-F][0-9a-f]{2}|\\\\|\\n|[ud8é]){0,12}") {
            let document = without_lone_surrogates(format!("\"{text}\""));
            proptest::prop_assert!(serde_json::from_str::<String>(&document).is_ok(), "{document}");
        }
    }
}
