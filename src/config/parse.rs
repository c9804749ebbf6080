//! Makes a configuration of bytes: `document` decodes them, `shape` checks them and `resolve`
//! finds what names stand for.

use serde_json::Value;

use super::configuration::Config;
use super::document;
use super::error::{Diagnostics, Problems};
use super::raw::Raw;
use super::read::{ReadChecked, Section};
use super::resolve::{Layers, resolve};
use super::shape::{self, SectionShape};

/// The key that may differ between the router's document and that of the attempt filters.
const ROLE: &str = "role";

/// Reads a configuration: JSON text, or a serialized `google.protobuf.Struct`.
///
/// # Errors
/// Every problem found, in one pass.
pub fn parse(bytes: &[u8]) -> Result<Config, Problems> {
    let mut findings = Diagnostics::default();
    let document = document::read(bytes, &mut findings);
    let document_hash = document.as_ref().map(|tree| document::fingerprint(&tree.root, ROLE));
    let resolved = document
        .and_then(|document| shape::check(&document, Raw::shape(), &mut findings))
        // Even with problems in the keys, so that names are checked in the same pass.
        .map(|members| resolve(Layers::of(Raw::read(members)), &mut findings));
    let config = finished(resolved, findings)?;
    Ok(Config { document_hash: document_hash.unwrap_or_default(), ..config })
}

/// Returns the members of an object of that shape, checked; none only with a problem.
pub(super) fn members(
    bytes: &[u8],
    shape: &'static SectionShape,
    findings: &mut Diagnostics,
) -> Option<Value> {
    let document = document::read(bytes, findings)?;
    shape::check(&document, shape, findings)
}

/// Returns the configuration with its warnings.
///
/// # Errors
/// All problems, where there is one.
pub(super) fn finished(
    resolved: Option<Config>,
    findings: Diagnostics,
) -> Result<Config, Problems> {
    match resolved {
        Some(config) if findings.problems.is_empty() => {
            Ok(Config { warnings: findings.warnings, ..config })
        }
        _ => Err(findings.problems),
    }
}

/// Returns the JSON Schema (draft 2020-12) of the configuration, which `pointsman schema`
/// prints. It checks all but what names refer to.
#[must_use]
pub fn schema() -> Value {
    shape::schema(Raw::shape())
}

/// Returns every key as a page of documentation. `make reference` writes it to
/// docs/configuration.md.
#[must_use]
pub fn reference() -> String {
    shape::reference(Raw::shape())
}
