//! `pointsman envoy`: a complete, commented Envoy configuration for a Pointsman one.
//!
//! Everything but the clusters is the text of `envoy/envoy.yaml`, `envoy/failover.yaml` or
//! `envoy/buffer.yaml` with the places filled in that depend on the configuration: there is
//! one copy of what is right, and of why.

mod cluster;
pub(super) mod endpoint;
mod plan;
pub(super) mod yaml;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config;

use super::lint;
use super::needs::Needs;
use super::output::{ToolFailure, read};
use endpoint::{Given, ToldBy};
use plan::{EnvoyPlan, FAILOVER, Mode, mode};
use yaml::{Template, commented, indented, scalar};

#[derive(Debug, clap::Args)]
pub(super) struct EnvoyArguments {
    /// The configuration, JSON
    #[arg(long, short)]
    config: PathBuf,
    /// What it is for; without it, what hold and failover.max_attempts ask for
    #[arg(long, short)]
    mode: Option<Mode>,
    /// Where clients connect
    #[arg(long, short, default_value = "127.0.0.1:10000", value_name = "IP:PORT")]
    listen: SocketAddr,
    /// The port of Envoy's admin page, on 127.0.0.1
    #[arg(long, default_value_t = 9901, value_name = "PORT")]
    admin_port: u16,
    /// Where a cluster is; may be repeated. Without it, where the provider's authority
    /// says, by TLS, or else a place to change
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    endpoints: Vec<Given>,
    /// The module, as Envoy finds it
    #[arg(long, default_value = "pointsman.wasm", value_name = "PATH")]
    module: String,
    /// Whose certificates providers may have
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt", value_name = "PATH")]
    trusted_ca: String,
}

/// The configuration; what is left to be done goes to standard error.
pub(super) fn run(arguments: &EnvoyArguments) -> Result<String, ToolFailure> {
    let bytes = read(&arguments.config)?;
    let config = config::parse(&bytes).map_err(|problems| ToolFailure::new(2, problems))?;
    let document = String::from_utf8(bytes).map_err(|error| ToolFailure::new(2, error))?;
    let needs = Needs::of(&config);
    let plan = EnvoyPlan {
        mode: mode(&config, arguments.mode)?,
        buffer: lint::roomy(config.limits.max_body_bytes),
        places: endpoint::places(&config, &needs, &arguments.endpoints)
            .map_err(|problem| ToolFailure::new(2, problem))?,
        config: &config,
        needs: &needs,
        trusted_ca: &arguments.trusted_ca,
    };
    let text = write(&plan, arguments, &document)
        .map_err(|place| ToolFailure::new(2, format!("envoy/*.yaml has changed: no {place:?}")))?;
    left_to_do(&plan, arguments);
    Ok(text.trim_end().to_owned())
}

fn write(
    plan: &EnvoyPlan<'_>,
    arguments: &EnvoyArguments,
    document: &str,
) -> Result<String, String> {
    let shipped = plan.shipped();
    // The comment of the file itself is about the file.
    let begin = shipped.find("\n\n").ok_or("a first paragraph")?;
    let (head, rest) = shipped
        .get(begin..)
        .and_then(|text| text.split_once("\n  clusters:\n"))
        .ok_or("clusters:")?;
    // Whatever stands behind the clusters.
    let behind = rest
        .split_inclusive('\n')
        .skip_while(|line| line.trim().is_empty() || line.starts_with([' ', '#']));
    let mut template = Template::new(&format!("{head}\n"));
    fill(&mut template, plan, arguments, document);
    let head = template.finish()?;
    let clusters = cluster::all(plan)?;
    let behind: String = behind.collect();
    let gap = if behind.is_empty() { "" } else { "\n" };
    Ok(format!("{}{}{clusters}{gap}{behind}", heading(plan), head.trim_start_matches('\n')))
}

fn heading(plan: &EnvoyPlan<'_>) -> String {
    let (does, since) = match plan.mode {
        Mode::Simple => (". Written by", "1.35"),
        Mode::Failover => (" and fails over inside\n# the request. Written by", "1.39"),
        Mode::Buffer if plan.fails_over() => (
            " and fails over inside\n# the request; a buffer filter holds its headers. Written by",
            "1.39",
        ),
        Mode::Buffer => (" where a buffer\n# filter holds the headers. Written by", "1.36"),
    };
    format!(
        "# A complete Envoy that routes LLM requests with Pointsman{does}\n# `pointsman envoy`, for \
         Envoy {since} and later; envoy/README.md says what each\n# part is for. What is left to do: \
         CHANGE ME, where there is one, and who may call.\n\n"
    )
}

fn fill(template: &mut Template, plan: &EnvoyPlan<'_>, arguments: &EnvoyArguments, document: &str) {
    let config = plan.config;
    let address = |ip: &str, port: u16| {
        let ip = if ip.contains(':') { format!("\"{ip}\"") } else { ip.to_owned() };
        format!("address: {{socket_address: {{address: {ip}, port_value: {port}}}}}")
    };
    template.replace(&address("127.0.0.1", 9901), &address("127.0.0.1", arguments.admin_port));
    let listen = address(&arguments.listen.ip().to_string(), arguments.listen.port());
    template.replace(&address("127.0.0.1", 10000), &listen);
    let limit = config.limits.max_body_bytes;
    template.replace("limits.max_body_bytes (16 MiB)", &format!("limits.max_body_bytes ({limit})"));
    let buffer = "per_connection_buffer_limit_bytes: ";
    template.replace(&format!("{buffer}18874368"), &format!("{buffer}{}", plan.buffer));
    template.replace(
        "filename: target/wasm32-wasip1/release/pointsman.wasm",
        &format!("filename: {}", scalar(&arguments.module)),
    );
    let variables: Vec<String> = plan.needs.variables.keys().map(|name| scalar(name)).collect();
    let variables = format!("{{host_env_keys: [{}]}}", variables.join(", "));
    template.line("environment_variables:", &format!("environment_variables: {variables}"));
    let [cluster, model] = [&config.headers.cluster, &config.headers.model].map(|it| scalar(it));
    template.replace("[x-llm-cluster, x-llm-model]", &format!("[{cluster}, {model}]"));
    if plan.mode == Mode::Buffer {
        held(template, plan);
    }
    if plan.mode == Mode::Simple {
        template.replace("cluster_header: x-llm-cluster", &format!("cluster_header: {cluster}"));
    } else {
        template.fill("map:", &map(plan.needs));
    }
    if plan.fails_over() {
        let retry = scalar(&config.headers.retry);
        template.replace("{name: x-llm-retry, ", &format!("{{name: {retry}, "));
        let retries = config.failover.max_attempts.saturating_sub(1);
        template.replace("num_retries: 2", &format!("num_retries: {retries}"));
    }
    if plan.needs.has_credentials {
        template.replace("          http_filters:\n", HINT);
    }
    // Last, so that nothing of the document is taken for a place.
    template.fill("value: |", &indented(&printable(document), 20));
}

/// What differs where a buffer filter holds headers.
fn held(template: &mut Template, plan: &EnvoyPlan<'_>) {
    let bytes = "max_request_bytes: ";
    template.replace(&format!("{bytes}18874368"), &format!("{bytes}{}", plan.buffer));
    if plan.fails_over() {
        let timeout = "                  timeout: 0s\n";
        match commented(FAILOVER, "retry_policy:") {
            Some(policy) => template.replace(timeout, &format!("{timeout}{policy}")),
            None => template.replace("retry_policy:", ""),
        }
    }
    if !plan.config.is_handing_over() {
        // No cluster has the filter.
        template.replace(
            "                # Anchors, as YAML has them: the clusters run the same module with\n\
             \x20               # the same configuration.\n                vm_config: &vm\n",
            "                vm_config:\n",
        );
        template.replace("configuration: &document\n", "configuration:\n");
    }
}

const HINT: &str = "          http_filters:
          # Authentication goes here, before the listener is bound to anything but
          # 127.0.0.1: from here on, whoever gets this far spends your money. For example
          # envoy.filters.http.jwt_authn, ext_authz or api_key_auth (envoy/README.md).
";

/// Every cluster that a decision may name.
fn map(needs: &Needs) -> String {
    let mut out = String::new();
    for (name, _) in needs.clusters.iter().filter(|(_, purpose)| purpose.is_routed) {
        let name = scalar(name);
        let action = format!(
            "{name}:\n  action:\n    name: {name}\n    typed_config: {{\"@type\": \
             type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction, \
             cluster: {name}}}\n"
        );
        out.push_str(&indented(&action, 32));
    }
    out
}

/// The document as it is written; where YAML cannot hold that as it is, as JSON without
/// anything but ASCII.
fn printable(document: &str) -> String {
    let text = document.trim_start_matches('\u{feff}').trim().replace("\r\n", "\n");
    let text = text.replace('\r', "\n");
    let is_line = |it: char| matches!(it, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    let is_odd = |it: char| (it.is_control() && it != '\n' && it != '\t') || is_line(it);
    if !text.contains(is_odd) {
        return text;
    }
    let mut out = String::new();
    for one in text.chars() {
        if is_odd(one) {
            out.push_str(&format!("\\u{:04x}", u32::from(one)));
        } else {
            out.push(one);
        }
    }
    out
}

fn left_to_do(plan: &EnvoyPlan<'_>, arguments: &EnvoyArguments) {
    let mut lines = Vec::new();
    for (name, place) in &plan.places {
        if place.source == ToldBy::Placeholder {
            let (host, port) = (&place.endpoint.host, place.endpoint.port);
            lines.push(format!(
                "cluster {name}: nobody has said where it is, so it is at {host}:{port}; \
                 --endpoint {name}=HOST:PORT[,tls]"
            ));
        }
    }
    if plan.config.default_cluster.is_none() {
        lines.push(
            "there is no default_cluster: what is no LLM request is answered with 503".to_owned(),
        );
    }
    if !plan.config.log_fields {
        lines.push("log_fields is not set: most fields of the access log stay empty".to_owned());
    }
    if !arguments.listen.ip().is_loopback() && plan.needs.has_credentials {
        lines.push(format!(
            "{} can be reached from elsewhere: put authentication before the filter",
            arguments.listen
        ));
    }
    for line in lines {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
