//! What of an Envoy configuration concerns the filter: the listeners that have it,
//! their routes, and the clusters.
//!
//! Decides what counts as this filter, as a route that it decides, and as local.
//! Judges nothing.

use std::net::IpAddr;

use super::tree::At;

const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The parts of an Envoy configuration.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) root: At,
    /// Those that have the filter.
    pub(super) listeners: Vec<Listener>,
    pub(super) clusters: Vec<Cluster>,
}

/// A listener that has the filter.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) at: At,
    /// Whether only this machine reaches it.
    pub(super) is_local: bool,
    pub(super) managers: Vec<Manager>,
}

/// An HTTP connection manager that has the filter.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) at: At,
    /// What it belongs to, with the client's TLS.
    pub(super) chain: At,
    /// Types of the filters before this one, network filters included.
    pub(super) before: Vec<String>,
    /// The HTTP filters behind it.
    pub(super) behind: Vec<At>,
    pub(super) plugin: Plugin,
    pub(super) routes: Vec<RouteToCluster>,
}

/// The filter, in one of its places.
#[derive(Debug, Clone)]
pub(super) struct Plugin {
    /// Its `config`.
    pub(super) at: At,
}

/// A route to a cluster.
#[derive(Debug)]
pub(super) struct RouteToCluster {
    pub(super) at: At,
    /// It, its virtual host and the whole table: settings of each hold for it.
    pub(super) around: [At; 3],
    pub(super) way: Way,
}

/// How a route chooses the cluster.
#[derive(Debug)]
pub(super) enum Way {
    /// By a request header.
    Header(String),
    /// By filter state under this key; the matcher's tree.
    State(String, At),
    /// Otherwise.
    Other,
}

/// A cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) at: At,
    /// Its HTTP protocol options.
    pub(super) options: At,
    /// The filter, where it has it.
    pub(super) plugin: Option<Plugin>,
}

impl Scene {
    /// The parts of this configuration.
    pub(super) fn of(root: At) -> Self {
        let listeners = root.get("static_resources.listeners").items().into_iter();
        let clusters = root.get("static_resources.clusters").items().into_iter();
        Self {
            listeners: listeners.filter_map(listener).collect(),
            clusters: clusters.map(cluster).collect(),
            root,
        }
    }

    /// Every place of the filter in a listener.
    pub(super) fn managers(&self) -> impl Iterator<Item = &Manager> {
        self.listeners.iter().flat_map(|listener| &listener.managers)
    }

    /// The cluster of that name.
    pub(super) fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}

impl Plugin {
    /// The plugin's `config` if this is a wasm filter, and this one.
    fn of(filter: &At) -> Option<Self> {
        let (kind, fields) = filter.get("typed_config").typed();
        let at = fields.get("config");
        let names = [
            filter.get("name"),
            at.get("name"),
            at.get("vm_config.vm_id"),
            at.get("vm_config.code.local.filename"),
            at.get("vm_config.code.remote.http_uri.uri"),
        ];
        let is_named = names.iter().any(|at| at.text().is_some_and(|it| it.contains("pointsman")));
        let plugin = Self { at };
        let is_ours = kind == "Wasm" && (is_named || plugin.is_document());
        is_ours.then_some(plugin)
    }

    fn is_document(&self) -> bool {
        let document = self.document().and_then(Result::ok);
        document
            .is_some_and(|it| ["providers", "deployments"].iter().all(|key| it.get(key).is_some()))
    }

    /// The place of the document in it.
    pub(super) fn configuration(&self) -> At {
        self.at.get("configuration")
    }

    /// The document, as JSON; or the text that is none.
    pub(super) fn document(&self) -> Option<Result<serde_json::Value, String>> {
        let configuration = self.configuration();
        let (kind, fields) = configuration.typed();
        let value = fields.get("value");
        match (kind.as_str(), value.text()) {
            ("Struct", _) => value.json().map(Ok),
            (_, Some(text)) => Some(serde_json::from_str(text).map_err(|_| text.to_owned())),
            _ => None,
        }
    }

    /// Whether it makes attempts.
    pub(super) fn is_attempt(&self) -> bool {
        let document = self.document().and_then(Result::ok);
        let role = document.as_ref().and_then(|it| it.get("role")).and_then(|it| it.as_str());
        self.at.get("root_id").text() == Some("attempt") || role == Some("attempt")
    }
}

fn listener(at: At) -> Option<Listener> {
    let chains = at.get("filter_chains").items().into_iter();
    let last = at.get("default_filter_chain");
    let chains = chains.chain(last.is_there().then_some(last));
    let managers: Vec<Manager> = chains.flat_map(|chain| managers(&chain)).collect();
    let mut addresses = vec![at.get("address")];
    let more = at.get("additional_addresses").items().into_iter();
    addresses.extend(more.map(|one| one.get("address")));
    let is_local = addresses.iter().all(is_local);
    (!managers.is_empty()).then_some(Listener { at, is_local, managers })
}

/// Whether only this machine reaches an address.
pub(super) fn is_local(address: &At) -> bool {
    match address.get("socket_address.address").text() {
        Some(text) => text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => address.is_there(),
    }
}

fn managers(chain: &At) -> Vec<Manager> {
    let mut network = Vec::new();
    let mut managers = Vec::new();
    for filter in chain.get("filters").items() {
        let (kind, at) = filter.get("typed_config").typed();
        if kind == "HttpConnectionManager" {
            managers.extend(manager(at, chain, &network));
        }
        network.push(kind);
    }
    managers
}

fn manager(at: At, chain: &At, network: &[String]) -> Option<Manager> {
    let filters = at.get("http_filters").items();
    let plugins: Vec<Option<Plugin>> = filters.iter().map(Plugin::of).collect();
    let place = plugins.iter().position(Option::is_some)?;
    let kind = |filter: &At| filter.get("typed_config").typed().0;
    let is_on = |filter: &&At| !filter.get("disabled").is_true();
    let before = filters.iter().take(place).filter(is_on);
    let behind = filters.iter().skip(place.saturating_add(1)).filter(is_on);
    Some(Manager {
        before: network.iter().cloned().chain(before.map(kind)).collect(),
        behind: behind.cloned().collect(),
        plugin: plugins.into_iter().flatten().next()?,
        routes: routes(&at.get("route_config")),
        chain: chain.clone(),
        at,
    })
}

fn routes(table: &At) -> Vec<RouteToCluster> {
    let hosts = table.get("virtual_hosts").items();
    let of_host = |host: &At| {
        let routes = host.get("routes").items().into_iter();
        let routes = routes.filter(|at| at.get("route").is_there());
        let route = |at: At| RouteToCluster {
            way: way(&at.get("route"), table),
            around: [at.clone(), host.clone(), table.clone()],
            at,
        };
        routes.map(route).collect::<Vec<_>>()
    };
    hosts.iter().flat_map(of_host).collect()
}

fn way(action: &At, table: &At) -> Way {
    if let Some(header) = action.get("cluster_header").text() {
        return Way::Header(header.to_ascii_lowercase());
    }
    let mut plugin = action.get("inline_cluster_specifier_plugin.extension");
    if let Some(name) = action.get("cluster_specifier_plugin").text() {
        let plugins = table.get("cluster_specifier_plugins").items().into_iter();
        let mut named = plugins.map(|one| one.get("extension"));
        let Some(of_table) = named.find(|one| one.get("name").text() == Some(name)) else {
            return Way::Other;
        };
        plugin = of_table;
    }
    let (_, fields) = plugin.get("typed_config").typed();
    let tree = fields.get("cluster_matcher.matcher_tree");
    let (_, input) = tree.get("input.typed_config").typed();
    match input.get("key").text() {
        Some(key) => Way::State(key.to_owned(), fields.get("cluster_matcher")),
        None => Way::Other,
    }
}

fn cluster(at: At) -> Cluster {
    let options = at.get("typed_extension_protocol_options").member(OPTIONS);
    let filters = options.get("http_filters").items();
    Cluster {
        name: at.get("name").text().unwrap_or_default().to_owned(),
        plugin: filters.iter().find_map(Plugin::of),
        options,
        at,
    }
}
