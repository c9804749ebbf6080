//! What requests on a path ask for.

use super::*;

fn call(path: &str) -> Option<Call> {
    let table = PathTable::default();
    let method = if path.contains("realtime") { b"GET".as_slice() } else { b"POST" };
    table.call(method, path)
}

#[test]
fn the_longest_suffix_names_the_format() {
    let cases = [
        ("/v1/chat/completions", Some((Format::OpenAiChat, "chat"))),
        ("/proxy/v1/chat/completions?x=1", Some((Format::OpenAiChat, "chat"))),
        ("/v1/completions", Some((Format::OpenAiCompletions, "completions"))),
        ("/v1/fim/completions", Some((Format::OpenAiCompletions, "fim"))),
        ("/v1/responses", Some((Format::OpenAiResponses, "responses"))),
        ("/v1/responses/input_tokens", Some((Format::OpenAiResponses, "count_tokens"))),
        ("/v1/embeddings", Some((Format::OpenAiEmbeddings, "embeddings"))),
        ("/v1/moderations", Some((Format::OpenAiModerations, "moderations"))),
        ("/v1/images/generations", Some((Format::OpenAiImages, "images"))),
        ("/v1/images/edits", Some((Format::OpenAiImages, "images"))),
        ("/v1/audio/speech", Some((Format::OpenAiAudio, "speech"))),
        ("/v1/audio/translations", Some((Format::OpenAiAudio, "audio"))),
        ("/v1/messages", Some((Format::AnthropicMessages, "chat"))),
        ("/v1/messages/count_tokens", Some((Format::AnthropicMessages, "count_tokens"))),
        ("/v1/complete", Some((Format::AnthropicMessages, "completions"))),
        ("/v2/chat", Some((Format::CohereChat, "chat"))),
        ("/v2/rerank", Some((Format::Rerank, "rerank"))),
        ("/rerank", Some((Format::Rerank, "rerank"))),
        ("/api/chat", Some((Format::Ollama, "chat"))),
        ("/api/embeddings", Some((Format::Ollama, "embeddings"))),
        ("/v1/realtime?model=x", Some((Format::OpenAiRealtime, "realtime"))),
        ("/v1/responses/compact", Some((Format::OpenAiResponses, "responses"))),
        ("/v1/agents/completions", Some((Format::OpenAiChat, "chat"))),
        ("/model/m/invoke", Some((Format::BedrockInvoke, "chat"))),
        ("/model/m/Invoke-With-Response-Stream", Some((Format::BedrockInvoke, "chat"))),
        ("/v1/models/m:rawPredict", Some((Format::VertexPredict, "chat"))),
        ("/v1/models/m:streamRawPredict", Some((Format::VertexPredict, "chat"))),
        ("/v1/models/m:predict", Some((Format::VertexPredict, "embeddings"))),
        ("/v1/messages/batches", None),
        ("/v1/complete/x", None),
        ("/v1/chat", None),
        ("/v1/responses/resp_1", None),
        ("/v1/models", None),
        ("/v1/threads/thread_1/messages", None),
        ("/v1/chat%2fcompletions", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat/%63ompletions", Some((Format::OpenAiChat, "chat"))),
        ("/v1//chat//completions//", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat/./completions", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat/x/%2e%2E/completions", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat;x/completions;y=1", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat\\completions/.", Some((Format::OpenAiChat, "chat"))),
        ("/v1/Chat/COMPLETIONS", Some((Format::OpenAiChat, "chat"))),
        ("/openai/deployments/../../v1/chat/completions", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat/completions/x/..", Some((Format::OpenAiChat, "chat"))),
        ("/v1/chat/completions%", None),
        ("", None),
    ];
    for (path, wanted) in cases {
        let found = call(path).map(|call| (call.format(), call.entry.task.name()));
        assert_eq!(found, wanted, "{path}");
    }
}

#[test]
fn the_method_counts() {
    let table = PathTable::default();
    assert!(table.call(b"GET", "/v1/chat/completions").is_none());
    assert!(table.call(b"POST", "/v1/realtime?model=x").is_none());
    assert!(table.call(b"POST", "/v1/realtime").is_none());
    for path in ["/v1/realtime/sessions", "/v1/realtime/client_secrets"] {
        assert_eq!(table.call(b"POST", path).unwrap().format(), Format::OpenAiRealtime, "{path}");
        assert!(table.call(b"GET", path).is_none(), "{path}");
    }
}

#[test]
fn paths_name_models() {
    let cases = [
        ("/v1beta/models/gemini-2.5-pro:generateContent", Some("gemini-2.5-pro")),
        ("/v1/Models/a%2Eb:StreamGenerateContent?alt=sse", Some("a.b")),
        ("/v1beta/tunedModels/mine:generateContent", Some("tunedModels/mine")),
        ("/v1beta1/projects/p/locations/l/publishers/google/models/g:countTokens", Some("g")),
        ("/v1/models/e:batchEmbedContents", Some("e")),
        ("/v1/models/e:predict", Some("e")),
        ("/v1/models/e:unknown", None),
        ("/v1beta/models/google/gemini-x:generateContent", Some("google/gemini-x")),
        ("/v1beta/models/google%2Fgemini-x:generateContent", Some("google/gemini-x")),
        ("/v1beta/models/publishers/google/models/x:generateContent", Some("x")),
        ("/v1beta/models/publishers%2Fgoogle%2Fmodels%2Fx:countTokens", Some("x")),
        (
            "/v1/projects/P/locations/L/publishers/anthropic/models/claude@1:streamRawPredict",
            Some("claude@1"),
        ),
        ("/v1/projects/P/locations/L/endpoints/7:generateContent", Some("endpoints/7")),
        ("/v1/projects/P/locations/L/publishers/google/models/te:predict", Some("te")),
        ("/v1/models/:generateContent", None),
        ("/v1/models:generateContent", None),
        ("/openai/deployments/gpt/chat/completions", Some("gpt")),
        ("/x/openai/deployments/a%2Fb%20c/images/generations?api-version=1", Some("a/b c")),
        ("/OpenAI/Deployments/gpt/audio/transcriptions", Some("gpt")),
        ("/model/anthropic.claude-v1%3A0/converse", Some("anthropic.claude-v1:0")),
        (
            "/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Aprofile%2Fx/converse-stream",
            Some("arn:aws:bedrock:eu:1:profile/x"),
        ),
        ("/model//converse", None),
        ("/model/x/invoke", Some("x")),
        (
            "/model/us.anthropic.claude%3A0/invoke-with-response-stream",
            Some("us.anthropic.claude:0"),
        ),
        ("/model/x/unknown", None),
        ("/v1/realtime?a=1&model=gpt-realtime&model=other%2B", Some("other+")),
        ("/v1/realtime?mod%65l=x", Some("x")),
        ("/openai/realtime?api-version=1&deployment=d", Some("d")),
        ("/openai/realtime?model=a&Deployment=d", Some("d")),
        ("/v1/realtime", None),
        ("/v1/chat/completions?model=x", None),
    ];
    for (path, wanted) in cases {
        assert_eq!(
            call(path).and_then(|call| call.model().map(str::to_owned)).as_deref(),
            wanted,
            "{path}"
        );
    }
}

#[test]
fn another_model_changes_nothing_else() {
    let cases = [
        ("/v1beta/models/g:generateContent", "h", "/v1beta/models/h:generateContent"),
        (
            "/v1beta/models/g:generateContent",
            "tunedModels/h",
            "/v1beta/tunedModels/h:generateContent",
        ),
        ("/v1beta/tunedModels/g:generateContent", "h", "/v1beta/models/h:generateContent"),
        (
            "/v1beta/models/publishers/google/models/g:generateContent",
            "h",
            "/v1beta/models/publishers/google/models/h:generateContent",
        ),
        ("/v1beta/models/a%2Fb:generateContent", "h", "/v1beta/models/h:generateContent"),
        (
            "/v1/projects/P/locations/L/publishers/anthropic/models/g:rawPredict",
            "h@1",
            "/v1/projects/P/locations/L/publishers/anthropic/models/h%401:rawPredict",
        ),
        ("/model/g/invoke", "x:0", "/model/x%3A0/invoke"),
        ("/v1/models/g:generateContent", "models/h/..", "/v1/models/h%2F..:generateContent"),
        (
            "/a:b/openai/deployments/g%2Fh/chat/completions",
            "i/j",
            "/a:b/openai/deployments/i%2Fj/chat/completions",
        ),
        ("/model/g/converse", "x:0", "/model/x%3A0/converse"),
        ("/v1/chat/completions", "h", "/v1/chat/completions"),
    ];
    for (path, model, wanted) in cases {
        assert_eq!(call(path).unwrap().path_for(model), wanted, "{path}");
    }
    let queries = [
        ("/v1/realtime?model=x", "y/z", Some("model=y%2Fz")),
        ("/v1/realtime?a=1&mod%65l=x&b&model=w", "y", Some("a=1&model=y&b")),
        ("/v1/realtime", "y", Some("model=y")),
        ("/openai/realtime?deployment=d&b=1&MODEL=x", "y", Some("deployment=y&b=1&model=y")),
        ("/v1/realtime?a=1", "y", Some("model=y&a=1")),
        ("/v1/chat/completions?model=x", "y", Some("model=x")),
        ("/v1/chat/completions", "y", None),
    ];
    for (path, model, wanted) in queries {
        let query = split(path).1;
        assert_eq!(call(path).unwrap().query_for(query, model).as_deref(), wanted, "{path}");
    }
}

#[test]
fn what_was_judged_is_what_is_asked_for() {
    let cases = [
        ("/v1/chat/completions?x=1", "/v1/chat/completions"),
        ("/Tenant/v1/chat/completions", "/Tenant/v1/chat/completions"),
        ("/a:b/v1/chat/completions", "/a:b/v1/chat/completions"),
        ("/v1/chat/./completions", "/v1/chat/completions"),
        ("/v1//chat/%63ompletions/", "/v1/chat/completions"),
        ("/../internal/v1/chat/completions", "/internal/v1/chat/completions"),
        ("/a%20b/v1/chat/completions", "/a%20b/v1/chat/completions"),
        ("/v1/CHAT;x/completions", "/v1/chat/completions"),
        ("/v1//models/x/../g:GENERATECONTENT", "/v1/models/m:generateContent"),
        ("/openai//deployments/g/CHAT/completions", "/openai/deployments/m/chat/completions"),
    ];
    for (came, wanted) in cases {
        assert_eq!(call(came).unwrap().path_for("m"), wanted, "{came}");
    }
}

#[test]
fn further_paths_win_over_built_in_ones() {
    let table = PathTable::with([("/v1/responses/".to_owned(), Format::OpenAiChat)]);
    let format = |path| table.call(b"POST", path).map(|call| call.format());
    assert_eq!(format("/v1/responses"), Some(Format::OpenAiChat));
    assert_eq!(format("/v2/responses"), Some(Format::OpenAiResponses));
}

#[test]
fn further_paths_are_those_of_their_last_segment() {
    let table = PathTable::with(
        ["/hear/transcriptions", "/say", "/v9/count_tokens"].into_iter().map(|suffix| {
            let is_audio = !suffix.ends_with("tokens");
            let format = if is_audio { Format::OpenAiAudio } else { Format::AnthropicMessages };
            (suffix.to_owned(), format)
        }),
    );
    let entry = |path| {
        let Entry { task, path, body, .. } = table.call(b"POST", path).unwrap().entry;
        (task.name(), path, body)
    };
    assert_eq!(entry("/x/hear/transcriptions"), ("audio", "audio/transcriptions", BodyKind::Form));
    assert_eq!(entry("/say"), ("speech", "audio/speech", BodyKind::Form));
    assert_eq!(
        entry("/v9/count_tokens"),
        ("count_tokens", "messages/count_tokens", BodyKind::Json)
    );
}

#[test]
fn a_path_that_is_taken_as_it_is_is_canonical() {
    for path in ["", "/v1/chat/completions", "/a.b/c..d/e_f-g:h", "/v1/models/x:generateContent"] {
        assert_eq!(canonical(path), path);
    }
    for (path, wanted) in [
        ("/", ""),
        ("//v1", "/v1"),
        ("/v1//x", "/v1/x"),
        ("/v1/", "/v1"),
        ("/v1/./x", "/v1/x"),
        ("/v1/../x", "/x"),
        ("/..x", "/..x"),
        ("v1", "/v1"),
        ("/v1%2fx", "/v1/x"),
        ("/v1;a/x", "/v1/x"),
        ("/v1\\x", "/v1/x"),
        ("/v1?x", "/v1"),
        ("/\u{e9}", "/%C3%A9"),
    ] {
        assert_eq!(canonical(path), wanted, "{path}");
    }
}
