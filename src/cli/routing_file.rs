//! A routing document as people keep it: a file or standard input, JSON or YAML.
//!
//! Decides which of the two it is, and finds the lines of problems. The rest of the tool and the
//! filter see JSON. YAML is read as Envoy reads it, so the same text means the same in Envoy's own
//! file.

use std::path::Path;

use crate::config::{self, Config, Located, Problem, Problems, Role};

pub(super) use super::finding::Finding;
use super::foreign::Foreign;
use super::hint;
use super::io::{ToolError, read};
use super::lint;
use crate::yaml::{self, At, JsonText, TreeNode};

/// A key of Envoy's configuration, and of no routing document.
const OF_ENVOY: &str = "static_resources";

/// A document that has been read, and not been checked yet.
#[derive(Debug)]
pub(super) struct RoutingFile {
    /// What the user calls it.
    pub(super) name: String,
    text: RoutingText,
}

/// What a document is written in.
#[derive(Debug)]
enum RoutingText {
    Json(String),
    /// YAML, converted.
    Yaml(JsonText),
    /// Bytes that are no text: a serialized `Struct`, or nothing that can be read.
    Binary(Vec<u8>),
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Notation {
    Yaml,
    Json,
}

impl Notation {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Yaml => Self::Json,
            Self::Json => Self::Yaml,
        }
    }
}

/// A document that has been checked, with the lines of what was found.
#[derive(Debug)]
pub(super) struct CheckedFile {
    /// The configuration, if there is no problem.
    pub(super) config: Option<Config>,
    pub(super) problems: Vec<Finding>,
    /// How many problems there are, with those that are not kept.
    pub(super) count: usize,
    pub(super) warnings: Vec<Finding>,
}

impl RoutingFile {
    /// Reads a document; `-` is standard input.
    ///
    /// A text that begins with `{` is JSON, so that a mistake in JSON is never read as YAML. A file
    /// whose name ends in `.yaml` or `.yml` is YAML in any case. Of an Envoy configuration, the
    /// document in it is read.
    ///
    /// # Errors
    /// The file cannot be read, or is not YAML.
    pub(super) fn read(file: &Path) -> Result<Self, ToolError> {
        let is_input = file.as_os_str() == "-";
        let name = if is_input { "standard input".into() } else { file.display().to_string() };
        let is_yaml = file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let text = match String::from_utf8(read(file)?) {
            Ok(text) if is_yaml || yaml::is_yaml(&text) => {
                let text = text.trim_start_matches('\u{feff}');
                let node = only_document(&name, text)?;
                if node.has(OF_ENVOY) {
                    return Self::embedded(name, node);
                }
                is_ours(&name, &node)?;
                RoutingText::Yaml(yaml::json_text(&node))
            }
            Ok(text) => match serde_json::from_str::<TreeNode>(&text) {
                Ok(node) if node.has(OF_ENVOY) => return Self::embedded(name, node),
                Ok(node) => {
                    is_ours(&name, &node)?;
                    RoutingText::Json(text)
                }
                Err(_) => RoutingText::Json(text),
            },
            Err(error) => RoutingText::Binary(error.into_bytes()),
        };
        Ok(Self { name, text })
    }

    /// Returns a document that is in no file, by the name that it has for the user.
    pub(super) const fn of_json(name: String, text: String) -> Self {
        Self { name, text: RoutingText::Json(text) }
    }

    /// Returns the document in an Envoy configuration.
    ///
    /// # Errors
    /// It has none.
    fn embedded(name: String, envoy: TreeNode) -> Result<Self, ToolError> {
        let text = lint::document_in(&At::root(envoy)).ok_or_else(|| {
            ToolError::unusable(format!(
                "{name}: is an Envoy configuration without a routing document; name the file of \
                 the document"
            ))
        })?;
        Ok(Self { name: format!("{name}, its document"), text: RoutingText::Json(text) })
    }

    /// Returns the document as JSON, as the filter gets it. JSON is as the file has it.
    pub(super) fn json(&self) -> &[u8] {
        match &self.text {
            RoutingText::Json(text) => text.as_bytes(),
            RoutingText::Yaml(json) => json.text.as_bytes(),
            RoutingText::Binary(bytes) => bytes,
        }
    }

    /// Returns the document as a text of JSON; `None` for bytes that are no text.
    fn json_text(&self) -> Option<&str> {
        match &self.text {
            RoutingText::Json(text) => Some(text),
            RoutingText::Yaml(json) => Some(&json.text),
            RoutingText::Binary(_) => None,
        }
    }

    /// Returns how the document is written. A serialized `Struct` counts as JSON.
    pub(super) const fn notation(&self) -> Notation {
        match &self.text {
            RoutingText::Yaml(_) => Notation::Yaml,
            RoutingText::Json(_) | RoutingText::Binary(_) => Notation::Json,
        }
    }

    /// Returns the document in that notation, with its members in their order.
    ///
    /// # Errors
    /// It is not JSON.
    pub(super) fn written(&self, notation: Notation) -> Result<String, ToolError> {
        Ok(written(&self.tree()?, notation))
    }

    /// Returns the document as a tree, with its members in their order.
    ///
    /// # Errors
    /// It is not JSON.
    pub(super) fn tree(&self) -> Result<TreeNode, ToolError> {
        let json = self.json();
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        serde_json::from_slice(json)
            .map_err(|error| ToolError::unusable(format!("{}: is not JSON: {error}", self.name)))
    }

    /// Returns the configuration that a command works with.
    ///
    /// # Errors
    /// All problems of the document, one a line. They make the command impossible, so the exit code
    /// is 2; only `pointsman check`, which looks for problems, exits with 1.
    pub(super) fn config(&self) -> Result<Config, ToolError> {
        self.accepted().map(|(config, _)| config)
    }

    /// Returns the configuration that a command works with, and its warnings.
    ///
    /// # Errors
    /// As [`RoutingFile::config`].
    pub(super) fn accepted(&self) -> Result<(Config, Vec<Finding>), ToolError> {
        let mut checked = self.check();
        match checked.config.take() {
            Some(config) => Ok((config, checked.warnings)),
            None => Err(ToolError::unusable(checked.problem_lines(&self.name))),
        }
    }

    /// Returns the configuration to write Envoy's or Istio's from.
    ///
    /// # Errors
    /// As [`RoutingFile::config`], and where the document has the role of the attempt filter. That
    /// one is derived from the router's.
    pub(super) fn router_config(&self) -> Result<Config, ToolError> {
        self.config().and_then(of_router)
    }

    /// Checks the document, and says where its problems are.
    pub(super) fn check(&self) -> CheckedFile {
        let Some(text) = self.json_text() else {
            return CheckedFile::unplaced(config::parse(self.json()));
        };
        let mut last = (String::new(), String::new());
        let found = |mut located: Located| {
            let value = text.get(located.range.clone()).unwrap_or_default();
            let hint = hint::of(&located.problem, value);
            // Several problems of one value mostly have one reason.
            let this = (located.problem.path.clone(), hint);
            if this != last {
                hint::put(&mut located.problem, &this.1);
                last = this;
            }
            self.placed(located)
        };
        let checked = config::check_json(text);
        let kept = checked.problems.len();
        let problems = hint::without_consequences(checked.problems);
        CheckedFile {
            config: checked.config,
            count: checked.count.saturating_sub(kept.saturating_sub(problems.len())),
            problems: problems.into_iter().map(found).collect(),
            warnings: checked.warnings.into_iter().map(|located| self.placed(located)).collect(),
        }
    }

    /// Returns something that was found of the valid document, at its place in the file. It is a text that
    /// begins with its path: `providers.p: …`.
    pub(super) fn found(&self, text: &str) -> Finding {
        match self.json_text() {
            Some(json) => self.placed(config::located(json, text)),
            None => Finding { problem: Problem::of_warning(text), line: None, column: None },
        }
    }

    /// Returns what was found at its place in the file.
    fn placed(&self, located: Located) -> Finding {
        match &self.text {
            RoutingText::Yaml(json) => {
                let line = Some(json.line(located.range.start)).filter(|line| *line > 0);
                Finding { problem: located.problem, line, column: None }
            }
            _ => Finding {
                problem: located.problem,
                line: Some(located.line),
                column: Some(located.column),
            },
        }
    }
}

/// Reads the only document of a YAML file.
///
/// # Errors
/// It is not YAML, is empty, or has several documents. Kubernetes' files often have several, so the
/// first one tells whether that is what the file is.
fn only_document(name: &str, text: &str) -> Result<TreeNode, ToolError> {
    yaml::read_only_document(text).map_err(|what| {
        let first = yaml::read_tree(text).ok();
        let other = first.as_ref().and_then(At::node).map_or(Ok(()), |node| is_ours(name, node));
        if let Err(error) = other {
            return error;
        }
        ToolError::unusable(if first.is_none() && what == "is empty" {
            format!(
                "{name}: is empty; write providers, deployments and models into it \
                 (docs/getting-started.md). If a command such as `pointsman catalog … > FILE` was to write it, \
                 that command failed: read its message and run it again"
            )
        } else {
            format!("{name}: is not YAML: {what}")
        })
    })
}

/// Checks that a file is not of another kind.
///
/// # Errors
/// It is, and what to do instead.
fn is_ours(name: &str, node: &TreeNode) -> Result<(), ToolError> {
    let what = match Foreign::of(node) {
        Some(foreign) => foreign.instead_of_document(name),
        None => hint::of_strange(&node.keys()),
    };
    match what {
        Some(what) => Err(ToolError::unusable(format!("{name}: {what}"))),
        None => Ok(()),
    }
}

/// Returns a configuration unless it is that of the attempt filter.
///
/// # Errors
/// It is.
pub(super) fn of_router(config: Config) -> Result<Config, ToolError> {
    if config.role == Role::Attempt {
        let message = "role: found \"attempt\"; expected the document of the router, so remove \
                       \"role\" (the attempt filter's document is derived from it)";
        return Err(ToolError::unusable(message));
    }
    Ok(config)
}

/// Returns a document in that notation.
pub(super) fn written(tree: &TreeNode, notation: Notation) -> String {
    match notation {
        Notation::Json => yaml::json_text(tree).text,
        Notation::Yaml => yaml::tree_document(tree),
    }
}

impl CheckedFile {
    /// Returns the problems, a line each, and how many there are beyond those that are kept. Several that
    /// list the same keys or values list them once.
    pub(super) fn problem_lines(&self, file: &str) -> String {
        let mut listed = Vec::new();
        let mut lines = Vec::new();
        for found in &self.problems {
            let mut line = found.line_of(file, "error");
            if let Some((said, list)) = line.split_once("; allowed: ") {
                if listed.iter().any(|known| known == list) {
                    line = said.to_owned();
                } else {
                    listed.push(list.to_owned());
                }
            }
            lines.push(line);
        }
        let more = self.count.saturating_sub(self.problems.len());
        if more > 0 {
            lines.push(format!("and {more} more problems"));
        }
        lines.join("\n")
    }

    /// Returns the findings of a document without lines.
    fn unplaced(parsed: Result<Config, Problems>) -> Self {
        let found =
            |problem: &Problem| Finding { problem: problem.clone(), line: None, column: None };
        match parsed {
            Ok(config) => {
                let warning = |warning: &String| found(&Problem::of_warning(warning));
                let warnings = config.warnings.iter().map(warning).collect();
                Self { config: Some(config), problems: Vec::new(), count: 0, warnings }
            }
            Err(problems) => Self {
                config: None,
                problems: problems.iter().map(found).collect(),
                count: problems.len(),
                warnings: Vec::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> Result<RoutingFile, ToolError> {
        let file = std::env::temp_dir().join(format!("pointsman-{}-{name}", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let read = RoutingFile::read(&file);
        std::fs::remove_file(file).unwrap();
        read
    }

    const YAML: &str = "# one\nproviders:\n  p: {cluster: c}\n\ndeployments:\n  \"d.1\":\n    provider: q\n    \
                        model: m\nmodels: {a: {candidates: [d.1]}}\n";

    #[test]
    fn problems_of_yaml_have_its_lines() {
        let found = of("a.yaml", YAML).unwrap().check();
        let lines: Vec<_> = found.problems.iter().map(|found| found.line).collect();
        assert_eq!(lines, [Some(7)], "{:?}", found.problems);
    }

    #[test]
    fn yaml_is_known_by_its_name_or_its_first_character() {
        assert!(of("b", YAML).unwrap().check().problems[0].line == Some(7));
        // A comma too many is an error of JSON and none of YAML.
        assert!(of("c.json", "{\"providers\": {},}").unwrap().config().is_err());
        assert!(of("c", "{\"providers\": {},}").unwrap().config().is_err());
        assert!(matches!(of("d.yaml", "{a: 1,}").unwrap().text, RoutingText::Yaml(_)));
    }

    #[test]
    fn one_document_is_wanted() {
        let error = of("e.yaml", "---\na: 1\n---\nb: 1\n").unwrap_err();
        assert!(
            error
                .message
                .ends_with("line 3: another document begins; put only one document into the file"),
            "{}",
            error.message
        );
        assert!(of("f.yaml", "# x\n---\na: 1\n...\n").is_ok());
    }
}
