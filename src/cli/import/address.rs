//! Where a provider is: the address in `api_base`, taken apart.

/// The parts of a base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) host: String,
    /// `None`: that of the scheme.
    pub(super) port: Option<u16>,
    pub(super) is_tls: bool,
    /// Without a slash at its end; may be empty.
    pub(super) path: String,
}

impl Base {
    /// Reads a URL such as `https://llm.example:8443/v1`. One without a scheme is HTTPS.
    ///
    /// `None` where it has no host, or something in it that no base has.
    pub(super) fn read(url: &str) -> Option<Self> {
        let (is_tls, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some(_) => return None,
            None => (true, url),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        let is_host = |it: char| it.is_ascii_alphanumeric() || "-._[]:".contains(it);
        let is_path = |byte: u8| byte.is_ascii_graphic() && !b"{}#?".contains(&byte);
        if host.is_empty() || !host.chars().all(is_host) || !path.bytes().all(is_path) {
            return None;
        }
        Some(Self {
            host: host.to_ascii_lowercase(),
            port,
            is_tls,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the host, with the port where it is not that of the scheme.
    pub(super) fn authority(&self) -> String {
        let usual = if self.is_tls { 443 } else { 80 };
        match self.port.filter(|port| *port != usual) {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Returns the value of `--endpoint` after the cluster: `HOST:PORT`, with `,tls` for HTTPS.
    pub(super) fn endpoint(&self) -> String {
        let port = self.port.unwrap_or(if self.is_tls { 443 } else { 80 });
        format!("{}:{port}{}", self.host, if self.is_tls { ",tls" } else { "" })
    }

    /// Returns a word that tells this host from others, for names: `example` of
    /// `api.example.com`. `None` for addresses.
    pub(super) fn word(&self) -> Option<&str> {
        if self.host.parse::<std::net::IpAddr>().is_ok() || self.host.starts_with('[') {
            return None;
        }
        let unspecific = ["api", "llm", "www", "localhost", "bedrock-runtime"];
        self.host.split('.').find(|label| !unspecific.contains(label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_taken_apart() {
        let of = |url| Base::read(url).map(|it| (it.authority(), it.path.clone(), it.endpoint()));
        let some = |authority: &str, path: &str, endpoint: &str| {
            Some((authority.to_owned(), path.to_owned(), endpoint.to_owned()))
        };
        assert_eq!(of("https://A.example/v1/"), some("a.example", "/v1", "a.example:443,tls"));
        assert_eq!(of("http://10.0.0.7:8000"), some("10.0.0.7:8000", "", "10.0.0.7:8000"));
        assert_eq!(of("a.example:443"), some("a.example", "", "a.example:443,tls"));
        assert_eq!(of("http://[::1]:80/x?y=1"), some("[::1]", "/x", "[::1]:80"));
        for bad in
            ["", "https://", "ftp://a", "https://user@host", "https://a b/", "http://a:99999"]
        {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_word_tells_hosts_apart() {
        let of = |url| Base::read(url).unwrap().word().map(str::to_owned);
        assert_eq!(of("https://api.example.com").as_deref(), Some("example"));
        assert_eq!(of("https://our-eu.openai.azure.com").as_deref(), Some("our-eu"));
        assert_eq!(of("http://localhost:1"), None);
        assert_eq!(of("http://10.0.0.7:1"), None);
    }
}
