//! One way to name the document in every command that reads one: FILE, or `--config FILE`.
//!
//! Each command declares one of the two, and this adds the other. FILE is the one that help shows. Also says what
//! to do where the arguments of a command are those of another one.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, Error};

/// The option, and the id of the argument that it sets.
const CONFIG: &str = "config";
/// The argument without a name, in commands that declare it themselves.
const FILE: &str = "file";
/// The argument without a name that is added here.
const ADDED: &str = "document";

/// The commands whose FILE is a document.
const BY_FILE: [&str; 3] = ["check", "convert", "run"];

/// Returns the command line in which each command with one document takes it in both ways.
pub(super) fn with_both(root: Command) -> Command {
    let names: Vec<String> =
        root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(root, |root, name| root.mut_subcommand(name, with_both_of_one))
}

fn with_both_of_one(command: Command) -> Command {
    let is_required = |name: &str| {
        command.get_arguments().any(|arg| arg.get_id() == name && arg.is_required_set())
    };
    let has_free = command.get_positionals().next().is_some();
    if BY_FILE.contains(&command.get_name()) {
        let option = Arg::new(CONFIG).long(CONFIG).short('c').value_name("FILE").hide(true);
        return command
            .arg(option.conflicts_with(FILE))
            .mut_arg(FILE, |file| file.required(false).required_unless_present(CONFIG));
    }
    if is_required(CONFIG) && !has_free {
        let config = command.get_arguments().find(|arg| arg.get_id() == CONFIG);
        let help = config.and_then(Arg::get_help).cloned().unwrap_or_default();
        let free = Arg::new(ADDED).value_name("FILE").help(help);
        return command
            .arg(free.required_unless_present(CONFIG).conflicts_with(CONFIG))
            .mut_arg(CONFIG, |config| config.required(false).hide(true));
    }
    if command.get_name() == "lint" {
        return command
            .arg(Arg::new(ADDED).value_name("FILE").hide(true))
            .mut_arg("envoy", |envoy| envoy.required_unless_present(ADDED));
    }
    with_both(command)
}

/// Returns the matches of a command line, with the document where its command looks for it.
///
/// # Errors
/// As clap has them, with what to write instead where that is known.
pub(super) fn matches(root: &Command, line: &[OsString]) -> Result<ArgMatches, Error> {
    let found = root.clone().try_get_matches_from(line).map_err(|error| advised(error, line))?;
    let mut names = Vec::new();
    let mut innermost = &found;
    while let Some((name, inner)) = innermost.subcommand() {
        names.push(name);
        innermost = inner;
    }
    let Some((target, value)) = target(names.last().copied(), innermost) else { return Ok(found) };
    // What was given in the other way is the default of the one that the command reads.
    let set =
        |command: Command| command.mut_arg(target, |arg| arg.required(false).default_value(value));
    within(root.clone(), &names, set).try_get_matches_from(line)
}

/// Returns the argument that the document is meant for, if it was given in the other way, and the file.
fn target(name: Option<&str>, found: &ArgMatches) -> Option<(&'static str, OsString)> {
    let given = |id: &str| {
        let raw = found.try_get_raw(id).ok().flatten()?.next()?;
        Some(raw.to_owned())
    };
    if BY_FILE.contains(&name?) {
        return given(CONFIG).map(|file| (FILE, file));
    }
    let is_second = name == Some("lint") && given("envoy").is_none();
    given(ADDED).map(|file| (if is_second { "envoy" } else { CONFIG }, file))
}

/// Changes the command that is reached by these names.
fn within(root: Command, names: &[&str], change: impl FnOnce(Command) -> Command) -> Command {
    match names.split_first() {
        Some((first, rest)) => root.mut_subcommand(*first, |inner| within(inner, rest, change)),
        None => change(root),
    }
}

/// Adds what to write instead to an error, where that is known.
fn advised(mut error: Error, line: &[OsString]) -> Error {
    let words: Vec<&str> = line.iter().filter_map(|word| word.to_str()).skip(1).collect();
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let tips = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let file = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            if is_file(&file) {
                of_file(&file, words.first() == Some(&"import"))
            } else {
                return error;
            }
        }
        ErrorKind::UnknownArgument if words.first() == Some(&"catalog") => {
            let tip = "name the document by --config: pointsman catalog PRICES --config DOCUMENT";
            vec![tip.to_owned()]
        }
        _ => return error,
    };
    let tips = tips.into_iter().map(Into::into).collect();
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    error
}

/// Returns what to do with a file that stands where a command is expected.
fn of_file(file: &str, is_import: bool) -> Vec<String> {
    let import = format!("read LiteLLM's configuration: pointsman import litellm {file}");
    if is_import {
        return vec![import];
    }
    vec![format!("check a routing document: pointsman check {file}"), import]
}

/// Returns whether a word is the name of a file and no command.
fn is_file(word: &str) -> bool {
    let path = Path::new(word);
    let endings = ["yaml", "yml", "json"];
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| endings.contains(&ending)) || path.is_file()
}
