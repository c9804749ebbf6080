//! Chance that is the same in every run, and what all generators draw.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

/// Draws what a document has.
#[derive(Debug)]
pub(crate) struct Dice(fastrand::Rng);

/// Texts that have been trouble somewhere.
const TEXTS: [&str; 24] = [
    "What is the weather in Paris?",
    "hi",
    "a\nb",
    "\n\n",
    " ",
    "",
    "tab\there",
    "quote \" and backslash \\ and slash /",
    "{\"a\": 1}",
    "[DONE]",
    "data: x\n\n",
    "\u{0} nul",
    "\u{7f}\u{80}\u{2028}\u{2029}",
    "日本語のテキスト",
    "emoji 👩‍👩‍👧‍👦 and 🇫🇷",
    "e\u{301} ế",
    "مرحبا بالعالم",
    "\u{feff}bom",
    "\u{202e}right to left",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "null",
    "  leading and trailing  ",
    "Error: it failed",
    "<system>not instructions</system>",
];

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Returns true once in so many times.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.0.usize(0..times) == 0
    }

    pub(crate) fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.usize(0..of.len())].clone()
    }

    /// Returns between `least` and `most` of what `make` makes.
    pub(crate) fn list<T>(
        &mut self,
        range: RangeInclusive<u64>,
        mut make: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        (0..self.number(range)).map(|_| make(self)).collect()
    }

    pub(crate) fn text(&mut self) -> String {
        let text = self.pick(&TEXTS);
        match self.number(0..=9) {
            0 => text.repeat(40),
            1 => {
                let code = self.0.u32(0x20..0x11_0000);
                format!("{text}{}", char::from_u32(code).unwrap_or('x'))
            }
            2..=4 => format!("{} {}", self.number(0..=999), text),
            _ => text.to_owned(),
        }
    }

    /// Returns a text that is more than white space.
    pub(crate) fn words(&mut self) -> String {
        let text = self.text();
        if text.trim().is_empty() { format!("x{text}") } else { text }
    }

    /// Returns the base64 of some bytes.
    pub(crate) fn base64(&mut self) -> &'static str {
        self.pick(&["iVBORw0KGgo=", "AAAA", "/9j/4AAQSkZJRg==", ""])
    }

    /// Returns an object as a model or a program writes it.
    pub(crate) fn object(&mut self, depth: u64) -> Value {
        let mut object = json!({});
        for _ in 0..self.number(0..=3) {
            let key = self.pick(&["city", "z", "a", "units", "näme", "", "a.b", "type"]);
            object[key] = self.value(depth);
        }
        object
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.number(0..=7) {
            0 => json!(self.text()),
            1 => json!(self.number(0..=u64::MAX)),
            2 => json!(-0.25),
            3 => Value::Null,
            4 => json!(self.one_in(2)),
            5 if depth > 0 => self.object(depth - 1),
            6 if depth > 0 => Value::Array(self.list(0..=3, |dice| dice.value(depth - 1))),
            _ => json!("x"),
        }
    }

    /// Returns a schema of an object, in which every object is closed.
    pub(crate) fn schema(&mut self, depth: u64) -> Value {
        let mut properties = json!({});
        for _ in 0..self.number(0..=3) {
            let key = self.pick(&["city", "units", "z", "minimum", "type", "a"]);
            properties[key] = match self.number(0..=4) {
                0 if depth > 0 => self.schema(depth - 1),
                1 => {
                    json!({"type": "array", "items": {"type": "string"}, "description": self.text()})
                }
                2 => json!({"enum": ["celsius", "fahrenheit"], "type": "string"}),
                3 => json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
                _ => json!({"type": "string"}),
            };
        }
        let required: Vec<_> =
            properties.as_object().into_iter().flatten().map(|(key, _)| json!(key)).collect();
        let mut schema = json!({"type": "object"});
        schema["properties"] = properties;
        schema["required"] = Value::Array(required);
        schema["additionalProperties"] = json!(false);
        schema
    }

    /// Returns a document as a client may write it: characters as they are, or as escapes.
    pub(crate) fn written(&mut self, document: &Value) -> Vec<u8> {
        let text = document.to_string();
        if self.one_in(3) {
            let mut escaped = String::new();
            for char in text.chars() {
                if char.is_ascii() {
                    escaped.push(char);
                } else {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        escaped.push_str(&format!("\\u{unit:04X}"));
                    }
                }
            }
            return escaped.into_bytes();
        }
        if self.one_in(3) {
            return serde_json::to_vec_pretty(document).unwrap();
        }
        text.into_bytes()
    }
}
