//! Providers that speak TLS, each under its own server name.
//!
//! They are the plain providers, reached through a second listener of the same Envoy. It has one
//! certificate for each name, and refuses clients that ask for any other name.

use std::path::Path;

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, PKCS_ECDSA_P256_SHA256,
    PublicKeyData, SerialNumber, SignatureAlgorithm,
};
use serde_json::{Value, json};

/// The clusters that speak TLS, each with the plain cluster that it leads to.
pub(super) const CLUSTERS: [(&str, &str); 2] = [("alpha-tls", "alpha"), ("beta-tls", "beta")];

/// Returns the server name of such a cluster. The listener accepts it under no other name.
pub(crate) fn server_name(cluster: &str) -> String {
    format!("{cluster}.example")
}

/// Certificates for all the names.
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    authority: String,
    /// The certificate of each cluster, with its key.
    each: Vec<(String, String)>,
}

impl Certificates {
    /// Creates the certificates.
    pub(crate) fn new() -> Self {
        let mut params = params(Vec::new(), 1);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&Key::new(1)).unwrap().pem();
        let issuer = Issuer::new(params, Key::new(1));
        let certificate = |(number, (cluster, _)): (u8, (&str, &str))| {
            let params = self::params(vec![server_name(cluster)], number);
            let key = Key::new(number);
            (params.signed_by(&key, &issuer).unwrap().pem(), key.pem())
        };
        Self { authority, each: (2..).zip(CLUSTERS).map(certificate).collect() }
    }

    /// Returns the certificate of the authority that signed them, as PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the configuration of an Envoy that serves them on its own port and does nothing but
    /// TLS.
    pub(crate) fn alone(&self, ports: &[(&str, u16)]) -> String {
        let local =
            |port: u16| json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
        let mut listener = self.listener(Path::new("/"));
        listener["address"] = local(0);
        let cluster = |(name, port): &(&str, u16)| {
            json!({"name": name, "type": "STATIC", "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": local(*port)}}]}]}})
        };
        let clusters: Vec<Value> = ports.iter().map(cluster).collect();
        json!({"admin": {"address": local(0)},
               "static_resources": {"listeners": [listener], "clusters": clusters}})
        .to_string()
    }

    /// Returns the listener that serves them, at a socket in this folder.
    pub(super) fn listener(&self, folder: &Path) -> Value {
        let chain = |((cluster, plain), (certificate, key)): (&(&str, &str), &(String, String))| {
            json!({
                "filter_chain_match": {"server_names": [server_name(cluster)]},
                "transport_socket": {"name": "tls", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                    "common_tls_context": {"tls_certificates": [{
                        "certificate_chain": {"inline_string": certificate},
                        "private_key": {"inline_string": key}}]},
                }},
                "filters": [{"name": "tcp", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                    "stat_prefix": cluster, "cluster": plain}}],
            })
        };
        json!({
            "name": "tls",
            "address": {"pipe": {"path": socket(folder)}},
            "listener_filters": [{"name": "tls_inspector", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}}],
            "filter_chains": CLUSTERS.iter().zip(&self.each).map(chain).collect::<Vec<_>>(),
        })
    }

    /// Turns a plain cluster into the TLS cluster of this name.
    pub(super) fn secure(&self, mut cluster: Value, name: &str, folder: &Path) -> Value {
        cluster["name"] = name.into();
        cluster["load_assignment"] = json!({"cluster_name": name, "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": socket(folder)}}}}]}]});
        cluster["transport_socket"] = json!({"name": "tls", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            // This is not `auto_sni`, which would send the host that the client asked for.
            "sni": server_name(name),
            "common_tls_context": {"validation_context": {
                "trusted_ca": {"inline_string": self.authority},
                "match_typed_subject_alt_names": [
                    {"san_type": "DNS", "matcher": {"exact": server_name(name)}}],
            }},
        }});
        cluster
    }
}

/// Returns a certificate for 127.0.0.1 that nobody else has signed, and its key, as PEM. Each number gives others.
pub(crate) fn self_signed(number: u8) -> (String, String) {
    let key = Key::new(number);
    let certificate = params(vec!["127.0.0.1".to_owned()], number).self_signed(&key).unwrap();
    (certificate.pem(), key.pem())
}

fn socket(folder: &Path) -> String {
    folder.join("tls").to_str().unwrap().to_owned()
}

fn params(names: Vec<String>, number: u8) -> CertificateParams {
    let mut params = CertificateParams::new(names).unwrap();
    // A certificate with the same name as its issuer would count as self-signed.
    params.distinguished_name.push(DnType::CommonName, number.to_string());
    params.serial_number = Some(SerialNumber::from(vec![number]));
    params.key_identifier_method = KeyIdMethod::PreSpecified(vec![number]);
    params
}

/// A key that is always the same, because all it protects is a test.
struct Key {
    secret: SecretKey,
    public: Vec<u8>,
}

impl Key {
    fn new(number: u8) -> Self {
        let secret = SecretKey::from_slice(&[number; 32]).unwrap();
        let public = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
        Self { secret, public }
    }

    fn pem(&self) -> String {
        self.secret.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = SigningKey::from(&self.secret).sign(message);
        Ok(signature.as_bytes().to_vec())
    }
}
