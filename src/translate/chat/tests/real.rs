//! Requests recorded from clients' own libraries, and answers as providers document them.

use std::path::PathBuf;

use serde_json::Value;

use super::super::super::api::{ClientApi, ProviderApi};
use super::super::super::request;
use super::{QUIET_STREAM, STREAM, WHOLE, read, told, translated, write};

/// Returns the recordings of that kind, by name.
fn recordings(kind: &str) -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(kind);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        all.push((name, serde_json::from_str(&text).unwrap()));
    }
    all.sort_by(|one, next| one.0.cmp(&next.0));
    all
}

/// Returns what is refused of a recorded request.
fn refused(name: &str) -> &'static [&'static str] {
    match name {
        "mistral_chat_audio" => &["messages[0].content[0].input_audio"],
        "oaipy_chat_custom_model_slash" => &["models", "route", "transforms"],
        "oaipy_chat_extra_body" => &["provider"],
        "oaipy_chat_file_id" => &["messages[0].content[1].file.file_id"],
        "oaipy_chat_many_params" => &["n", "top_logprobs", "logprobs"],
        "oaipy_chat_prediction_websearch" => &["web_search_options"],
        _ => &[],
    }
}

#[test]
fn requests_of_real_clients_are_read_and_written() {
    let mut count = 0;
    for (name, recording) in recordings("requests") {
        let expect = &recording["expect"];
        let is_chat = ["openai-chat", "azure-openai", "mistral-chat"];
        let format = expect["format"].as_str().unwrap_or_default();
        if expect["operation"] != "chat" || !is_chat.contains(&format) {
            continue;
        }
        count += 1;
        let body = recording["body_text"].as_str().unwrap();
        // The library that reads what is written does not take half a character.
        let body = body.replace(r"\ud83d lone", "lone");
        let (conversation, losses) = read(&body);
        let refusals = told(&losses)
            .into_iter()
            .filter_map(|loss| Some(loss.strip_prefix('!')?.split(' ').next().unwrap().to_owned()));
        let places: Vec<_> = refusals.collect();
        let wanted = refused(&name);
        assert!(
            places.iter().zip(wanted).all(|(place, wanted)| place.starts_with(wanted)),
            "{name}: {places:?}"
        );
        assert_eq!(places.is_empty(), wanted.is_empty(), "{name}: {places:?}");
        assert_eq!(conversation.stream, expect["stream"] == true, "{name}");
        assert_eq!(conversation.max_tokens, expect["max_output_tokens"].as_u64(), "{name}");
        assert_eq!(!conversation.tools.is_empty(), expect["has_tools"] == true, "{name}");
        // What is written has all that was said, and is read as the same.
        let (written, lost) = write(&conversation, "llama");
        assert!(lost.iter().all(|loss| loss.starts_with('-')), "{name}: {lost:?}");
        let (again, losses) = read(&written.to_string());
        assert_eq!(told(&losses), [""; 0], "{name}");
        assert_eq!(write(&again, "llama").0, written, "{name}");
        if let Some(said) = expect["prompt_text_contains"].as_str() {
            let texts = all_texts(&written["messages"]);
            assert!(texts.contains(said), "{name}: {said}");
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn half_a_character_is_copied() {
    let all = recordings("requests");
    let is_it = |(name, _): &&(String, Value)| name == "oajs_chat_unicode_lone_surrogate";
    let body = all.iter().find(is_it).unwrap().1["body_text"].as_str().unwrap();
    let apis = (ClientApi::Chat, ProviderApi::Chat);
    let translated = request(apis, body.as_bytes(), false, ("m", 5)).unwrap();
    assert!(translated.body.contains(r"\ud83d lone"), "{}", translated.body);
}

/// Returns all texts of a document.
fn all_texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(all) => all.iter().map(all_texts).collect(),
        Value::Object(all) => all.values().map(all_texts).collect(),
        _ => String::new(),
    }
}

/// Returns the text of an answer, as a client puts it together.
fn text_of(answer: &str, is_stream: bool) -> String {
    let text = |document: &Value, pointer: &str| {
        document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if !is_stream {
        let document: Value = serde_json::from_str(answer).unwrap();
        return text(&document, "/choices/0/message/content");
    }
    let lines = answer.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    let documents = lines.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    documents.map(|document| text(&document, "/choices/0/delta/content")).collect()
}

#[test]
fn answers_of_real_providers_are_read_and_written() {
    let mut count = 0;
    for (name, recording) in recordings("responses") {
        let Some(body) = recording["body_text"].as_str() else { continue };
        let is_other = name.starts_with("anthropic") || name.starts_with("gemini");
        if recording["operation"] != "chat" || is_other || name.starts_with("cohere") {
            continue;
        }
        count += 1;
        let status = u16::try_from(recording["status"].as_u64().unwrap()).unwrap();
        let is_stream = recording["stream"] == true;
        let expect = &recording["expect"];
        let is_error = status >= 400 || !expect["error_kind"].is_null() || name.contains("audio");
        // As the client asks for it, whatever form the provider's answer has.
        for form in [STREAM, QUIET_STREAM, WHOLE] {
            let answer = translated(status, body.as_bytes(), is_stream, form);
            assert_eq!(answer.contains("\"error\":{"), is_error, "{name}: {answer}");
            if is_error {
                continue;
            }
            assert_eq!(text_of(&answer, form.stream), text_of(body, is_stream), "{name}");
            let counts = (expect["input_tokens"].as_u64(), expect["output_tokens"].as_u64());
            if let ((Some(input), Some(output)), true) = (counts, form != QUIET_STREAM) {
                let usage = format!(
                    "\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},"
                );
                assert!(answer.contains(&usage), "{name}: {answer}");
            }
        }
    }
    assert!(count > 40, "{count}");
}
