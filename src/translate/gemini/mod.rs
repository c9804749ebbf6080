//! Google's generateContent as the API of a provider: writes its requests and reads its answers.
//!
//! It does not know whether the Gemini API or Vertex AI serves the model, so it writes what both take.

mod answer;
#[cfg(test)]
mod answer_tests;
mod config;
#[cfg(test)]
mod config_tests;
mod content;
mod family;
mod media;
mod request;
#[cfg(test)]
mod request_tests;

pub(super) use answer::GeminiAnswer;
pub(super) use request::write_request;
