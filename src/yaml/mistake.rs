//! What is wrong with a text that is no YAML, in words for those who wrote it.
//!
//! Goes by what the parser says and by the line that it stopped at. Knows nothing of what the text is for.

use saphyr_parser::ScanError;

/// What the parser says, or a part of it, and what to do.
#[rustfmt::skip]
const MISTAKES: [(&str, &str); 16] = [
    ("invalid indentation in quoted scalar", "a quotation mark opens here and is not closed in this line; close it, or remove it"),
    ("end of stream while scanning a quoted", "a quotation mark opens here and is not closed; close it, or remove it"),
    ("unexpected end of stream", "the file ends too early; close the quotation mark or bracket that is open"),
    ("trailing content after double-quoted", "text follows a closing quotation mark; put the whole value into quotation marks, and double one that is part of a value in '…'"),
    ("unknown escape character", "\\ has a meaning in \"…\"; write \\\\, or put the value into '…'"),
    ("did not find expected key", "this line is indented like no line above it; indent it as the keys that it stands beside"),
    ("expected ',' or '}'", "before this, a comma or a closing } is missing"),
    ("expected ',' or ']'", "before this, a comma or a closing ] is missing"),
    ("illegal placement of ':'", "before this, a closing ] or } is missing"),
    ("misplaced bracket", "a closing bracket has none that it closes; remove it"),
    ("simple key expect ':'", "before this, a line has no colon; write KEY: VALUE, with a space after the colon"),
    ("unexpected character", "a value cannot begin with this character; put the value into quotation marks"),
    ("unknown anchor", "a value that begins with * stands for an anchor, and none has this name; put a text into quotation marks"),
    ("anchor or alias", "a value that begins with & or * is an anchor; put a text into quotation marks"),
    ("block sequence entries", "an item of a list (- …) cannot follow a key in its line; begin a new line with it"),
    ("expected comment or line break", "text follows | or >; begin it in the next line, or put the value into quotation marks"),
];

/// Returns what is wrong and what to do, with the line: `line 3: …`.
pub(super) fn said(text: &str, error: &ScanError) -> String {
    let (line, info) = (error.marker().line(), error.info());
    let lines = || text.lines().enumerate().skip(line.saturating_sub(1));
    if info.contains("tab") {
        // The parser may have stopped in the line before.
        let is_indented = |text: &str| text.trim_start_matches(' ').starts_with('\t');
        if let Some((at, _)) = lines().find(|(_, text)| is_indented(text)) {
            return format!(
                "line {}: a tab indents this line; indent it with spaces",
                at.saturating_add(1)
            );
        }
    }
    if info.contains("mapping values are not allowed") {
        let this = lines().next().map(|(_, text)| text).unwrap_or_default();
        let what = if this.matches(": ").count() > 1 {
            "a value has a colon and a space in it; put the value into quotation marks"
        } else {
            "this key is indented too far, since the line above has a value already; indent it as the keys that \
             it stands beside"
        };
        return format!("line {line}: {what}");
    }
    let known = MISTAKES.iter().find(|(part, _)| info.contains(part));
    format!("line {line}: {}", known.map_or(info, |(_, what)| what))
}
