//! Which session a request belongs to.

use crate::config::Sticky;
use crate::request::facts::Fact;
use crate::request::session::SessionKey;
use crate::strategy::Session;

use super::{Need, Request};

/// Returns the session of a request: by the first of the model's keys that the request has,
/// or none where it has none of them.
///
/// # Errors
/// That the body has to be read first, because the request may have an earlier key there.
pub(super) fn find(request: Request<'_>, sticky: &Sticky) -> Result<Session, Need> {
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
