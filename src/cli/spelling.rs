//! One spelling for JSON in every command: `--json`.
//!
//! Commands differ in what they print otherwise, so each declares its own option. This adds `--json` where
//! it has another name, and keeps the other names: `--output json` and `--to json`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, Id};

/// The name of the option.
const JSON: &str = "json";

/// Returns the command line with `--json` in each command that can print JSON.
pub(super) fn with_json(root: Command) -> Command {
    let names: Vec<String> =
        root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(root, |root, name| root.mut_subcommand(name, with_json_of_one))
}

fn with_json_of_one(command: Command) -> Command {
    let has = |name: &str| command.get_arguments().any(|arg| arg.get_id().as_str() == name);
    let is_global = |arg: &Arg| arg.get_id() == JSON && arg.is_global_set();
    if has(JSON) {
        // `--output` of some commands is a file or folder. A default of a global option that depends on
        // another one does not reach the commands below.
        let is_done = has("output") || command.get_arguments().any(is_global);
        return if is_done { command } else { with_output(command) };
    }
    let takes_json =
        |arg: &Arg| arg.get_possible_values().iter().any(|value| value.get_name() == JSON);
    let form = command.get_arguments().find(|arg| takes_json(arg)).map(|arg| arg.get_id().clone());
    match form {
        Some(form) => with_flag(command, form),
        // Of `import`, each source is a command.
        None => with_json(command),
    }
}

/// Adds `--output json` to a command with `--json`. It is not shown.
fn with_output(command: Command) -> Command {
    let output = Arg::new("output")
        .long("output")
        .value_parser(PossibleValuesParser::new(["text", "yaml", JSON]))
        .hide(true);
    command.arg(output).mut_arg(JSON, |json| json.default_value_if("output", JSON, "true"))
}

/// Adds `--json` to a command in which the option `form` says what is written.
fn with_flag(command: Command, form: Id) -> Command {
    let json =
        Arg::new(JSON).long(JSON).action(ArgAction::SetTrue).help("Print JSON instead of YAML");
    command
        .arg(json.conflicts_with(form.clone()))
        .mut_arg(form, |arg| arg.default_value_if(JSON, "true", JSON))
}
