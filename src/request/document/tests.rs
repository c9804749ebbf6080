//! What each format's document says, and where.

use std::sync::Arc;

use crate::request::facts::RequestFacts;
use crate::request::keyword::KeywordsBuilder;
use crate::request::path::PathTable;
use crate::request::scan::{ScanError, Scanner, Spec};
use crate::request::tokens::Costs;

/// What a body of that path comes to, in the same words for every format: what it
/// says, and in upper case the words of its prompt that are found.
pub(super) fn said(path: &str, body: &str) -> Result<String, ScanError> {
    const WORDS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
    let mut builder = KeywordsBuilder::default();
    let ids = WORDS.map(|word| builder.add(word));
    let entry = PathTable::default().call(b"POST", path).unwrap().entry;
    let spec = Spec { keywords: Arc::new(builder.build().unwrap()), ..Spec::of(entry) };
    let mut scanner = Scanner::new(&spec);
    scanner.feed(body.as_bytes())?;
    let facts = scanner.finish()?.facts;
    let found = WORDS.iter().zip(ids).filter(|(_, id)| facts.keywords.contains(*id));
    let found = found.map(|(word, _)| word.to_uppercase());
    Ok(flags(&facts).into_iter().map(str::to_owned).chain(found).collect::<Vec<_>>().join(" "))
}

fn flags(facts: &RequestFacts) -> Vec<&'static str> {
    let all = [
        (facts.stream, "stream"),
        (facts.has_images, "images"),
        (facts.has_audio, "audio"),
        (facts.has_files, "files"),
        (facts.has_tools, "tools"),
        (facts.json_mode, "json"),
        (facts.state.is_stored, "state"),
        (facts.state.is_sealed, "sealed"),
        (facts.state.is_signed, "signed"),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
}

#[track_caller]
pub(super) fn all_say(path: &str, cases: &[(&str, &str)]) {
    for (body, wanted) in cases {
        assert_eq!(said(path, body).as_deref(), Ok(*wanted), "{path} {body}");
    }
}

/// Facts of a body of that path.
pub(super) fn facts(path: &str, body: &str) -> RequestFacts {
    let entry = PathTable::default().call(b"POST", path).unwrap().entry;
    let mut scanner = Scanner::new(&Spec::of(entry));
    scanner.feed(body.as_bytes()).unwrap();
    scanner.finish().unwrap().facts
}

/// The tokens of a body's text, which is all short words.
fn tokens(path: &str, body: &str) -> u64 {
    facts(path, body).input_tokens.most
}

pub(super) const GEMINI: &str = "/v1beta/models/g:generateContent";

#[test]
fn gemini_is_read_in_both_spellings() {
    all_say(
        GEMINI,
        &[
            (r#"{"contents":[{"role":"user","parts":[{"text":"al"},{"text":"pha"}]}]}"#, "ALPHA"),
            (
                r#"{"contents":[{"parts":[{"text":"alpha"}]},{"role":"model","parts":[{"text":"beta"}]}]}"#,
                "ALPHA",
            ),
            (r#"{"contents":{"role":"user","parts":{"text":"alpha"}}}"#, "ALPHA"),
            (r#"{"contents":["alpha","beta"]}"#, "ALPHA BETA"),
            (r#"{"contents":"alpha"}"#, "ALPHA"),
            (r#"{"system_instruction":{"role":"model","parts":[{"text":"alpha"}]}}"#, "ALPHA"),
            (r#"{"system_instruction":"alpha"}"#, "ALPHA"),
            (
                r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"alpha"}}]}]}"#,
                "images",
            ),
            (
                r#"{"contents":[{"parts":[{"inline_data":{"mime_type":"IMAGE/png","data":""}}]}]}"#,
                "images",
            ),
            (
                r#"{"contents":[{"parts":[{"inline_data":{"mimeType":"audio/wav","data":""}}]}]}"#,
                "audio",
            ),
            (
                r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":""}}]}]}"#,
                "files",
            ),
            (r#"{"contents":[{"parts":[{"inlineData":{"data":""}}]}]}"#, "files"),
            (
                r#"{"contents":[{"parts":[{"fileData":{"fileUri":"gs://b/v.mp4","mimeType":"video/mp4"}}]}]}"#,
                "files",
            ),
            (
                r#"{"contents":[{"parts":[{"file_data":{"file_uri":"https://generativelanguage.googleapis.com/v1beta/files/x","mime_type":"image/png"}}]}]}"#,
                "images state",
            ),
            (r#"{"contents":[{"parts":[{"fileData":{"fileUri":"files/x"}}]}]}"#, "files state"),
            (
                r#"{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"a":"alpha"}}}]}]}"#,
                "",
            ),
            (r#"{"contents":[{"role":"function","parts":[{"text":"alpha"}]}]}"#, ""),
            (r#"{"tools":[{"functionDeclarations":[{"name":"alpha"}]}]}"#, "tools ALPHA"),
            (r#"{"tools":[]}"#, ""),
            (
                r#"{"contents":[{"role":"user","parts":[{"executableCode":{"code":"alpha"}}]}]}"#,
                "ALPHA",
            ),
            (
                r#"{"contents":[{"role":"model","parts":[{"executableCode":{"code":"alpha"}}]}]}"#,
                "",
            ),
            (r#"{"generationConfig":{"responseSchema":{"description":"alpha"}}}"#, "json ALPHA"),
            (r#"{"tools":[{"file_search":{"file_search_store_names":["s"]}}]}"#, "tools state"),
            (r#"{"tools":[{"retrieval":{"vertexAiSearch":{"datastore":"d"}}}]}"#, "tools state"),
            (r#"{"generationConfig":{"responseMimeType":"application/json"}}"#, "json"),
            (r#"{"generation_config":{"response_schema":{"type":"OBJECT"}}}"#, "json"),
            (r#"{"generationConfig":{"responseMimeType":"text/plain"}}"#, ""),
            (r#"{"cachedContent":"cachedContents/x"}"#, "state"),
            (r#"{"cached_content":"cachedContents/x"}"#, "state"),
            (r#"{"cachedContent":""}"#, ""),
        ],
    );
    let long = format!(
        r#"{{"contents":[{{"parts":[{{"inlineData":{{"mimeType":"image/png; {}"}}}}]}}]}}"#,
        "x".repeat(500)
    );
    assert_ne!(said(GEMINI, &long).unwrap(), "", "a long type says something all the same");
    assert_eq!(said("/v1/models/g:streamGenerateContent", "{}").unwrap(), "stream");
    for body in [
        r#"{"generationConfig":{"maxOutputTokens":7}}"#,
        r#"{"generation_config":{"max_output_tokens":7}}"#,
    ] {
        assert_eq!(facts(GEMINI, body).max_output_tokens, Some(7), "{body}");
    }
    let labelled = facts(GEMINI, r#"{"labels":{"team":"a","tags":["x"]}}"#);
    assert_eq!(labelled.params["team"], "a");
    assert_eq!(labelled.tags, ["x"]);
    // A model in the body is another request's business.
    assert_eq!(facts(GEMINI, r#"{"model":"m"}"#).model, None);
    for miscased in [
        r#"{"Contents":[]}"#,
        r#"{"systeminstruction":{}}"#,
        r#"{"generationConfig":{"MaxOutputTokens":1}}"#,
    ] {
        assert!(matches!(said(GEMINI, miscased), Err(ScanError::Miscased { .. })), "{miscased}");
    }
}

#[test]
fn gemini_counts_and_embeddings_are_read_inside() {
    let inner = r#"{"model":"models/g","contents":[{"parts":[{"text":"alpha"}]}],"tools":[{}]}"#;
    let count = format!(r#"{{"generateContentRequest":{inner}}}"#);
    assert_eq!(said("/v1/models/g:countTokens", &count).unwrap(), "tools ALPHA");
    let content = r#"{"content":{"parts":[{"text":"alpha"}]}}"#;
    assert_eq!(said("/v1/models/g:embedContent", content).unwrap(), "ALPHA");
    assert_eq!(said("/v1/models/g:embedContent", r#"{"title":"alpha"}"#).unwrap(), "ALPHA");
    let batch =
        format!(r#"{{"requests":[{content},{{"content":{{"parts":[{{"text":"beta"}}]}}}}]}}"#);
    assert_eq!(said("/v1/models/g:batchEmbedContents", &batch).unwrap(), "ALPHA BETA");
}

#[test]
fn bedrock_blocks_are_named_by_their_key() {
    const PATH: &str = "/model/m/converse";
    let user =
        |content: &str| format!(r#"{{"messages":[{{"role":"user","content":[{content}]}}]}}"#);
    for (content, wanted) in [
        (r#"{"text":"al"},{"text":"pha"}"#, "ALPHA"),
        (r#"{"image":{"format":"png","source":{"bytes":"alpha"}}}"#, "images"),
        (r#"{"document":{"name":"alpha","source":{"bytes":"beta"}}}"#, "files ALPHA"),
        (r#"{"document":{"source":{"text":"alpha"},"context":"beta"}}"#, "files ALPHA BETA"),
        (r#"{"document":{"source":{"content":[{"text":"alpha"}]}}}"#, "files ALPHA"),
        (r#"{"video":{"source":{"s3Location":{"uri":"s3://x"}}}}"#, "files"),
        (r#"{"audio":{"source":{"bytes":""}}}"#, "audio"),
        (r#"{"toolUse":{"name":"f","input":{"a":"alpha"}}}"#, ""),
        (
            r#"{"toolResult":{"toolUseId":"1","content":[{"text":"alpha"},{"json":{"b":"beta"}},{"image":{}}]}}"#,
            "images",
        ),
        (r#"{"guardContent":{"text":{"text":"alpha"}}}"#, "ALPHA"),
        (r#"{"searchResult":{"title":"beta","content":[{"text":"alpha"}]}}"#, "ALPHA BETA"),
        (r#"{"cachePoint":{"type":"default"}}"#, ""),
    ] {
        assert_eq!(said(PATH, &user(content)).unwrap(), wanted, "{content}");
    }
    all_say(
        PATH,
        &[
            (
                r#"{"system":[{"text":"alpha"}],"messages":[{"role":"assistant","content":[{"text":"beta"}]}]}"#,
                "ALPHA",
            ),
            (r#"{"toolConfig":{"tools":[{"toolSpec":{"name":"f"}}]}}"#, "tools"),
            (r#"{"toolConfig":{"toolChoice":{"auto":{}}}}"#, ""),
            (r#"{"promptVariables":{"a":{"text":"alpha"}}}"#, "ALPHA"),
            (r#"{"additionalModelRequestFields":{"a":{"b":"alpha"},"top_k":1}}"#, "ALPHA"),
        ],
    );
    assert_eq!(said("/model/m/converse-stream", "{}").unwrap(), "stream");
    assert_eq!(facts(PATH, r#"{"inferenceConfig":{"maxTokens":9}}"#).max_output_tokens, Some(9));
    assert_eq!(facts(PATH, r#"{"requestMetadata":{"team":"a"}}"#).params["team"], "a");
    let text = |block: &str| tokens(PATH, &user(block));
    let none = text(r#"{"cachePoint":{}}"#);
    for counted in [
        r#"{"toolUse":{"name":"f","input":{"city":"a long name of a town"}}}"#,
        r#"{"toolResult":{"content":[{"text":"a long name of a town"}]}}"#,
        r#"{"toolResult":{"content":[{"json":{"city":"a long name of a town"}}]}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"a long name of a town"}}}"#,
        r#"{"searchResult":{"content":[{"text":"a long name of a town"}]}}"#,
    ] {
        assert!(text(counted) >= none + 4, "{counted}");
    }
}

#[test]
fn cohere_and_rerankers_are_read() {
    all_say(
        "/v2/chat",
        &[
            (
                r#"{"messages":[{"role":"user","content":"alpha"},{"role":"tool","content":[{"type":"document","document":{"data":"beta"}}]}]}"#,
                "files ALPHA",
            ),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"text","text":"alpha"},{"type":"image_url","image_url":{"url":"u"}}]}]}"#,
                "images ALPHA",
            ),
            (r#"{"messages":[],"documents":["alpha",{"data":{"text":"beta"}}]}"#, "ALPHA BETA"),
            (
                r#"{"tools":[{"type":"function"}],"response_format":{"type":"json_object"},"stream":true}"#,
                "stream tools json",
            ),
        ],
    );
    all_say(
        "/v2/embed",
        &[
            (r#"{"texts":["alpha","beta"]}"#, "ALPHA BETA"),
            (r#"{"texts":["al","pha"]}"#, ""),
            (r#"{"images":["data:image/png;base64,"]}"#, "images"),
            (
                r#"{"inputs":[{"content":[{"type":"text","text":"alpha"},{"type":"image_url","image_url":{"url":"u"}}]}]}"#,
                "images ALPHA",
            ),
        ],
    );
    all_say(
        "/v1/rerank",
        &[
            (r#"{"query":"alpha","documents":["beta",{"text":"gamma"}]}"#, "ALPHA BETA GAMMA"),
            (r#"{"query":"al","documents":["pha"]}"#, ""),
            (r#"{"query":"x","texts":["alpha"]}"#, "ALPHA"),
        ],
    );
    let empty = tokens("/rerank", r#"{"documents":[{}]}"#);
    assert!(
        tokens("/rerank", r#"{"documents":[{"text":"a long text of some words"}]}"#) >= empty + 5
    );
}

#[test]
fn ollama_streams_unless_told_not_to() {
    for (path, body, wanted) in [
        ("/api/chat", "{}", "stream"),
        ("/api/chat", r#"{"stream":false}"#, ""),
        ("/api/chat", r#"{"stream":true}"#, "stream"),
        ("/api/chat", r#"{"stream":null}"#, "stream"),
        ("/api/generate", r#"{"prompt":"alpha","system":"beta","stream":false}"#, "ALPHA BETA"),
        ("/api/generate", r#"{"prompt":"x","images":["aGk="],"stream":false}"#, "images"),
        ("/api/generate", r#"{"format":"json","stream":false}"#, "json"),
        ("/api/generate", r#"{"format":{"type":"object"},"stream":false}"#, "json"),
        ("/api/generate", r#"{"format":"","stream":false}"#, ""),
        ("/api/embed", r#"{"input":["alpha","beta"]}"#, "ALPHA BETA"),
        ("/api/embed", r#"{"input":"alpha"}"#, "ALPHA"),
        (
            "/api/chat",
            r#"{"stream":false,"messages":[{"role":"user","content":"alpha","images":["aGk="]},
                {"role":"assistant","content":"beta","tool_calls":[{"function":{"name":"f","arguments":{"a":"gamma"}}}]},
                {"role":"tool","content":"delta"}],"tools":[{}]}"#,
            "images tools ALPHA",
        ),
    ] {
        assert_eq!(said(path, body).unwrap(), wanted, "{path} {body}");
    }
    let limit = facts("/api/chat", r#"{"options":{"num_predict":5}}"#).max_output_tokens;
    assert_eq!(limit, Some(5));
}

#[test]
fn other_operations_of_openai_are_read() {
    all_say(
        "/v1/moderations",
        &[
            (r#"{"input":"alpha"}"#, "ALPHA"),
            (r#"{"input":["al","pha","beta"]}"#, "BETA"),
            (
                r#"{"input":[{"type":"text","text":"alpha"},{"type":"image_url","image_url":{"url":"u"}}]}"#,
                "images ALPHA",
            ),
        ],
    );
    all_say("/v1/images/generations", &[(r#"{"prompt":"alpha","stream":true}"#, "stream ALPHA")]);
    all_say(
        "/v1/images/edits",
        &[
            (r#"{"prompt":"alpha","image":"data:image/png;base64,"}"#, "images ALPHA"),
            (r#"{"images":[{"image_url":"u"},{"image_url":"v"}]}"#, "images"),
            (r#"{"images":[{"file_id":"file-1"}]}"#, "images state"),
        ],
    );
    all_say(
        "/v1/audio/speech",
        &[(r#"{"input":"alpha","instructions":"beta","voice":"gamma"}"#, "ALPHA BETA")],
    );
    all_say("/v1/embeddings", &[(r#"{"input":["alpha",[1,2]],"prompt":"beta"}"#, "ALPHA BETA")]);
    all_say("/v1/fim/completions", &[(r#"{"prompt":"alpha","suffix":"beta"}"#, "ALPHA BETA")]);
    all_say(
        "/v1/responses/input_tokens",
        &[(r#"{"input":"alpha","conversation":"c"}"#, "state ALPHA")],
    );
    all_say(
        "/openai/deployments/d/chat/completions",
        &[(r#"{"messages":[{"role":"user","content":"alpha"}]}"#, "ALPHA")],
    );
    all_say(
        "/v1/messages/count_tokens",
        &[
            (r#"{"system":"alpha","messages":[{"role":"user","content":"beta"}]}"#, "ALPHA BETA"),
            (r#"{"container":"c"}"#, "state"),
            (r#"{"container":{"id":"c","skills":[]}}"#, "state"),
            (r#"{"container":{"skills":[{"type":"anthropic"}]}}"#, ""),
        ],
    );
    // One image costs what one image costs, however it is given.
    let one = tokens("/v1/images/edits", r#"{"images":[{"image_url":"u"}]}"#);
    assert_eq!(one, Costs::default().image);
}

mod output;
