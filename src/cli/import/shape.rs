//! Providers by their shape: how the settings of an entry become an address, a path and headers.

use super::address::Base;
use super::cloud;
use super::draft::{Address, Draft, Path, given};
use super::kind::{Kind, Shape};
use super::params::Params;
use super::secret::Secret;
use crate::yaml::Ordered;

/// Returns the provider that an entry asks for, and its name for the model.
///
/// # Errors
/// Why there is none.
pub(super) fn draft(
    kind: &'static Kind,
    model: String,
    params: &Params,
) -> Result<(Draft, String), String> {
    let mut drafted = match kind.shape {
        Shape::Operation | Shape::Server | Shape::Prefix => (plain(kind, params)?, model),
        Shape::Azure => cloud::azure(kind, model, params)?,
        Shape::AzureAi => cloud::azure_ai(kind, model, params)?,
        Shape::Bedrock => cloud::bedrock(kind, model, params)?,
        Shape::Vertex => cloud::vertex(kind, model, params)?,
    };
    if kind.name == "fireworks" && !drafted.1.contains('/') {
        drafted.1 = format!("accounts/fireworks/models/{}", drafted.1);
    }
    drafted.0.headers = headers(params);
    Ok(drafted)
}

/// Returns a provider that is told by its base alone.
fn plain(kind: &'static Kind, params: &Params) -> Result<Draft, String> {
    let usual = Base::read(kind.base);
    let given = given(params)?;
    let is_own = match (&given, &usual) {
        (None, _) => true,
        (Some(Address::Known(base, _)), Some(usual)) => base.host == usual.host,
        _ => false,
    };
    let address = match (given, usual) {
        (Some(address), _) => address,
        (None, Some(usual)) => Address::Known(usual, None),
        (None, None) => Address::Unknown(params.get("model")),
    };
    let key = params.get("api_key");
    let mut draft = Draft {
        wish: kind.name.to_owned(),
        hint: None,
        api: kind.api,
        path: path(kind.shape, &address),
        // The usual key is for the usual server.
        secret: Secret::read(&key, if is_own { kind.variable } else { "" }),
        header: kind.header,
        key,
        signer: None,
        headers: Ordered::object(),
        address,
    };
    if let Address::Known(base, place) = &draft.address {
        draft.hint = base.word().filter(|_| !is_own).map(str::to_owned);
        if kind.name == "openai" && !is_own {
            draft.api = "openai-chat";
            draft.wish = base.word().unwrap_or("local").to_owned();
            if let Some(place) = place {
                place.report_once(
                    "is taken for a server without the Responses API, whose requests are translated for it; \
                     if it has that API, set api of the provider to openai",
                );
            }
        }
    }
    Ok(draft)
}

/// Returns what becomes of paths at an address.
fn path(shape: Shape, address: &Address) -> Path {
    let base = match address {
        Address::Known(base, _) => base.path.as_str(),
        Address::Unknown(_) => "/v1",
    };
    // Some write the whole path of an operation.
    let cut = |endings: &[&str]| {
        let cut = endings.iter().find_map(|ending| base.strip_suffix(ending));
        cut.unwrap_or(base).to_owned()
    };
    match shape {
        Shape::Prefix => Path::Prefix(cut(&["/v1/messages", "/v1beta", "/v1", "/v2"])),
        Shape::Server if base.is_empty() => Path::Template("/v1/{operation}".to_owned()),
        _ => Path::Template(format!(
            "{}/{{operation}}",
            cut(&["/chat/completions", "/completions", "/embeddings"])
        )),
    }
}

/// Words in the names of headers that carry a credential.
const SECRET_WORDS: [&str; 6] = ["auth", "key", "token", "secret", "cookie", "credential"];

/// Returns the headers that the entry adds to each request.
fn headers(params: &Params) -> Ordered {
    let mut headers = Ordered::object();
    for list in ["extra_headers", "headers"] {
        for (name, value) in params.get(list).members() {
            let lower = name.to_ascii_lowercase();
            if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
                value.report("may be a secret, so it is not copied; a provider's credential names a header and a variable");
            } else if let Some(value) = value.resolved() {
                headers.set(&lower, value);
            }
        }
    }
    let organization = params.get("organization");
    if organization.is_there() {
        match organization.resolved() {
            Some(text) => headers.set("openai-organization", text),
            None if organization.variable().is_some() => {}
            None => organization.report(
                "has several organizations; write a provider with the header openai-organization for each",
            ),
        }
    }
    headers
}
