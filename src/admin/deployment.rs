//! `POST {path}/deployments/{id}/…`: takes one deployment out of service, or puts it back.

use serde_json::value::RawValue;

use crate::config::DeploymentId;
use crate::host::SharedData;
use crate::json::{Level, level, text};
use crate::state::Operation;

use super::state::deployment;
use super::{Desk, HttpReply, HttpRequest};
use crate::text::percent_decoded_text;

/// What stands before the id, below the admin path.
pub(super) const FOLDER: &str = "/deployments/";

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Does what a path below [`FOLDER`] says: `ID/OPERATION`. The id is percent-encoded or has
    /// slashes of its own, so the last slash divides the two.
    pub(super) fn operate(
        &self,
        request: &HttpRequest<'_>,
        path: &str,
    ) -> Result<HttpReply, HttpReply> {
        let (id, operation) = path.rsplit_once('/').ok_or_else(HttpReply::unknown_endpoint)?;
        let operation = match operation {
            "drain" => Operation::Drain,
            "undrain" => Operation::Undrain,
            // The time is in the body, which is read once the method is known to be right.
            "cool" => Operation::Cool(0),
            "reset" => Operation::Reset,
            _ => return Err(HttpReply::unknown_endpoint()),
        };
        // After the path: an unknown operation is 404, whatever the method.
        request.posts()?;
        let id = self.deployment(&percent_decoded_text(id), "id")?;
        let operation = match operation {
            Operation::Cool(_) => Operation::Cool(self.length(request.body)?),
            other => nothing_in(request.body).map(|()| other)?,
        };
        let name = &self.config.deployment(id).id;
        let changed = self.fleet.operate(self.shared, self.config, id, operation, self.now_ms);
        let record = changed.map_err(|_| HttpReply::contended())?;
        let change = match operation {
            Operation::Drain => format!("deployment \"{name}\" is drained"),
            Operation::Undrain => format!("deployment \"{name}\" is no longer drained"),
            Operation::Cool(ms) => format!("deployment \"{name}\" cools for {ms} ms"),
            Operation::Reset => format!("deployment \"{name}\" is reset"),
        };
        let reply =
            HttpReply::object(|json| deployment(json, self.config, id, &record, self.now_ms));
        Ok(reply.changed(change))
    }

    /// Returns the deployment with that id.
    ///
    /// # Errors
    /// The reply to an id that is not known; `field` is where in the request it is.
    pub(super) fn deployment(&self, id: &str, field: &str) -> Result<DeploymentId, HttpReply> {
        let known = self.config.names.deployments.get(id).copied();
        known.ok_or_else(|| {
            HttpReply::error(404, "there is no deployment with this id", Some(field))
        })
    }

    /// Returns how long a deployment is to cool, in milliseconds: `for_ms` of the body, or the
    /// configured time.
    fn length(&self, body: &[u8]) -> Result<u64, HttpReply> {
        // A cooldown that is not enabled is never read, so it would seem to work and not do so.
        let settings = &self.config.cooldown;
        if !settings.enabled {
            let message = "cooldown.enabled is false, so no deployment cools down; drain the \
                           deployment instead";
            return Err(HttpReply::error(409, message, None));
        }
        let mut given = None;
        for (key, value) in members(body)? {
            if text(key).is_none_or(|key| key != "for_ms") {
                return Err(unknown(key, "for_ms"));
            }
            given = Some(value);
        }
        let most = settings.max_time_ms;
        match given.map(|value: &RawValue| value.get().parse().ok()) {
            None => Ok(settings.time_ms),
            Some(Some(ms)) if (1..=most).contains(&ms) => Ok(ms),
            Some(_) => {
                let message = format!("expected a whole number of milliseconds from 1 to {most}");
                Err(HttpReply::error(400, &message, Some("for_ms")))
            }
        }
    }
}

/// Returns the members of a body that is a JSON object; none of a body that is empty, as most
/// are: the path says enough.
fn members(body: &[u8]) -> Result<Vec<(&RawValue, &RawValue)>, HttpReply> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    match level(body) {
        Some(Level::Object(members)) => Ok(members),
        _ => Err(HttpReply::error(400, "the body is not a JSON object; send an object", None)),
    }
}

/// Checks that a body has no members. An unknown member may be the misspelling of a known one,
/// so the request is refused rather than half obeyed.
fn nothing_in(body: &[u8]) -> Result<(), HttpReply> {
    match members(body)?.into_iter().next() {
        Some((key, _)) => Err(unknown(key, "none")),
        None => Ok(()),
    }
}

/// Returns the reply to a body with a member that has no meaning; `allowed` are those that have.
fn unknown(key: &RawValue, allowed: &str) -> HttpReply {
    let message = format!("unknown member; allowed: {allowed}");
    HttpReply::error(400, &message, text(key).as_deref())
}
