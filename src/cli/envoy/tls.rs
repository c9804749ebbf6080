//! TLS for clients: `--tls-certificate FILE --tls-key FILE`.
//!
//! Decides how the listener names the two files. Whether they fit each other is Envoy's to say.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::io::{ToolError, whole_path};
use crate::yaml::{self, scalar};

use super::template::Template;

/// The file of a folder by which Envoy finds the certificate.
pub(super) const CERTIFICATE: &str = "certificate.yaml";

/// The name of the certificate among Envoy's secrets.
const NAME: &str = "clients";

/// Where a filter chain of a listener, as JSON, has its certificates.
const PLACE: &str = "/filter_chains/0/transport_socket/typed_config/common_tls_context";

/// The certificate of the listener and its key.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TlsArgs {
    /// The file with the certificate that clients see, and those of its issuers (PEM). Without it, the
    /// listener speaks plain HTTP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The file with the certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// Returns the two files; `None` where the listener speaks plain HTTP. `is_whole`: by their whole paths.
    ///
    /// # Errors
    /// A path is to be whole and is relative, and there is no such file here. Or a file that can be read here
    /// is of another kind.
    pub(super) fn files(&self, is_whole: bool) -> Result<Option<CertificateFiles>, ToolError> {
        let (Some(chain), Some(key)) = (&self.tls_certificate, &self.tls_key) else {
            return Ok(None);
        };
        let path = |option: &str, given: &Path| {
            if is_whole { whole_path(option, given) } else { Ok(given.to_owned()) }
        };
        let (chain, key) = (path("--tls-certificate", chain)?, path("--tls-key", key)?);
        has_pem("--tls-certificate", &chain, "-----BEGIN CERTIFICATE-----")?;
        has_pem("--tls-key", &key, "PRIVATE KEY-----")?;
        Ok(Some(CertificateFiles { chain, key }))
    }
}

/// Makes sure that a file has a PEM block of this kind. Of a certificate that it cannot use, Envoy says so in
/// its log, and the listener is not there. A file that cannot be read is for Envoy alone to read.
///
/// # Errors
/// It has none, or its key has a passphrase, for which Envoy has no place here.
fn has_pem(option: &str, file: &Path, wanted: &str) -> Result<(), ToolError> {
    let Ok(text) = std::fs::read_to_string(file) else { return Ok(()) };
    let because = if !text.contains(wanted) {
        format!("has no line with {wanted:?}; give the file in PEM")
    } else if text.contains("ENCRYPTED") {
        "has a passphrase; give the key without one, in a file that only Envoy can read".to_owned()
    } else {
        return Ok(());
    };
    Err(ToolError::unusable(format!("{option} {}: {because}", file.display())))
}

/// The files of a certificate, as PEM.
#[derive(Debug)]
pub(super) struct CertificateFiles {
    chain: PathBuf,
    key: PathBuf,
}

impl CertificateFiles {
    /// Lets the listener of the shipped text speak TLS.
    pub(super) fn fill(&self, template: &mut Template) {
        let [chain, key] = [&self.chain, &self.key].map(|path| scalar(&path.display().to_string()));
        template.replace(
            "    filter_chains:\n    - filters:\n",
            &format!(
                "    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_certificates:
            - certificate_chain: {{filename: {chain}}}
              private_key: {{filename: {key}}}
      filters:\n"
            ),
        );
    }

    /// Has Envoy read the certificate anew whenever another file takes the place of one of the two, and returns
    /// the text of the file of `folder` by which Envoy does so. `listeners` are those that [`Self::fill`] has led
    /// to.
    pub(super) fn follow(&self, listeners: &mut [Value], folder: &Path) -> String {
        let context = listeners.iter_mut().find_map(|one| one.pointer_mut(PLACE));
        if let Some(context) = context.and_then(Value::as_object_mut) {
            context.remove("tls_certificates");
            let source = json!({
                "path_config_source": {"path": folder.join(CERTIFICATE)},
                "resource_api_version": "V3",
            });
            let secrets = json!([{"name": NAME, "sds_config": source}]);
            context.insert("tls_certificate_sds_secret_configs".to_owned(), secrets);
        }
        let secret = json!({
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": NAME,
            "tls_certificate": {
                "certificate_chain": {"filename": self.chain},
                "private_key": {"filename": self.key},
            },
        });
        yaml::documents(&[json!({"resources": [secret]})])
    }
}
