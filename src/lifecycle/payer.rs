//! Who a request is billed to.
//!
//! The tenant is what a header says. A filter before this one sets that header, and nothing here
//! can tell whether it has.

use crate::config::{Config, OnMissingTenant, Tenants};
use crate::request::refusal::Refusal;

use super::head::RequestHead;

/// The word of the error for a request that has to name a tenant, and does not.
pub(super) const MISSING: &str = "tenant_missing";

/// Who a request is billed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payer {
    /// Nobody: there are no budgets, or the configuration lets it pass without a tenant.
    Nobody,
    /// The tenant that the header names; `is_metered`: its budget limits tokens or costs.
    Tenant { is_metered: bool },
    /// The budget of all requests that name no tenant.
    Shared { is_metered: bool },
    /// It has to name a tenant, and does not.
    Missing,
    /// It names several: the filter before this one has added its header to the client's.
    Several,
}

impl Payer {
    /// Returns who pays for a request, by its headers.
    pub(super) fn of(config: &Config, head: &RequestHead) -> Self {
        match &config.limits.tenants {
            None => Self::Nobody,
            Some(tenants) => Self::read(tenants, config, head),
        }
    }

    #[cold]
    fn read(tenants: &Tenants, config: &Config, head: &RequestHead) -> Self {
        let header = &config.headers.tenant;
        let name = tenant(config, head);
        let budget = tenants.own(name).or(tenants.budget.as_ref());
        let is_metered = budget.is_some_and(|budget| budget.is_metered());
        match (head.each(header).count(), tenants.on_missing) {
            (2.., _) => Self::Several,
            (1, _) if !name.is_empty() => Self::Tenant { is_metered },
            (_, OnMissingTenant::Share) => Self::Shared { is_metered },
            (_, OnMissingTenant::Reject) => Self::Missing,
            (_, OnMissingTenant::Allow) => Self::Nobody,
        }
    }

    /// Returns the name under which the request is billed, empty for the budget that is shared;
    /// `None` where nobody pays.
    ///
    /// # Errors
    /// The error for a client whose request names no tenant, or several.
    #[cold]
    pub(super) fn name<'a>(
        self,
        config: &Config,
        head: &'a RequestHead,
    ) -> Result<Option<&'a [u8]>, Refusal> {
        match self {
            Self::Nobody => Ok(None),
            Self::Tenant { .. } => Ok(Some(tenant(config, head))),
            Self::Shared { .. } => Ok(Some(b"")),
            Self::Missing => {
                let message = "the request does not name the tenant that it is billed to";
                Err(Refusal::new(403, MISSING, message))
            }
            Self::Several => {
                let message =
                    format!("the header {} must be there exactly once", config.headers.tenant);
                Err(Refusal::new(400, "invalid_header", message))
            }
        }
    }

    /// Returns whether its budget limits tokens or costs, so that the whole body has to be known.
    pub(super) const fn is_metered(self) -> bool {
        matches!(self, Self::Tenant { is_metered: true } | Self::Shared { is_metered: true })
    }
}

/// Returns the name of the tenant; empty where there is none.
fn tenant<'a>(config: &Config, head: &'a RequestHead) -> &'a [u8] {
    head.first(&config.headers.tenant).unwrap_or_default().trim_ascii()
}
