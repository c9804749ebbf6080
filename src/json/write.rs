//! Compact JSON, written member by member. So a list of thousands of deployments needs no tree
//! of values in memory first. A leaf: it names no other module.
//!
//! Own code, because deriving `serde::Serialize` for what is written makes the module larger:
//! the list of models alone, one of five users, by 1.3 KB.

/// A text of JSON that is being written.
///
/// `json.object(|json| { json.key("a").number(1); json.key("b").list(|json| json.flag(true)) })`
/// writes `{"a":1,"b":[true]}`. Commas are set by themselves.
#[derive(Debug, Default)]
pub struct Json(String);

impl Json {
    /// Returns the text.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    /// Writes an object, with the members that `members` writes: for each a [`Json::key`] and one
    /// value.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.value("{");
        members(self);
        self.end("}");
    }

    /// Writes a list, with the elements that `elements` writes.
    pub fn list(&mut self, elements: impl FnOnce(&mut Self)) {
        self.value("[");
        elements(self);
        self.end("]");
    }

    /// Ends an object or a list.
    #[inline(never)]
    fn end(&mut self, bracket: &str) {
        self.0.push_str(bracket);
    }

    /// Writes a member that is a text.
    #[inline(never)]
    pub fn member(&mut self, key: &str, text: &str) {
        self.key(key).text(text);
    }

    /// Writes the key of a member. Returns the writer for the value, which has to follow.
    #[inline(never)]
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.text(key);
        self.0.push(':');
        self
    }

    /// Writes the key of a member that is escaped already. It is not checked.
    #[inline(never)]
    pub fn escaped_key(&mut self, key: &str) -> &mut Self {
        self.escaped(key);
        self.0.push(':');
        self
    }

    /// Writes a text. Characters that a terminal or a log may take for something else are
    /// escaped too, which JSON does not ask for.
    #[inline(never)]
    pub fn text(&mut self, text: &str) {
        self.value("\"");
        let mut rest = text;
        // Most text needs no escapes, and is copied as a whole.
        while let Some(at) = rest.find(is_escaped) {
            let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.0.push_str(plain);
            let mut chars = special.chars();
            self.escape(chars.next().unwrap_or_default());
            rest = chars.as_str();
        }
        self.0.push_str(rest);
        self.0.push('"');
    }

    /// Writes one character that is escaped.
    #[cold]
    fn escape(&mut self, char: char) {
        match char {
            '"' | '\\' => self.0.extend(['\\', char]),
            '\n' => self.0.push_str("\\n"),
            char => {
                let digit = |shift: u32| {
                    char::from_digit((u32::from(char) >> shift) & 0xf, 16).unwrap_or_default()
                };
                self.0.extend(['\\', 'u', digit(12), digit(8), digit(4), digit(0)]);
            }
        }
    }

    /// Writes a text that is already escaped, and puts quotation marks around it. Does not check it.
    #[inline(never)]
    pub fn escaped(&mut self, text: &str) {
        self.joined([text]);
    }

    /// Writes a text of parts that are escaped already. They are not checked.
    pub fn joined<'a>(&mut self, parts: impl IntoIterator<Item = &'a str>) {
        self.value("\"");
        self.0.extend(parts);
        self.0.push('"');
    }

    /// Writes a whole number.
    #[inline(never)]
    pub fn number(&mut self, number: u64) {
        self.value(&number.to_string());
    }

    /// Writes `true` or `false`.
    #[inline(never)]
    pub fn flag(&mut self, flag: bool) {
        self.value(if flag { "true" } else { "false" });
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.value("null");
    }

    /// Writes a value that is JSON already, after a comma where one belongs. The text is not
    /// checked.
    #[inline(never)]
    pub fn value(&mut self, json: &str) {
        // Nothing but these stands before a value that needs no comma: texts end in `"`.
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
        self.0.push_str(json);
    }
}

/// Returns whether a character is escaped. JSON does not require that for all of these.
const fn is_escaped(char: char) -> bool {
    matches!(char, '"' | '\\' | '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_it_reads_as() {
        let odd = "\"\\/\n\r\t\0\u{7f}\u{9f}é\u{2028}😀{[:,";
        let mut json = Json::default();
        json.object(|json| {
            json.key("list").list(|json| {
                json.number(u64::MAX);
                json.text(odd);
                json.object(|_| {});
                json.list(|_| {});
                json.null();
                json.joined(["data:", r"image\/png", ",x"]);
            });
            json.key(odd).flag(true);
            json.member("text", odd);
            json.key("object").object(|json| json.key("a").text("{"));
            json.key("z").flag(false);
        });
        let read: serde_json::Value = serde_json::from_str(&json.finish()).unwrap();
        let wanted = serde_json::json!({
            "list": [u64::MAX, odd, {}, [], null, "data:image/png,x"], odd: true, "text": odd, "object": {"a": "{"}, "z": false,
        });
        assert_eq!(read, wanted);
    }
}
