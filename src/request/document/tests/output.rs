//! How much output the bodies of each format ask for.

use super::facts;

#[test]
fn limits_budgets_and_answers_are_read_in_every_format() {
    const CHAT: &str = "/v1/chat/completions";
    const MESSAGES: &str = "/v1/messages";
    let huge = "9".repeat(40);
    let endless = format!(r#"{{"max_tokens":5,"thinking":{{"budget_tokens":{huge}}}}}"#);
    let cases: &[(&str, &str, Option<u64>, u64)] = &[
        (CHAT, r#"{"max_tokens":10,"n":3}"#, Some(10), 3),
        (CHAT, r#"{"n":"4","best_of":2}"#, None, 4),
        (CHAT, r#"{"n":0}"#, None, 1),
        (CHAT, r#"{"n":-2}"#, None, 1),
        (CHAT, r#"{"n":1.5}"#, None, 2),
        (CHAT, r#"{"max_tokens":-1}"#, Some(u64::MAX), 1),
        (CHAT, r#"{"max_tokens":10,"reasoning":{"max_tokens":50}}"#, Some(50), 1),
        (CHAT, r#"{"max_tokens":100,"reasoning":{"max_tokens":50}}"#, Some(100), 1),
        (CHAT, r#"{"max_tokens":100,"thinking_budget":50}"#, Some(150), 1),
        (CHAT, r#"{"max_tokens":9,"chat_template_kwargs":{"thinking_budget":5}}"#, Some(14), 1),
        (CHAT, r#"{"nvext":{"max_thinking_tokens":50}}"#, Some(50), 1),
        (CHAT, r#"{"max_thinking_tokens":50}"#, Some(50), 1),
        (
            CHAT,
            r#"{"extra_body":{"google":{"thinking_config":{"thinking_budget":7}}}}"#,
            Some(7),
            1,
        ),
        (
            MESSAGES,
            r#"{"max_tokens":5,"thinking":{"type":"enabled","budget_tokens":9}}"#,
            Some(9),
            1,
        ),
        (MESSAGES, &endless, Some(u64::MAX), 1),
        ("/model/m/converse", r#"{"inferenceConfig":{"maxTokens":9}}"#, Some(9), 1),
        (
            "/model/m/converse",
            r#"{"additionalModelRequestFields":{"thinking":{"budget_tokens":8}}}"#,
            Some(8),
            1,
        ),
        (
            "/v1beta/models/m:generateContent",
            r#"{"generationConfig":{"maxOutputTokens":5,"candidateCount":2}}"#,
            Some(5),
            2,
        ),
        (
            "/v1beta/models/m:generateContent",
            r#"{"generationConfig":{"thinkingConfig":{"thinkingBudget":-1}}}"#,
            None,
            1,
        ),
        (
            "/v1beta/models/m:generateContent",
            r#"{"generation_config":{"thinking_config":{"thinking_budget":8}}}"#,
            Some(8),
            1,
        ),
        ("/v1beta/models/m:batchEmbedContents", r#"{"requests":[{},{},{}]}"#, None, 3),
        ("/v1/completions", r#"{"prompt":["a","b"],"n":2,"best_of":3,"suffix":"x"}"#, None, 6),
        ("/v1/completions", r#"{"prompt":"a"}"#, None, 1),
        ("/v1/completions", r#"{"prompt":[1,2,3]}"#, None, 1),
        ("/v1/completions", r#"{"prompt":[[1,2],[3]]}"#, None, 2),
        ("/v1/embeddings", r#"{"input":["a","b","c"]}"#, None, 3),
        ("/v1/images/generations", r#"{"prompt":"a","n":4}"#, None, 4),
        ("/v2/chat", r#"{"max_tokens":5,"thinking":{"token_budget":9}}"#, Some(9), 1),
        ("/v2/embed", r#"{"texts":["a","b"],"inputs":[{"content":[]}]}"#, None, 3),
        ("/api/embed", r#"{"input":["a","b"]}"#, None, 2),
        ("/api/chat", r#"{"options":{"num_predict":-1}}"#, Some(u64::MAX), 1),
    ];
    for (path, body, limit, answers) in cases {
        let facts = facts(path, body);
        assert_eq!((facts.max_output_tokens, facts.answers), (*limit, *answers), "{path} {body}");
    }
}

#[test]
fn other_vendors_name_the_limit_otherwise() {
    const INVOKE: &str = "/model/m/invoke";
    const PREDICT: &str = "/v1/projects/p/locations/l/publishers/x/models/m:predict";
    for (path, body) in [
        ("/v1/chat/completions", r#"{"max_tokens":1,"n_predict":9}"#),
        ("/v1/completions", r#"{"max_tokens":1,"n_predict":9}"#),
        (INVOKE, r#"{"prompt":"a","max_gen_len":9}"#),
        (INVOKE, r#"{"inferenceConfig":{"maxTokens":9}}"#),
        (INVOKE, r#"{"inferenceConfig":{"max_new_tokens":9}}"#),
        (INVOKE, r#"{"textGenerationConfig":{"maxTokenCount":9}}"#),
        (PREDICT, r#"{"instances":[{"@requestFormat":"chatCompletions","max_tokens":9}]}"#),
        (PREDICT, r#"{"instances":[{"prompt":"a"}],"parameters":{"max_tokens":9}}"#),
    ] {
        assert_eq!(facts(path, body).max_output_tokens, Some(9), "{path} {body}");
    }
}
