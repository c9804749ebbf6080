//! The one place where the filter calls a cluster by itself.

use log::Level;

use crate::config::Config;
use crate::host::{Callout, Host, NotCalled};

/// Calls a cluster, and returns the number of the call.
///
/// A cluster that runs this filter is not called, whatever the configuration is made of: Envoy
/// would enter the VM while it runs, which ends every stream of the worker.
///
/// # Errors
/// [`NotCalled`] where the cluster may not be called, or the host cannot make the call.
pub(super) fn call<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    callout: Callout<'_>,
) -> Result<u32, NotCalled> {
    if !config.may_call(callout.cluster) {
        host.log(
            Level::Error,
            &format!(
                "the cluster {:?} is not called, because it runs this filter; name a cluster \
                 without it",
                callout.cluster
            ),
        );
        return Err(NotCalled);
    }
    host.call(callout)
}
