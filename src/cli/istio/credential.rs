//! Credentials that Envoy adds: the filter of a cluster, and where it finds its secret.
//!
//! Istio writes the static part of Envoy's configuration, so secrets cannot be configured there. Instead
//! a file in the gateway's container names the environment variable with the secret. No secret is in
//! the files that are written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::config::{Credential, EnvoyTask};

use super::manifests::{Manifests, put};
use super::name::POINTSMAN;

const TYPES: &str = "type.googleapis.com/envoy.extensions";

/// Returns the filter that adds the credential of a cluster, by Istio's name of it; `None` where
/// Envoy adds none there.
pub(super) fn filter(manifests: &Manifests<'_>, cluster: &str) -> Option<Value> {
    let mut users = manifests.config.providers.iter().filter(|one| one.cluster == cluster);
    let envoy = users.find_map(|provider| provider.credential.as_ref()?.envoy())?;
    let folder = &manifests.arguments.secrets;
    match envoy.task()? {
        EnvoyTask::Sign { service, region } => Some(signer(service, region)),
        EnvoyTask::Send { env, header, prefix } => Some(injector(json!({
            "name": "envoy.http.injected_credentials.generic",
            "typed_config": {
                "@type": format!("{TYPES}.http.injected_credentials.generic.v3.Generic"),
                "credential": secret(folder, env), "header": header, "header_value_prefix": prefix,
            },
        }))),
        EnvoyTask::Authorize { token_url, token_cluster, client_id, env, scopes } => {
            Some(injector(json!({
                "name": "envoy.http.injected_credentials.oauth2",
                "typed_config": {
                    "@type": format!("{TYPES}.http.injected_credentials.oauth2.v3.OAuth2"),
                    "token_endpoint": {"uri": token_url, "cluster": token_cluster, "timeout": "5s"},
                    "client_credentials": {"client_id": client_id, "client_secret": secret(folder, env)},
                    "scopes": scopes,
                },
            })))
        }
        // A configuration with attempt filters has none of these.
        EnvoyTask::Identify { .. } => None,
    }
}

/// Returns the `ConfigMap` with the files that filters read; `None` where none does.
pub(super) fn config_map(manifests: &Manifests<'_>) -> Option<Value> {
    let credentials = manifests.config.providers.iter().filter_map(|one| one.credential.as_ref());
    let names = credentials.filter_map(Credential::envoy).filter_map(|one| one.env.as_deref());
    let files: BTreeMap<String, Value> = names
        .map(|name| {
            let file = json!({"resources": [{
                "@type": format!("{TYPES}.transport_sockets.tls.v3.Secret"),
                "name": name,
                "generic_secret": {"secret": {"environment_variable": name}},
            }]});
            (file_name(name), format!("{file:#}").into())
        })
        .collect();
    (!files.is_empty()).then(|| {
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": format!("{POINTSMAN}-secrets"), "namespace": manifests.arguments.namespace},
            "data": Map::from_iter(files),
        })
    })
}

fn file_name(secret: &str) -> String {
    format!("{secret}.json")
}

/// Returns where a filter finds a secret.
fn secret(folder: &str, name: &str) -> Value {
    let path = format!("{}/{}", folder.trim_end_matches('/'), file_name(name));
    json!({"name": name, "sds_config": {"path_config_source": {"path": path}, "resource_api_version": "V3"}})
}

/// Returns the filter that signs requests for a service of AWS, in a region if one is named.
fn signer(service: &str, region: Option<&str>) -> Value {
    let mut config = json!({
        "@type": format!("{TYPES}.filters.http.aws_request_signing.v3.AwsRequestSigning"),
        "service_name": service,
    });
    if let Some(region) = region {
        put(&mut config, "region", region);
    }
    json!({"name": "envoy.filters.http.aws_request_signing", "typed_config": config})
}

/// Returns the filter that adds a credential. If the filter has no credential, the request goes on
/// without: the provider refuses the attempt, and another one can follow.
fn injector(credential: Value) -> Value {
    json!({"name": "envoy.filters.http.credential_injector", "typed_config": {
        "@type": format!("{TYPES}.filters.http.credential_injector.v3.CredentialInjector"),
        "overwrite": true,
        "allow_request_without_credential": true,
        "credential": credential,
    }})
}
