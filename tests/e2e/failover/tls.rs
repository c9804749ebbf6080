//! Providers that speak TLS: an attempt uses the server name of its own cluster, and accepts no
//! other cluster's certificate.

use std::sync::LazyLock;

use serde_json::json;

use crate::harness::tls::{Certificates, server_name};
use crate::harness::{Group, Spec, ask, run};

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let document = json!({
        "providers": {
            "alpha": {"cluster": "alpha-tls", "authority": server_name("alpha-tls"),
                      "credential": {"env": "ALPHA_KEY"}},
            "beta": {"cluster": "beta-tls", "authority": server_name("beta-tls")},
        },
        "deployments": {"a": {"provider": "alpha", "model": "model-a"},
                        "b": {"provider": "beta", "model": "model-b"}},
        "models": {"ab": {"candidates": ["a", "b"]}, "ba": {"candidates": ["b", "a"]}},
        "failover": {"max_attempts": 2},
        "cooldown": {"enabled": false},
    });
    Group::start(&Spec { tls: Some(Certificates::new()), ..Spec::failing_over(document) })
});

#[test]
fn each_attempt_has_the_server_name_of_its_provider() {
    for (model, first, second) in [("ab", "alpha", "beta"), ("ba", "beta", "alpha")] {
        for fault in [("x-mock-status", "503"), ("x-mock-reset", "before-headers")] {
            let reply = ask(&GROUP)
                .model(model)
                .header("authorization", "Bearer sk-client")
                .header("x-mock-only", first)
                .header(fault.0, fault.1)
                .send();
            assert_eq!(reply.status, 200, "{:?}", reply.body);
            assert_eq!(reply.json()["mock"]["provider"], second);
            let mut asked: Vec<&str> = reply.seen.iter().map(|(name, _)| *name).collect();
            asked.sort_unstable();
            assert_eq!(asked, ["alpha", "beta"]);
            for (name, seen) in &reply.seen {
                assert_eq!(seen.authority, server_name(&format!("{name}-tls")));
                let key = if *name == "alpha" { "Bearer sk-alpha" } else { "Bearer sk-client" };
                assert_eq!(seen.header("authorization"), Some(key));
            }
        }
    }
    // Nothing but these clusters leads to the TLS listener.
    for cluster in ["alpha-tls", "beta-tls"] {
        let stat = |name: &str| run(GROUP.envoy().stat(&format!("cluster.{cluster}.{name}")));
        assert!(stat("ssl.handshake") > 0, "{cluster}");
        assert_eq!(stat("ssl.fail_verify_san") + stat("ssl.connection_error"), 0, "{cluster}");
    }
    GROUP.assert_no_trap();
}
