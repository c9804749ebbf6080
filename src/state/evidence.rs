//! What an answer says, beside the name of its outcome: who is to blame, whether another
//! deployment is tried, how much it counts, and for whom.
//!
//! These are four questions. An unknown wording is tried elsewhere without counting, and one
//! that counts need not be tried elsewhere. `response/verdict.rs` answers them for each answer;
//! here is what they can be.

use super::outcome::Outcome;

/// Who is to blame for what an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Nobody: it was answered.
    Nobody = 0,
    /// What the client asked for, or how it sent it.
    Request = 1,
    /// The credential that was sent.
    Credential = 2,
    /// The account that the credential belongs to: its limits, its money.
    Account = 3,
    /// The upstream model, which is not there or does not offer the operation.
    Model = 4,
    /// The deployment: it failed, or could not be reached.
    Deployment = 5,
    /// Nobody can tell.
    Unknown = 6,
    /// What the request carries that another account has made, and this one cannot read.
    State = 7,
}

/// How much an answer says of its deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// It says nothing of the deployment.
    Nothing = 0,
    /// It may be of this request alone. Only together with another one, of another request, it
    /// counts.
    Weak = 1,
    /// The deployment has failed: enough of these in a row or in a minute start a cooldown.
    Failure = 2,
    /// The deployment cannot serve for now: one of these starts a cooldown.
    Trip = 3,
    /// The deployment works: enough of these after a cooldown make it healthy.
    Success = 4,
}

/// For which requests an answer says something. In any case they are of the same operation at
/// the same deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// For all.
    Everyone = 0,
    /// For those with the same credential, which is a client's own. No other client is to
    /// suffer from it, so it is kept nowhere.
    OwnKey = 1,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// Who is to blame.
    pub blame: Blame,
    /// Whether another deployment may be tried.
    pub try_next: bool,
    /// How much it counts.
    pub weight: Weight,
    /// For whom it says that.
    pub reach: Reach,
}

impl Blame {
    /// Everyone who can be to blame.
    pub const ALL: [Self; 8] = [
        Self::Nobody,
        Self::Request,
        Self::Credential,
        Self::Account,
        Self::Model,
        Self::Deployment,
        Self::Unknown,
        Self::State,
    ];

    /// Returns its name for operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "none",
            Self::Request => "request",
            Self::Credential => "credential",
            Self::Account => "account",
            Self::Model => "model",
            Self::Deployment => "deployment",
            Self::Unknown => "unknown",
            Self::State => "state",
        }
    }
}

impl Weight {
    /// Every weight.
    pub const ALL: [Self; 5] =
        [Self::Nothing, Self::Weak, Self::Failure, Self::Trip, Self::Success];

    /// Returns its name for operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Weak => "weak",
            Self::Failure => "failure",
            Self::Trip => "trip",
            Self::Success => "success",
        }
    }
}

impl Evidence {
    /// Returns what an outcome says where nothing more is known of it.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Self {
        let (blame, try_next, weight) = match outcome {
            Outcome::Success => (Blame::Nobody, false, Weight::Success),
            Outcome::Timeout | Outcome::Server | Outcome::Network | Outcome::Empty => {
                (Blame::Deployment, true, Weight::Failure)
            }
            Outcome::InBand => (Blame::Deployment, false, Weight::Failure),
            Outcome::RateLimit | Outcome::Quota => (Blame::Account, true, Weight::Trip),
            Outcome::Auth => (Blame::Credential, true, Weight::Trip),
            Outcome::NotFound => (Blame::Model, true, Weight::Weak),
            Outcome::ContextWindow | Outcome::ContentPolicy => {
                (Blame::Request, true, Weight::Nothing)
            }
            Outcome::Client | Outcome::Cancelled => (Blame::Request, false, Weight::Nothing),
        };
        Self { blame, try_next, weight, reach: Reach::Everyone }
    }

    /// Returns it as a number, which [`Evidence::from_code`] reads: from the lowest bit on, three
    /// bits for the blame, three for the weight, one for another try, and one for the reach.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.blame as u8
            | (self.weight as u8) << 3
            | (self.try_next as u8) << 6
            | (self.reach as u8) << 7
    }

    /// Returns the evidence of that number; `None` for numbers that no evidence has.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(Self {
            blame: Blame::ALL.get(usize::from(code & 7)).copied()?,
            weight: Weight::ALL.get(usize::from(code >> 3 & 7)).copied()?,
            try_next: code & 0x40 != 0,
            reach: if code & 0x80 == 0 { Reach::Everyone } else { Reach::OwnKey },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_reads_back_by_its_number() {
        let mut read = 0;
        for code in 0..=u8::MAX {
            if let Some(evidence) = Evidence::from_code(code) {
                assert_eq!(evidence.code(), code);
                read += 1;
            }
        }
        assert_eq!(read, Blame::ALL.len() * Weight::ALL.len() * 4);
    }
}
