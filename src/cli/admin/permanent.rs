//! A document with what is dynamic in the proxies that run it.
//!
//! A dynamic route becomes the strategy and the candidates of its model, a dynamic alias an alias.
//! All else of the document stays as it is, its order too.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::cli::io::ToolError;
use crate::cli::routing_file::{Notation, RoutingFile, written};
use crate::config;
use crate::yaml::TreeNode;

use super::client::{Fleet, Told};

/// Returns the document with the dynamic routes and aliases of the proxies.
///
/// # Errors
/// A proxy does not answer, the proxies differ, or the document would not be valid with them.
pub(super) fn document(
    fleet: &Fleet,
    file: &RoutingFile,
    to: Notation,
) -> Result<String, ToolError> {
    let routes = common(fleet.ask("GET", "/routes", b""), "routes")?;
    let aliases = common(fleet.ask("GET", "/aliases", b""), "aliases")?;
    let mut tree = file.tree()?;
    for route in routes.iter().filter(|route| is_dynamic(route)) {
        tree = with_route(tree, route);
    }
    for alias in aliases.iter().filter(|alias| is_dynamic(alias)) {
        let (name, model) = (text(alias, "alias"), text(alias, "model"));
        let aliases = tree.member_or_empty("aliases");
        tree = tree.with("aliases", aliases.with(name, json!(model).into()));
    }
    config::parse(written(&tree, Notation::Json).as_bytes()).map_err(|problems| {
        ToolError::has_problems(format!(
            "the document is not valid with what is dynamic in the proxies:\n{problems}"
        ))
    })?;
    Ok(written(&tree, to))
}

/// Returns the list that all proxies answer alike.
///
/// # Errors
/// One does not answer, or answers otherwise than the first.
fn common(told: Vec<Told>, list: &str) -> Result<Vec<Value>, ToolError> {
    let mut first: Option<(String, Vec<Value>)> = None;
    for Told { proxy, answer } in told {
        let answer = answer.map_err(|error| ToolError::unusable(format!("{proxy}: {error}")))?;
        let found = answer.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        let found: Vec<Value> = found.into_iter().filter(is_dynamic).collect();
        match &first {
            Some((_, known)) if *known == found => {}
            Some((other, _)) => {
                return Err(ToolError::has_problems(format!(
                    "{other} and {proxy} have different dynamic {list}; make them the same, or \
                     name one of them only"
                )));
            }
            None => first = Some((proxy, found)),
        }
    }
    Ok(first.map(|(_, found)| found).unwrap_or_default())
}

fn is_dynamic(entry: &Value) -> bool {
    text(entry, "source") == "dynamic"
}

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the document with a dynamic route as its model.
///
/// What the model has besides stays: fallbacks, a description. An alias of the name goes, because
/// the route wins over it.
fn with_route(tree: TreeNode, route: &Value) -> TreeNode {
    let name = text(route, "model");
    let models = tree.member_or_empty("models");
    let model = models.member_or_empty(name);
    let variants = model.items_of("variants");
    let served = |of: &TreeNode| {
        let candidates = candidates(&tree, route);
        of.with("strategy", json!(text(served_of(route), "strategy")).into())
            .with("candidates", candidates)
    };
    let model = if variants.is_empty() {
        served(&model)
    } else {
        let variants = variants.iter().map(|variant| Rc::new(served(variant))).collect();
        model.with("variants", TreeNode::list(variants))
    };
    let aliases = tree.member_or_empty("aliases").without(name);
    let tree =
        if aliases.is_empty() { tree.without("aliases") } else { tree.with("aliases", aliases) };
    tree.with("models", models.with(name, model))
}

/// Returns what has the strategy and the endpoints of a route: itself, or the first of its variants,
/// which are all alike.
fn served_of(route: &Value) -> &Value {
    route.pointer("/variants/0").unwrap_or(route)
}

/// Returns the endpoints of a route as candidates.
fn candidates(tree: &TreeNode, route: &Value) -> TreeNode {
    let deployments = tree.member_or_empty("deployments");
    let endpoints = served_of(route).get("endpoints").and_then(Value::as_array);
    let candidate = |endpoint: &Value| {
        let id = Some(text(endpoint, "deployment")).filter(|id| deployments.has(id));
        let weight = endpoint.get("weight").cloned();
        let mut candidate = match id {
            Some(id) if weight.is_none() => return json!(id),
            Some(id) => json!({"deployment": id}),
            None => {
                json!({"provider": text(endpoint, "provider"), "model": text(endpoint, "model_id")})
            }
        };
        if let (Some(weight), Some(members)) = (weight, candidate.as_object_mut()) {
            members.insert("weight".to_owned(), weight);
        }
        candidate
    };
    let candidates: Value = endpoints.into_iter().flatten().map(candidate).collect();
    candidates.into()
}
