//! A request to an endpoint.

use crate::host::Headers;
use crate::text::percent_decoded_text;

use super::HttpReply;

/// A request that the gate has let in, whole.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// Its method, in upper case.
    pub method: &'a str,
    /// Its path below the admin path, still percent-encoded and without the query. It is empty or
    /// begins with `/`.
    pub path: &'a str,
    /// What follows the `?`; `None` without one.
    pub query: Option<&'a str>,
    /// All its headers, with pseudo-headers and the token.
    pub headers: &'a Headers,
    /// Its whole body.
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// Checks that the request's method only reads.
    ///
    /// # Errors
    /// The reply to any other method.
    pub fn reads(&self) -> Result<(), HttpReply> {
        let is_reading = matches!(self.method, "GET" | "HEAD");
        if is_reading { Ok(()) } else { Err(HttpReply::method_not_allowed("GET, HEAD")) }
    }

    /// Checks that the request's method is POST.
    ///
    /// # Errors
    /// The reply to any other method.
    pub fn posts(&self) -> Result<(), HttpReply> {
        if self.method == "POST" { Ok(()) } else { Err(HttpReply::method_not_allowed("POST")) }
    }

    /// Returns the parameters of the query in their order, decoded. A parameter without `=` has
    /// an empty value.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let pairs = self.query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // `+` before the percent-decoding, so that `%2B` stays a plus.
            let plain = |text: &str| percent_decoded_text(&text.replace('+', " "));
            (plain(name), plain(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = Some("a=1&b&=c&&d=x%20y+z%2B&a=%zz=");
        let request =
            HttpRequest { method: "GET", path: "", query, headers: &Headers::default(), body: b"" };
        let read: Vec<(String, String)> = request.parameters().collect();
        let wanted = [("a", "1"), ("b", ""), ("", "c"), ("d", "x y z+"), ("a", "%zz=")];
        assert_eq!(read, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
