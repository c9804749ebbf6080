//! A warning of a document by which no request reaches a provider.

use super::super::configuration::Config;
use super::super::error::{Diagnostics, Path};

/// Warns of a document without models, unless models may be added while the proxy runs, or clients and
/// routes may name deployments or upstream models themselves.
pub(super) fn warn(config: &Config, findings: &mut Diagnostics) {
    let is_added = config.admin.is_some() || config.route_source.is_some();
    let is_direct = config.allow_direct && !config.providers.is_empty();
    let is_chosen = config.client_headers.deployment && !config.deployments.is_empty();
    if config.models.is_empty() && config.routes.is_empty() && !(is_added || is_direct || is_chosen)
    {
        findings.warn(
            &Path::Root,
            "has no models, so no request reaches a provider; add \"providers\", \"deployments\" \
             and \"models\" (docs/getting-started.md)",
        );
    }
}
