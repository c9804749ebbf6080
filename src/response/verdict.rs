//! What a failure means: its outcome, and what that says of the deployment.
//!
//! One table answers five questions for each kind of failure: what it is called, who is to
//! blame, whether another deployment is tried, how much it counts, and for whom. Trying
//! elsewhere is generous, because an answer that nobody understands must not be an outage
//! while another deployment is well. Counting is strict, because a client must not be able
//! to take a deployment from the others.

use crate::state::evidence::{Blame, Evidence, Reach, Weight};
use crate::state::outcome::Outcome;

use super::kind::{ErrorKind, Failure, ToldBy};
use super::words::{WordPlace, Wording};

/// Whose credential a request was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// The proxy's. What it gets is what all clients would get.
    Proxy,
    /// The client's own. What it gets says nothing of the credentials of other clients.
    Client,
    /// There was none.
    Nobody,
}

/// What of a request the meaning of its answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestProfile {
    /// Whose credential was sent.
    pub key: KeyOwner,
    /// Whether the request may name what it does not contain: files, media, kept state. The
    /// credential may give no access to those, and they may not be there.
    pub may_name_others: bool,
}

/// Returns the failure that an answer with that status tells of, by what its body and its
/// headers say; `None` where it tells of none.
///
/// `told` is the body's failure, and `header` the wording that a header has. The more exact
/// one counts.
#[must_use]
pub fn failure(
    status: u16,
    told: Option<Failure>,
    header: Option<&'static Wording>,
) -> Option<Failure> {
    let header = header.filter(|row| row.comes_with(status)).map(Failure::of_wording);
    let told = told.or_else(|| Failure::of_status(status));
    [told, header].into_iter().flatten().min_by_key(|failure| failure.kind)
}

/// Returns what a refusal means: an answer with a status of 400 or above.
///
/// For example, with the proxy's credential and a request that names nothing of others:
///
/// | kind | outcome | blame | try next | weight |
/// |---|---|---|---|---|
/// | `Credential` | `auth` | credential | yes | trip |
/// | `Permission` | `auth` | credential | yes | weak |
/// | `Missing` | `not_found` | model | yes | weak |
/// | `Request` | `client` | request | no | nothing |
/// | `Other` | `client` | unknown | yes | nothing |
#[must_use]
pub fn refused(failure: Failure, status: u16, profile: RequestProfile) -> (Outcome, Evidence) {
    // A client could name a file that is not its own, again and again, and cool the deployment.
    if profile.may_name_others && is_of_what_it_names(failure) {
        return (Outcome::Client, Evidence::of(Outcome::Client));
    }
    let (outcome, blame, try_next, weight) = row(failure.kind, status);
    let evidence = Evidence { blame, try_next, weight, reach: Reach::Everyone };
    let is_of_key = matches!(blame, Blame::Credential | Blame::Account | Blame::Model);
    match profile.key {
        KeyOwner::Proxy => (outcome, evidence),
        // A model may be hidden from this client's account alone.
        KeyOwner::Client if is_of_key => {
            let evidence = Evidence { weight: Weight::Nothing, reach: Reach::OwnKey, ..evidence };
            (own(outcome, status), evidence)
        }
        // Without any credential, a refused one is the client's mistake.
        KeyOwner::Nobody if own(outcome, status) != outcome => {
            (own(outcome, status), Evidence { weight: Weight::Nothing, ..evidence })
        }
        KeyOwner::Client | KeyOwner::Nobody => (outcome, evidence),
    }
}

/// Returns what a failure means that was told after the answer had begun well: another
/// deployment can no longer be tried. A kind that would be a rate limit or the like in a refusal
/// is an answer broken off here, since the provider had accepted the request.
#[must_use]
pub fn in_band(failure: Failure, profile: RequestProfile) -> (Outcome, Evidence) {
    let (outcome, evidence) = match row(failure.kind, 200) {
        // Nobody can tell whose fault it is that the answer broke off.
        _ if failure.told_by == ToldBy::UnknownWord => {
            let (blame, weight) = (Blame::Unknown, Weight::Weak);
            (Outcome::InBand, Evidence { blame, weight, ..Evidence::of(Outcome::InBand) })
        }
        (outcome @ (Outcome::ContextWindow | Outcome::ContentPolicy | Outcome::Client), ..) => {
            (outcome, Evidence::of(outcome))
        }
        (_, Blame::Credential | Blame::Account | Blame::Model, ..)
            if profile.key == KeyOwner::Client =>
        {
            let evidence = Evidence::of(Outcome::InBand);
            (
                Outcome::InBand,
                Evidence { weight: Weight::Nothing, reach: Reach::OwnKey, ..evidence },
            )
        }
        _ => (Outcome::InBand, Evidence::of(Outcome::InBand)),
    };
    (outcome, Evidence { try_next: false, ..evidence })
}

/// Returns what a failure means that came with a status of success before any content: what its own
/// kind means in a refusal, so that another deployment can be tried. But it trips nothing: the
/// provider has accepted the request, and its account and credential with it.
#[must_use]
pub fn unseen(failure: Failure, profile: RequestProfile) -> (Outcome, Evidence) {
    let (outcome, evidence) = refused(failure, 200, profile);
    let weight = if evidence.weight == Weight::Trip { Weight::Failure } else { evidence.weight };
    (outcome, Evidence { weight, ..evidence })
}

/// Returns what it means that a page or a redirect comes in place of an API's answer: with a 403 it
/// is that of a firewall, which goes by words in the request as well as by addresses.
#[must_use]
pub const fn page() -> (Outcome, Evidence) {
    let evidence = Evidence {
        blame: Blame::Unknown,
        try_next: true,
        weight: Weight::Weak,
        reach: Reach::Everyone,
    };
    (Outcome::Server, evidence)
}

/// Returns the row of a kind, in an answer with that status.
const fn row(kind: ErrorKind, status: u16) -> (Outcome, Blame, bool, Weight) {
    use ErrorKind::*;
    match kind {
        Quota => (Outcome::Quota, Blame::Account, true, Weight::Trip),
        Credential => (Outcome::Auth, Blame::Credential, true, Weight::Trip),
        Permission => (Outcome::Auth, Blame::Credential, true, Weight::Weak),
        RateLimit => (Outcome::RateLimit, Blame::Account, true, Weight::Trip),
        Overloaded if status == 429 => (Outcome::RateLimit, Blame::Account, true, Weight::Trip),
        ModelNotFound | Missing => (Outcome::NotFound, Blame::Model, true, Weight::Weak),
        Dependency => (Outcome::Server, Blame::Unknown, true, Weight::Weak),
        ContextWindow => (Outcome::ContextWindow, Blame::Request, true, Weight::Nothing),
        // More bytes than this provider takes, which another may take.
        TooLarge if status == 413 => {
            (Outcome::ContextWindow, Blame::Request, true, Weight::Nothing)
        }
        // More tokens than this deployment's limit allows in a whole minute.
        TooLarge => (Outcome::Client, Blame::Request, true, Weight::Nothing),
        ContentPolicy => (Outcome::ContentPolicy, Blame::Request, true, Weight::Nothing),
        // Those get it without who come after, if any do.
        State => (Outcome::Client, Blame::State, true, Weight::Nothing),
        File | Request => (Outcome::Client, Blame::Request, false, Weight::Nothing),
        Timeout if matches!(status, 408 | 500..) => {
            (Outcome::Timeout, Blame::Deployment, true, Weight::Failure)
        }
        Overloaded | Server if status >= 500 => {
            (Outcome::Server, Blame::Deployment, true, Weight::Failure)
        }
        // In band, where the answer breaks off with it.
        Timeout | Overloaded | Server if status < 400 => {
            (Outcome::Server, Blame::Deployment, true, Weight::Failure)
        }
        // A word for the server's failure, with a status that says it is the client's.
        Timeout | Overloaded | Server | Other => {
            (Outcome::Client, Blame::Unknown, true, Weight::Nothing)
        }
    }
}

/// Returns the outcome of a refusal where the proxy's credential was not sent. A refused
/// credential is the client's mistake then, and so is an account that only words tell of.
const fn own(outcome: Outcome, status: u16) -> Outcome {
    match outcome {
        Outcome::Auth => Outcome::Client,
        Outcome::Quota if !matches!(status, 402 | 429) => Outcome::Client,
        outcome => outcome,
    }
}

/// Returns whether a failure may be that of a file or of state that the request names: then it
/// is the client's, and no other deployment has it either.
fn is_of_what_it_names(failure: Failure) -> bool {
    match failure.kind {
        ErrorKind::Permission | ErrorKind::Missing | ErrorKind::Dependency | ErrorKind::Other => {
            true
        }
        // A code says that it is the model; a message may speak of any entity.
        ErrorKind::ModelNotFound => {
            !matches!(failure.told_by, ToldBy::Wording(row) if row.place == WordPlace::Word)
        }
        _ => false,
    }
}
