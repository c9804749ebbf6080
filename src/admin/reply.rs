//! The reply of an endpoint.

use super::Json;

/// The answer of an endpoint, which is always JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside those that every reply has.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: String,
    /// What the request has changed, in a line for the log; `None`: nothing. Every
    /// change is logged, so that operators find it later.
    pub change: Option<String>,
}

impl HttpReply {
    /// Returns a reply with the status 200 and that body.
    #[must_use]
    pub const fn ok(body: String) -> Self {
        Self { status: 200, headers: Vec::new(), body, change: None }
    }

    /// Returns a reply with the status 200 and an object that has the members which `members`
    /// writes.
    pub fn object(members: impl FnOnce(&mut Json)) -> Self {
        let mut json = Json::default();
        json.object(members);
        Self::ok(json.finish())
    }

    /// Returns an error. `field` is the member, parameter or part of the path that is wrong;
    /// `None` where it is none of those.
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

    /// Returns the reply with a note of what was changed, for the log. A reply without one changed
    /// nothing.
    #[must_use]
    pub fn changed(self, change: String) -> Self {
        Self { change: Some(change), ..self }
    }

    /// Returns the reply to all that are not let in. It does not tell what was wrong.
    #[must_use]
    pub(super) fn unauthorized() -> Self {
        let headers = vec![("www-authenticate", "Bearer")];
        Self { headers, ..Self::error(401, "unauthorized", None) }
    }

    /// Returns the reply to a path without an endpoint: 404. A deployment's path with an unknown
    /// operation gets it too.
    #[must_use]
    pub fn unknown_endpoint() -> Self {
        Self::error(404, "there is no admin endpoint at this path", None)
    }

    /// Returns the reply to a method that an endpoint does not have; `allow` lists those that
    /// it has.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let headers = vec![("allow", allow)];
        Self {
            headers,
            ..Self::error(
                405,
                "this endpoint does not accept this method; see the header allow",
                None,
            )
        }
    }

    /// Returns the reply to a body that is longer than `limit`, in bytes: 413, with a message that
    /// says the limit.
    #[must_use]
    pub fn too_large(limit: u64) -> Self {
        Self::error(413, &format!("the body is too long; allowed: at most {limit} bytes"), None)
    }

    /// Returns the reply to a change that other workers' changes kept from being written in all
    /// its tries. It may be sent again.
    #[must_use]
    pub fn contended() -> Self {
        let message = "other workers changed the same state at the same time, so nothing was \
                       changed; try again";
        Self { headers: vec![("retry-after", "1")], ..Self::error(503, message, None) }
    }
}
