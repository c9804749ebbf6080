//! How often a request reads and writes shared data.

use serde_json::json;

use crate::{engine, head, host};

/// Returns the reads and writes for a request to a group with this many candidates: first until it
/// is sent, then for its answer.
fn accesses(strategy: &str, candidates: usize) -> [(u32, u32); 2] {
    let host = host();
    let ids: Vec<String> = (0..candidates).map(|at| format!("d{at}")).collect();
    let one = |id: &String| (id.clone(), json!({"provider": "p", "model": id}));
    let document = json!({
        "providers": {"p": {"cluster": "p"}},
        "deployments": ids.iter().map(one).collect::<serde_json::Map<_, _>>(),
        "models": {"m": {"strategy": strategy, "candidates": ids}},
    });
    let engine = engine(&host, &document);
    host.accesses.set((0, 0));
    let body = br#"{"model":"m","user":"somebody"}"#;
    let mut stream = host.request(&engine, &head(&[]), &[body]);
    let before = host.accesses.replace((0, 0));
    let usage = br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#;
    host.answer(&mut stream, 200, &[("content-type", "application/json")], &[usage]);
    host.done(stream, None);
    [before, host.accesses.get()]
}

#[test]
fn a_request_costs_a_read_of_each_candidate_and_two_writes() {
    for (strategy, reads) in [
        ("ordered_fallback", 1),
        ("priority_based", 1),
        ("cost_based", 1),
        ("weighted", 1),
        ("least_busy", 16),
        ("latency_based", 16),
        ("usage_based", 16),
        ("rate_limit_aware", 16),
        ("sticky", 16),
    ] {
        assert_eq!(accesses(strategy, 16), [(reads, 1), (1, 1)], "{strategy}");
    }
    // Taking a turn costs one more read and one more write.
    assert_eq!(accesses("round_robin", 16), [(17, 2), (1, 1)]);
    assert_eq!(accesses("single", 1), [(1, 1), (1, 1)]);
}
