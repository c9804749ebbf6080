//! What a request is answered with.

use crate::json::Json;

/// What a request is answered with: JSON, and nothing that is to be kept on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReply {
    /// HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: String,
    /// What was changed, in a line for the log.
    pub change: Option<String>,
}

impl EndpointReply {
    /// An answer with what `members` writes as its object.
    pub fn object(members: impl FnOnce(&mut Json)) -> Self {
        let mut json = Json::default();
        json.object(members);
        Self { status: 200, headers: Vec::new(), body: json.finish(), change: None }
    }

    /// An error, with the member, parameter or part of the path that is at fault.
    #[must_use]
    pub fn error(status: u16, message: &str, field: Option<&str>) -> Self {
        let object = Self::object(|json| {
            json.key("error").object(|json| {
                json.key("message").text(message);
                if let Some(field) = field {
                    json.key("field").text(field);
                }
            });
        });
        Self { status, ..object }
    }

    /// With what was changed, for the log.
    #[must_use]
    pub fn changed(self, change: String) -> Self {
        Self { change: Some(change), ..self }
    }

    /// To all that are not let in.
    #[must_use]
    pub(super) fn unauthorized() -> Self {
        let headers = vec![("www-authenticate", "Bearer")];
        Self { headers, ..Self::error(401, "unauthorized", None) }
    }

    /// To a path that is no endpoint.
    #[must_use]
    pub fn unknown_endpoint() -> Self {
        Self::error(404, "there is no such endpoint", None)
    }

    /// To another method than an endpoint has; `allow` lists those it has.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let headers = vec![("allow", allow)];
        Self { headers, ..Self::error(405, "the endpoint does not have this method", None) }
    }

    /// To a body that is longer than it may be.
    #[must_use]
    pub fn too_large(limit: u64) -> Self {
        Self::error(413, &format!("the body is longer than {limit} bytes"), None)
    }

    /// Where an update lost all its tries against other workers'.
    #[must_use]
    pub fn contended() -> Self {
        let message = "other workers kept changing the same state; nothing was changed, try again";
        Self { headers: vec![("retry-after", "1")], ..Self::error(503, message, None) }
    }
}
