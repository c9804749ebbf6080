//! Bytes to a configuration, in the steps that the others are.

use serde_json::Value;

use super::configuration::Config;
use super::document;
use super::error::{Findings, Problems};
use super::raw::Raw;
use super::read::{Read, Section};
use super::resolve::{Layers, resolve};
use super::shape::{self, Shape};

/// Reads a configuration: JSON text, or a serialized `google.protobuf.Struct`.
///
/// # Errors
/// Every problem found, in one pass.
pub fn parse(bytes: &[u8]) -> Result<Config, Problems> {
    let mut findings = Findings::default();
    let resolved = members(bytes, Raw::shape(), &mut findings)
        .map(|members| resolve(Layers::of(Raw::read(members)), &mut findings));
    finished(resolved, findings)
}

/// The members of an object of that shape; none only with a problem.
pub(super) fn members(
    bytes: &[u8],
    shape: &'static Shape,
    findings: &mut Findings,
) -> Option<Value> {
    let document = document::read(bytes, findings)?;
    shape::check(&document, shape, findings)
}

/// The configuration, where nothing was found to be wrong with it.
pub(super) fn finished(resolved: Option<Config>, findings: Findings) -> Result<Config, Problems> {
    match resolved {
        Some(config) if findings.problems.is_empty() => {
            Ok(Config { warnings: findings.warnings, ..config })
        }
        _ => Err(findings.problems),
    }
}

/// The JSON Schema (draft 2020-12) of the configuration.
#[must_use]
pub fn schema() -> Value {
    shape::schema(Raw::shape())
}

/// Every key as a page of documentation: docs/configuration.md.
#[must_use]
pub fn reference() -> String {
    shape::reference(Raw::shape())
}
