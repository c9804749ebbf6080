//! The table as a page of documentation: every object and every key, in Markdown.
//!
//! Says what the schema says, for people; `docs/configuration.md` is what this writes.

use std::fmt::Write;

use super::table::{Alternative, KeyKind, SectionShape, WhenAbsent};
use super::text::TextForm;

/// What stands above the tables.
const INTRODUCTION: &str = r#"# Every key of the configuration

`make reference` writes this page from the table that checks configurations, and a test compares
the two. [routing.md](routing.md), [failover.md](failover.md),
[state.md](state.md), [admin.md](admin.md), [shadow.md](shadow.md) and
[observe.md](observe.md) explain the keys. [recipes.md](recipes.md) shows complete examples.
`pointsman schema` prints the same information as JSON Schema, for editors.

- The document is JSON in the plugin's configuration, either as text (`StringValue`) or as an object
  (`Struct`).
- A key that is not on this page is an error, and the error names the nearest key. A reference to a
  name that does not exist is an error too. `pointsman check FILE` reports every problem with its path.
- You may write numbers as text (`"0.5"`), because control planes turn some numbers into text.
- A default of `none` means that the key has no value unless you set it.
"#;

/// Returns the page: every object that a shape leads to, itself first, each once, in the order of
/// the keys.
pub(in crate::config) fn reference(shape: &'static SectionShape) -> String {
    let mut shapes = vec![shape];
    let mut page = INTRODUCTION.to_owned();
    let mut at = 0;
    // The list grows while it is walked, by the objects that keys lead to.
    while let Some(shape) = shapes.get(at).copied() {
        let _ = write!(page, "\n## {}\n\n{}\n\n", shape.name, shape.doc);
        page.push_str("| key | value | default | |\n|---|---|---|---|\n");
        for key in shape.keys() {
            let (kind, default) = (of_kind(&key.kind, &mut shapes), of_presence(&key.presence));
            // A bare bar would end the cell of the table.
            let doc = key.doc.replace('|', "\\|");
            let _ = writeln!(page, "| `{}` | {kind} | {default} | {doc} |", key.name);
        }
        at = at.saturating_add(1);
    }
    page
}

/// Returns what a value may be. The objects that it names are added to `shapes`.
fn of_kind(kind: &'static KeyKind, shapes: &mut Vec<&'static SectionShape>) -> String {
    match kind {
        KeyKind::Bool => "`true` or `false`".to_owned(),
        KeyKind::Integer(least, most) => format!("whole number, {}", range(least, most)),
        KeyKind::Number(least, most) => format!("number, {}", range(least, most)),
        KeyKind::Text(form) => of_text(*form).to_owned(),
        KeyKind::Choice(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        }
        KeyKind::Scalar => "text, number, `true` or `false`".to_owned(),
        KeyKind::List(element) => format!("list of: {}", of_kind(element, shapes)),
        KeyKind::Map(form, value) => {
            format!("object, {} → {}", of_text(*form), of_kind(value, shapes))
        }
        KeyKind::Object(shape) => {
            let shape = shape();
            if shapes.iter().all(|known| known.name != shape.name) {
                shapes.push(shape);
            }
            format!("[{0}](#{0})", shape.name)
        }
        KeyKind::Json => "any JSON object".to_owned(),
        KeyKind::Either(alternatives) => {
            let all = alternatives.iter().map(|Alternative { kind, .. }| of_kind(kind, shapes));
            all.collect::<Vec<_>>().join("; or ")
        }
    }
}

/// Returns the bounds of a number in words.
fn range<N: std::fmt::Display>(least: &N, most: &N) -> String {
    format!("{least} to {most}")
}

/// Returns what a form of text is called in the tables.
const fn of_text(form: TextForm) -> &'static str {
    match form {
        TextForm::Any => "text",
        TextForm::Name => "name",
        TextForm::VariantKey => "key",
        TextForm::Pattern => "name, `*` only at its end",
        TextForm::HeaderName => "header name",
        TextForm::ReadableHeader => "header name, or a pseudo-header",
        TextForm::HeaderValue => "header value",
        TextForm::Authority => "host, optionally with `:port`",
        TextForm::Path => "path",
        TextForm::PathPrefix => "path without query, or empty",
        TextForm::PathSuffix => "end of a path",
        TextForm::PathTemplate => "path with placeholders",
        TextForm::Variable => "name of an environment variable",
    }
}

/// Returns the cell of a key's default.
fn of_presence(presence: &WhenAbsent) -> String {
    match presence {
        WhenAbsent::Required => "required".to_owned(),
        WhenAbsent::Optional => "none".to_owned(),
        WhenAbsent::Default(json) => format!("`{json}`"),
    }
}
