//! A request as an endpoint reads it.

use crate::host::Headers;
use crate::text::percent_decoded_text;

use super::reply::EndpointReply;

/// A request that the gate let in.
#[derive(Debug, Clone, Copy)]
pub struct EndpointRequest<'a> {
    /// Its method, in upper case.
    pub method: &'a str,
    /// Its path below the admin path, letter for letter: empty, or with `/` first.
    pub path: &'a str,
    /// What follows the `?`.
    pub query: Option<&'a str>,
    /// Its headers, pseudo-headers and the token included.
    pub headers: &'a Headers,
    /// Its whole body.
    pub body: &'a [u8],
}

impl EndpointRequest<'_> {
    /// Holds the request to a method that only reads.
    ///
    /// # Errors
    /// The reply to another one.
    pub fn reads(&self) -> Result<(), EndpointReply> {
        let is_reading = matches!(self.method, "GET" | "HEAD");
        if is_reading { Ok(()) } else { Err(EndpointReply::method_not_allowed("GET, HEAD")) }
    }

    /// Holds the request to POST.
    ///
    /// # Errors
    /// The reply to another method.
    pub fn posts(&self) -> Result<(), EndpointReply> {
        if self.method == "POST" { Ok(()) } else { Err(EndpointReply::method_not_allowed("POST")) }
    }

    /// The parameters of the query in their order, decoded.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let pairs = self.query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
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
            EndpointRequest { method: "GET", path: "", query, headers: &Vec::new(), body: b"" };
        let read: Vec<(String, String)> = request.parameters().collect();
        let wanted = [("a", "1"), ("b", ""), ("", "c"), ("d", "x y z+"), ("a", "%zz=")];
        assert_eq!(read, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
