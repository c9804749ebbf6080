//! Reads the lists of fields in this folder.
//!
//! A row is a name, a sample, what stands in a cell that would say that nothing happens (for all
//! columns, or for some), and what the sample is laid over beside the group's base.

use serde_json::Value;

/// The list of one API.
#[derive(Debug)]
pub(crate) struct Fields {
    /// The format that the client speaks, or the provider of answers.
    pub(crate) format: String,
    /// The files in src/translate that read it.
    pub(crate) readers: Vec<String>,
    /// Members that are carried or left out with all that is in them.
    pub(crate) whole: Vec<String>,
    pub(crate) groups: Vec<Group>,
}

/// Rows that stand together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// The document without it.
    pub(crate) before: Value,
    pub(crate) after: Value,
    aside: toml::Value,
}

impl Row {
    /// Returns what the cell of a column says where the body tells nothing.
    pub(crate) fn aside(&self, column: &str) -> Option<&str> {
        let aside = self.aside.as_str().or_else(|| self.aside.get(column)?.as_str());
        aside.filter(|aside| !aside.is_empty())
    }

    /// Returns its name as Markdown.
    pub(crate) fn title(&self) -> String {
        if self.name.contains('`') { self.name.clone() } else { format!("`{}`", self.name) }
    }
}

impl Fields {
    /// Reads a list.
    pub(crate) fn read(text: &str) -> Self {
        let file: toml::Table = toml::from_str(text).unwrap();
        let strings = |key: &str| -> Vec<String> {
            let list = file.get(key).and_then(toml::Value::as_array).into_iter().flatten();
            list.map(|it| it.as_str().unwrap().to_owned()).collect()
        };
        let base = json(&file["base"]);
        let groups =
            file["group"].as_array().unwrap().iter().map(|group| Group::read(group, &base));
        Self {
            format: file["format"].as_str().unwrap().to_owned(),
            readers: strings("readers"),
            whole: strings("whole"),
            groups: groups.collect(),
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }
}

impl Group {
    fn read(group: &toml::Value, base: &Value) -> Self {
        let mut base = base.clone();
        if let Some(over) = group.get("base") {
            super::difference::lay_over(&mut base, &json(over));
        }
        let rows = group["rows"].as_array().unwrap().iter().map(|row| {
            let row = row.as_array().unwrap();
            let mut before = base.clone();
            if let Some(over) = row.get(3) {
                super::difference::lay_over(&mut before, &json(over));
            }
            let mut after = before.clone();
            super::difference::lay_over(&mut after, &json(&row[1]));
            let aside = row.get(2).cloned().unwrap_or_else(|| "".into());
            Row { name: row[0].as_str().unwrap().to_owned(), before, after, aside }
        });
        Self { name: group["name"].as_str().unwrap().to_owned(), rows: rows.collect() }
    }
}

fn json(text: &toml::Value) -> Value {
    let text = text.as_str().unwrap();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
