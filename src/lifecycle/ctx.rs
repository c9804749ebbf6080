//! Where a stream runs.

use super::engine::Engine;

/// One engine, and the host as one stream sees it: what nearly everything needs that is
/// done for a request.
#[derive(Debug)]
pub(crate) struct Ctx<'a, H: ?Sized> {
    pub(crate) engine: &'a Engine,
    pub(crate) host: &'a H,
}

// Not derived: it is copied whatever the host is.
impl<H: ?Sized> Clone for Ctx<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: ?Sized> Copy for Ctx<'_, H> {}
