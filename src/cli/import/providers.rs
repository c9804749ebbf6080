//! The providers of the document: entries that need the same one share it, and providers at the same
//! address share a cluster.

use super::address::Base;
use super::draft::{Address, Draft, Path};
use super::secret::Variables;
use crate::yaml::Ordered;

/// The headers in which LiteLLM reads a client's key. It sends none of them on.
const KEYS_OF_CLIENTS: [&str; 5] =
    ["authorization", "x-litellm-api-key", "x-api-key", "api-key", "x-goog-api-key"];

/// The providers so far, in the order in which entries ask for them.
pub(super) struct Providers {
    known: Vec<Known>,
    variables: Variables,
    /// Times of all of them.
    timeouts: Ordered,
}

struct Known {
    name: String,
    cluster: String,
    /// Where the cluster is, and who signs requests to it. `None`: the file does not say where.
    place: Option<(Base, Option<Ordered>)>,
    /// All but the cluster, by which equal providers are told.
    body: Ordered,
}

impl Providers {
    pub(super) const fn new(variables: Variables, timeouts: Ordered) -> Self {
        Self { known: Vec::new(), variables, timeouts }
    }

    /// Returns the name of the provider that a draft asks for. What the document cannot say of it
    /// is reported.
    pub(super) fn add(&mut self, draft: &Draft) -> String {
        let body = self.body(draft);
        let place = match &draft.address {
            Address::Known(base, _) => {
                // Only what leads to the server counts.
                let base = Base { path: String::new(), ..base.clone() };
                Some((base, draft.signer.clone()))
            }
            Address::Unknown(_) => None,
        };
        let same = |known: &&Known| known.body == body && known.place == place;
        if let Some(known) = self.known.iter().find(same) {
            let (name, cluster) = (known.name.clone(), known.cluster.clone());
            say_address(draft, &cluster);
            return name;
        }
        let name = self.free_name(draft);
        let shared = self.known.iter().find(|known| known.place.is_some() && known.place == place);
        let cluster = shared.map_or_else(|| name.clone(), |known| known.cluster.clone());
        say_address(draft, &cluster);
        self.known.push(Known { name: name.clone(), cluster, place, body });
        name
    }

    /// Returns what the document says of a provider, without its cluster.
    fn body(&mut self, draft: &Draft) -> Ordered {
        let mut body = Ordered::object();
        if draft.api != "openai" {
            body.set("api", draft.api);
        }
        // Envoy's configuration for an authority is one with TLS.
        if let Address::Known(base, _) = &draft.address
            && base.is_tls
        {
            body.set("authority", base.authority());
        }
        match &draft.path {
            Path::Prefix(prefix) if prefix.is_empty() => {}
            Path::Prefix(prefix) => body.set("path_prefix", prefix.as_str()),
            Path::Template(template) => body.set("path", template.as_str()),
        }
        if let Some(signer) = &draft.signer {
            body.set("credential", signer.clone());
        } else if let Some(variable) = self.variables.name(&draft.secret, &draft.key) {
            let mut credential = Ordered::with([("env", variable.into())]);
            if !draft.header.is_empty() {
                credential.set("header", draft.header);
                credential.set("prefix", "");
            }
            body.set("credential", credential);
        }
        body.set_unless_empty("headers", draft.headers.clone());
        // Without a credential of the proxy's, the client's would go on to the provider.
        if body.get("credential").is_none() {
            body.set("remove_headers", KEYS_OF_CLIENTS.map(str::to_owned).to_vec());
        }
        body.set_unless_empty("timeouts", self.timeouts.clone());
        body
    }

    fn free_name(&self, draft: &Draft) -> String {
        let is_free = |name: &String| self.known.iter().all(|known| known.name != *name);
        let hinted = draft.hint.as_ref().map(|hint| format!("{}-{hint}", draft.wish));
        let numbered = (2_u32..).map(|number| format!("{}-{number}", draft.wish));
        let mut names = std::iter::once(draft.wish.clone()).chain(hinted).chain(numbered);
        names.find(is_free).unwrap_or_else(|| draft.wish.clone())
    }

    /// Returns the section `providers`.
    pub(super) fn section(&self) -> Ordered {
        let mut section = Ordered::object();
        for known in &self.known {
            let mut provider = Ordered::with([("cluster", known.cluster.as_str().into())]);
            known.body.members().iter().for_each(|(key, value)| provider.set(key, value.clone()));
            section.set(&known.name, provider);
        }
        section
    }

    /// Returns the addresses that the document cannot say: those without TLS, as `--endpoint` takes
    /// them.
    pub(super) fn endpoints(&self) -> Vec<String> {
        let mut endpoints: Vec<String> = Vec::new();
        for known in &self.known {
            if let Some((base, _)) = known.place.as_ref().filter(|(base, _)| !base.is_tls) {
                let endpoint = format!("{}={}", known.cluster, base.endpoint());
                if !endpoints.contains(&endpoint) {
                    endpoints.push(endpoint);
                }
            }
        }
        endpoints
    }

    /// Whether a credential of the document is in this variable.
    pub(super) fn names_variable(&self, name: &str) -> bool {
        self.variables.all().contains(name)
    }
}

/// Reports an address that is for Envoy alone.
fn say_address(draft: &Draft, cluster: &str) {
    match &draft.address {
        Address::Known(base, Some(place)) if !base.is_tls => place.report(format!(
            "has no TLS, so the document cannot have the address; give `run` and `envoy` \
             --endpoint {cluster}={}",
            base.endpoint()
        )),
        Address::Known(..) => {}
        Address::Unknown(place) => place.report(format!(
            "the file does not say where the provider is; give it an authority in the document, and \
             Envoy the address: --endpoint {cluster}=HOST:PORT,tls"
        )),
    }
}
