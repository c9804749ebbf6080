//! Which session a request belongs to, by the keys of the model it asks for.

use crate::config::Sticky;
use crate::request::facts::Fact;
use crate::request::session::SessionKey;
use crate::strategy::Session;

use super::{Need, Request};

/// The session that the first key tells which the request has; none without any.
///
/// # Errors
/// The body is to be read first: an earlier key may stand in it.
pub(super) fn of(request: Request<'_>, sticky: &Sticky) -> Result<Session, Need> {
    let Request { facts, controls, .. } = request;
    let bound = sticky.bound;
    for key in &sticky.keys {
        let told = match key {
            SessionKey::Header => controls.session,
            _ if facts.unseen.has(Fact::Session) => {
                return Err(Need::model("is picked by a session key of the body"));
            }
            key => facts.sessions.told(*key),
        };
        if told.is_some() {
            return Ok(Session { key: told, bound });
        }
    }
    Ok(Session { key: None, bound })
}
