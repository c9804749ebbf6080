//! What started a cooldown, and the code under which a record says so.

use super::outcome::Outcome;

/// What started a cooldown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// An attempt that came to this.
    Outcome(Outcome),
    /// An operator.
    Operator,
}

impl Cause {
    /// Far from the codes of outcomes, of which there are more over time.
    const OPERATOR: u8 = u8::MAX;

    /// Returns the code under which it is stored: that of the outcome.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Outcome(outcome) => outcome.code(),
            Self::Operator => Self::OPERATOR,
        }
    }

    /// Returns the cause of that code.
    ///
    /// A success starts no cooldown, so its code, 0, stands for no cause. A code that a newer
    /// module has written is none either.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            Self::OPERATOR => Some(Self::Operator),
            code => {
                let outcome = Outcome::from_code(code)?;
                (outcome != Outcome::Success).then_some(Self::Outcome(outcome))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_read_back_by_their_codes() {
        assert_eq!((Cause::Operator.code(), Cause::from_code(0)), (255, None));
        for code in (1..13).chain([255]) {
            assert_eq!(Cause::from_code(code).map(Cause::code), Some(code));
        }
        assert_eq!(Cause::from_code(13), None);
    }
}
