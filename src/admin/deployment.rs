//! `POST {path}/deployments/{id}/…`: an operator's hand on one deployment.

use serde_json::Value;

use crate::config::DeploymentId;
use crate::host::SharedData;
use crate::state::Operation;

use super::desk::Desk;
use super::reply::EndpointReply;
use super::request::EndpointRequest;
use super::state::deployment;
use crate::text::percent_decoded_text;

/// What stands before the id.
pub(super) const FOLDER: &str = "/deployments/";

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Does what a path below [`FOLDER`] says: `ID/OPERATION`, the id percent-encoded or
    /// with slashes of its own.
    pub(super) fn operate(
        &self,
        request: &EndpointRequest<'_>,
        path: &str,
    ) -> Result<EndpointReply, EndpointReply> {
        let (id, operation) = path.rsplit_once('/').ok_or_else(EndpointReply::unknown_endpoint)?;
        let operation = match operation {
            "drain" => Operation::Drain,
            "undrain" => Operation::Undrain,
            "cool" => Operation::Cool(0),
            "reset" => Operation::Reset,
            _ => return Err(EndpointReply::unknown_endpoint()),
        };
        request.posts()?;
        let id = self.deployment(&percent_decoded_text(id), "id")?;
        let operation = match operation {
            Operation::Cool(_) => Operation::Cool(self.length(request.body)?),
            other => nothing_in(request.body).map(|()| other)?,
        };
        let name = &self.config.deployment(id).id;
        let changed = self.fleet.operate(self.shared, self.config, id, operation, self.now_ms);
        let record = changed.map_err(|_| EndpointReply::contended())?;
        let change = match operation {
            Operation::Drain => format!("deployment \"{name}\" is drained"),
            Operation::Undrain => format!("deployment \"{name}\" is no longer drained"),
            Operation::Cool(ms) => format!("deployment \"{name}\" cools for {ms} ms"),
            Operation::Reset => format!("deployment \"{name}\" is reset"),
        };
        let reply =
            EndpointReply::object(|json| deployment(json, self.config, id, &record, self.now_ms));
        Ok(reply.changed(change))
    }

    /// The deployment of that id, which is in `field` of the request.
    pub(super) fn deployment(&self, id: &str, field: &str) -> Result<DeploymentId, EndpointReply> {
        let known = self.config.names.deployments.get(id).copied();
        known.ok_or_else(|| {
            EndpointReply::error(404, "there is no deployment of that id", Some(field))
        })
    }

    /// How long a deployment is to cool, in milliseconds.
    fn length(&self, body: &[u8]) -> Result<u64, EndpointReply> {
        let settings = &self.config.cooldown;
        if !settings.enabled {
            let message = "cooldown.enabled is false, so nothing cools; drain it instead";
            return Err(EndpointReply::error(409, message, None));
        }
        let mut given = None;
        for (key, value) in members(body)? {
            if key != "for_ms" {
                return Err(EndpointReply::error(
                    400,
                    "unknown member; allowed: for_ms",
                    Some(&key),
                ));
            }
            given = Some(value);
        }
        let most = settings.max_time_ms;
        match given.map(|value| value.as_u64()) {
            None => Ok(settings.time_ms),
            Some(Some(ms)) if (1..=most).contains(&ms) => Ok(ms),
            Some(_) => {
                let message = format!("allowed: a whole number of milliseconds, 1 to {most}");
                Err(EndpointReply::error(400, &message, Some("for_ms")))
            }
        }
    }
}

/// The members of a body that is an object, or nothing at all.
fn members(body: &[u8]) -> Result<serde_json::Map<String, Value>, EndpointReply> {
    if body.trim_ascii().is_empty() {
        return Ok(serde_json::Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(EndpointReply::error(400, "the body is no JSON object", None)),
    }
}

fn nothing_in(body: &[u8]) -> Result<(), EndpointReply> {
    match members(body)?.into_iter().next() {
        Some((key, _)) => {
            Err(EndpointReply::error(400, "unknown member; allowed: none", Some(&key)))
        }
        None => Ok(()),
    }
}
