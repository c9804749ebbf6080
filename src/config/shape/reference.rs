//! The table as a page of documentation: every object and every key, in Markdown.
//!
//! Says what the schema says, for people; `docs/configuration.md` is what this writes.

use std::fmt::Write;

use super::table::{Alternative, Kind, Presence, Shape};
use super::text::Text;

/// What stands above the tables.
const INTRODUCTION: &str = r#"# Every key of the configuration

This page is written by `make reference` from the table that checks configurations; a test
holds the two together. [routing.md](routing.md), [failover.md](failover.md),
[state.md](state.md), [admin.md](admin.md), [shadow.md](shadow.md) and
[observe.md](observe.md) say what the keys do, [recipes.md](recipes.md) shows them at work.
`pointsman schema` prints the same as JSON Schema, for editors.

- The document is JSON in the plugin's configuration: as text (`StringValue`) or as an object
  (`Struct`).
- A key that is not here is an error, with the nearest one named; so is a name that nothing
  has. `pointsman check FILE` reports every problem with its path.
- Numbers may be written as text (`"0.5"`), because control planes turn some into text.
- `none` under default: what is left out is not there.
"#;

/// The page: every object that a shape leads to, itself first, each once, in the order
/// of the keys.
pub(in crate::config) fn reference(shape: &'static Shape) -> String {
    let mut shapes = vec![shape];
    let mut page = INTRODUCTION.to_owned();
    let mut at = 0;
    while let Some(shape) = shapes.get(at).copied() {
        let _ = write!(page, "\n## {}\n\n{}\n\n", shape.name, shape.doc);
        page.push_str("| key | value | default | |\n|---|---|---|---|\n");
        for key in shape.keys() {
            let (kind, default) = (of_kind(&key.kind, &mut shapes), of_presence(&key.presence));
            let doc = key.doc.replace('|', "\\|");
            let _ = writeln!(page, "| `{}` | {kind} | {default} | {doc} |", key.name);
        }
        at = at.saturating_add(1);
    }
    page
}

/// What a value may be; the objects it names are added to those to be described.
fn of_kind(kind: &'static Kind, shapes: &mut Vec<&'static Shape>) -> String {
    match kind {
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Integer(least, most) => format!("whole number, {}", range(least, most)),
        Kind::Number(least, most) => format!("number, {}", range(least, most)),
        Kind::Text(form) => of_text(*form).to_owned(),
        Kind::Choice(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        }
        Kind::Scalar => "text, number, `true` or `false`".to_owned(),
        Kind::List(element) => format!("list of: {}", of_kind(element, shapes)),
        Kind::Map(form, value) => {
            format!("object, {} → {}", of_text(*form), of_kind(value, shapes))
        }
        Kind::Object(shape) => {
            let shape = shape();
            if shapes.iter().all(|known| known.name != shape.name) {
                shapes.push(shape);
            }
            format!("[{0}](#{0})", shape.name)
        }
        Kind::Json => "any JSON object".to_owned(),
        Kind::Either(alternatives) => {
            let all = alternatives.iter().map(|Alternative { kind, .. }| of_kind(kind, shapes));
            all.collect::<Vec<_>>().join("; or ")
        }
    }
}

fn range<N: std::fmt::Display>(least: &N, most: &N) -> String {
    format!("{least} to {most}")
}

const fn of_text(form: Text) -> &'static str {
    match form {
        Text::Any => "text",
        Text::Name => "name",
        Text::VariantKey => "key",
        Text::Pattern => "name, `*` at its end at most",
        Text::HeaderName => "header name",
        Text::ReadableHeader => "header name, or a pseudo-header",
        Text::HeaderValue => "header value",
        Text::Authority => "host, with `:port` if need be",
        Text::Path => "path",
        Text::PathPrefix => "path without query, or empty",
        Text::PathSuffix => "end of a path",
        Text::PathTemplate => "path with placeholders",
        Text::Variable => "name of an environment variable",
    }
}

fn of_presence(presence: &Presence) -> String {
    match presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => "none".to_owned(),
        Presence::Default(json) => format!("`{json}`"),
    }
}
