//! Parts of an attempt's tokens: what of the input came from a cache, and what of the output is
//! reasoning. They are within the tokens and within their cost.

use pointsman::lifecycle::Engine;
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{engine, head, host};

/// Returns what is counted under a name, summed up; `None` where there is no such series.
fn counted(host: &FakeHost, name: &str) -> Option<u64> {
    let values = host.recorded(name);
    (!values.is_empty()).then(|| values.iter().sum())
}

/// Has a provider answer a chat with that usage.
fn answer(host: &FakeHost, usage: &Value) {
    let engine: std::rc::Rc<Engine> = engine(
        host,
        &json!({
            "providers": {"p": {"cluster": "p"}},
            "deployments": {"a": {"provider": "p", "model": "up", "facts": {
                "input_usd_per_million": 2, "cached_input_usd_per_million": 1, "output_usd_per_million": 10}}},
            "models": {"m": {"candidates": ["a"]}},
            "log_fields": true
        }),
    );
    let asked = json!({"model": "m", "messages": []}).to_string();
    let mut stream = host.request(&engine, &head(&[]), &[asked.as_bytes()]);
    let body = json!({"choices": [{"message": {"content": "a"}}], "usage": usage}).to_string();
    host.answer(&mut stream, 200, &[("content-type", "application/json")], &[body.as_bytes()]);
    host.done(stream, None);
}

/// Returns the parts that are counted, and the reasoning that is logged.
fn parts(host: &FakeHost) -> [Option<u64>; 4] {
    let of = |kind| counted(host, &format!("pointsman.tokens.parts.deployment=.a;.kind=.{kind};"));
    let logged = host.properties.borrow().get("llm.reasoning_tokens").cloned();
    let logged = logged.map(|text| String::from_utf8(text).unwrap().parse().unwrap());
    [of("cache_read"), of("cache_write"), of("reasoning"), logged]
}

#[test]
fn reasoning_is_counted_and_logged_and_costs_what_output_costs() {
    let host = host();
    let details = json!({"reasoning_tokens": 30});
    answer(
        &host,
        &json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 60}, "completion_tokens_details": details}),
    );
    assert_eq!(parts(&host), [Some(60), None, Some(30), Some(30)]);
    let output = "pointsman.tokens.deployment=.a;.direction=.output;.source=.provider;";
    assert_eq!(counted(&host, output), Some(50));
    // 40 tokens at 2, 60 at 1 and 50 at 10 millionths.
    assert_eq!(counted(&host, "pointsman.cost.nano_usd.deployment=.a;"), Some(640_000));
}

#[test]
fn reasoning_that_is_counted_beside_the_output_is_paid_for_too() {
    let host = host();
    let details = json!({"reasoning_tokens": 30});
    answer(
        &host,
        &json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 180,
                "completion_tokens_details": details}),
    );
    assert_eq!(parts(&host), [None, None, Some(30), Some(30)]);
    assert_eq!(counted(&host, "pointsman.cost.nano_usd.deployment=.a;"), Some(1_000_000));
}

#[test]
fn what_a_provider_does_not_tell_makes_no_series_and_no_field() {
    let host = host();
    let details = json!({"reasoning_tokens": 0});
    answer(
        &host,
        &json!({"prompt_tokens": 100, "completion_tokens": 50, "completion_tokens_details": details}),
    );
    assert_eq!(parts(&host), [None; 4]);
}

#[test]
fn parts_of_a_count_that_cannot_be_are_not_believed() {
    let host = host();
    let details = json!({"reasoning_tokens": 30});
    answer(
        &host,
        &json!({"prompt_tokens": 100, "completion_tokens": 99_999_999_999_u64,
                "completion_tokens_details": details}),
    );
    assert_eq!(parts(&host), [None; 4]);
}
