//! AWS Signature Version 4, as a server verifies it: by what has arrived, and nothing else.
//!
//! Written from AWS's description of the algorithm, so that it shares no mistake with the signer.
//! It is for services other than S3, which encode the path once more.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::mock::Seen;

/// The keys of a caller, as the server has them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
}

/// What a signature says that it is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Returns the scope of a request's signature.
///
/// # Errors
/// Why a server refuses the request.
pub(crate) fn verify(seen: &Seen, keys: Keys) -> Result<Scope, String> {
    let authorization = one(seen, "authorization")?;
    let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("another algorithm")?;
    let parts: BTreeMap<&str, &str> =
        rest.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let part = |name: &str| parts.get(name).copied().ok_or_else(|| format!("no {name}"));
    let credential: Vec<&str> = part("Credential")?.split('/').collect();
    let [id, date, region, service, "aws4_request"] = credential[..] else {
        return Err(format!("the credential is {credential:?}"));
    };
    if id != keys.id {
        return Err(format!("the key is {id}"));
    }
    let time = one(seen, "x-amz-date")?;
    if !time.starts_with(date) {
        return Err(format!("{time} is not on {date}"));
    }
    // The body as it came, not as a header says.
    let hash = one(seen, "x-amz-content-sha256")?;
    if hash != seen.body_sha256 {
        return Err(format!("the body is {}, signed is {hash}", seen.body_sha256));
    }
    let signed: Vec<&str> = part("SignedHeaders")?.split(';').collect();
    let is_sorted = signed.windows(2).all(|pair| pair[0] < pair[1]);
    let must = ["host", "x-amz-date", "x-amz-content-sha256"];
    if !is_sorted || must.iter().any(|name| !signed.contains(name)) {
        return Err(format!("signed are {signed:?}"));
    }
    let scope =
        Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() };
    let request = canonical_request(seen, &signed, hash)?;
    if part("Signature")? != signature(&request, time, &scope, keys.secret) {
        return Err(format!("the signature is not that of\n{request}"));
    }
    Ok(scope)
}

/// Returns the signature of a canonical request, as lower-case hex.
fn signature(request: &str, time: &str, scope: &Scope, secret: &str) -> String {
    let Scope { date, region, service } = scope;
    let hash = hex(&Sha256::digest(request));
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{time}\n{date}/{region}/{service}/aws4_request\n{hash}");
    let parts = [date.as_str(), region, service, "aws4_request"].into_iter();
    let first = format!("AWS4{secret}").into_bytes();
    let key = parts.fold(first, |key, part| hmac(&key, part.as_bytes()));
    hex(&hmac(&key, to_sign.as_bytes()))
}

/// Returns the only value of a header.
fn one<'s>(seen: &'s Seen, name: &str) -> Result<&'s str, String> {
    let values: Vec<&str> = values(seen, name).collect();
    match values[..] {
        [value] => Ok(value),
        _ => Err(format!("{name} is {values:?}")),
    }
}

fn values<'s>(seen: &'s Seen, name: &str) -> impl Iterator<Item = &'s str> {
    seen.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn canonical_request(seen: &Seen, signed: &[&str], hash: &str) -> Result<String, String> {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    // What is encoded already is encoded once more: `%3A` is `%253A`.
    let path: Vec<String> = path.split('/').map(encoded).collect();
    let mut query: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    query.sort_unstable();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = String::new();
    for name in signed {
        let value = if *name == "host" {
            seen.authority.clone()
        } else {
            let all: Vec<String> = values(seen, name).map(collapsed).collect();
            if all.is_empty() {
                return Err(format!("{name} is signed and has not come"));
            }
            all.join(",")
        };
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let method = &seen.method;
    let (path, query, names) = (path.join("/"), query.join("&"), signed.join(";"));
    Ok(format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{hash}"))
}

/// Returns a value without blanks around it, and with one blank for several.
fn collapsed(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns a text with everything encoded but what RFC 3986 leaves unreserved.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC with SHA-256, as RFC 2104 has it.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[test]
fn hmac_is_that_of_rfc_4231() {
    let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hex(&hmac(b"Jefe", b"what do ya want for nothing?")), wanted);
}

/// The examples of AWS's documentation: `get-vanilla` of the test suite, and `ListUsers`.
#[test]
fn signatures_are_those_of_the_examples_of_aws() {
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const TIME: &str = "20150830T123600Z";
    let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    for (host, path, more, service, wanted) in [
        (
            "example.amazonaws.com",
            "/",
            None,
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "iam.amazonaws.com",
            "/?Version=2010-05-08&Action=ListUsers",
            Some(form),
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ] {
        let headers = more.into_iter().chain([("x-amz-date", TIME)]);
        let seen = Seen {
            method: "GET".to_owned(),
            path: path.to_owned(),
            version: "HTTP/1.1".to_owned(),
            authority: host.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            trailers: Vec::new(),
            body: hyper::body::Bytes::new(),
            body_bytes: 0,
            body_sha256: EMPTY.to_owned(),
            is_complete: true,
            upstream_model: None,
        };
        let signed: Vec<&str> =
            more.iter().map(|(name, _)| *name).chain(["host", "x-amz-date"]).collect();
        let request = canonical_request(&seen, &signed, EMPTY).unwrap();
        let scope = Scope {
            date: "20150830".to_owned(),
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
        };
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        assert_eq!(signature(&request, TIME, &scope, secret), wanted, "{request}");
    }
}
