//! Requests to the admin endpoints of one or more proxies.
//!
//! The token comes from an environment variable, never from the command line, where other users of
//! the machine could read it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::cli::io::{ToolError, read};
use crate::text::percent_encoded;

use super::trouble;

/// How long a proxy may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer; 1000 deployments are about 360 KB.
const MOST_BYTES: u64 = 64 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct FleetArgs {
    /// Where a proxy listens, as URL or HOST:PORT (http://); may be repeated, or be a list with commas
    #[arg(
        long = "proxy",
        env = "POINTSMAN_PROXY",
        value_name = "URL",
        global = true,
        value_delimiter = ',',
        default_value = "http://127.0.0.1:10000"
    )]
    proxies: Vec<String>,
    /// The path of the admin endpoints: `admin.path` of the document
    #[arg(long, default_value = "/admin", value_name = "PATH", global = true)]
    admin_path: String,
    /// The environment variable that holds the admin token
    #[arg(long, default_value = "POINTSMAN_ADMIN_TOKEN", value_name = "NAME", global = true)]
    token_env: String,
    /// The file with the certificates that proxies may have (PEM); without it, the public ones count
    #[arg(long, value_name = "FILE", global = true)]
    ca: Option<PathBuf>,
}

/// The proxies that are asked.
pub(super) struct Fleet {
    proxies: Vec<String>,
    path: String,
    token: String,
    /// The variable that the token is from.
    token_env: String,
    agent: Agent,
}

/// What one proxy has answered.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) proxy: String,
    /// The answer, or why there is none, for people.
    pub(super) answer: Result<Value, String>,
}

impl Fleet {
    /// Returns the proxies that the arguments name.
    ///
    /// # Errors
    /// The token is not set, or the certificates cannot be read.
    pub(super) fn of(arguments: &FleetArgs) -> Result<Self, ToolError> {
        let name = &arguments.token_env;
        let token =
            std::env::var(name).ok().filter(|token| !token.is_empty()).ok_or_else(|| {
                ToolError::unusable(format!(
                    "the environment variable {name} is not set; it holds the admin token, if the \
                 document has `admin`; --token-env names another variable"
                ))
            })?;
        let mut tls = TlsConfig::builder();
        if let Some(file) = &arguments.ca {
            tls = tls.root_certs(certificates(file)?);
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls.build())
            .build();
        Ok(Self {
            proxies: arguments.proxies.iter().map(|proxy| url(proxy)).collect(),
            path: arguments.admin_path.clone(),
            token,
            token_env: name.clone(),
            agent: agent.into(),
        })
    }

    /// Asks every proxy, one after the other, and returns the answers in their order.
    pub(super) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Vec<Told> {
        let told = |proxy: &String| Told {
            proxy: proxy.clone(),
            answer: self.answer(proxy, method, path, body),
        };
        self.proxies.iter().map(told).collect()
    }

    /// Asks every proxy for its state, page by page, and returns each as one answer.
    pub(super) fn all_pages(&self, query: Option<&str>) -> Vec<Told> {
        let told = |proxy: &String| Told { proxy: proxy.clone(), answer: self.state(proxy, query) };
        self.proxies.iter().map(told).collect()
    }

    /// Returns the answers with the ids of the deployments that a proxy has, where it does not know the
    /// one that it was asked for.
    pub(super) fn with_known(&self, told: Vec<Told>) -> Vec<Told> {
        let with = |told: Told| match told.answer {
            Err(error) if error.contains(UNKNOWN_DEPLOYMENT) => {
                let state = self.state(&told.proxy, None).ok();
                let known = state.map(|state| known(&state)).unwrap_or_default();
                Told { answer: Err(format!("{error}{known}")), ..told }
            }
            _ => told,
        };
        told.into_iter().map(with).collect()
    }

    fn state(&self, proxy: &str, query: Option<&str>) -> Result<Value, String> {
        let first = format!("/state?{}", query.unwrap_or_default());
        let mut whole = self.answer(proxy, "GET", &first, b"")?;
        while let Some(after) = whole.get("next").and_then(Value::as_str).map(encoded) {
            let mut page = self.answer(proxy, "GET", &format!("{first}&after={after}"), b"")?;
            let next = page.get("next").cloned().unwrap_or_default();
            let more = page.get_mut("deployments").and_then(Value::as_array_mut);
            if let (Some(list), Some(more)) = (whole.get_mut("deployments"), more)
                && let Some(list) = list.as_array_mut()
            {
                list.append(more);
            }
            if let Some(members) = whole.as_object_mut() {
                members.insert("next".to_owned(), next);
            }
        }
        Ok(whole)
    }

    /// Returns what one proxy answers.
    fn answer(&self, proxy: &str, method: &str, path: &str, body: &[u8]) -> Result<Value, String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{proxy}{}{path}", self.path))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|error| error.to_string())?;
        let mut answer = self.agent.run(request).map_err(|error| trouble::unanswered(&error))?;
        let status = answer.status();
        let bytes =
            answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().unwrap_or_default();
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(document) if status.is_success() => Ok(document),
            Ok(document) => Err(refusal(status.as_u16(), &document, &self.token_env)),
            Err(_) => Err(trouble::no_json(status.as_u16(), &bytes)),
        }
    }
}

/// Returns the URL of a proxy, which may be written without its scheme.
fn url(proxy: &str) -> String {
    let proxy = proxy.trim().trim_end_matches('/');
    if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") }
}

/// What a proxy says of a deployment that it does not have.
const UNKNOWN_DEPLOYMENT: &str = "there is no deployment with this id";
/// Most ids that a message lists.
const MOST_LISTED: usize = 20;

/// Returns the ids in a proxy's state, to stand after a message.
fn known(state: &Value) -> String {
    let deployments = state.get("deployments").and_then(Value::as_array);
    let ids = deployments.into_iter().flatten();
    let ids: Vec<&str> = ids.filter_map(|one| one.get("id").and_then(Value::as_str)).collect();
    let listed: Vec<String> = ids.iter().take(MOST_LISTED).map(|id| format!("{id:?}")).collect();
    match ids.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        Some(more) => format!("; known: {}, and {more} more", listed.join(", ")),
        None if listed.is_empty() => "; it has no deployments".to_owned(),
        None => format!("; known: {}", listed.join(", ")),
    }
}

/// Returns what a proxy says against a request.
fn refusal(status: u16, document: &Value, token_env: &str) -> String {
    let of = |member: &str| document.pointer(&format!("/error/{member}")).and_then(Value::as_str);
    let field = of("field").map(|field| format!("{field}: ")).unwrap_or_default();
    let told =
        format!("answers {status}: {field}{}", of("message").unwrap_or("it gives no reason"));
    // The gate's answer is the same whatever is wrong.
    if status == 401 { format!("{told}; {}", trouble::unauthorized(token_env)) } else { told }
}

/// Reads the certificates of a file.
fn certificates(file: &std::path::Path) -> Result<RootCerts, ToolError> {
    let bytes = read(file)?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let found: Vec<Certificate<'static>> = parse_pem(&bytes).filter_map(certificate).collect();
    if found.is_empty() {
        let message = format!("{}: holds no certificate; expected PEM", file.display());
        return Err(ToolError::unusable(message));
    }
    Ok(found.into())
}

/// Returns a text as part of a path or a query.
pub(super) fn encoded(text: &str) -> String {
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    percent_encoded(text.as_bytes(), is_kept)
}
