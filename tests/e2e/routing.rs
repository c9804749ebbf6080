//! Which deployment a request reaches.

use serde_json::{Value, json};

use crate::group::OPEN;
use crate::harness::{ask, chat};

const PIXEL: &str = "data:image/png;base64,iVBORw0KGgo=";

/// Checks the provider and upstream model that serve this body, and the route taken.
#[track_caller]
fn assert_goes(body: &Value, headers: &[(&str, &str)], want: (&str, &str), route: Option<&str>) {
    let asked = headers.iter().fold(ask(&OPEN), |asked, (name, value)| asked.header(name, value));
    let reply = asked.json(body).send();
    assert_eq!(reply.served(), want);
    assert_eq!(reply.header("x-llm-route"), route);
}

#[test]
fn a_model_goes_to_its_deployment() {
    assert_goes(&chat("plain", "Hello"), &[], ("beta", "up-b1"), None);
    assert_goes(&chat("keyed", "Hello"), &[], ("alpha", "up-a1"), None);
}

#[test]
fn an_alias_of_an_alias_goes_where_its_model_goes() {
    assert_goes(&chat("nickname-of-nickname", "Hello"), &[], ("beta", "up-b1"), None);
}

#[test]
fn the_first_candidate_of_an_ordered_model_serves() {
    assert_goes(&chat("listed", "Hello"), &[], ("beta", "up-b1"), None);
}

#[test]
fn a_variant_is_picked_by_name_and_by_header() {
    assert_goes(&chat("variants", "Hello"), &[], ("beta", "up-b1"), None);
    assert_goes(&chat("variants#review", "Hello"), &[], ("alpha", "up-a2"), None);
    assert_goes(
        &chat("variants", "Hello"),
        &[("x-llm-variant", "review")],
        ("alpha", "up-a2"),
        None,
    );
    ask(&OPEN).model("variants#nothing").send().refused(400);
}

#[test]
fn an_image_takes_its_route() {
    let parts = json!([{"type": "text", "text": "What is this?"},
                       {"type": "image_url", "image_url": {"url": PIXEL}}]);
    assert_goes(&chat("routed", parts), &[], ("alpha", "up-a1"), Some("pictures"));
}

#[test]
fn a_tag_takes_its_route_from_header_and_body() {
    let hello = chat("routed", "Hello");
    assert_goes(&hello, &[("x-llm-tag", "other, premium")], ("alpha", "up-a2"), Some("tagged"));
    let mut tagged = hello.clone();
    tagged["metadata"] = json!({"tag": "premium"});
    assert_goes(&tagged, &[], ("alpha", "up-a2"), Some("tagged"));
    assert_goes(&hello, &[("x-llm-tag", "premiums")], ("beta", "up-b1"), None);
}

#[test]
fn a_keyword_takes_its_route_whatever_its_case() {
    for text in ["please DEPLOY it", "in der STRAßE", "in der Stra\u{df}e"] {
        assert_goes(&chat("routed", text), &[], ("beta", "up-b2"), Some("words"));
    }
    let split = json!([{"type": "text", "text": "dep"}, {"type": "text", "text": "loy"}]);
    assert_goes(&chat("routed", split), &[], ("beta", "up-b2"), Some("words"));
    // What the assistant said is not part of the caller's prompt.
    let body = json!({"model": "routed", "messages": [
        {"role": "assistant", "content": "deploy"}, {"role": "user", "content": "Hello"}]});
    assert_goes(&body, &[], ("beta", "up-b1"), None);
}

#[test]
fn a_keyword_is_found_in_unicode_escapes() {
    let body = r#"{"messages":[{"role":"user","content":"d\u0065pl\u006Fy"}],"model":"routed"}"#;
    let reply = ask(&OPEN).body(body).send();
    assert_eq!(reply.served(), ("beta", "up-b2"));
}

#[test]
fn a_long_prompt_takes_its_route_and_is_not_cached() {
    let reply = ask(&OPEN).json(&chat("routed", "All the words there are. ".repeat(800))).send();
    assert_eq!(reply.served(), ("beta", "up-b3"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("cache-control"), Some("no-cache, no-store"));
}

#[test]
fn a_header_takes_its_route() {
    let hello = chat("routed", "Hello");
    assert_goes(&hello, &[("x-team", "search")], ("alpha", "up-a1"), Some("headed"));
    assert_goes(&hello, &[("x-team", "other")], ("beta", "up-b1"), None);
}

#[test]
fn clients_may_not_force_a_route_unless_allowed() {
    assert_goes(&chat("routed", "Hello"), &[("x-llm-route", "forced")], ("beta", "up-b1"), None);
}

#[test]
fn every_wire_format_is_routed() {
    for path in ["/v1/completions", "/v1/embeddings", "/v1/responses"] {
        let body = json!({"model": "plain", "prompt": "Hello", "input": "Hello"});
        let reply = ask(&OPEN).path(path).json(&body).send();
        assert_eq!(reply.served(), ("beta", "up-b1"), "{path}");
    }
    let reply = ask(&OPEN).path("/v1/messages").json(&chat("claude", "Hello")).send();
    assert_eq!(reply.served(), ("gamma", "up-g1"));
}

#[test]
fn a_request_is_only_sent_to_providers_that_have_its_format() {
    let reply = ask(&OPEN).model("claude").send();
    assert!(reply.status.is_client_error(), "{reply:#?}");
    reply.refused(reply.status.as_u16());
}

#[test]
fn the_answer_says_who_served() {
    let reply = ask(&OPEN).model("keyed").send();
    assert_eq!(reply.header("x-llm-deployment"), Some("a1"));
    assert_eq!(reply.header("x-llm-provider"), Some("alpha"));
    assert!(reply.header("x-llm-model").is_some());
    assert_eq!(reply.header("x-llm-cluster"), None);
    assert_eq!(reply.header("x-llm-retry"), None);
}
