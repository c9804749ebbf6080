//! What becomes of each field of a request, as docs/dialects.md tells it.
//!
//! The cells are found by translating a small request with the field and without it. So the page
//! says what the code does. `UPDATE_DIALECTS=1 cargo test --test dialects` writes the page.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "dialects/cell.rs"]
mod cell;
#[path = "dialects/complete.rs"]
mod complete;
#[path = "dialects/difference.rs"]
mod difference;
#[path = "dialects/rows.rs"]
mod rows;

use std::fmt::Write as _;

use cell::{CLIENTS, COLUMNS, Cell, Column, answer_cell, answered, request_cell};
use rows::Fields;

const MARK: &str = "<!-- fields -->\n";

/// Returns the list of each API that clients speak, with what it is called.
fn clients() -> [(&'static str, Fields); 3] {
    [
        ("Requests of Chat Completions", Fields::read(include_str!("dialects/chat.toml"))),
        ("Requests of Messages", Fields::read(include_str!("dialects/messages.toml"))),
        ("Requests of Responses", Fields::read(include_str!("dialects/responses.toml"))),
    ]
}

/// Writes the tables of one API.
fn write_tables(title: &str, fields: &Fields, page: &mut String) {
    let columns: Vec<&Column> = COLUMNS.iter().filter(|it| it.format != fields.format).collect();
    let _ = write!(page, "\n### {title}\n");
    for group in &fields.groups {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let _ = write!(page, "\n| {} | {} |\n", group.name, names.join(" | "));
        let _ = writeln!(page, "|---|{}", "---|".repeat(columns.len()));
        for row in &group.rows {
            let cells = columns.iter().map(|column| request_cell(&fields.format, row, column));
            write_row(&row.title(), cells.collect(), page);
        }
    }
}

/// Writes a row. What is said of all cells is said once.
fn write_row(title: &str, mut cells: Vec<Cell>, page: &mut String) {
    let mut title = title.to_owned();
    let first = cells[0].clone();
    if let Some(reason) = first.reason.as_ref().filter(|_| cells.iter().all(|it| *it == first)) {
        let _ = write!(title, "; {reason}");
        cells.iter_mut().for_each(|cell| cell.reason = None);
    }
    let cells: Vec<String> = cells.iter().map(Cell::shown).collect();
    let _ = writeln!(page, "| {title} | {} |", cells.join(" | "));
}

/// Writes what becomes of the answers of each provider.
fn write_answers(page: &mut String) {
    page.push_str("\n### Answers\n");
    for fields in [
        Fields::read(include_str!("dialects/answers/chat.toml")),
        Fields::read(include_str!("dialects/answers/messages.toml")),
        Fields::read(include_str!("dialects/answers/converse.toml")),
        Fields::read(include_str!("dialects/answers/gemini.toml")),
    ] {
        let clients: Vec<_> = CLIENTS.iter().filter(|(it, _)| *it != fields.format).collect();
        let names: Vec<&str> = clients.iter().map(|(_, name)| *name).collect();
        for group in &fields.groups {
            let _ = write!(page, "\n| {} | {} |\n", group.name, names.join(" | "));
            let _ = writeln!(page, "|---|{}", "---|".repeat(names.len()));
            for row in &group.rows {
                let cells = clients.iter().map(|(it, _)| answer_cell(&fields.format, row, it));
                write_row(&row.title(), cells.collect(), page);
            }
        }
    }
}

/// Writes what becomes of the errors of each provider.
fn write_errors(page: &mut String) {
    page.push_str(
        "\n### Errors\n\n| the provider's error | Chat, Responses | Messages |\n|---|---|---|\n",
    );
    let file: toml::Table = toml::from_str(include_str!("dialects/answers/errors.toml")).unwrap();
    for row in file["rows"].as_array().unwrap() {
        let text = |at: usize| row[at].as_str().unwrap();
        let (format, status) = (text(0), row[1].as_integer().unwrap());
        let document = serde_json::from_str(text(3)).unwrap();
        let of = |client: &str| {
            if client == format {
                return "as it is".to_owned();
            }
            let answer = answered(format, client, status.try_into().unwrap(), &document);
            let word = |name: &str| answer["error"][name].as_str().map(|it| format!("`{it}`"));
            let words: Vec<String> = [word("type"), word("code")].into_iter().flatten().collect();
            words.join(", ")
        };
        // Those who speak Chat get the same as those who speak Responses.
        let cells = [of("openai-responses"), of("anthropic-messages")];
        let _ = writeln!(page, "| {status} `{}` | {} |", text(2), cells.join(" | "));
    }
}

#[test]
fn the_page_says_what_becomes_of_each_field() {
    let mut tables = String::new();
    for (title, fields) in clients() {
        write_tables(title, &fields, &mut tables);
    }
    write_answers(&mut tables);
    write_errors(&mut tables);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dialects.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (prose, old) = page.split_once(MARK).unwrap();
    if std::env::var_os("UPDATE_DIALECTS").is_some() {
        std::fs::write(path, format!("{prose}{MARK}{tables}")).unwrap();
    } else {
        let both = old.lines().zip(tables.lines());
        let other = both.into_iter().find(|(old, new)| old != new);
        assert!(old == tables, "UPDATE_DIALECTS=1 writes docs/dialects.md anew: {other:#?}");
    }
}
