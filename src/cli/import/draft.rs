//! One provider as an entry of `model_list` needs it: address, path, API and key. Decides neither
//! its name nor its cluster, which depend on the others.

use super::address::Base;
use super::params::Params;
use super::place::Place;
use super::secret::Secret;
use crate::yaml::Ordered;

/// A provider without a name.
pub(super) struct Draft {
    /// The name that it gets if no other has it.
    pub(super) wish: String,
    /// What tells it from another of that name.
    pub(super) hint: Option<String>,
    pub(super) api: &'static str,
    pub(super) address: Address,
    pub(super) path: Path,
    pub(super) secret: Secret,
    /// The header of the key; empty for a bearer token.
    pub(super) header: &'static str,
    /// The place of the key, for messages.
    pub(super) key: Place,
    /// A credential that Envoy adds, instead of a key.
    pub(super) signer: Option<Ordered>,
    pub(super) headers: Ordered,
}

impl Draft {
    /// Whether both ask for the same provider.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.api, &self.address, &self.path) == (other.api, &other.address, &other.path)
            && (&self.secret, self.header) == (&other.secret, other.header)
            && (&self.signer, &self.headers) == (&other.signer, &other.headers)
    }
}

/// Where a provider is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// The address, and the place that says so, if it is in the file.
    Known(Base, Option<Place>),
    /// The file does not say it.
    Unknown(Place),
}

/// What becomes of the path of a request.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Path {
    Prefix(String),
    Template(String),
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}

impl Eq for Place {}

/// Reads the address that an entry gives; `None` where it gives none.
///
/// # Errors
/// It is no address.
pub(super) fn given(params: &Params) -> Result<Option<Address>, String> {
    let place = params.either("api_base", "base_url");
    if !place.is_there() {
        return Ok(None);
    }
    let Some(text) = place.value() else { return Ok(Some(Address::Unknown(place))) };
    match Base::read(&text) {
        Some(base) => Ok(Some(Address::Known(base, Some(place)))),
        None => Err("its api_base is no address of HTTP or HTTPS".to_owned()),
    }
}
