//! How one key may be spelled, as servers read it.

/// Returns a key without its underscores.
pub(super) fn flat(key: &str) -> String {
    key.replace('_', "")
}

/// Returns whether a key is this name, which is in camel case, in snake case: `max_tokens` is
/// `maxTokens`.
pub(super) fn is_snake_of(name: &str, key: &str) -> bool {
    let mut rest = key.bytes();
    let mut is_next = |byte: u8| rest.next() == Some(byte);
    let is_same = name.bytes().all(|byte| {
        if byte.is_ascii_uppercase() {
            is_next(b'_') && is_next(byte.to_ascii_lowercase())
        } else {
            is_next(byte)
        }
    });
    is_same && rest.next().is_none()
}

/// Returns whether two keys differ, and only in the case of their letters.
///
/// Some servers match keys without case: to them `Model` is `model`, and even the long s and
/// the Kelvin sign are cases of `s` and `k`. What they might read, and others not, is refused.
pub(in crate::request) fn is_same_but_for_case(name: &str, key: &str) -> bool {
    let folded = |char: char| match char {
        'ſ' => 's',
        '\u{212a}' => 'k',
        char => char.to_ascii_lowercase(),
    };
    // Nearly every key is, and then no letter of it folds to another length.
    if key.is_ascii() {
        return name.len() == key.len() && name != key && name.eq_ignore_ascii_case(key);
    }
    name.chars().map(folded).eq(key.chars().map(folded))
}
