//! Numbers that may have been written as numbers, doubles or text.
//!
//! A `google.protobuf.Struct` knows doubles alone, and Envoy's YAML loader turns
//! fractions and large integers into text before it builds one. The digits are read by
//! the standard library; what is here is which texts and doubles stand for which number.

use serde_json::{Number, Value};

use super::node::TreeNode;
use crate::decimal::whole;

/// Members of request bodies that are numbers in every API, so that text found
/// there in a Struct was a number in the YAML file.
const NUMERIC_MEMBERS: [&str; 20] = [
    "budget_tokens",
    "candidateCount",
    "dimensions",
    "frequency_penalty",
    "length_penalty",
    "logprobs",
    "maxOutputTokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "min_p",
    "n",
    "presence_penalty",
    "repetition_penalty",
    "seed",
    "temperature",
    "topP",
    "top_k",
    "top_logprobs",
    "top_p",
];

/// Returns the whole number that a value is, however it was written: 5, 5.0, "5" or "5e0".
///
/// Returns none for other values and for integers that do not fit 64 bits.
pub(in crate::config) fn integer(node: &TreeNode) -> Option<i64> {
    match node {
        TreeNode::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        // As an integer first: through a double, digits beyond 2^53 would be lost.
        TreeNode::Text(text) => text.parse().ok().or_else(|| parsed(text).and_then(whole)),
        _ => None,
    }
}

/// Returns the number that a value is, however it was written: 0.5, "0.5" or "5e-1". None for other
/// values, and for numbers that a double cannot hold.
pub(in crate::config) fn float(node: &TreeNode) -> Option<f64> {
    match node {
        TreeNode::Number(number) => number.as_f64(),
        TreeNode::Text(text) => parsed(text),
        _ => None,
    }
}

/// Returns a number as text. Whole ones are written without a fraction, because in a Struct 5 and
/// 5.0 are the same.
pub(in crate::config) fn spelled(number: &Number) -> String {
    match number.as_f64().and_then(whole) {
        Some(integer) => integer.to_string(),
        None => number.to_string(),
    }
}

/// Returns what a member of a request body was before, which came as text in a Struct:
/// `("temperature", "0.2")` was a number, `("user", "42")` a text.
///
/// Returns none where the text stays.
pub(in crate::config) fn restored(member: &str, text: &str) -> Option<Value> {
    if !NUMERIC_MEMBERS.contains(&member) {
        return None;
    }
    // As an integer first, because a provider may refuse a `seed` of 42.0.
    match text.parse::<i64>() {
        Ok(integer) => Some(integer.into()),
        Err(_) => parsed(text).and_then(Number::from_f64).map(Value::Number),
    }
}

/// Returns the number of a text in decimal notation; not of the `inf`, `nan` and `infinity` that
/// Rust reads too.
fn parsed(text: &str) -> Option<f64> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|value: &f64| is_decimal && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_from_numbers_doubles_and_text() {
        let double = |value| TreeNode::Number(Number::from_f64(value).expect("finite"));
        assert_eq!(integer(&TreeNode::Number(5.into())), Some(5));
        assert_eq!(integer(&double(5.0)), Some(5));
        assert_eq!(integer(&double(5.5)), None);
        assert_eq!(integer(&double(1e300)), None);
        assert_eq!(integer(&TreeNode::from("9007199254740993")), Some(9_007_199_254_740_993));
        assert_eq!(integer(&TreeNode::from("1e3")), Some(1000));
        for text in ["", "x", "5.5", "nan", "inf", " 5", "5 "] {
            assert_eq!(integer(&TreeNode::from(text)), None, "{text:?}");
        }
    }

    #[test]
    fn fractions_are_read_from_text() {
        assert_eq!(float(&TreeNode::from("0.5")), Some(0.5));
        assert_eq!(float(&TreeNode::from(".5")), Some(0.5));
        for text in ["infinity", "NaN", "1e999", "", "0x1"] {
            assert_eq!(float(&TreeNode::from(text)), None, "{text:?}");
        }
    }

    #[test]
    fn only_members_that_are_always_numbers_are_restored() {
        assert_eq!(restored("temperature", "0.2"), Some(0.2.into()));
        assert_eq!(restored("seed", "9007199254740993"), Some(9_007_199_254_740_993_i64.into()));
        assert_eq!(restored("user", "42"), None);
        assert_eq!(restored("temperature", "warm"), None);
    }
}
