//! `GET {path}/state`: what the workers share, at this moment.

use crate::host::SharedData;

use super::{Desk, Reply, Request};

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Answers what the workers share.
    pub(super) fn state(&self, request: &Request<'_>) -> Result<Reply, Reply> {
        request.reads()?;
        Ok(Reply::object(|json| json.key("now_ms").number(self.now_ms)))
    }
}
