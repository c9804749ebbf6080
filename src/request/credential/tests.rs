//! Which names carry a credential, and what of it may pass.

use super::table::{HEADERS, MEMBERS, QUERY};
use super::*;

const OWN: Passage<'_> = Passage { has_own: true, kept: &[] };
const CLIENTS: Passage<'_> = Passage { has_own: false, kept: &[] };

#[test]
fn the_table_can_be_searched() {
    let headers_and_query = HEADERS.iter().chain(QUERY);
    assert!(headers_and_query.into_iter().all(|row| row.name == row.name.to_ascii_lowercase()));
    for rows in [HEADERS, QUERY, MEMBERS] {
        for (at, row) in rows.iter().enumerate() {
            assert!(!row.source.is_empty(), "{}", row.name);
            // A row behind one that has its name would never be found.
            let before = rows.get(..at).unwrap();
            assert!(!before.iter().any(|other| other.has(row.name)), "{}", row.name);
        }
    }
    assert!(MEMBERS.len() <= 64, "a set has a bit for each");
}

#[test]
fn headers_carry_what_their_table_or_their_words_say() {
    for name in [
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "apikey",
        "x-goog-api-key",
        "ocp-apim-subscription-key",
        "x-amz-security-token",
        "x-amz-date",
        "cf-aig-authorization",
        "helicone-auth",
        "x-portkey-api-key",
        "x-portkey-virtual-key",
        "x-portkey-config",
        "x-litellm-api-key",
        "x-litellm-key",
        "x-auth-token",
        "x-authorization",
        "x-nobodys-gateway-secret",
        "x_api_key",
        "x-session-token",
        "x-goog-iam-authorization-token",
        "x-ms-token-aad-access-token",
    ] {
        assert_eq!(of_header(name), Some(Carries::Key), "{name}");
    }
    for name in ["openai-organization", "openai_project", "x-goog-user-project", "x-hf-bill-to"] {
        assert_eq!(of_header(name), Some(Carries::Account), "{name}");
    }
    for name in ["cookie", "origin"] {
        assert_eq!(of_header(name), Some(Carries::Browser), "{name}");
    }
    for name in [
        "helicone-target-url",
        "azureml-model-deployment",
        "if-none-match",
        "if-modified-since",
        "x-http-method-override",
        "x-original-url",
        "x-goog-fieldmask",
        "range",
        "prefer",
        "nvcf-poll-seconds",
        "x-envoy-fault-abort-request",
        "x-prefiller-host-port",
        "x-data-parallel-rank",
        "x-gateway-destination-endpoint",
        "x-smg-target-worker",
        "x-worker-instance-id",
        "x-dynamo-routing-mode",
        "x-envoy-original-dst-host",
        "fly-force-instance-id",
        "if_none_match",
        "x_http_method_override",
    ] {
        assert_eq!(of_header(name), Some(Carries::Choice), "{name}");
    }
}

/// Gateways that nobody has listed call theirs so too.
#[test]
fn a_name_with_a_word_for_a_credential_carries_one() {
    for word in words::WORDS {
        for name in [
            (*word).to_owned(),
            format!("x-{word}"),
            format!("x-vendor-{word}"),
            format!("{word}-of-vendor"),
            format!("vendor_{word}_id"),
            format!("x.vendor.{word}"),
        ] {
            let is_key = |carries| carries == Some(Carries::Key);
            // A cookie is what a browser adds, by its own row.
            assert!(is_key(of_header(&name)) || name == "cookie", "{name}");
            assert!(is_key(of_parameter(&name)), "{name}");
            assert!(is_key(of_parameter(&format!("${}", name.to_ascii_uppercase()))), "{name}");
        }
        let (first, rest) = word.split_at(1);
        let camel = format!("vendor{}{rest}Id", first.to_ascii_uppercase());
        assert_eq!(of_parameter(&camel), Some(Carries::Key), "{camel}");
        // Within another word it is none.
        assert_eq!(of_header(&format!("x-q{word}q")), None, "{word}");
    }
}

#[test]
fn what_a_request_needs_is_no_credential() {
    for name in [
        ":authority",
        ":path",
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "anthropic-version",
        "connection",
        "content-length",
        "content-type",
        "content-encoding",
        "host",
        "http-referer",
        "idempotency-key",
        "openai-beta",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-version",
        "te",
        "traceparent",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-bedrock-guardrailidentifier",
        "x-amzn-bedrock-trace",
        "x-client-request-id",
        "x-envoy-max-retries",
        "x-forwarded-for",
        "x-goog-api-client",
        "x-llm-session",
        "x-monkey",
        "x-request-id",
        "x-stainless-retry-count",
        "x-title",
    ] {
        assert_eq!(of_header(name), None, "{name}");
    }
}

#[test]
fn parameters_carry_what_their_table_or_their_words_say() {
    for name in [
        "key",
        "$key",
        "KEY",
        "api_key",
        "api-key",
        "apiKey",
        "apikey",
        "access_token",
        "accessToken",
        "token",
        "subscription-key",
        "Subscription-Key",
        "sig",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Expires",
        "X-Goog-Signature",
        "oauth_token",
        "client_secret",
        "auth",
        "code",
        "AWSAccessKeyId",
    ] {
        assert_eq!(of_parameter(name), Some(Carries::Key), "{name}");
    }
    assert_eq!(of_parameter("$userProject"), Some(Carries::Account));
    assert_eq!(of_parameter("$httpHeaders"), Some(Carries::Key));
    assert_eq!(of_parameter("Model"), Some(Carries::Choice));
    for name in ["$httpMethod", "fields", "$fields", "callback", "$callback"] {
        assert_eq!(of_parameter(name), Some(Carries::Choice), "{name}");
    }
    for name in ["", "alt", "$alt", "api-version", "beta", "monkey", "intent", "quotaUser", "voice"]
    {
        assert_eq!(of_parameter(name), None, "{name}");
    }
}

#[test]
fn a_subprotocol_that_is_a_key_goes_and_the_others_stay() {
    let name = "sec-websocket-protocol";
    let part = |passage: Passage<'_>, value: &'static str| {
        let part = passage.part(name, Carries::Key, Cow::Borrowed(value.as_bytes()));
        part.map(|part| String::from_utf8(part.into_owned()).unwrap())
    };
    for (value, wanted) in [
        ("realtime", Some("realtime")),
        ("realtime, openai-beta.realtime-v1", Some("realtime, openai-beta.realtime-v1")),
        (
            "realtime, openai-insecure-api-key.KEY, openai-organization.ORG, openai-beta.a",
            Some("realtime, openai-beta.a"),
        ),
        ("openai-project.P,realtime", Some("realtime")),
        ("xai-client-secret.KEY", None),
        ("token, KEY", None),
        ("", None),
    ] {
        assert_eq!(part(OWN, value).as_deref(), wanted, "{value}");
        assert_eq!(part(CLIENTS, value).as_deref(), Some(value), "{value}");
    }
}

#[test]
fn what_goes_on_depends_on_whose_credential_is_sent_and_on_what_is_kept() {
    let kept = ["openai-organization".to_owned(), "models".to_owned()];
    let keeping = Passage { has_own: true, kept: &kept };
    for (name, carries, wanted) in [
        ("authorization", Carries::Key, [false, true, false]),
        ("openai-organization", Carries::Account, [false, true, true]),
        ("cookie", Carries::Browser, [false, true, false]),
        ("models", Carries::Choice, [false, false, true]),
        ("route", Carries::Choice, [false, false, false]),
    ] {
        assert_eq!([OWN, CLIENTS, keeping].map(|p| p.lets(name, carries)), wanted, "{name}");
    }
    assert!(Naming::held_back(OWN).has("models") && Naming::held_back(OWN).has("api_key"));
    assert!(!Naming::held_back(keeping).has("models"));
    assert!(!Naming::held_back(CLIENTS).has("api_key") && Naming::held_back(CLIENTS).has("route"));
    assert!(!Naming::held_back(OWN).has("messages") && !Naming::default().has("models"));
}
