//! What a stream runs with.

use super::engine::Engine;

/// The engine, and the host as one stream sees it.
///
/// Nearly every function that acts for a request needs both, so they are passed as one
/// argument. It is two references, and copying it costs nothing.
#[derive(Debug)]
pub(crate) struct Ctx<'a, H: ?Sized> {
    pub(crate) engine: &'a Engine,
    pub(crate) host: &'a H,
}

// Not derived: `derive` would ask for a host that can be copied, but only a reference is.
impl<H: ?Sized> Clone for Ctx<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: ?Sized> Copy for Ctx<'_, H> {}
