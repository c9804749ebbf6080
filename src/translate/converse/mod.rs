//! Amazon's Converse as the API of a provider: writes its requests and reads its answers.
//!
//! It knows how the families of models that the API serves differ, as far as the names of models tell.

mod answer;
#[cfg(test)]
mod answer_tests;
mod content;
mod document;
mod family;
mod knobs;
#[cfg(test)]
mod knobs_tests;
mod request;
#[cfg(test)]
mod request_tests;

pub(super) use answer::ConverseAnswer;
pub(super) use request::write_request;
