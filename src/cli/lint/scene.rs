//! The parts of an Envoy configuration that concern the filter: the listeners that have it,
//! their routes, and the clusters.
//!
//! Decides what counts as this filter, how a route chooses its cluster, and what is local.
//! Reports nothing.

use std::net::IpAddr;

use crate::yaml::{At, json_text};

use super::apart::Apart;

const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The parts of an Envoy configuration. Listeners without the filter are left out.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) root: At,
    pub(super) listeners: Vec<Listener>,
    pub(super) clusters: Vec<Cluster>,
    /// Whether there may be further clusters, which come by CDS.
    pub(super) has_unseen_clusters: bool,
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) at: At,
    /// Whether only this machine reaches it.
    ///
    /// All of its addresses have to be local for that.
    pub(super) is_local: bool,
    pub(super) managers: Vec<Manager>,
}

/// An HTTP connection manager that has the filter: what reads requests from a listener's
/// connections, and passes them through filters to a route.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) at: At,
    /// The filter chain that it is in, which has the TLS of clients.
    pub(super) chain: At,
    /// Types of the network filters before the manager.
    pub(super) network: Vec<String>,
    /// The HTTP filters before this one that are on.
    ///
    /// One of them may have found out who calls, and so may a network filter.
    pub(super) before: Vec<At>,
    /// The HTTP filters after this one that are on.
    ///
    /// One of them may hold the headers in its place.
    pub(super) after: Vec<At>,
    pub(super) plugin: Plugin,
    pub(super) routes: Vec<EnvoyRoute>,
}

/// The filter in one of its places: a connection manager, or a cluster.
#[derive(Debug, Clone)]
pub(super) struct Plugin {
    /// The plugin's `config`, with its virtual machine and its document.
    pub(super) at: At,
}

/// A route whose action leads to a cluster, whichever way it is chosen.
#[derive(Debug)]
pub(super) struct EnvoyRoute {
    pub(super) at: At,
    /// The route, its virtual host and the route table. A setting of each holds for the route,
    /// and where two have it, the first counts.
    pub(super) around: [At; 3],
    pub(super) way: Way,
}

/// How a route chooses the cluster. The filter can decide by the first two.
#[derive(Debug)]
pub(super) enum Way {
    /// By the request header of this name, in lower case.
    Header(String),
    /// By a matcher over the filter state of this key.
    State(String, At),
    /// In any other way: it names the cluster, for example.
    Other,
}

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) at: At,
    /// Its options for HTTP, upstream filters among them.
    pub(super) options: At,
    pub(super) plugin: Option<Plugin>,
    /// Whether it is in a file of its own, which Envoy reads once it runs.
    pub(super) is_apart: bool,
}

impl Scene {
    /// Finds the parts of a configuration; those that Envoy reads apart from it are in `apart`.
    /// What is not there or has another type is taken for empty: Envoy itself refuses it.
    pub(super) fn of(root: At, apart: &Apart) -> Self {
        let listeners = root.get("static_resources.listeners").items().into_iter();
        let listeners = listeners.chain(of_kind(apart.listeners.as_deref(), "Listener"));
        let clusters = root.get("static_resources.clusters").items().into_iter();
        let of_file = of_kind(apart.clusters.as_deref(), "Cluster");
        let from_elsewhere = root.get("dynamic_resources.cds_config").is_there();
        Self {
            listeners: listeners.filter_map(listener).collect(),
            clusters: clusters
                .map(|at| cluster(at, false))
                .chain(of_file.map(|at| cluster(at, true)))
                .collect(),
            has_unseen_clusters: from_elsewhere && apart.clusters.is_none(),
            root,
        }
    }

    /// Returns the managers of all listeners.
    ///
    /// Each has the filter: managers without it are not in the scene.
    pub(super) fn managers(&self) -> impl Iterator<Item = &Manager> {
        self.listeners.iter().flat_map(|listener| &listener.managers)
    }

    /// Returns the filters of all clusters that have it.
    ///
    /// They may have the wrong role, which is for the checks to find.
    pub(super) fn cluster_plugins(&self) -> impl Iterator<Item = &Plugin> {
        self.clusters.iter().filter_map(|cluster| cluster.plugin.as_ref())
    }

    /// Returns the cluster of this name, if it is in a file.
    pub(super) fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}

impl Plugin {
    /// Returns the plugin if a filter is this one: a wasm filter with `pointsman` in its name,
    /// id or file, or with a document that is a Pointsman configuration.
    pub(super) fn of(filter: &At) -> Option<Self> {
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

    /// Whether the document has what every Pointsman configuration has.
    ///
    /// The document need not be valid, so that an invalid one is reported and not overlooked.
    fn is_document(&self) -> bool {
        let document = self.document().and_then(Result::ok);
        document
            .is_some_and(|it| ["providers", "deployments"].iter().all(|key| it.get(key).is_some()))
    }

    /// Returns the place of the document, with its type.
    ///
    /// Findings about the document as a whole point here.
    pub(super) fn configuration(&self) -> At {
        self.at.get("configuration")
    }

    /// Returns the document as JSON, if it is in the file.
    ///
    /// # Errors
    /// The text that is there instead.
    pub(super) fn document(&self) -> Option<Result<serde_json::Value, String>> {
        let configuration = self.configuration();
        let (kind, fields) = configuration.typed();
        let value = fields.get("value");
        match (kind.as_str(), value.text()) {
            // As YAML rather than as a text with JSON.
            ("Struct", _) => value.json().map(Ok),
            (_, Some(text)) => Some(serde_json::from_str(text).map_err(|_| text.to_owned())),
            _ => None,
        }
    }

    /// Returns the document as JSON, with its members in their order; `None` where there is none.
    pub(super) fn document_text(&self) -> Option<String> {
        let (kind, fields) = self.configuration().typed();
        let value = fields.get("value");
        match (kind.as_str(), value.text()) {
            ("Struct", _) => value.node().map(|node| json_text(node).text),
            (_, text) => text.map(str::to_owned),
        }
    }

    /// Whether it is the attempt filter, which either `root_id` or `role` may say.
    pub(super) fn is_attempt(&self) -> bool {
        let document = self.document().and_then(Result::ok);
        let role = document.as_ref().and_then(|it| it.get("role")).and_then(|it| it.as_str());
        self.at.get("root_id").text() == Some("attempt") || role == Some("attempt")
    }
}

/// Returns the type of a filter, without its package.
pub(super) fn kind(filter: &At) -> String {
    filter.get("typed_config").typed().0
}

/// Returns a listener if one of its chains has the filter.
fn listener(at: At) -> Option<Listener> {
    let chains = at.get("filter_chains").items().into_iter();
    let last = at.get("default_filter_chain");
    let chains = chains.chain(last.is_there().then_some(last));
    let managers: Vec<Manager> = chains.flat_map(|chain| managers(&chain)).collect();
    // It is as exposed as the most exposed of its addresses.
    let mut addresses = vec![at.get("address")];
    let more = at.get("additional_addresses").items().into_iter();
    addresses.extend(more.map(|one| one.get("address")));
    let is_local = addresses.iter().all(is_local);
    (!managers.is_empty()).then_some(Listener { at, is_local, managers })
}

/// Returns the resources of a type that Envoy reads apart; none where these are not known.
fn of_kind(resources: Option<&[At]>, kind: &'static str) -> impl Iterator<Item = At> {
    let resources = resources.unwrap_or_default().iter();
    resources.filter(move |at| at.typed().0 == kind).cloned()
}

/// Whether only this machine reaches an address: a loopback address or no socket at all, a
/// pipe for example. A host name may be anything.
pub(super) fn is_local(address: &At) -> bool {
    match address.get("socket_address.address").text() {
        Some(text) => text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => address.is_there(),
    }
}

/// Returns the managers of a filter chain that have the filter.
///
/// Each knows which network filters come before it, since those may ask who calls.
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

/// Returns a manager if it has the filter; `network` are types of the chain's filters before
/// it.
fn manager(at: At, chain: &At, network: &[String]) -> Option<Manager> {
    let filters = at.get("http_filters").items();
    let plugins: Vec<Option<Plugin>> = filters.iter().map(Plugin::of).collect();
    // Where there are two, the first decides.
    let place = plugins.iter().position(Option::is_some)?;
    // A route may turn a filter on again, but as a rule it is off.
    let is_on = |filter: &&At| !filter.get("disabled").is_true();
    let before = filters.iter().take(place).filter(is_on);
    let after = filters.iter().skip(place.saturating_add(1)).filter(is_on);
    Some(Manager {
        network: network.to_vec(),
        before: before.map(within).collect(),
        after: after.map(within).collect(),
        plugin: plugins.into_iter().flatten().next()?,
        routes: routes(&at.get("route_config")),
        chain: chain.clone(),
        at,
    })
}

/// Returns the filter that a condition is around, or else the filter itself. Which requests pass a condition is
/// the user's to say: an authentication filter that lets operators by is one all the same.
pub(in crate::cli) fn within(filter: &At) -> At {
    match filter.get("typed_config").typed() {
        (kind, fields) if kind == "ExtensionWithMatcher" => fields.get("extension_config"),
        _ => filter.clone(),
    }
}

/// Returns the routes of a table that lead to clusters; others redirect or answer.
fn routes(table: &At) -> Vec<EnvoyRoute> {
    let hosts = table.get("virtual_hosts").items();
    let of_host = |host: &At| {
        let routes = host.get("routes").items().into_iter();
        let routes = routes.filter(|at| at.get("route").is_there());
        let route = |at: At| EnvoyRoute {
            way: way(&at.get("route"), table),
            around: [at.clone(), host.clone(), table.clone()],
            at,
        };
        routes.map(route).collect::<Vec<_>>()
    };
    hosts.iter().flat_map(of_host).collect()
}

/// Returns how a route's action chooses the cluster.
///
/// The plugin for filter state is in the route itself or in the route table, under a
/// name that the route refers to.
fn way(action: &At, table: &At) -> Way {
    if let Some(header) = action.get("cluster_header").text() {
        return Way::Header(header.to_ascii_lowercase());
    }
    let mut plugin = action.get("inline_cluster_specifier_plugin.extension");
    // A plugin that several routes use is in the table, under a name.
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

fn cluster(at: At, is_apart: bool) -> Cluster {
    let options = at.get("typed_extension_protocol_options").member(OPTIONS);
    let filters = options.get("http_filters").items();
    Cluster {
        name: at.get("name").text().unwrap_or_default().to_owned(),
        plugin: filters.iter().find_map(Plugin::of),
        options,
        at,
        is_apart,
    }
}
