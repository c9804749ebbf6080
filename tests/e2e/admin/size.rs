//! The state of ten thousand deployments.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::{call, spec, told};
use crate::harness::Group;

#[test]
fn ten_thousand_deployments_come_in_pages() {
    let id = |at: usize| format!("deployment-{at:05}");
    let deployments: Map<String, Value> =
        (0..10_000).map(|at| (id(at), json!({"provider": "alpha", "model": id(at)}))).collect();
    let group = Group::start(&spec(json!({
        "providers": {"alpha": {"cluster": "alpha"}},
        "deployments": deployments,
        "models": {"plain": {"candidates": [id(0)]}},
        "admin": {"token_env": "ADMIN_TOKEN"},
    })));
    let (mut after, mut seen) = (String::new(), 0);
    loop {
        let page = told(call(&group, Method::GET, &format!("/admin/state?after={after}")));
        let listed = page["deployments"].as_array().unwrap();
        assert_eq!(listed[0]["id"], Value::from(id(seen)));
        assert_eq!(listed.len(), 1000);
        seen += listed.len();
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(seen, 10_000);
    group.assert_serves("plain");
}
