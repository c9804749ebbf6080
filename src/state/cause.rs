//! What started a cooldown, and the code under which a record says so.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::outcome::Outcome;

/// What started a cooldown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// An attempt that came to this.
    Outcome(Outcome),
    /// An operator.
    Operator,
}

/// A cause as a record keeps it, or none: the code of the outcome. A success starts no cooldown, so
/// its code, 0, stands for no cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct CauseCode(u16);

impl CauseCode {
    /// That of an operator: far from the codes of outcomes, of which there are more over time.
    pub(super) const OPERATOR: Self = Self(u8::MAX as u16);

    /// Returns the cause; `None` where there is none, or one that only a newer module knows.
    #[must_use]
    pub fn cause(self) -> Option<Cause> {
        if self == Self::OPERATOR {
            return Some(Cause::Operator);
        }
        let outcome = Outcome::from_code(u8::try_from(self.0).ok()?)?;
        (outcome != Outcome::Success).then_some(Cause::Outcome(outcome))
    }
}

impl From<Cause> for CauseCode {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Outcome(outcome) => Self(u16::from(outcome.code())),
            Cause::Operator => Self::OPERATOR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_read_back_by_their_codes() {
        assert_eq!(CauseCode::from(Cause::Operator), CauseCode(255));
        for code in (1..14).chain([255]).map(CauseCode) {
            assert_eq!(code.cause().map(CauseCode::from), Some(code));
        }
        assert!([0, 14, 256, u16::MAX].into_iter().all(|code| CauseCode(code).cause().is_none()));
    }
}
