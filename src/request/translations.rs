//! What a request would lose if it were translated for other providers. Routing decides by it.

use super::format::Format;

/// What a request is translated into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranslationTarget<'t> {
    /// The provider's format.
    pub into: Format,
    /// The model, as the provider calls it. Models of one provider differ in what they accept.
    pub model: &'t str,
    /// The limit of the answer in tokens, if the request gives none and the provider needs one.
    pub max_tokens: u64,
}

/// What a request would lose for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationLoss {
    /// The provider's format.
    pub into: Format,
    /// The model, as the provider calls it.
    pub model: String,
    /// The limit of the answer in tokens, if the request gives none.
    pub max_tokens: u64,
    /// What would be left out, each as a place and a reason. It only changes how the answer is made.
    pub dropped: Vec<String>,
    /// Why the request cannot be translated without changing what it asks.
    pub refused: Option<String>,
}

impl TranslationLoss {
    /// Returns whether it is what a request would lose for this target.
    fn is_of(&self, target: TranslationTarget<'_>) -> bool {
        let TranslationTarget { into, model, max_tokens } = target;
        self.into == into && self.max_tokens == max_tokens && self.model == model
    }
}

/// What a request would lose for each target that has been looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translations(Vec<TranslationLoss>);

impl Translations {
    /// Returns what the request would lose for that target; `None` if that has not been found out yet.
    #[must_use]
    pub fn loss(&self, target: TranslationTarget<'_>) -> Option<&TranslationLoss> {
        self.0.iter().find(|loss| loss.is_of(target))
    }

    /// Returns for how many targets it has been found out.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// Adds what the request would lose for one target.
    pub fn add(&mut self, loss: TranslationLoss) {
        self.0.push(loss);
    }
}
