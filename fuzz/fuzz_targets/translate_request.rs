//! Translates requests between all APIs: whatever a client sends, the body for the provider is JSON, and
//! what is lost is told.
//!
//! The first byte chooses the two APIs, the second the provider's model; the rest is the client's body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pointsman::translate::{ClientApi, Gravity, ProviderApi, request};
use serde::de::IgnoredAny;

const CLIENTS: [ClientApi; 3] = [ClientApi::Chat, ClientApi::Messages, ClientApi::Responses];

const PROVIDERS: [ProviderApi; 4] =
    [ProviderApi::Chat, ProviderApi::Messages, ProviderApi::Converse, ProviderApi::Gemini];

/// A model of each kind that the writers tell apart.
const MODELS: [&str; 10] = [
    "claude-3-5-sonnet-20241022",
    "claude-sonnet-4-5",
    "claude-opus-5-5",
    "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "amazon.nova-pro-v1:0",
    "gemini-2.5-flash",
    "gemini-3-pro-preview",
    "gpt-4o",
    "o3",
    "deepseek-chat",
];

/// The longest that any value becomes: an escape in a text within a text, with what is written around it.
const GROWTH: usize = 64;

fuzz_target!(|data: &[u8]| {
    let [apis, model, body @ ..] = data else { return };
    let from = CLIENTS[usize::from(apis % 16) % CLIENTS.len()];
    let to = PROVIDERS[usize::from(apis / 16) % PROVIDERS.len()];
    let model = MODELS[usize::from(*model) % MODELS.len()];
    let Ok(translated) = request((from, to), body, *apis >= 128, (model, 4096)) else { return };
    assert!(translated.body.len() <= body.len() * GROWTH + 4096, "it grows without bound");
    // A body that is refused is never sent, so it may lack what could not be written.
    let losses = &translated.losses;
    let refused = losses.list().iter().filter(|loss| loss.gravity == Gravity::Refused).count();
    assert_eq!(losses.is_refused(), refused > 0);
    assert_eq!(losses.is_refused(), losses.refusal().is_some());
    assert!(losses.list().len() <= 33 && (losses.unlisted() == 0 || losses.list().len() >= 32));
    for loss in losses.list() {
        assert!(!loss.place.is_empty() && loss.place.len() < 1024, "{loss:?}");
        assert!(!loss.why.is_empty() && loss.why.len() < 1024, "{loss:?}");
    }
    if losses.is_refused() {
        return;
    }
    if let Err(error) = serde_json::from_str::<IgnoredAny>(&translated.body) {
        // serde_json reads 128 levels, of which the writers add some.
        assert!(error.to_string().starts_with("recursion limit"), "{error}: {}", translated.body);
    }
    for (short, own) in &translated.renamed {
        assert!(short != own && !short.is_empty() && short.len() <= 128);
    }
    let again = request((from, to), body, *apis >= 128, (model, 4096)).unwrap();
    assert_eq!(again.body, translated.body);
});
