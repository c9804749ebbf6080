//! What an Envoy configuration is written from: the arguments, and what they and the
//! Pointsman configuration lead to.
//!
//! Decides which shipped configuration fits. Writes nothing.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::cli::endpoint::{self, ClusterAddress, EndpointArg};
use crate::cli::io::{ToolError, whole_path};
use crate::cli::needs::{Needs, buffer_bytes};
use crate::cli::routing_file::RoutingFile;
use crate::config::{Config, Hold};

use super::before::{self, FiltersBefore};
use super::tls::{CertificateFiles, TlsArgs};

const SIMPLE: &str = include_str!("../../../envoy/envoy.yaml");
/// The shipped configuration that has all there is about attempts and retries.
///
/// What the other modes need of it is copied from here, so that there is one place to correct.
pub(super) const FAILOVER: &str = include_str!("../../../envoy/failover.yaml");
const BUFFER: &str = include_str!("../../../envoy/buffer.yaml");

/// The name of the module's file.
pub(crate) const MODULE: &str = "pointsman.wasm";

const EXAMPLE: &str = "\
Example:
  pointsman envoy pointsman.json --endpoint openai=api.openai.com:443,tls > envoy.yaml

Standard error lists what is left for you to do.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct EnvoyArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// The mode that you expect; a document for another mode is refused. The document decides the mode
    #[arg(long, short)]
    pub(super) mode: Option<Mode>,
    #[command(flatten)]
    pub(super) options: EnvoyOptions,
    #[command(flatten)]
    pub(super) tls: TlsArgs,
    /// The file for the clusters of providers with OAuth tokens. This command writes it, and Envoy
    /// reads it
    #[arg(long, value_name = "FILE", conflicts_with = "dynamic")]
    pub(super) clusters: Option<PathBuf>,
    /// The folder to write envoy.yaml, clusters.yaml and listeners.yaml to (and certificate.yaml, if there is one).
    /// Envoy follows changes of all but the first. Without it, one file goes to standard output
    #[arg(long, value_name = "FOLDER")]
    pub(super) dynamic: Option<PathBuf>,
    /// Replace files in the folder that were edited
    #[arg(long, requires = "dynamic")]
    pub(super) force: bool,
}

/// What an Envoy configuration depends on beside the document.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EnvoyOptions {
    /// The address that Envoy listens on for clients. A port alone is on 127.0.0.1
    #[arg(long, short, default_value = "127.0.0.1:10000", value_name = "IP:PORT", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// The address of Envoy's admin page; whoever reaches it can stop Envoy. A port alone is on
    /// 127.0.0.1
    #[arg(long, value_name = "IP:PORT", value_parser = address, conflicts_with = "admin_port")]
    admin: Option<SocketAddr>,
    /// The port of Envoy's admin page on 127.0.0.1
    #[arg(long, default_value_t = 9901, value_name = "PORT")]
    admin_port: u16,
    /// The address of a cluster; may be repeated. Without it, the address is the provider's
    /// authority with TLS, or else a placeholder to change
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    endpoints: Vec<EndpointArg>,
    /// A file with a list of Envoy's HTTP filters that come before pointsman, such as authentication
    #[arg(long, value_name = "FILE")]
    pub(crate) filters: Option<PathBuf>,
    /// The path of pointsman.wasm on the machine that runs Envoy
    #[arg(long, default_value = MODULE, value_name = "PATH")]
    pub(crate) module: String,
    /// The file with the certificate authorities that Envoy accepts for providers
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt", value_name = "PATH")]
    pub(crate) trusted_ca: String,
}

/// Returns where a release has the module: beside this tool. There may be no file.
pub(crate) fn beside_tool() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.join(MODULE))
}

/// Reads an address; a port alone is one of this machine that others cannot reach.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text.parse().map(|port: u16| (Ipv4Addr::LOCALHOST, port).into());
    port.or_else(|_| text.parse()).map_err(|_| {
        "expected an IP address and a port, such as 127.0.0.1:10000, or a port alone, which is on \
         127.0.0.1"
    })
}

impl EnvoyOptions {
    /// Returns the options for an Envoy whose start configuration somebody else writes.
    pub(super) fn of(endpoints: &[EndpointArg], module: &str) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 10000)),
            admin: None,
            admin_port: 9901,
            endpoints: endpoints.to_vec(),
            filters: None,
            module: module.to_owned(),
            trusted_ca: "/etc/ssl/certs/ca-certificates.crt".to_owned(),
        }
    }

    /// Returns the options with the module beside this tool, as a release has it, if none is named and there is
    /// none in this folder.
    pub(crate) fn with_module_beside_tool(self) -> Self {
        if self.module != MODULE || Path::new(MODULE).is_file() {
            return self;
        }
        let file = beside_tool().and_then(|file| file.canonicalize().ok());
        let file = file.filter(|file| file.is_file());
        let module = file.map_or(self.module, |file| file.display().to_string());
        Self { module, ..self }
    }

    /// Returns the options with the module's whole path, because a service is started in another folder.
    ///
    /// # Errors
    /// The path is relative, and there is no such file here.
    pub(super) fn with_whole_module(&self) -> Result<Self, ToolError> {
        let whole = whole_path("--module", Path::new(&self.module))?;
        Ok(Self { module: whole.display().to_string(), ..self.clone() })
    }

    /// Returns the address of Envoy's admin page.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, self.admin_port).into())
    }

    /// Returns the options without the endpoints of clusters that a document does not name, and the
    /// names of these clusters.
    pub(crate) fn without_others(&self, config: &Config) -> (Self, Vec<&str>) {
        let clusters = Needs::of(config).clusters;
        let is_named = |one: &&EndpointArg| clusters.contains_key(one.cluster());
        let (named, others): (Vec<_>, Vec<_>) = self.endpoints.iter().partition(is_named);
        let options = Self { endpoints: named.into_iter().cloned().collect(), ..self.clone() };
        (options, others.into_iter().map(EndpointArg::cluster).collect())
    }

    /// Returns the options with these endpoints, written as for `--endpoint`. Those that are there
    /// already count over them.
    ///
    /// # Errors
    /// One of them is no endpoint.
    pub(crate) fn with_endpoints(&self, endpoints: &[String]) -> Result<Self, &'static str> {
        let mut all: Vec<EndpointArg> =
            endpoints.iter().map(|one| one.parse()).collect::<Result<_, _>>()?;
        all.extend(self.endpoints.iter().cloned());
        Ok(Self { endpoints: all, ..self.clone() })
    }

    /// Returns the arguments that say the same on a command line. Defaults are left out, and so is the
    /// module, which `pointsman run` finds itself.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let usual = Self::of(&[], &self.module);
        let mut arguments = Vec::new();
        if self.listen != usual.listen {
            arguments.extend(["--listen".to_owned(), self.listen.to_string()]);
        }
        if self.admin() != usual.admin() {
            arguments.extend(["--admin".to_owned(), self.admin().to_string()]);
        }
        if self.trusted_ca != usual.trusted_ca {
            arguments.extend(["--trusted-ca".to_owned(), self.trusted_ca.clone()]);
        }
        if let Some(file) = &self.filters {
            arguments.extend(["--filters".to_owned(), file.display().to_string()]);
        }
        for (index, one) in self.endpoints.iter().enumerate() {
            // Of several for one cluster the last counts.
            let later = self.endpoints.iter().skip(index.saturating_add(1));
            if later.clone().all(|other| other.cluster() != one.cluster()) {
                arguments.extend(["--endpoint".to_owned(), one.to_string()]);
            }
        }
        arguments
    }
}

/// What the configuration is for: one of the three shipped files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Mode {
    /// One attempt for each request; needs Envoy 1.35 or later
    Simple,
    /// Failover inside a request; needs Envoy 1.39 or later
    Failover,
    /// A buffer filter holds the headers; needs Envoy 1.36 or later, with failover 1.39
    Buffer,
}

/// Everything that the written configuration depends on.
#[derive(Debug)]
pub(super) struct Bootstrap<'a> {
    pub(super) options: &'a EnvoyOptions,
    /// Where clusters go that Envoy reads apart from the rest, if it reads any so.
    pub(super) clusters: Option<&'a Path>,
    pub(super) config: Config,
    /// The document as JSON, in the user's own order. JSON has the user's spacing too.
    pub(super) document: String,
    pub(super) needs: Needs,
    pub(super) addresses: BTreeMap<String, ClusterAddress>,
    pub(super) mode: Mode,
    /// The filters before this one in the listener.
    pub(super) before: FiltersBefore,
    /// The certificate of the listener, if it speaks TLS.
    pub(super) certificate: Option<CertificateFiles>,
    /// Whether the access log leaves fields out that have no value, for readers at a terminal.
    pub(super) has_terse_log: bool,
    /// Bytes that listener and clusters may hold of a body. Clusters have the same as the
    /// listener, so that what was received can be sent again.
    pub(super) buffer: u64,
}

impl<'a> Bootstrap<'a> {
    /// Decides how Envoy is to run a document; `asked` is the mode that the user expects.
    ///
    /// # Errors
    /// The configuration asks for another mode than `asked`, or an endpoint is given for a cluster that it
    /// does not name.
    pub(super) fn of(
        file: &RoutingFile,
        config: Config,
        options: &'a EnvoyOptions,
        asked: Option<Mode>,
    ) -> Result<Self, ToolError> {
        let document = String::from_utf8(file.json().to_vec()).map_err(ToolError::unusable)?;
        let needs = Needs::of(&config);
        // Fields are evaluated in this order, so a wrong mode is reported before an endpoint.
        Ok(Self {
            mode: Mode::of(&config, asked)?,
            buffer: buffer_bytes(config.limits.max_body_bytes),
            addresses: endpoint::addresses(&config, &needs, &options.endpoints)?,
            clusters: None,
            before: match &options.filters {
                Some(file) => before::read(file, &config)?,
                None => FiltersBefore::default(),
            },
            certificate: None,
            has_terse_log: false,
            options,
            config,
            document,
            needs,
        })
    }

    /// Returns the shipped configuration whose text this one has.
    ///
    /// The mode alone chooses it. Whatever else differs is filled in.
    pub(super) const fn shipped(&self) -> &'static str {
        match self.mode {
            Mode::Simple => SIMPLE,
            Mode::Failover => FAILOVER,
            Mode::Buffer => BUFFER,
        }
    }

    /// Whether a failed attempt is followed by another one.
    ///
    /// If not, neither a retry policy nor circuit breakers are written.
    pub(super) fn fails_over(&self) -> bool {
        self.config.failover.max_attempts > 1
    }
}

impl Mode {
    /// Returns the one mode that serves a configuration.
    ///
    /// `asked` chooses nothing. It is how a user says what is expected, and is an error where
    /// the configuration asks for something else.
    fn of(config: &Config, asked: Option<Self>) -> Result<Self, ToolError> {
        let attempts = config.failover.max_attempts;
        let fits = match config.hold {
            Hold::BufferFilter => Self::Buffer,
            Hold::StopIteration if attempts > 1 => Self::Failover,
            Hold::StopIteration => Self::Simple,
        };
        if fits == Self::Simple && config.failover.attempt_filter {
            // Valid where Istio holds the headers. Of the three shipped files none has
            // attempt filters without a retry policy or a buffer filter.
            let message = "failover.attempt_filter: is true, but no mode of this command uses the \
                           attempt filter alone; set failover.max_attempts above 1 or \"hold\": \
                           \"buffer_filter\", or use `pointsman istio` for Istio";
            return Err(ToolError::unusable(message));
        }
        let Some(asked) = asked.filter(|asked| *asked != fits) else { return Ok(fits) };
        let because = match (asked, fits) {
            (Self::Buffer, _) => "needs \"hold\": \"buffer_filter\", but hold is \
                                  \"stop_iteration\"; change hold or the mode"
                .into(),
            (_, Self::Buffer) => "needs \"hold\": \"stop_iteration\", but hold is \
                                  \"buffer_filter\"; change hold or the mode"
                .into(),
            (Self::Simple, _) => format!(
                "needs failover.max_attempts 1, but it is {attempts}; change it or the mode"
            ),
            (Self::Failover, _) => {
                format!(
                    "needs failover.max_attempts 2 or more, but it is {attempts}; change it or \
                     the mode"
                )
            }
        };
        Err(ToolError::unusable(format!("--mode {}: {because}", asked.name())))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Failover => "failover",
            Self::Buffer => "buffer",
        }
    }
}
