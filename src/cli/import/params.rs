//! The settings of one entry of `model_list`, with those that it takes from elsewhere.

use super::place::Place;

/// `litellm_params` of an entry, then the credential that it names, then the defaults of the
/// router.
#[derive(Debug)]
pub(super) struct Params {
    own: Place,
    shared: Vec<Place>,
}

impl Params {
    /// Collects the sources of an entry's settings.
    pub(super) fn of(entry: &Place, root: &Place) -> Self {
        let own = entry.member("litellm_params");
        own.mark();
        let mut shared = Vec::new();
        let name = own.member("litellm_credential_name");
        if let Some(wanted) = name.text() {
            let known = root.member("credential_list").items();
            let found =
                known.iter().find(|one| one.member("credential_name").text() == Some(wanted));
            match found {
                Some(found) => {
                    let about = found.member("credential_info");
                    if about.is_there() {
                        about.report("has no counterpart: nothing is decided by it");
                    }
                    shared.push(found.member("credential_values"));
                }
                None => name.report("is not in credential_list, so its values are missing"),
            }
        }
        shared.push(root.member("router_settings").member("default_litellm_params"));
        shared.iter().for_each(Place::mark);
        Self { own, shared }
    }

    /// Returns the place of a setting: the first that has a value, or else that in the entry.
    pub(super) fn get(&self, key: &str) -> Place {
        let own = self.own.member(key);
        let places = self.shared.iter().map(|source| source.member(key));
        let found = std::iter::once(own.clone()).chain(places).find(Place::is_there);
        found.unwrap_or(own)
    }

    /// Returns the place of a setting that has two names.
    pub(super) fn either(&self, key: &str, other: &str) -> Place {
        let place = self.get(key);
        if place.is_there() { place } else { self.get(other) }
    }
}
