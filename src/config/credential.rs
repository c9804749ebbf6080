//! The proxy's own credential at a provider: a secret that this filter sends in a header, or what
//! a filter of Envoy's adds to a request that is ready to go.
//!
//! Decides which keys belong together. Knows neither the secret nor how Envoy is configured.

use serde_json::Value;

use super::declare::{named, section};
use super::error::quoted;
use super::read::{ReadChecked, section as read_section};
use super::shape::{A_HEADER_NAME, A_HEADER_VALUE, HasKeyKind, KeyKind, marked, plain};
use super::shape::{TEXT, VARIABLE};

/// Who adds the proxy's own credential to a request.
///
/// Whoever does, it takes the place of what the client has sent, and a provider that refuses it
/// has refused the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// This filter.
    Secret(SecretCredential),
    /// A filter of Envoy's, after this one.
    Envoy(EnvoyCredential),
}

section! {
    /// A secret: the environment variable that holds it, and the header that carries it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SecretCredential "credential" {
        /// The environment variable that holds the secret.
        pub env: String as VARIABLE = required,
        /// The header that carries the secret.
        pub header: String as A_HEADER_NAME = "authorization",
        /// The text before the secret.
        pub prefix: String as A_HEADER_VALUE = "Bearer ",
    }
}

section! {
    /// A credential that a filter of Envoy adds. `pointsman envoy` writes that filter.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct EnvoyCredential "envoy_credential" {
        /// The filter of Envoy that adds the credential.
        pub envoy: EnvoyFilter = required,
        /// aws_request_signing: the service in the signature, such as bedrock.
        pub service: Option<String> = none,
        /// aws_request_signing: the region in the signature. Without it, Envoy looks for one.
        pub region: Option<String> = none,
        /// credential_injector: the environment variable that holds the secret, which Envoy reads.
        pub env: Option<String> as VARIABLE = none,
        /// credential_injector without OAuth, gcp_authn: the header that carries the credential.
        /// Without it, authorization.
        pub header: Option<String> as A_HEADER_NAME = none,
        /// credential_injector without OAuth: the text before the secret. Without it, "Bearer ".
        pub prefix: Option<String> as A_HEADER_VALUE = none,
        /// credential_injector with OAuth: the URL that Envoy gets tokens from.
        pub token_url: Option<String> = none,
        /// credential_injector with OAuth, gcp_authn: the cluster that Envoy gets tokens from.
        pub token_cluster: Option<String> = none,
        /// credential_injector with OAuth: the client ID that Envoy asks for tokens with.
        pub client_id: Option<String> as TEXT = none,
        /// credential_injector with OAuth: the scopes of the token.
        pub scopes: Vec<String> = [],
        /// gcp_authn: the URL of the service that the identity token is for.
        pub audience: Option<String> = none,
    }
}

/// The filters of Envoy's that add a credential.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnvoyFilter {
    /// Signs the request with AWS Signature Version 4.
    #[default]
    AwsRequestSigning,
    /// Sends a secret, or a token that it gets for one by OAuth.
    CredentialInjector,
    /// Sends an identity token of Google Cloud's metadata server.
    GcpAuthn,
}

named! {
    EnvoyFilter {
        "aws_request_signing" => AwsRequestSigning,
        "credential_injector" => CredentialInjector,
        "gcp_authn" => GcpAuthn,
    }
}

/// The header that most providers read a credential from.
const AUTHORIZATION: &str = "authorization";

/// What Envoy's signer sets. `x-amz-region-set` comes with Signature Version 4A, the security
/// token with temporary credentials.
const SIGNATURE: [&str; 5] = [
    AUTHORIZATION,
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-region-set",
    "x-amz-security-token",
];

/// What one of Envoy's filters is to do, with all that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvoyTask<'a> {
    /// Sign, by the credentials that Envoy finds in its environment.
    Sign {
        /// The service in the signature.
        service: &'a str,
        /// The region in the signature; `None`: Envoy looks for one in its environment.
        region: Option<&'a str>,
    },
    /// Send a secret.
    Send {
        /// The environment variable of the secret.
        env: &'a str,
        /// The header it is sent in.
        header: &'a str,
        /// Text before the secret.
        prefix: &'a str,
    },
    /// Send a token that an authorization server gives for a secret.
    Authorize {
        /// Where tokens are asked for.
        token_url: &'a str,
        /// The cluster of that server.
        token_cluster: &'a str,
        /// Who asks.
        client_id: &'a str,
        /// The environment variable of the secret.
        env: &'a str,
        /// What the token is for.
        scopes: &'a [String],
    },
    /// Send an identity token of the machine.
    Identify {
        /// The URL of the service that the token is for.
        audience: &'a str,
        /// The cluster of the metadata server.
        token_cluster: &'a str,
        /// The header it is sent in.
        header: &'a str,
    },
}

impl Credential {
    /// Returns the names of the headers that the credential stands in, in lower case.
    #[must_use]
    pub fn header_names(&self) -> Vec<&str> {
        match self {
            Self::Secret(secret) => vec![&secret.header],
            Self::Envoy(envoy) if envoy.envoy == EnvoyFilter::AwsRequestSigning => {
                SIGNATURE.to_vec()
            }
            Self::Envoy(envoy) => vec![envoy.header()],
        }
    }

    /// Returns what this filter sends itself; `None` where Envoy adds the credential.
    #[must_use]
    pub const fn secret(&self) -> Option<&SecretCredential> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Envoy(_) => None,
        }
    }

    /// Returns what a filter of Envoy's adds; `None` where this filter sends the credential.
    #[must_use]
    pub const fn envoy(&self) -> Option<&EnvoyCredential> {
        match self {
            Self::Secret(_) => None,
            Self::Envoy(envoy) => Some(envoy),
        }
    }
}

impl HasKeyKind for Credential {
    const KIND: KeyKind = KeyKind::Either(&[
        marked("envoy", <EnvoyCredential as super::read::Section>::shape),
        plain(SecretCredential::KIND),
    ]);
}

impl ReadChecked for Credential {
    fn read(value: Value) -> Self {
        // A key with a default is in every checked object, also where `envoy` itself was reported.
        if value.get("scopes").is_some() {
            Self::Envoy(read_section(value))
        } else {
            Self::Secret(read_section(value))
        }
    }
}

impl EnvoyFilter {
    /// Returns its name in the configuration, which ends the name that Envoy has for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsRequestSigning => "aws_request_signing",
            Self::CredentialInjector => "credential_injector",
            Self::GcpAuthn => "gcp_authn",
        }
    }

    /// Whether Envoy runs the filter in a provider's cluster, anew for each attempt. If not, it runs
    /// once, among the filters of the listener.
    #[must_use]
    pub const fn is_upstream(self) -> bool {
        !matches!(self, Self::GcpAuthn)
    }
}

impl EnvoyCredential {
    /// Returns what the filter is to do; `None` where a key that it needs is missing, which a
    /// configuration that was parsed does not lack.
    #[must_use]
    pub fn task(&self) -> Option<EnvoyTask<'_>> {
        let env = self.env.as_deref();
        let token_cluster = self.token_cluster.as_deref();
        Some(match self.envoy {
            EnvoyFilter::AwsRequestSigning => EnvoyTask::Sign {
                service: self.service.as_deref()?,
                region: self.region.as_deref(),
            },
            EnvoyFilter::CredentialInjector if self.is_oauth() => EnvoyTask::Authorize {
                token_url: self.token_url.as_deref()?,
                token_cluster: token_cluster?,
                client_id: self.client_id.as_deref()?,
                env: env?,
                scopes: &self.scopes,
            },
            EnvoyFilter::CredentialInjector => EnvoyTask::Send {
                env: env?,
                header: self.header(),
                prefix: self.prefix.as_deref().unwrap_or("Bearer "),
            },
            EnvoyFilter::GcpAuthn => EnvoyTask::Identify {
                audience: self.audience.as_deref()?,
                token_cluster: token_cluster?,
                header: self.header(),
            },
        })
    }

    /// Returns the keys that are missing or without effect, each with what to do about it.
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let name = self.envoy.name();
        let (wanted, allowed) = self.keys();
        let has = |keys: &str, key: &str| keys.split(", ").any(|one| one == key);
        let mut problems = Vec::new();
        let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = self.token_url.as_deref().filter(|url| !is_url(url)) {
            problems.push((
                "token_url",
                format!(
                    "found {}; expected a URL that starts with \"https://\" or \"http://\"",
                    quoted(url)
                ),
            ));
        }
        for (key, is_given) in self.given() {
            let message = if is_given && !has(allowed, key) {
                format!("has no effect with {name}; remove it (allowed: {allowed})")
            } else if !is_given && has(wanted, key) {
                format!("is missing; {name} needs it, so add it")
            } else {
                continue;
            };
            problems.push((key, message));
        }
        problems
    }

    /// Returns the keys that the filter needs, and all that it may have, each a list as messages
    /// have it.
    fn keys(&self) -> (&'static str, &'static str) {
        match self.envoy {
            EnvoyFilter::AwsRequestSigning => ("service", "service, region"),
            EnvoyFilter::CredentialInjector if self.is_oauth() => (
                "env, token_url, token_cluster, client_id",
                "env, token_url, token_cluster, client_id, scopes",
            ),
            EnvoyFilter::CredentialInjector => ("env", "env, header, prefix"),
            EnvoyFilter::GcpAuthn => ("audience, token_cluster", "audience, token_cluster, header"),
        }
    }

    /// Returns every key beside `envoy`, and whether it is given.
    fn given(&self) -> [(&'static str, bool); 10] {
        [
            ("service", self.service.is_some()),
            ("region", self.region.is_some()),
            ("env", self.env.is_some()),
            ("header", self.header.is_some()),
            ("prefix", self.prefix.is_some()),
            ("token_url", self.token_url.is_some()),
            ("token_cluster", self.token_cluster.is_some()),
            ("client_id", self.client_id.is_some()),
            ("scopes", !self.scopes.is_empty()),
            ("audience", self.audience.is_some()),
        ]
    }

    /// Whether a token is asked for by OAuth: the injector is given one of the keys for that.
    fn is_oauth(&self) -> bool {
        let has_key = self.token_url.is_some() || self.client_id.is_some();
        self.envoy == EnvoyFilter::CredentialInjector && has_key
    }

    fn header(&self) -> &str {
        self.header.as_deref().unwrap_or(AUTHORIZATION)
    }
}
