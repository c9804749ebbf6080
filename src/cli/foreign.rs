//! Files that are given for a routing document or for Envoy's configuration, and are neither.
//!
//! Knows them by the keys at their top, and says what to do instead.

use crate::yaml::{At, TreeNode};

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Foreign {
    /// The configuration of LiteLLM's proxy.
    Litellm,
    /// A Kubernetes resource of that kind.
    Kubernetes(String),
    /// What Envoy's admin page says at `/config_dump`.
    Dump,
    /// A routing document.
    Document,
}

impl Foreign {
    /// Returns what the file is, if it is one of these.
    pub(super) fn of(file: &TreeNode) -> Option<Self> {
        let at = At::root(file.clone());
        let is_dump = |one: &At| one.typed().0.ends_with("Dump");
        if let (true, Some(kind)) = (file.has("apiVersion"), at.get("kind").text()) {
            return Some(Self::Kubernetes(kind.to_owned()));
        }
        if at.get("configs").items().iter().any(is_dump) {
            return Some(Self::Dump);
        }
        if file.has("static_resources") || file.has("dynamic_resources") {
            return None;
        }
        if ["providers", "deployments", "models"].iter().any(|key| file.has(key)) {
            return Some(Self::Document);
        }
        file.has("model_list").then_some(Self::Litellm)
    }

    /// Returns what to do where a routing document is wanted; `None` for one.
    pub(super) fn instead_of_document(&self, file: &str) -> Option<String> {
        match self {
            Self::Document => None,
            Self::Litellm => Some(format!(
                "is LiteLLM's configuration, not a routing document; write one from it with \
                 `pointsman import litellm {file} --output FOLDER`"
            )),
            Self::Kubernetes(kind) => Some(format!(
                "is a Kubernetes resource ({kind}), not a routing document; name the document that \
                 it was written from"
            )),
            Self::Dump => Some(
                "is a dump of a running Envoy, not a routing document; name the document that this \
                 Envoy runs"
                    .to_owned(),
            ),
        }
    }

    /// Returns what to do where Envoy's configuration is wanted.
    pub(super) fn instead_of_envoy(&self) -> String {
        match self {
            Self::Document => "is a routing document, not Envoy's configuration; check it with \
                               `pointsman check`, or give Envoy's file to --envoy and this one to \
                               --config"
                .to_owned(),
            Self::Litellm => "is LiteLLM's configuration, not Envoy's; `pointsman import litellm` \
                              writes a routing document and Envoy's configuration from it"
                .to_owned(),
            Self::Kubernetes(kind) => format!(
                "is a Kubernetes resource ({kind}); lint reads the file that Envoy starts with, and \
                 not what a control plane makes of resources. `pointsman istio` and `pointsman \
                 gateway` write resources that fit a document; compare this one with theirs"
            ),
            Self::Dump => {
                "is a part of what a running Envoy says at /config_dump; give all of it (curl \
                 http://ADMIN:PORT/config_dump), or the file that Envoy starts with"
                    .to_owned()
            }
        }
    }
}
