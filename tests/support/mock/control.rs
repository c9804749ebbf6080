//! The control endpoint under `/__mock/`: it takes scripts and returns records.

use hyper::Method;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::serve::{Answer, json_answer};
use super::{Script, Seen, State};

/// Carries out one command; `command` is the path after `/__mock/`.
pub(crate) fn answer(state: &State, method: &Method, command: &str, body: &[u8]) -> Answer {
    match (method.as_str(), command.split_once('/').unwrap_or((command, ""))) {
        ("GET", ("ready", "")) => json_answer(200, &json!({"name": state.name})),
        ("GET", ("seen", "")) => {
            let seen: Vec<Value> = state.seen().iter().map(Seen::report).collect();
            json_answer(200, &seen.into())
        }
        ("DELETE", ("seen", "")) => {
            state.seen().clear();
            json_answer(200, &json!({}))
        }
        ("POST", ("script", "")) => {
            let script = serde_json::from_slice(body).map_err(|error| error.to_string());
            match script.and_then(|script: Value| Behaviour::of_script(&script)) {
                Ok((behaviour, left)) => {
                    state.scripts().push_back(Script { behaviour, left });
                    json_answer(200, &json!({}))
                }
                Err(problem) => json_answer(400, &json!({"error": problem})),
            }
        }
        ("DELETE", ("script", "")) => {
            state.scripts().clear();
            json_answer(200, &json!({}))
        }
        ("POST", ("release", key)) => {
            state.release(key);
            json_answer(200, &json!({}))
        }
        _ => json_answer(404, &json!({"error": format!("no command {method} {command}")})),
    }
}
