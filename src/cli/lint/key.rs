//! Keys that a vendor does not find where it looks for them.
//!
//! Which header a vendor reads is for `config::advice` to say.

use crate::config::Config;
use crate::config::advice::keys::{Misplaced, misplaced};

use super::code::LintCode;
use super::report::LintReport;
use super::scene::Scene;

/// Checks that each vendor gets its key in the header that it reads.
pub(super) fn check(scene: &Scene, config: &Config, report: &mut LintReport) {
    let Some(manager) = scene.managers().next() else { return };
    for provider in config.providers.iter() {
        if let Some(Misplaced { what, instead }) = misplaced(provider) {
            let what = format!("providers.{}.credential {what}", provider.name);
            let at = manager.plugin.configuration();
            report.warning(LintCode::CredentialHeader, &at, what, instead);
        }
    }
}
