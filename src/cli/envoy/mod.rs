//! `pointsman envoy`: a complete, commented Envoy configuration for a Pointsman one.
//!
//! Everything but the clusters is the text of `envoy/envoy.yaml`, `envoy/failover.yaml` or
//! `envoy/buffer.yaml` with the places filled in that depend on the configuration: there is
//! one copy of what is right, and of why.

mod before;
mod bootstrap;
mod cluster;
mod credential;
mod dynamic;
mod head;
mod sealed;
mod template;
mod tls;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::endpoint::{self, EndpointArg};
use super::io::{ToolError, note, write_file};
use super::routing_file::RoutingFile;
use crate::config::{Config, NO_DEFAULT_CLUSTER};
use crate::yaml;
use bootstrap::Bootstrap;

pub(super) use bootstrap::{EnvoyArgs, EnvoyOptions, MODULE, beside_tool};
pub(super) use credential::variables;
pub(super) use dynamic::EnvoyFiles;

/// Returns the configuration, or where it is; writes to standard error what is left for the user to
/// do.
///
/// # Errors
/// The configuration cannot be used, or one of the shipped files has changed so that a place
/// in it is not found.
pub(super) fn run(arguments: &EnvoyArgs) -> Result<String, ToolError> {
    let file = RoutingFile::read(&arguments.config)?;
    let config = file.router_config()?;
    // A service is started in another folder than this tool.
    let is_service = arguments.dynamic.is_some();
    let options = if is_service {
        arguments.options.clone().with_module_beside_tool().with_whole_module()?
    } else {
        arguments.options.clone()
    };
    let mut bootstrap = Bootstrap::of(&file, config, &options, arguments.mode)?;
    bootstrap.certificate = arguments.tls.files(is_service)?;
    let shown = match &arguments.dynamic {
        Some(folder) => dynamic::write(&bootstrap, folder, arguments.force)?.join("\n"),
        None => {
            bootstrap.clusters = own_file(&bootstrap, arguments.clusters.as_deref())?;
            let written = write(&bootstrap)?;
            if let Some(file) = bootstrap.clusters {
                let clusters = resources(&bootstrap, &written).map_err(ToolError::unusable)?;
                write_file(file, &clusters)?;
            }
            written.text().trim_end().to_owned()
        }
    };
    note(left_to_do(&bootstrap));
    let variables: Vec<String> = variables(&bootstrap.config).into_keys().collect();
    if !variables.is_empty() {
        note([format!("Envoy needs the environment variables {}", variables.join(", "))]);
    }
    Ok(shown)
}

/// Returns the configuration of a document, with these addresses and this module. What is left to do
/// is not told: the caller takes parts of it.
///
/// # Errors
/// As of [`run`].
pub(super) fn written(
    file: &RoutingFile,
    config: Config,
    endpoints: &[EndpointArg],
    module: &str,
) -> Result<String, ToolError> {
    let options = EnvoyOptions::of(endpoints, module);
    let bootstrap = Bootstrap::of(file, config, &options, None)?;
    own_file(&bootstrap, None)?;
    Ok(write(&bootstrap)?.text())
}

/// Returns the configuration of a document that is not in a file yet, and what the user has to know to
/// start it.
///
/// # Errors
/// As of [`run`].
pub(super) fn begin(
    file: &RoutingFile,
    config: Config,
    options: &EnvoyOptions,
) -> Result<Begin, ToolError> {
    let bootstrap = Bootstrap::of(file, config, options, None)?;
    own_file(&bootstrap, None)?;
    Ok(Begin {
        text: write(&bootstrap)?.text().trim_end().to_owned(),
        variables: variables(&bootstrap.config).into_keys().collect(),
        unplaced: endpoint::unplaced(&bootstrap.addresses).map(|(name, _)| name.clone()).collect(),
        signs: credential::signs(&bootstrap.config),
        left_to_do: left_to_do(&bootstrap),
    })
}

/// A configuration, and what is needed to start Envoy with it.
pub(super) struct Begin {
    pub(super) text: String,
    /// The environment variables that it names.
    pub(super) variables: BTreeSet<String>,
    /// The clusters whose address is not known.
    pub(super) unplaced: Vec<String>,
    /// Whether Envoy signs requests with keys of AWS.
    pub(super) signs: bool,
    /// What is left for the user to do, a line each.
    pub(super) left_to_do: Vec<String>,
}

/// Returns the file for clusters that Envoy reads apart from the rest; `None` where there are none.
///
/// # Errors
/// There are some, and no file is given for them.
fn own_file<'a>(
    bootstrap: &Bootstrap<'_>,
    given: Option<&'a Path>,
) -> Result<Option<&'a Path>, ToolError> {
    let clusters = credential::in_file(&bootstrap.config);
    let Some(first) = clusters.first() else { return Ok(None) };
    given.map(Some).ok_or_else(|| {
        ToolError::unusable(format!(
            "cluster {first}: Envoy gets tokens for this cluster by OAuth, and does not start with \
             such a cluster in its own file; give --clusters FILE, which Envoy then reads the \
             cluster from, or --dynamic FOLDER"
        ))
    })
}

/// The written configuration, in the parts that go to different files.
struct Written {
    /// All before the end of the clusters.
    head: String,
    /// The clusters that Envoy reads apart.
    apart: String,
    /// All after the clusters.
    after: String,
}

impl Written {
    /// Returns what Envoy is started with.
    fn text(&self) -> String {
        format!("{}{}", self.head, self.after)
    }
}

/// Returns the file with the clusters that Envoy reads apart: all that they refer to is written out.
///
/// # Errors
/// What was written is no YAML.
fn resources(bootstrap: &Bootstrap<'_>, written: &Written) -> Result<String, String> {
    let names = credential::in_file(&bootstrap.config);
    let root = yaml::read_tree(&format!("{}{}", written.head, written.apart))?;
    let mut resources = Vec::new();
    for cluster in root.get("static_resources.clusters").items() {
        let is_apart = cluster.get("name").text().is_some_and(|name| names.contains(name));
        if let Some(Value::Object(mut members)) = cluster.json().filter(|_| is_apart) {
            let kind = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
            members.insert("@type".to_owned(), kind.into());
            resources.push(members);
        }
    }
    Ok(yaml::documents(&[json!({"resources": resources})]))
}

/// Returns the shipped text with its clusters replaced and its other places filled in.
///
/// # Errors
/// The shipped text does not have a place that is filled in.
fn write(bootstrap: &Bootstrap<'_>) -> Result<Written, ToolError> {
    parts(bootstrap).map_err(|place| {
        ToolError::unusable(format!(
            "envoy/*.yaml: {place:?} is missing in the built-in file; report this as a bug"
        ))
    })
}

/// Returns the parts of what is written.
///
/// # Errors
/// As [`write()`].
fn parts(bootstrap: &Bootstrap<'_>) -> Result<Written, String> {
    let shipped = bootstrap.shipped();
    // The comment at the top of the file is about the file, so another one is written.
    let begin = shipped.find("\n\n").ok_or("a first paragraph")?;
    let (head, rest) = shipped
        .get(begin..)
        .and_then(|text| text.split_once("\n  clusters:\n"))
        .ok_or("clusters:")?;
    // What is not indented is no cluster: the shipped files may have sections after them.
    let after: String = rest
        .split_inclusive('\n')
        .skip_while(|line| line.trim().is_empty() || line.starts_with([' ', '#']))
        .collect();
    let head = head::write(bootstrap, head.trim_start_matches('\n'))?;
    let clusters = cluster::write_all(bootstrap)?;
    let secrets = credential::secrets(&bootstrap.config);
    let gap = if after.is_empty() { "" } else { "\n" };
    let head = format!("{head}{secrets}  clusters:\n{}", clusters.fixed);
    Ok(Written { head, apart: clusters.apart, after: format!("{gap}{after}") })
}

/// Returns what the configuration cannot say and the user has to, a line each. The written
/// file is complete and has comments at these places, too.
fn left_to_do(bootstrap: &Bootstrap<'_>) -> Vec<String> {
    let mut lines = endpoint::placeholders(&bootstrap.addresses);
    lines.extend(with_tls(bootstrap));
    if bootstrap.config.default_cluster.is_none() {
        lines.push(format!("default_cluster: {NO_DEFAULT_CLUSTER}"));
    }
    if !bootstrap.config.log_fields {
        lines.push(
            "log_fields: is not set, so most fields of the access log stay empty; set it to true"
                .to_owned(),
        );
    }
    lines.extend(bootstrap.before.advice.iter().cloned());
    lines.extend(exposed(bootstrap));
    lines
}

/// Returns what the user has to know of an Envoy that runs with this configuration, a line each. The
/// warnings of the document are not among it.
fn running(bootstrap: &Bootstrap<'_>) -> Vec<String> {
    let mut lines = endpoint::assumed(&bootstrap.addresses);
    lines.extend(with_tls(bootstrap));
    if !bootstrap.config.log_fields {
        lines.push(
            "log_fields: is not set, so the access log lacks model, deployment, tokens and cost; \
             set it to true"
                .to_owned(),
        );
    }
    // Others are asked for keys by Envoy itself: a file, a role, the machine's metadata.
    if credential::signs(&bootstrap.config) && std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        lines.push(
            "AWS_ACCESS_KEY_ID: is not set, so Envoy looks for keys to sign with where AWS's SDKs \
             do; if it finds none, it sends requests unsigned, and AWS refuses them"
                .to_owned(),
        );
    }
    lines.extend(bootstrap.before.advice.iter().cloned());
    lines.extend(exposed(bootstrap));
    lines
}

/// Returns which servers of the user's own get TLS, a line each.
fn with_tls(bootstrap: &Bootstrap<'_>) -> Vec<String> {
    let clusters = endpoint::own_with_tls(&bootstrap.addresses);
    let line = |(cluster, _, endpoint): (&String, &String, &_)| {
        format!("cluster {cluster}: {}", endpoint::told_of_tls(cluster, endpoint))
    };
    clusters.map(line).collect()
}

/// Returns what other machines reach, a line each.
fn exposed(bootstrap: &Bootstrap<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let listen = bootstrap.options.listen;
    if !listen.ip().is_loopback()
        && bootstrap.needs.has_credentials
        && bootstrap.before.text.is_empty()
    {
        lines.push(format!(
            "--listen: other machines can reach {listen}; give --filters with a file that has an \
             authentication filter, such as envoy/api-keys.yaml"
        ));
    }
    let admin = bootstrap.options.admin();
    if !admin.ip().is_loopback() {
        lines.push(format!(
            "--admin {admin} can be reached from elsewhere: whoever reaches it can stop Envoy; \
             let only probes and metrics reach it"
        ));
    }
    lines
}
