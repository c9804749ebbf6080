//! The written configuration down to its clusters: admin page, listener, filter and routes.

use std::net::{Ipv4Addr, SocketAddr};

use crate::cli::needs::{Needs, per_try_seconds};
use crate::yaml::{escape, is_unprintable, scalar};

use super::bootstrap::{Bootstrap, FAILOVER, Mode};
use super::credential;
use super::template::{Template, commented, indented};

/// Columns that the document is indented by in the shipped files.
const DOCUMENT_INDENT: usize = 20;
/// The line after which the filters of the listener are listed.
const LIST: &str = "          http_filters:\n";
/// Columns that the entries of the route's map are indented by.
const MAP_INDENT: usize = 32;

/// Returns the text with its places filled in, and a comment at its top.
///
/// `shipped` is the part of the shipped file that comes before its clusters, without the
/// comment at the top.
///
/// # Errors
/// The first place that the text does not have.
pub(super) fn write(bootstrap: &Bootstrap<'_>, shipped: &str) -> Result<String, String> {
    let mut template = Template::new(format!("{shipped}\n"));
    fill_addresses(&mut template, bootstrap);
    fill_filter(&mut template, bootstrap);
    if bootstrap.mode == Mode::Buffer {
        fill_buffer_filter(&mut template, bootstrap);
    }
    fill_routes(&mut template, bootstrap);
    if let Some(certificate) = &bootstrap.certificate {
        certificate.fill(&mut template);
    }
    let credentials = credential::listener_filters(&bootstrap.config);
    if !credentials.is_empty() {
        let router = "          - name: envoy.filters.http.router\n";
        template.replace(router, &format!("{credentials}{router}"));
    }
    let has_own_file = !credential::in_file(&bootstrap.config).is_empty();
    if let Some(file) = bootstrap.clusters.filter(|_| has_own_file) {
        let file = scalar(&file.display().to_string());
        template.line(
            "admin:",
            &format!("{CLUSTERS_APART}{file}}}, resource_api_version: V3}}\n\nadmin:"),
        );
    }
    // Last, so that no text of the document is taken for a place.
    let document = printable(&bootstrap.document);
    template.fill("value: |", &indented(&document, DOCUMENT_INDENT));
    let text = template.finish()?;
    // After that, so that no text of the filters is taken for one. The listener's list comes first.
    let (start, rest) = text.split_once(LIST).ok_or(LIST)?;
    Ok(format!("{}{start}{LIST}{}{rest}", heading(bootstrap), bootstrap.before.text))
}

fn heading(bootstrap: &Bootstrap<'_>) -> String {
    // Lines are broken by hand, so that the comment is no wider than the others.
    let (does, since) = match bootstrap.mode {
        Mode::Simple => (". Written by", "1.35"),
        Mode::Failover => (" and fails over inside\n# the request. Written by", "1.39"),
        Mode::Buffer if bootstrap.fails_over() => (
            " and fails over inside\n# the request; a buffer filter holds its headers. Written by",
            "1.39",
        ),
        Mode::Buffer => (" where a buffer\n# filter holds the headers. Written by", "1.36"),
    };
    format!(
        "# A complete Envoy that routes LLM requests with Pointsman{does}\n# `pointsman envoy`, \
         for Envoy {since} and later; envoy/README.md says what each\n# part is for. Left to do: \
         every CHANGE ME, and deciding who may call.\n\n"
    )
}

/// Fills in where Envoy listens and how much of a body it holds.
///
/// Each value of the shipped file is written out in full as the place to look for: if it
/// changes there, the test of the shipped configurations fails and not a user's proxy.
fn fill_addresses(template: &mut Template, bootstrap: &Bootstrap<'_>) {
    let address = |at: SocketAddr| {
        // The colons of IPv6 would end a plain scalar in a flow mapping.
        let ip = if at.is_ipv6() { format!("\"{}\"", at.ip()) } else { at.ip().to_string() };
        format!("address: {{socket_address: {{address: {ip}, port_value: {}}}}}", at.port())
    };
    let shipped = |port: u16| address((Ipv4Addr::LOCALHOST, port).into());
    template.replace(&shipped(10000), &address(bootstrap.options.listen));
    // With the line above it, so that a listener at that address is not taken for it.
    let admin = |address: String| format!("admin:\n  {address}");
    template.replace(&admin(shipped(9901)), &admin(address(bootstrap.options.admin())));
    let limit = bootstrap.config.limits.max_body_bytes;
    template.replace("limits.max_body_bytes (16 MiB)", &format!("limits.max_body_bytes ({limit})"));
    let buffer = "per_connection_buffer_limit_bytes: ";
    template.replace(&format!("{buffer}18874368"), &format!("{buffer}{}", bootstrap.buffer));
}

/// Fills in what the filter itself is configured with, its document aside.
///
/// That is the module's file and the variables it may read, and a hint where it has credentials.
fn fill_filter(template: &mut Template, bootstrap: &Bootstrap<'_>) {
    template.replace(
        "filename: target/wasm32-wasip1/release/pointsman.wasm",
        &format!("filename: {}", scalar(&bootstrap.options.module)),
    );
    let names: Vec<String> = bootstrap.needs.variables.keys().map(|name| scalar(name)).collect();
    let variables = format!("environment_variables: {{host_env_keys: [{}]}}", names.join(", "));
    template.line("environment_variables:", &variables);
    if bootstrap.has_terse_log {
        template.line("json_format:", "omit_empty_values: true\n                json_format:");
    }
    if bootstrap.needs.has_credentials {
        template.replace("          http_filters:\n", AUTHENTICATION_HINT);
    }
}

const CLUSTERS_APART: &str = "# Clusters for which Envoy gets tokens by OAuth come from a file: Envoy asks for a token as soon as it
# makes such a cluster, before it has made the clusters below, which it would have to ask.
node: {id: pointsman, cluster: pointsman}
dynamic_resources:
  cds_config: {path_config_source: {path: ";

const AUTHENTICATION_HINT: &str = "          http_filters:
          # Put authentication here before you bind the listener to anything but
          # 127.0.0.1: anyone whose request gets past here spends your money. For example
          # envoy.filters.http.jwt_authn, ext_authz or api_key_auth (envoy/README.md).
";

/// Fills in what differs where a buffer filter holds the headers.
///
/// The shipped file has attempt filters and one attempt. A configuration may ask for more
/// attempts, and for no attempt filters.
fn fill_buffer_filter(template: &mut Template, bootstrap: &Bootstrap<'_>) {
    let bytes = "max_request_bytes: ";
    template.replace(&format!("{bytes}18874368"), &format!("{bytes}{}", bootstrap.buffer));
    if bootstrap.fails_over() {
        // The shipped file makes one attempt, so the policy comes from the one that makes more.
        let timeout = "                  timeout: 0s\n";
        let policy = commented(FAILOVER, "retry_policy:");
        match policy {
            Some(policy) => template.replace(timeout, &format!("{timeout}{policy}")),
            // Not in the template either, so it is reported as the place that is missing.
            None => template.replace("retry_policy:", ""),
        }
    }
    if !bootstrap.config.is_handing_over() {
        // No cluster runs the filter, so no alias would refer to the anchors.
        template.replace(
            "                # Anchors, as YAML has them: the clusters run the same module with\n\
             \x20               # the same configuration.\n                vm_config: &vm\n",
            "                vm_config:\n",
        );
        template.replace("configuration: &document\n", "configuration:\n");
    }
}

/// Fills in where requests go: by the names of the headers, or of the clusters.
///
/// The simple file reads the cluster from a header, the others from filter state by a map.
fn fill_routes(template: &mut Template, bootstrap: &Bootstrap<'_>) {
    let headers = &bootstrap.config.headers;
    let [cluster, model] = [&headers.cluster, &headers.model].map(|name| scalar(name));
    template.replace("[x-llm-cluster, x-llm-model]", &format!("[{cluster}, {model}]"));
    if bootstrap.mode == Mode::Simple {
        template.replace("cluster_header: x-llm-cluster", &format!("cluster_header: {cluster}"));
    } else {
        template.fill("map:", &cluster_map(&bootstrap.needs));
    }
    if bootstrap.fails_over() {
        let retry = scalar(&headers.retry);
        template.replace("{name: x-llm-retry, ", &format!("{{name: {retry}, "));
        let retries = bootstrap.config.failover.max_attempts.saturating_sub(1);
        template.replace("num_retries: 2", &format!("num_retries: {retries}"));
        let seconds = per_try_seconds(&bootstrap.config);
        template.replace("per_try_timeout: 120s", &format!("per_try_timeout: {seconds}s"));
    }
}

/// Returns the entries of the route's map: every cluster that a decision may name.
///
/// The matcher needs an action for each name, even though each leads to the cluster of that name.
fn cluster_map(needs: &Needs) -> String {
    let mut out = String::new();
    for (name, _) in needs.routed() {
        let name = scalar(name);
        let action = format!(
            "{name}:\n  action:\n    name: {name}\n    typed_config: {{\"@type\": \
             type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction, \
             cluster: {name}}}\n"
        );
        out.push_str(&indented(&action, MAP_INDENT));
    }
    out
}

/// Returns the document as a literal block can hold it: line breaks as YAML has them, and
/// characters that YAML refuses or takes for line breaks by their code.
///
/// Such a character can only be inside of a text of the JSON, so `\uXXXX` means the same.
fn printable(document: &str) -> String {
    let text = document.trim_start_matches('\u{feff}').trim().replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    for one in text.replace('\r', "\n").chars() {
        if is_unprintable(one) && one != '\n' && one != '\t' {
            escape(&mut out, one);
        } else {
            out.push(one);
        }
    }
    out
}
