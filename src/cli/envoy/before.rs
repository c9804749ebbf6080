//! Filters of Envoy's that come before this one in the listener, such as authentication: `--filters FILE`.
//!
//! Decides that the file is a list of filters, and what of a list of keys does not fit the document. What else
//! they do is the user's and Envoy's.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::cli::io::ToolError;
use crate::cli::lint::within;
use crate::config::Config;
use crate::yaml::{self, At};

use super::template::indented;

/// Columns that the filters of a listener are indented by in the shipped files.
const INDENT: usize = 10;

/// The key that the shipped file has in place of one of the user's.
const SHIPPED_KEY: &str = "replace-me";

/// Filters that come before this one.
#[derive(Debug, Default)]
pub(super) struct FiltersBefore {
    /// The filters as text for the listener, in their order.
    pub(super) text: String,
    /// What is wrong with them beside this document, a line each.
    pub(super) advice: Vec<String>,
}

/// Returns the filters of a file.
///
/// # Errors
/// The file cannot be read, or it is no list of filters.
pub(super) fn read(file: &Path, config: &Config) -> Result<FiltersBefore, ToolError> {
    let unusable = |because: &dyn std::fmt::Display| {
        ToolError::unusable(format!("--filters {}: {because}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| unusable(&error))?;
    let tree = yaml::read_tree(&text).map_err(|error| unusable(&error))?;
    let Some(Value::Array(filters)) = tree.json() else {
        return Err(unusable(
            &"expected a list of Envoy's HTTP filters, each `- name: …` with its \
                              `typed_config`",
        ));
    };
    for (at, filter) in filters.iter().enumerate() {
        let has = |place: &str| filter.pointer(place).is_some_and(Value::is_string);
        let fault = if !has("/name") {
            "name: expected the name of a filter, such as envoy.filters.http.jwt_authn"
        } else if !has("/typed_config/@type") && !has("/config_discovery/type_urls/0") {
            "typed_config: expected the filter's configuration, with its \"@type\""
        } else {
            continue;
        };
        return Err(unusable(&format!("[{at}].{fault}")));
    }
    let advice = tree.items().iter().flat_map(|one| advice(file, one, config)).collect();
    let written = yaml::documents(&[Value::Array(filters)]);
    Ok(FiltersBefore { text: indented(written.trim_start_matches("---\n"), INDENT), advice })
}

/// Returns what is wrong with a list of clients' keys: the shipped key, which everyone knows, tenants of the
/// document that no client has the name of, and clients without any budget. For example, with `client: interm` the
/// budget of the tenant `intern` limits nobody, and this client spends without limit unless all tenants have one.
fn advice(file: &Path, filter: &At, config: &Config) -> Vec<String> {
    let (kind, settings) = within(filter).get("typed_config").typed();
    if kind != "ApiKeyAuth" {
        return Vec::new();
    }
    let credentials = settings.get("credentials").items();
    let has =
        |key: &str, text: &str| credentials.iter().any(|one| one.get(key).text() == Some(text));
    let shown = file.display();
    let mut lines = Vec::new();
    if has("key", SHIPPED_KEY) {
        lines.push(format!(
            "{shown}: the key {SHIPPED_KEY:?} is the one of the example, which everyone knows; write a long random one"
        ));
    }
    let is_tenant = settings.get("forwarding.header").text() == Some(&config.headers.tenant);
    let tenants = config.limits.tenants.as_ref().filter(|_| is_tenant);
    for name in tenants.into_iter().flat_map(|tenants| tenants.named.keys()) {
        if !has("client", name) {
            lines.push(format!(
                "limits.tenants.named.{name}: no client of {shown} has this name, so no request spends this \
                 budget; write it as `client` there"
            ));
        }
    }
    if let Some(tenants) = tenants.filter(|tenants| tenants.budget.is_none()) {
        let clients = credentials.iter().map(|one| one.get("client"));
        let names = clients.filter_map(|client| client.text().map(str::to_owned));
        let free: BTreeSet<String> =
            names.filter(|name| !tenants.named.contains_key(name)).collect();
        lines.extend(free.iter().map(|client| {
            format!(
                "{shown}: the client {client:?} has no budget, so it spends without limit; write one as \
                 limits.tenants.named.{client}, or limits.tenants.budget for all without one of their own"
            )
        }));
    }
    lines
}
