//! What lint looks at: codes that stay.
//!
//! Knows what each is about, and neither where it is found nor how bad it is.

use std::fmt::Write;

use clap::ValueEnum;

/// What lint looks at, a code each.
///
/// The names stay: users filter by them. The first paragraph of each is what `--codes`
/// prints; a second one says what Envoy does that makes it matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(super) enum LintCode {
    /// No listener has the filter
    ///
    /// Envoy then routes every request by its own rules alone.
    NoFilter,
    /// The document in the Envoy file is not valid
    ///
    /// The filter refuses such a document, and Envoy does not start.
    DocumentInvalid,
    /// The document in the Envoy file differs from that of --config
    ///
    /// Findings are about the one of --config, so they may not hold for what Envoy runs.
    DocumentDiffers,
    /// A cluster's attempt filter has another document than the router
    ///
    /// The router hands plans over by names of its own document.
    RolesDiffer,
    /// Requests that are not LLM requests have no cluster
    ///
    /// The filter names no cluster for them, and Envoy answers with 503.
    NoDefaultCluster,
    /// The default cluster is the cluster of a provider
    ///
    /// Requests that the filter does not decide go there untouched, past every rule.
    DefaultClusterProvider,
    /// Without allow_on_headers_stop_iteration, a request with a body hangs
    ///
    /// Envoy would stop the whole stream with the head, so the awaited body would never come.
    StopIteration,
    /// Without FAIL_RELOAD, a trap ends the service
    ///
    /// By default Envoy refuses all that a trapped VM would route, until it is configured anew.
    FailurePolicy,
    /// The filter shares its data with all filters without an id
    ///
    /// Envoy keeps shared data by this id, and all filters without one have the empty id.
    VmIdEmpty,
    /// The router and the attempt filter do not share their data
    ///
    /// Cooldowns that attempts report would be written where no decision reads them.
    VmIdDiffers,
    /// An environment variable that the document names does not reach the filter
    ///
    /// A module sees only what is listed, and refuses a configuration without its credentials.
    Environment,
    /// A listener has the attempt filter, or a cluster has the router
    ///
    /// `root_id` or the document's `role` says which of its two jobs an instance does.
    Role,
    /// No filter authenticates clients before a credential is added
    ///
    /// The filter adds the provider's credential to every request that it decides, whoever sent it.
    Authentication,
    /// Bodies that the document allows, or answers that failover holds, do not fit the listener's buffer
    ///
    /// Envoy answers with 413 once it holds more of a request than this.
    ListenerBuffer,
    /// No filter after pointsman holds the headers, although hold is buffer_filter
    ///
    /// With `hold: buffer_filter` Envoy would choose the cluster before the filter has named one.
    BufferFilter,
    /// The buffer filter is before pointsman, not after it
    ///
    /// What the filter lets go on reaches only the filters after it.
    BufferFilterOrder,
    /// Bodies that the document allows do not fit the buffer filter
    ///
    /// The buffer filter answers a longer body with 413.
    BufferFilterBytes,
    /// Envoy ends a stream that is silent before its first token
    ///
    /// Envoy's default is 5 minutes. Models that think before they answer send nothing meanwhile.
    IdleTimeout,
    /// Envoy ends long streams
    ///
    /// `max_stream_duration` ends a stream at an age, even in the middle of an answer.
    StreamDuration,
    /// A path can mean one thing to authentication and another to a provider
    ///
    /// The filter recognises `//v1/chat/completions`; a rule before it may not.
    PathNormalization,
    /// Other machines can reach Envoy's admin page
    ///
    /// Whoever reaches it can stop Envoy and read its configuration.
    AdminExposed,
    /// Only a token protects the filter's admin endpoints
    ///
    /// The filter does not limit how often a client may guess the token.
    AdminEndpoints,
    /// The access log names fields that the filter does not set
    ///
    /// The filter writes these fields only with `log_fields`. Otherwise the log shows them empty.
    LogFields,
    /// A client can choose the tenant that it is billed as
    ///
    /// Whatever the header says is billed. Only a filter before this one can know who the client is.
    TenantHeader,
    /// A rate limit counts before the model is known
    ///
    /// Filters run in their order, and only this one finds out which model a request is for.
    RateLimitOrder,
    /// Envoy gets the routes from elsewhere, so they are not checked
    ///
    /// Routes that come by RDS are not in the file, so lint cannot tell whether they fit.
    RoutesUnseen,
    /// No route follows the filter's decision
    ///
    /// The filter only names a cluster. A route has to read it, from a header or filter state.
    NoDecisionRoute,
    /// An earlier route takes LLM requests
    ///
    /// Envoy takes the first route that matches, so the filter's decision leads nowhere.
    RouteOrder,
    /// A route that chooses the cluster once cannot fail over
    ///
    /// Envoy reads `cluster_header` once, before the first attempt.
    ClusterHeaderFailover,
    /// Envoy sends internal headers to the provider
    ///
    /// The provider would learn the names of clusters and models.
    HeadersToRemove,
    /// Envoy ends long answers
    ///
    /// Envoy's default of 15 seconds counts until the last byte of the answer.
    RouteTimeout,
    /// The route's map lacks a cluster of the document, or leads to another cluster
    ///
    /// What the map lacks has no cluster, and Envoy answers with 503.
    MatcherCluster,
    /// The document has failover, but the route has no retry policy
    ///
    /// The filter can only ask for another attempt. Without a policy Envoy makes none.
    RetryPolicy,
    /// Envoy does not retry after some failures
    ///
    /// An attempt that ends without an answer, and one whose answer the filter marks, are all.
    RetryOn,
    /// Envoy retries requests that the filter does not want to retry
    ///
    /// The filter knows which failures another deployment may make good; a status does not say.
    RetryOnStatuses,
    /// Envoy does not know the header that asks for another attempt
    ///
    /// By this header the attempt filter asks for another attempt.
    RetriableHeaders,
    /// Every attempt goes to the first cluster
    ///
    /// By default Envoy looks the cluster up once and keeps it.
    RefreshCluster,
    /// Envoy makes fewer attempts than the document allows
    ///
    /// Envoy's default is one retry, which is enough for two attempts.
    NumRetries,
    /// Envoy waits forever for a provider that does not answer
    ///
    /// Without it the only limit is the timeout of the route, which must be off for streams.
    PerTryTimeout,
    /// The route ends attempts before their own time is over
    FirstTokenTime,
    /// Deployments of one model differ in the time to their first content
    ///
    /// Before a head has come, only Envoy can end an attempt, and it has one time for a request.
    FirstTokenDiffers,
    /// Envoy waits before the next attempt
    ///
    /// Envoy's default waits 25 ms and more, which is for retries at the same provider.
    RetryBackOff,
    /// Bodies that the document allows are not kept for another attempt
    ///
    /// Envoy gives up retrying once a body is larger than what it may keep.
    RetryBuffer,
    /// Envoy makes attempts at the same time
    ///
    /// The attempts of a request share one head and one record of progress.
    Hedging,
    /// A cluster that the document names does not exist
    ///
    /// The filter would still choose it. Envoy looks for it only then, and finds none.
    UnknownCluster,
    /// Attempts in this cluster have no model, path or credential
    ///
    /// A router that hands over leaves the request as it is. The cluster's filter sets all three.
    AttemptFilter,
    /// No filter adds the credential that the document leaves to Envoy
    ///
    /// The client's own is taken away for it, so the provider gets none.
    CredentialFilter,
    /// A filter adds a credential before the attempt filter changes the request
    ///
    /// A signature then does not fit, and the attempt filter takes away what was there before it.
    CredentialOrder,
    /// A cluster adds a credential that the document does not name
    ///
    /// What the document does not know of is not taken away before the next attempt.
    CredentialUnknown,
    /// A filter of the listener adds its credential for every provider
    ///
    /// What is among the listener's filters sees all requests, wherever they go.
    CredentialEveryone,
    /// A credential is for another service, region or audience than in the document
    ///
    /// Envoy goes by its own configuration. The document only says what to write there.
    CredentialDiffers,
    /// A provider's key is in another header than the one that the vendor reads
    ///
    /// The vendor finds no key, and refuses each request.
    CredentialHeader,
    /// Envoy does not start with a cluster for OAuth in its own file
    ///
    /// Envoy asks for a token while it makes the cluster, before it has clusters to ask.
    CredentialStatic,
    /// A cluster that the filter calls runs the filter
    ///
    /// The call makes the context of its filter while this one runs, and the VM traps.
    CalledCluster,
    /// Bodies that the listener holds do not fit the cluster's buffer
    ///
    /// Envoy keeps a body for another attempt only as far as this reaches.
    ClusterBuffer,
    /// Envoy makes only a few retries at a time
    ///
    /// Envoy's default is 3 for a cluster. Where a provider fails, each of its requests needs one.
    CircuitBreakers,
    /// The TLS server name is the client's host, not the provider's
    ///
    /// Envoy takes the name from the head before the attempt filter changes it.
    AutoSni,
    /// A provider of a vendor has no authority, so it gets the client's Host header
    ///
    /// Vendors choose the service by the host, and refuse one that is not theirs.
    Authority,
    /// TLS is made for another host than the provider's authority
    ///
    /// The server then chooses the certificate and the service of that host.
    SniDiffers,
    /// TLS has no server name
    ///
    /// A host of many names chooses its certificate by this one, and may refuse without it.
    TlsSni,
    /// Envoy accepts any certificate, or a certificate of any host
    ///
    /// Envoy checks no name of a certificate unless one is configured.
    TlsSan,
}

impl LintCode {
    /// Returns the name of the code, by which users know it: `no-filter`.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Returns every code and what it is about, a line each.
///
/// This is what `lint --codes` prints. Second paragraphs are left out.
pub(super) fn codes() -> String {
    let mut out = String::new();
    for value in LintCode::value_variants().iter().filter_map(ValueEnum::to_possible_value) {
        let about = value.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(out, "{:<24} {about}", value.get_name());
    }
    out.trim_end().to_owned()
}
