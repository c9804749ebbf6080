//! What `pointsman import litellm` writes serves, as it is: with failover, a provider of another
//! API, and the tags and aliases of the file.

use std::collections::BTreeMap;

use serde_json::json;

use crate::generated::{endpoints, mocks, pointsman};
use crate::harness::{Group, ask, fresh, module};
use crate::mock::Mock;

const VARIABLES: [(&str, &str); 2] =
    [("OPENAI_API_KEY", "sk-openai"), ("ANTHROPIC_API_KEY", "sk-anthropic")];

/// Imports a file of LiteLLM's, and starts Envoy with what was written.
fn imported(
    fixture: &str,
    mocks: BTreeMap<&'static str, Mock>,
    clusters: &[(&str, &str)],
) -> Group {
    let name = fresh(&format!("imported-{}", std::process::id()));
    let folder = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    let (module, endpoints) = (module(), endpoints(&mocks, clusters));
    let mut arguments =
        vec!["import", "litellm", fixture, "--output", &folder, "--module", &module];
    arguments.extend(["--listen", "127.0.0.1:0", "--admin-port", "0"]);
    arguments.extend(endpoints.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
    pointsman(&arguments);
    let text = std::fs::read_to_string(format!("{folder}/envoy.yaml")).unwrap();
    Group::of(mocks, &text, &VARIABLES)
}

#[test]
fn an_imported_configuration_serves() {
    let clusters = [("openai", "openai"), ("anthropic", "claude")];
    let group =
        imported("tests/import/litellm/aliases.yaml", mocks(&["openai", "claude"]), &clusters);
    // An alias, by both of the paths that LiteLLM has.
    for path in ["/v1/chat/completions", "/chat/completions"] {
        let reply = ask(&group).path(path).model("gpt-4").send();
        let (name, seen) = reply.served_by_one();
        assert_eq!((name, seen.path.as_str()), ("openai", "/v1/chat/completions"));
        assert_eq!(seen.authority, "api.openai.com");
        assert_eq!(seen.header("authorization"), Some("Bearer sk-openai"));
        assert_eq!(reply.header("x-llm-model"), Some("large"));
    }
    // Every model of OpenAI fails twice, and then Claude answers a client of OpenAI's API.
    let asked = ask(&group).model("small").header("x-mock-only", "openai");
    let reply = asked.header("x-mock-status", "503").send();
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let attempts = "small=503,small=503,large=503,large=503,safe=200";
    assert_eq!(reply.header("x-llm-attempts"), Some(attempts));
    assert_eq!(reply.json()["object"], json!("chat.completion"));
    let (_, claude) = reply.seen.iter().find(|(name, _)| *name == "claude").unwrap();
    assert_eq!(claude.path, "/v1/messages");
    assert_eq!(claude.header("x-api-key"), Some("sk-anthropic"));
    assert_eq!(claude.header("authorization"), None);
    group.assert_no_trap();
}
