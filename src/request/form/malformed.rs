//! What is wrong with a form.

use crate::request::scan::ScanError;

/// Returns the error of what is no form, or one that servers read in different ways.
pub(super) const fn malformed(at: u64, what: &'static str) -> ScanError {
    ScanError::Form { at, what }
}
