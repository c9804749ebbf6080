//! What to begin with: requests that real SDKs have sent, and configurations.

use serde_json::{Value, json};

/// Headers of the recordings that are shown. The others do not matter for routing, or contain a
/// credential.
const SHOWN: [&str; 4] = ["content-type", "user-agent", "anthropic-version", "anthropic-beta"];

macro_rules! recorded {
    ($($name:literal: $title:literal),* $(,)?) => {
        &[$((
            $name,
            $title,
            include_str!(concat!("../../tests/wire/requests/", $name, ".json")),
        )),*]
    };
}

/// Name, title and recording of each request.
const REQUESTS: &[(&str, &str, &str)] = recorded! {
    "oaipy_chat_plain": "Chat, plain",
    "oaipy_chat_stream_tools": "Chat, streamed, with tools",
    "oaipy_chat_image_https": "Chat with an image",
    "oaipy_chat_json_schema": "Chat, JSON answer",
    "oaipy_chat_metadata_tags": "Chat with tags and a user",
    "oaipy_resp_stream": "Responses, streamed",
    "antpy_system_blocks_cache": "Messages with a system prompt",
    "antpy_image_base64": "Messages with an image",
    "gempy_text": "Gemini, model in the path",
    "oaipy_azure_chat": "Azure, deployment in the path",
    "cohere_chat": "Cohere chat",
    "mistral_fim": "Fill in the middle",
    "oaipy_emb_batch_40": "Embeddings, 40 texts",
    "cohere_rerank": "Rerank",
};

macro_rules! configurations {
    ($($name:literal: $title:literal, $request:literal),* $(,)?) => {
        &[$(($name, $title, $request, include_str!(concat!("../examples/", $name, ".json")))),*]
    };
}

/// Name and title of each configuration, the request that shows it best, and its text.
const CONFIGURATIONS: &[(&str, &str, &str, &str)] = configurations! {
    "tour": "A bit of everything", "oaipy_chat_plain",
    "canary": "Canary: one in ten", "oaipy_chat_plain",
    "cheapest": "Cheapest that can", "oaipy_chat_image_https",
    "confidential": "Confidential stays local", "oaipy_chat_plain",
    "sessions": "Sessions stay together", "oaipy_chat_metadata_tags",
    "failover": "Failover", "antpy_system_blocks_cache",
};

/// Returns the requests, as the page has them.
pub(crate) fn all() -> Value {
    let request = |(name, title, recording): &(&str, &str, &str)| {
        let recorded: Value = serde_json::from_str(recording).unwrap_or_default();
        let text = |key: &str| recorded.get(key).and_then(Value::as_str).unwrap_or_default();
        let headers = recorded.get("headers").and_then(Value::as_object).into_iter().flatten();
        let shown = headers.filter(|(name, _)| SHOWN.contains(&name.as_str()));
        let lines =
            shown.map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default()));
        json!({
            "name": name,
            "title": title,
            "sdk": text("sdk"),
            "method": text("method"),
            "path": text("path"),
            "headers": lines.collect::<Vec<_>>().join("\n"),
            "body": text("body_text"),
        })
    };
    REQUESTS.iter().map(request).collect()
}

/// A body that shows a configuration better than any that was recorded, by the configuration's name.
const BODIES: [(&str, &str); 1] = [(
    "confidential",
    r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Summarise the confidential salary review for Monday."}]}"#,
)];

/// Returns the configurations.
pub(crate) fn examples() -> Value {
    let example = |(name, title, request, text): &(&str, &str, &str, &str)| {
        let body = BODIES.iter().find(|(of, _)| of == name).map(|(_, body)| body);
        json!({"name": name, "title": title, "request": request, "body": body, "text": text.trim_end()})
    };
    CONFIGURATIONS.iter().map(example).collect()
}
