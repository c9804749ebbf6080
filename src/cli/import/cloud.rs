//! The providers whose address and path are made of several settings: Azure, Bedrock, Vertex AI.

use super::address::Base;
use super::draft::{Address, Draft, Path, given};
use super::kind::Kind;
use super::params::Params;
use super::secret::Secret;
use crate::yaml::Ordered;

/// The version of Azure's API where the file has none.
const AZURE_VERSION: &str = "2024-10-21";
/// The same for models of Azure AI.
const AZURE_AI_VERSION: &str = "2024-05-01-preview";
/// The region of Bedrock where the file has none, as at LiteLLM.
const BEDROCK_REGION: &str = "us-west-2";
/// The location of Vertex AI where the file has none, as at LiteLLM.
const VERTEX_LOCATION: &str = "us-central1";

/// What all providers begin as.
fn begin(kind: &'static Kind, params: &Params, address: Address, path: Path) -> Draft {
    let key = params.get("api_key");
    Draft {
        wish: kind.name.to_owned(),
        hint: None,
        api: kind.api,
        address,
        path,
        secret: Secret::read(&key, kind.variable),
        header: kind.header,
        key,
        signer: None,
        headers: Ordered::object(),
    }
}

/// Returns a provider of Azure OpenAI, in either of its forms: with the deployment and a version in
/// the path, or with `/openai/v1`.
///
/// # Errors
/// The address is no address.
pub(super) fn azure(
    kind: &'static Kind,
    model: String,
    params: &Params,
) -> Result<(Draft, String), String> {
    let place = params.get("api_version");
    let version = place.resolved();
    let address = given(params)?.unwrap_or_else(|| Address::Unknown(params.get("model")));
    let base = if let Address::Known(base, _) = &address { base.path.as_str() } else { "" };
    let is_v1 = |it: &str| matches!(it, "v1" | "preview" | "latest");
    let (prefix, has_v1) = match base.split_once("/openai") {
        Some((prefix, rest)) => (prefix, rest.starts_with("/v1")),
        None => (base, false),
    };
    let path = if has_v1 || version.as_deref().is_some_and(is_v1) {
        let query = version
            .filter(|it| it != "v1")
            .map_or(String::new(), |it| format!("?api-version={it}"));
        format!("{prefix}/openai/v1/{{operation}}{query}")
    } else {
        if version.is_none() && !place.is_there() {
            params.get("model").report_once(
                "has no api_version, so it is 2024-10-21; write another one into path of the provider",
            );
        }
        let version = version.as_deref().unwrap_or(AZURE_VERSION);
        format!("{prefix}/openai/deployments/{{model}}/{{operation}}?api-version={version}")
    };
    let mut draft = begin(kind, params, address, Path::Template(path));
    draft.hint = hint(&draft.address);
    let token = params.get("azure_ad_token");
    if token.is_there() {
        draft.secret = Secret::read(&token, "AZURE_AD_TOKEN");
        draft.header = "";
        draft.key = token;
    }
    // LiteLLM's own words before the name of the deployment.
    let routes = ["responses/", "o_series/", "gpt5_series/"];
    let model =
        routes.iter().find_map(|route| model.strip_prefix(route)).unwrap_or(&model).to_owned();
    Ok((draft, model))
}

fn hint(address: &Address) -> Option<String> {
    let Address::Known(base, _) = address else { return None };
    base.word().map(str::to_owned)
}

/// Returns a provider of Azure AI: Claude, a model of Foundry, or a server of one model.
///
/// # Errors
/// The address is missing or no address.
pub(super) fn azure_ai(
    kind: &'static Kind,
    model: String,
    params: &Params,
) -> Result<(Draft, String), String> {
    let Some(address) = given(params)? else { return Err("it has no api_base".to_owned()) };
    let version = params.get("api_version").resolved();
    let version = version.as_deref().unwrap_or(AZURE_AI_VERSION);
    let (is_foundry, base) = match &address {
        Address::Known(base, _) => {
            (base.host.ends_with(".services.ai.azure.com"), base.path.clone())
        }
        Address::Unknown(_) => (true, String::new()),
    };
    let mut draft = begin(kind, params, address, Path::Prefix(String::new()));
    draft.hint = hint(&draft.address);
    if model.starts_with("claude") {
        draft.api = "anthropic";
        draft.header = "x-api-key";
        draft.path = Path::Prefix("/anthropic".to_owned());
    } else if is_foundry && base.contains("/openai/v1") {
        draft.path = Path::Template("/openai/v1/{operation}".to_owned());
    } else if is_foundry {
        draft.path = Path::Template(format!("/models/{{operation}}?api-version={version}"));
    } else {
        let base = if base.is_empty() { "/v1" } else { &base };
        draft.path = Path::Template(format!("{base}/{{operation}}"));
        draft.header = "";
    }
    Ok((draft, model))
}

/// Returns a provider of Bedrock's Converse API, signed by Envoy, or with a key of Bedrock's.
///
/// # Errors
/// The model has no Converse API.
pub(super) fn bedrock(
    kind: &'static Kind,
    model: String,
    params: &Params,
) -> Result<(Draft, String), String> {
    let routes = ["converse/", "invoke/", "converse_like/"];
    let mut model =
        routes.iter().find_map(|it| model.strip_prefix(it)).unwrap_or(&model).to_owned();
    if ["embed", "rerank", "agent/", "agentcore/", "stability.", "image"]
        .iter()
        .any(|word| model.contains(word))
    {
        return Err(
            "Bedrock has it under an API that is not Converse, and nothing is translated into that"
                .to_owned(),
        );
    }
    let mut region = None;
    if let Some((first, rest)) = model.split_once('/').filter(|(first, _)| is_region(first)) {
        region = Some(first.to_owned());
        model = rest.to_owned();
    }
    let place = params.either("aws_region_name", "region_name");
    let region = region.or_else(|| place.resolved()).unwrap_or_else(|| {
        if !place.is_there() {
            params
                .get("model")
                .report_once("has no aws_region_name, so it is us-west-2, as at LiteLLM");
        }
        BEDROCK_REGION.to_owned()
    });
    let endpoint = params.get("aws_bedrock_runtime_endpoint");
    let host = endpoint.resolved().and_then(|text| Base::read(&text));
    let base =
        host.or_else(|| Base::read(&format!("https://bedrock-runtime.{region}.amazonaws.com")));
    let address =
        base.map_or_else(|| Address::Unknown(place.clone()), |base| Address::Known(base, None));
    let mut draft = begin(kind, params, address, Path::Prefix(String::new()));
    draft.hint = Some(region.clone());
    if draft.secret == Secret::Absent {
        draft.signer = Some(Ordered::with([
            ("envoy", "aws_request_signing".into()),
            ("service", "bedrock".into()),
            ("region", region.into()),
        ]));
    }
    Ok((draft, model))
}

/// Whether a text looks like a region of AWS: `us-east-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) => {
            words.len() >= 2
                && words.iter().all(is_word)
                && number.bytes().all(|it| it.is_ascii_digit())
        }
        None => false,
    }
}

/// Returns a provider of Vertex AI: Gemini, or an open model by its API like OpenAI's.
///
/// # Errors
/// The project is not known, or the model has an API that nothing is translated into.
pub(super) fn vertex(
    kind: &'static Kind,
    model: String,
    params: &Params,
) -> Result<(Draft, String), String> {
    let project = params.either("vertex_project", "vertex_ai_project").resolved();
    let location = params.either("vertex_location", "vertex_ai_location").resolved();
    let location = location.unwrap_or_else(|| VERTEX_LOCATION.to_owned());
    let project =
        project.ok_or("the file does not say its vertex_project, which is in the path")?;
    if model.contains("claude") {
        return Err(
            "requests are not translated for Claude at Vertex AI; use Anthropic or Bedrock"
                .to_owned(),
        );
    }
    if model.contains("embed") {
        return Err(
            "Vertex AI has embeddings under an API that nothing is translated into".to_owned()
        );
    }
    let address = vertex_address(&location, params)?;
    let of = format!("/v1/projects/{project}/locations/{location}");
    let is_gemini = model.contains("gemini") && !model.contains('/');
    let path = if is_gemini {
        format!("{of}/publishers/google/models/{{model}}:{{operation}}")
    } else {
        format!("{of}/endpoints/openapi/{{operation}}")
    };
    let mut draft = begin(kind, params, address, Path::Template(path));
    draft.hint = Some(location);
    if !is_gemini {
        draft.api = "openai-chat";
        draft.wish = "vertex-openai".to_owned();
    }
    if draft.key.is_there() {
        // A key of Vertex AI goes where Gemini's does.
        draft.header = "x-goog-api-key";
    } else {
        params.get("model").report_once(
            "needs an access token of Google Cloud, which neither this filter nor Envoy can get: put one into \
             VERTEX_AI_ACCESS_TOKEN and renew it before its hour is over, or use an API key",
        );
    }
    Ok((draft, model))
}

/// Returns where Vertex AI is for a location.
///
/// # Errors
/// The location is none, or the address that is given is none.
fn vertex_address(location: &str, params: &Params) -> Result<Address, String> {
    if let Some(address) = given(params)? {
        return Ok(address);
    }
    let part = if location == "global" { String::new() } else { format!("{location}-") };
    let base = Base::read(&format!("https://{part}aiplatform.googleapis.com"));
    base.map(|base| Address::Known(base, None))
        .ok_or_else(|| "its vertex_location is no location".to_owned())
}
