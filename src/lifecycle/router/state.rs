//! The states of a request in the router.

use crate::lifecycle::event::Action;

use super::admin::AdminRequest;
use super::answering::Answering;
use super::asking::AskingService;
use super::reading::ReadingBody;
use super::refusing::Refusing;
use super::streaming::Streaming;

/// The state of a request in the router. Each state owns just the data that it needs, so nothing
/// can be used in a state where it has no meaning. Those with data are boxed, so that a
/// transition moves a pointer.
#[derive(Debug)]
pub(super) enum RouterState {
    /// Nothing of the request has come yet.
    New,
    /// The body of an admin request is being read.
    Admin(Box<AdminRequest>),
    /// The body is being read, and the host holds it meanwhile.
    Reading(Box<ReadingBody>),
    /// A service has been asked to pick a deployment, and the host holds the whole request.
    Asking(Box<AskingService>),
    /// The request has gone on, and the rest of its body may follow.
    Streaming(Box<Streaming>),
    /// The response is on its way to the client.
    Answering(Box<Answering>),
    /// The client will get an error once its request has ended.
    Refusing(Box<Refusing>),
    /// Nothing is left to do: the rest of request and response passes.
    Done,
}

/// The result of a transition: the next state, and what the host does.
pub(super) type NextState = (RouterState, Action);
