//! `value; name=value; name="value"` of a header, as far as all servers read it alike.

use crate::text::is_token;

/// A header's value and its parameters: of `form-data; name="a"` the main value `form-data`
/// and one parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters<'h> {
    /// What stands before them.
    pub(super) main: &'h str,
    /// The parameters: names in lower case, and values without quotes.
    list: Vec<(&'static str, &'h str)>,
}

const BLANKS: [char; 2] = [' ', '\t'];

impl<'h> Parameters<'h> {
    /// Reads a header's value with parameters of these names, which are in lower case. Returns
    /// `None` for any other name, and where servers differ in what they make of the value: blanks
    /// around `=`, a name twice, a backslash before a quote.
    ///
    /// A client chooses how many parameters there are. Since no name comes twice, no more are read
    /// than there are names.
    pub(super) fn read(header: &'h str, names: &[&'static str]) -> Option<Self> {
        let (main, mut rest) = header.split_once(';').unwrap_or((header, ""));
        let mut list: Vec<(&'static str, &str)> = Vec::new();
        loop {
            rest = rest.trim_matches(BLANKS);
            if rest.is_empty() {
                return Some(Self { main: main.trim_matches(BLANKS), list });
            }
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after)?;
            let name = names.iter().find(|known| known.eq_ignore_ascii_case(name))?;
            if list.iter().any(|(known, _)| known == name) {
                return None;
            }
            list.push((name, value));
            rest = after;
        }
    }

    /// Returns the value of a parameter; the name is in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&'h str> {
        self.list.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Returns the value at the front of a text, which is a token or in quotes, and what follows
/// its semicolon.
fn value(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        let value = value.trim_end_matches(BLANKS);
        return is_token(value).then_some((value, rest));
    };
    let (value, rest) = quoted.split_once('"')?;
    let rest = rest.trim_start_matches(BLANKS);
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
    (!value.ends_with('\\')).then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["name", "filename"];

    #[test]
    fn parameters_are_read_where_all_read_them_alike() {
        let read = Parameters::read("form-data ;name=\"a b\"; FileName=c ;", &NAMES).unwrap();
        assert_eq!(
            (read.main, read.get("name"), read.get("filename")),
            ("form-data", Some("a b"), Some("c"))
        );
        assert_eq!(Parameters::read("text/plain", &[]).unwrap().main, "text/plain");
        for bad in [
            "x; name",
            "x; =a",
            "x; name = a",
            "x; name =a",
            "x; name= a",
            "x; name=",
            "x; name=a b",
            "x; name=\"a",
            "x; name=\"a\"b",
            "x; name=a\"b",
            "x; name=\"a\\\"\"",
            "x; name=a; NAME=b",
            "x; name=a;; filename=c",
            "x; name=a; other=c",
            "x; name*=a",
            "x; na me=a",
            "x; name=\"a\" b=c",
        ] {
            assert_eq!(Parameters::read(bad, &NAMES), None, "{bad}");
        }
    }
}
