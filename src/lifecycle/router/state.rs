//! The states of a request in the router.

use crate::lifecycle::event::Action;

use super::admin::AdminRequest;
use super::answering::Answering;
use super::asking::Asking;
use super::reading::Reading;
use super::refusing::Refusing;
use super::streaming::Streaming;

/// Where a request stands. Each state owns just what it needs; what a request leaves
/// behind with a state is gone.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing has come yet.
    New,
    /// The body of an admin request is being read.
    Admin(Box<AdminRequest>),
    /// The body is being read, and held meanwhile.
    Reading(Box<Reading>),
    /// A service has been asked to pick; all is held.
    Asking(Box<Asking>),
    /// The request has gone on, and its body may follow.
    Streaming(Box<Streaming>),
    /// The answer is on its way to the client.
    Answering(Box<Answering>),
    /// The client is to be told why not, at the end of its request.
    Refusing(Box<Refusing>),
    /// Nothing is left to do.
    Done,
}

/// A transition: the next state, and what the host does.
pub(super) type Next = (State, Action);
