//! The texts of a request, and which of them are searched for keywords: for explanations.

use crate::config::Config;
use crate::request::content_type::BodyType;
use crate::request::scan::{BodyTexts, Looks, ScanError, TextScan};

use super::head::RequestHead;
use super::intake::Intake;
use super::reader::spec;

/// Returns the texts of a request that is whole in memory; `None` if its body is no JSON document: it
/// is not for this filter, has no body, or has a form.
///
/// # Errors
/// The body cannot be accepted.
pub fn texts(
    config: &Config,
    head: &RequestHead,
    body: &[u8],
) -> Result<Option<BodyTexts>, ScanError> {
    // Nothing is drawn here.
    let Ok(intake) = Intake::read(config, head.clone(), || 0) else { return Ok(None) };
    if !matches!(intake.body, Ok(Some(BodyType::Json))) {
        return Ok(None);
    }
    let mut scan = TextScan::new(&spec(config, &intake, Looks::EVERYTHING, 0));
    scan.feed(body)?;
    scan.finish().map(Some)
}
