//! The filters of Envoy's that add a credential, as text for the written configuration.
//!
//! Each goes where it sees the request that is really sent: in the cluster, after the attempt
//! filter. Secrets are written by the names of their environment variables only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::cli::needs::Needs;
use crate::config::{Config, Credential, EnvoyCredential, EnvoyFilter, EnvoyTask};
use crate::yaml::scalar;

use super::template::indented;

const TYPES: &str = "type.googleapis.com/envoy.extensions";
/// Columns that the filters of a listener are indented by in the shipped files.
const LISTENER_INDENT: usize = 10;
/// Columns that the filters of a cluster are indented by.
const CLUSTER_INDENT: usize = 8;
/// The line that the last filter of a cluster begins with, in the shipped files.
const CODEC: &str = "        - name: envoy.filters.http.upstream_codec\n";

/// Returns the credential that Envoy adds to requests for a cluster. All providers of the cluster
/// have the same, which the configuration makes sure of.
pub(super) fn of_cluster<'c>(config: &'c Config, cluster: &str) -> Option<&'c EnvoyCredential> {
    let mut users = config.providers.iter().filter(|provider| provider.cluster == cluster);
    users.find_map(|provider| provider.credential.as_ref()?.envoy())
}

/// Returns the credentials that Envoy adds, one for each provider that has one.
fn all(config: &Config) -> impl Iterator<Item = &EnvoyCredential> {
    let credentials = config.providers.iter().filter_map(|one| one.credential.as_ref());
    credentials.filter_map(Credential::envoy)
}

/// Whether Envoy has to read a cluster from a file of its own: it gets tokens by OAuth.
///
/// Envoy asks for the first token while it makes the filter. In a cluster of its own configuration
/// that is before there are clusters to ask, and it ends with a segmentation fault (1.40,
/// envoyproxy/envoy#41653).
pub(super) fn needs_file(config: &Config, cluster: &str) -> bool {
    let task = of_cluster(config, cluster).and_then(EnvoyCredential::task);
    matches!(task, Some(EnvoyTask::Authorize { .. }))
}

/// Returns the environment variables that Envoy or the filter reads, each with the key that names it
/// first.
pub(in crate::cli) fn variables(config: &Config) -> BTreeMap<String, String> {
    let mut variables = Needs::of(config).variables;
    for provider in config.providers.iter() {
        let envoy = provider.credential.as_ref().and_then(Credential::envoy);
        if let Some(name) = envoy.and_then(|envoy| envoy.env.clone()) {
            let path = format!("providers.{}.credential.env", provider.name);
            variables.entry(name).or_insert(path);
        }
    }
    variables
}

/// Whether Envoy signs requests, with keys that it finds where AWS's SDKs look.
pub(super) fn signs(config: &Config) -> bool {
    all(config).any(|one| one.envoy == EnvoyFilter::AwsRequestSigning)
}

/// Returns the names of the clusters that Envoy has to read from a file of their own.
pub(super) fn in_file(config: &Config) -> BTreeSet<&str> {
    let clusters = config.providers.iter().map(|provider| provider.cluster.as_str());
    clusters.filter(|cluster| needs_file(config, cluster)).collect()
}

/// Returns the HTTP options of a cluster with the filter that adds its credential; `None` where
/// Envoy adds none there. `shared` are the options that clusters have without one, with their
/// anchor; `None`: the cluster has no attempt filter.
///
/// # Errors
/// The place that `shared` does not have.
pub(super) fn options(
    config: &Config,
    cluster: &str,
    shared: Option<(&str, &str)>,
) -> Result<Option<String>, String> {
    let task = of_cluster(config, cluster).and_then(EnvoyCredential::task);
    let Some(filter) = task.and_then(upstream_filter) else { return Ok(None) };
    let filter = indented(&filter, CLUSTER_INDENT);
    let Some((text, anchor)) = shared else {
        return Ok(Some(BARE_OPTIONS.replace(CODEC, &format!("{filter}{CODEC}"))));
    };
    // What others refer to must not have this filter, so it is written out without the anchor.
    let anchor = format!(" &{anchor}");
    if !text.contains(CODEC) || !text.contains(&anchor) {
        return Err(CODEC.to_owned());
    }
    Ok(Some(text.replace(CODEC, &format!("{filter}{CODEC}")).replace(&anchor, "")))
}

/// The options of a cluster without attempts.
const BARE_OPTIONS: &str = "    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        \"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http_protocol_options: {}}
        http_filters:
        - name: envoy.filters.http.upstream_codec
          typed_config:
            \"@type\": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec
";

/// Returns the filter of a cluster; `None` for one that Envoy has among those of a listener only.
fn upstream_filter(task: EnvoyTask<'_>) -> Option<String> {
    match task {
        EnvoyTask::Sign { service, region } => Some(signer(service, region)),
        EnvoyTask::Send { env, header, prefix } => {
            let credential = format!(
                "name: envoy.http.injected_credentials.generic\ntyped_config:\n  \"@type\": \
                 {TYPES}.http.injected_credentials.generic.v3.Generic\n  credential: {{name: {}}}\n  \
                 header: {}\n  header_value_prefix: {}\n",
                scalar(env),
                scalar(header),
                scalar(prefix)
            );
            Some(injector(&credential))
        }
        EnvoyTask::Authorize { token_url, token_cluster, client_id, env, scopes } => {
            let scopes: Vec<String> = scopes.iter().map(|scope| scalar(scope)).collect();
            let credential = format!(
                "name: envoy.http.injected_credentials.oauth2\ntyped_config:\n  \"@type\": \
                 {TYPES}.http.injected_credentials.oauth2.v3.OAuth2\n  token_endpoint: {{uri: {}, \
                 cluster: {}, timeout: 5s}}\n  client_credentials: {{client_id: {}, client_secret: \
                 {{name: {}}}}}\n  scopes: [{}]\n",
                scalar(token_url),
                scalar(token_cluster),
                scalar(client_id),
                scalar(env),
                scopes.join(", ")
            );
            Some(injector(&credential))
        }
        EnvoyTask::Identify { .. } => None,
    }
}

fn signer(service: &str, region: Option<&str>) -> String {
    let mut out = format!(
        "# Signs the path, host and body of this attempt, with the keys that\n\
         # Envoy finds in its environment, in a profile, or through the machine's role.\n\
         - name: envoy.filters.http.aws_request_signing\n  typed_config:\n    \"@type\": \
         {TYPES}.filters.http.aws_request_signing.v3.AwsRequestSigning\n    service_name: {}\n",
        scalar(service)
    );
    if let Some(region) = region {
        let _ = writeln!(out, "    region: {}", scalar(region));
    }
    out
}

fn injector(credential: &str) -> String {
    format!(
        "# Without a token the provider refuses the attempt, and another attempt can follow. A refusal by\n\
         # this filter would be the client's answer.\n\
         - name: envoy.filters.http.credential_injector\n  typed_config:\n    \"@type\": \
         {TYPES}.filters.http.credential_injector.v3.CredentialInjector\n    overwrite: true\n    \
         allow_request_without_credential: true\n    credential:\n{}",
        indented(credential, 6)
    )
}

/// Returns the secrets that filters refer to, as a section of the static resources.
pub(super) fn secrets(config: &Config) -> String {
    let names: BTreeSet<&str> = all(config).filter_map(|one| one.env.as_deref()).collect();
    let mut out = String::new();
    if !names.is_empty() {
        out.push_str(
            "  # Envoy reads these from its environment. The filter above cannot see them.\n  secrets:\n",
        );
    }
    for name in names {
        let name = scalar(name);
        let _ = writeln!(
            out,
            "  - {{name: {name}, generic_secret: {{secret: {{environment_variable: {name}}}}}}}"
        );
    }
    out
}

/// Returns what tells `gcp_authn` that requests for a cluster get a token, and for whom.
pub(super) fn metadata(config: &Config, cluster: &str) -> String {
    let task = of_cluster(config, cluster).and_then(EnvoyCredential::task);
    let Some(EnvoyTask::Identify { audience, .. }) = task else { return String::new() };
    format!(
        "    metadata:\n      typed_filter_metadata:\n        envoy.filters.http.gcp_authn:\n          \
         \"@type\": {TYPES}.filters.http.gcp_authn.v3.Audience\n          url: {}\n",
        scalar(audience)
    )
}

/// Returns the filters of the listener that add a credential, which stand behind this one.
pub(super) fn listener_filters(config: &Config) -> String {
    let mut out = String::new();
    let mut written: Vec<(&str, &str)> = Vec::new();
    for one in all(config).filter(|one| one.envoy == EnvoyFilter::GcpAuthn) {
        let Some(EnvoyTask::Identify { token_cluster, header, .. }) = one.task() else { continue };
        if written.contains(&(token_cluster, header)) {
            continue;
        }
        written.push((token_cluster, header));
        let _ = write!(
            out,
            "# Gets the identity token for the chosen cluster, so it must come after\n\
             # the filter.\n- name: envoy.filters.http.gcp_authn\n  typed_config:\n    \"@type\": \
             {TYPES}.filters.http.gcp_authn.v3.GcpAuthnFilterConfig\n    cluster: {}\n    timeout: 5s\n    \
             token_header: {{name: {}, value_prefix: \"Bearer \"}}\n    cache_config: {{cache_size: \
             100}}\n",
            scalar(token_cluster),
            scalar(header)
        );
    }
    indented(&out, LISTENER_INDENT)
}
