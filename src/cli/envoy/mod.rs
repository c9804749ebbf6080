//! `pointsman envoy`: a complete, commented Envoy configuration for a Pointsman one.
//!
//! Everything but the clusters is the text of `envoy/envoy.yaml`, `envoy/failover.yaml` or
//! `envoy/buffer.yaml` with the places filled in that depend on the configuration: there is
//! one copy of what is right, and of why.

mod cluster;
pub(super) mod endpoint;
pub(super) mod yaml;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::{self, Config, Hold, Role};

use super::needs::Needs;
use super::{Failure, lint, read};
use endpoint::{Given, Place, Source};
use yaml::{Template, commented, indented, scalar};

const SIMPLE: &str = include_str!("../../../envoy/envoy.yaml");
const FAILOVER: &str = include_str!("../../../envoy/failover.yaml");
const BUFFER: &str = include_str!("../../../envoy/buffer.yaml");

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
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

/// What the configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// One attempt; Envoy 1.35 and later
    Simple,
    /// Failover inside the request; Envoy 1.39 and later
    Failover,
    /// A buffer filter holds headers; Envoy 1.36 and later, with failover 1.39
    Buffer,
}

/// All that the text depends on.
#[derive(Debug)]
struct Plan<'a> {
    config: &'a Config,
    needs: &'a Needs,
    places: BTreeMap<String, Place>,
    mode: Mode,
    buffer: u64,
    trusted_ca: &'a str,
}

/// The configuration; what is left to be done goes to standard error.
pub(super) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let bytes = read(&arguments.config)?;
    let config = config::parse(&bytes).map_err(|problems| Failure::new(2, problems))?;
    let document = String::from_utf8(bytes).map_err(|error| Failure::new(2, error))?;
    let needs = Needs::of(&config);
    let plan = Plan {
        mode: mode(&config, arguments.mode)?,
        buffer: lint::roomy(config.limits.max_body_bytes),
        places: endpoint::places(&config, &needs, &arguments.endpoints)
            .map_err(|problem| Failure::new(2, problem))?,
        config: &config,
        needs: &needs,
        trusted_ca: &arguments.trusted_ca,
    };
    let text = write(&plan, arguments, &document)
        .map_err(|place| Failure::new(2, format!("envoy/*.yaml has changed: no {place:?}")))?;
    left_to_do(&plan, arguments);
    Ok(text.trim_end().to_owned())
}

fn mode(config: &Config, asked: Option<Mode>) -> Result<Mode, Failure> {
    if config.role == Role::Attempt {
        let message = "role: wanted the configuration of the filter that decides, not of attempts";
        return Err(Failure::new(2, message));
    }
    let attempts = config.failover.max_attempts;
    let fits = match config.hold {
        Hold::BufferFilter => Mode::Buffer,
        Hold::StopIteration if attempts > 1 => Mode::Failover,
        Hold::StopIteration => Mode::Simple,
    };
    if fits == Mode::Simple && config.failover.attempt_filter {
        let message = "failover.attempt_filter: wanted failover.max_attempts above 1, or hold: \
             \"buffer_filter\"; `pointsman istio` writes what Istio needs";
        return Err(Failure::new(2, message));
    }
    let Some(asked) = asked.filter(|asked| *asked != fits) else { return Ok(fits) };
    let message = match (asked, fits) {
        (Mode::Buffer, _) => {
            "--mode buffer: hold is \"stop_iteration\", this needs \"buffer_filter\"".to_owned()
        }
        (_, Mode::Buffer) => format!(
            "--mode {}: hold is \"buffer_filter\", this needs \"stop_iteration\"",
            asked.name()
        ),
        (Mode::Simple, _) => {
            format!("--mode simple: failover.max_attempts is {attempts}, this needs 1")
        }
        (Mode::Failover, _) => {
            format!("--mode failover: failover.max_attempts is {attempts}, this needs 2 or more")
        }
    };
    Err(Failure::new(2, message))
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Failover => "failover",
            Self::Buffer => "buffer",
        }
    }
}

impl Plan<'_> {
    /// The shipped configuration that this is written after.
    const fn shipped(&self) -> &'static str {
        match self.mode {
            Mode::Simple => SIMPLE,
            Mode::Failover => FAILOVER,
            Mode::Buffer => BUFFER,
        }
    }

    /// Whether a failure is followed by another attempt.
    fn fails_over(&self) -> bool {
        self.config.failover.max_attempts > 1
    }
}

fn write(plan: &Plan<'_>, arguments: &Arguments, document: &str) -> Result<String, String> {
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

fn heading(plan: &Plan<'_>) -> String {
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

fn fill(template: &mut Template, plan: &Plan<'_>, arguments: &Arguments, document: &str) {
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
fn held(template: &mut Template, plan: &Plan<'_>) {
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

fn left_to_do(plan: &Plan<'_>, arguments: &Arguments) {
    let mut lines = Vec::new();
    for (name, place) in &plan.places {
        if place.source == Source::Placeholder {
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
