//! Requests that the filter does not route.

use hyper::Method;
use serde_json::json;

use crate::group::{CLOSED, LENIENT, LENIENT_BUFFER, OPEN, open};
use crate::harness::{Group, Spec, ask};

#[test]
fn other_paths_pass_to_the_default_cluster() {
    let reply = ask(&OPEN).method(Method::GET).path("/index.html?key=kept&x=1").send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!((provider, seen.path.as_str()), ("site", "/index.html?key=kept&x=1"));
    assert_eq!(reply.header("x-llm-deployment"), None);

    let body = r#"{"model": "plain", "messages": []}"#;
    let reply =
        ask(&OPEN).path("/v1/files").header("authorization", "Bearer kept").body(body).send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!((provider, seen.text().as_str()), ("site", body));
    assert_eq!(seen.header("authorization"), Some("Bearer kept"));
}

#[test]
fn other_content_types_pass_to_the_default_cluster() {
    for content_type in ["text/plain", "application/octet-stream", "image/png"] {
        let body = r#"{"model":"plain"}"#;
        let reply = ask(&OPEN).header("content-type", content_type).body(body).send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!((provider, seen.text().as_str()), ("site", body), "{content_type}");
    }
}

#[test]
fn json_types_with_parameters_are_routed() {
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let reply = ask(&OPEN).header("content-type", content_type).model("plain").send();
        assert_eq!(reply.served(), ("beta", "up-b1"), "{content_type}");
    }
}

#[test]
fn an_upload_beyond_every_buffer_passes() {
    let size = LENIENT_BUFFER as usize * 8;
    for whole in [true, false] {
        let asked =
            ask(&LENIENT).path("/v1/files").header("content-type", "application/octet-stream");
        let reply = if whole {
            asked.body(vec![b'x'; size]).send()
        } else {
            asked.pieces(vec![vec![b'x'; size / 64]; 64]).send()
        };
        let (provider, seen) = reply.served_by_one();
        assert_eq!((provider, seen.body_bytes), ("site", size));
    }
}

#[test]
fn without_a_default_cluster_other_paths_get_503_and_those_of_apis_an_answer() {
    let forged = |path| ask(&CLOSED).path(path).header("x-llm-cluster", "gamma").body("{}").send();
    let asked = |path| ask(&CLOSED).path(path).body("{}").send();
    forged("/v1/files").refused(404);
    assert_eq!(forged("/index.html").status, 503);
    let reply = asked("/index.html");
    assert_eq!(reply.status, 503);
    assert!(reply.seen.is_empty());
    for (path, member) in [
        ("/v1/files", "/error/message"),
        ("/v1/nothing", "/error/message"),
        ("/v1beta/models/m:unknown", "/error/message"),
        ("/model/m/unknown", "/message"),
    ] {
        let reply = asked(path);
        assert!(reply.seen.is_empty());
        let error = reply.refused(404);
        let message = error.pointer(member).unwrap().as_str().unwrap();
        assert!(message.contains("/chat/completions") && message.contains(path), "{message}");
    }
    // With one, they go there.
    assert_eq!(ask(&OPEN).path("/v1/nothing").body("{}").send().served_by_one().0, "site");
}

/// Envoy's route goes by filter state there, not by a header.
#[test]
fn a_path_of_an_api_that_goes_nowhere_is_told_so_with_failover_too() {
    let mut document = open();
    document.as_object_mut().unwrap().remove("default_cluster");
    document["failover"] = json!({"max_attempts": 2});
    let group = Group::start(&Spec::failing_over(document));
    ask(&group).path("/v1/nothing").body("{}").send().refused(404);
    assert_eq!(ask(&group).path("/index.html").body("{}").send().status, 503);
    ask(&group).model("keyed").send().served_by_one();
    group.assert_no_trap();
}

#[test]
fn an_unknown_model_passes_untouched_where_configured() {
    let body = r#"{"messages" : [], "model":"gpt-nil"}"#;
    let reply = ask(&LENIENT).header("authorization", "Bearer kept").body(body).send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!((provider, seen.text().as_str()), ("site", body));
    assert_eq!(seen.header("authorization"), Some("Bearer kept"));

    let reply = ask(&LENIENT).body(r#"{"messages":[]}"#).send();
    assert_eq!(reply.served_by_one().0, "site");
}

#[test]
fn an_unknown_model_is_served_as_another_where_configured() {
    let reply = ask(&CLOSED).model("gpt-nil").send();
    assert_eq!(reply.served(), ("beta", "up-b1"));
    assert_eq!(reply.header("x-llm-deployment"), None, "response headers are off here");
}

#[test]
fn a_missing_model_is_inserted_where_one_is_configured() {
    for body in [r#"{"messages":[]}"#, "{ }", "{\n  \"messages\" : [ ]}"] {
        let reply = ask(&CLOSED).body(body).send();
        let (_, seen) = reply.served_by_one();
        let mut want: serde_json::Value = serde_json::from_str(body).unwrap();
        want["model"] = json!("up-b1");
        assert_eq!(seen.json(), want);
        let text = seen.text();
        assert!(text.trim_start_matches(['{', ' ', '\n']).starts_with(r#""model""#), "{text}");
    }
}
