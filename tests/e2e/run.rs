//! `pointsman run`: an Envoy with one's own document, which follows its changes.

mod running;
mod unreached;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::generated::{file, mocks};
use crate::harness::module;

use running::Running;

const TOKEN: &str = "a-token-of-operators";

/// Returns a document whose model is served by this deployment.
fn document(first: &str) -> String {
    format!(
        "providers: {{local: {{cluster: mock}}}}\n\
         deployments: {{a: {{provider: local, model: m}}, b: {{provider: local, model: m}}}}\n\
         models: {{auto: {{candidates: [{first}]}}}}\nfailover: {{max_attempts: 2}}\n"
    )
}

#[test]
fn a_changed_document_is_applied_without_a_failed_request() {
    let mocks = mocks(&["mock"]);
    let path = file("yaml", &document("a"));
    let running = Running::start(&path, &format!("mock=127.0.0.1:{}", mocks["mock"].port()));
    assert_eq!(running.deployment().as_deref(), Some("a"));

    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut served = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert!(running.deployment().is_some(), "request {served} failed");
                served += 1;
            }
            served
        });
        for next in ["b", "a", "b"] {
            std::fs::write(&path, document(next)).unwrap();
            running.wait_for(next, || running.deployment().as_deref() == Some(next));
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(client.join().unwrap() > 20);
    });

    // A mistake changes nothing, and is said with its line.
    std::fs::write(&path, document("zz")).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(running.deployment().as_deref(), Some("b"));
    let said = running.stop();
    assert!(said.contains(&format!("{path}: changed and applied")), "{said}");
    let wanted = format!("{path}:3: error: models.auto.candidates[0]: unknown deployment \"zz\"");
    assert!(said.contains(&wanted) && said.contains("not applied: Envoy keeps"), "{said}");
}

#[test]
fn what_envoy_would_lack_is_said_before_it_starts() {
    let text = document("a")
        .replace("cluster: mock", "cluster: mock, credential: {env: POINTSMAN_NO_SUCH}");
    let path = file("yaml", &text);
    let output = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .args(["run", &path, "--module", &module(), "--listen", "127.0.0.1:0", "--admin-port", "0"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("variable \"POINTSMAN_NO_SUCH\" is not set"), "{said}");
}

/// Runs `pointsman admin` for these proxies; returns its exit code and what it prints.
fn admin(proxies: &[&Running], arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .arg("admin")
        .args(arguments)
        .args(proxies.iter().flat_map(|running| ["--proxy", &running.url]))
        .env("POINTSMAN_ADMIN_TOKEN", TOKEN)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn an_operator_sees_and_changes_several_proxies() {
    let mocks = mocks(&["mock"]);
    let endpoint = format!("mock=127.0.0.1:{}", mocks["mock"].port());
    let text = format!("{}admin: {{token_env: POINTSMAN_ADMIN_TOKEN}}\n", document("a, b"));
    let path = file("yaml", &text);
    let (one, two) = (Running::start(&path, &endpoint), Running::start(&path, &endpoint));
    let both = [&one, &two];

    let (code, said) = admin(&both, &["drain", "a"]);
    assert_eq!((code, said.matches("drained").count()), (0, 2), "{said}");
    assert_eq!(one.deployment().as_deref(), Some("b"));
    let (code, said) = admin(&both, &["state"]);
    assert_eq!((code, said.matches("drained, healthy").count()), (0, 2), "{said}");
    assert!(said.contains(&one.url) && said.contains(&two.url), "{said}");
    let body = file("json", r#"{"model": "auto", "messages": [{"role": "user", "content": "x"}]}"#);
    let (_, said) = admin(&[&one], &["explain", "--body", &body]);
    assert!(said.contains("drained") && said.contains("plan   b"), "{said}");
    assert_eq!(admin(&both, &["undrain", "a"]).0, 0);

    // A dynamic route of one proxy only cannot become permanent for both.
    assert_eq!(admin(&[&one], &["route", "auto", "--at", "local:other", "--at", "local:m"]).0, 0);
    let (code, said) = admin(&both, &["permanent", "--config", &path]);
    assert!(code == 1 && said.contains("have different dynamic routes"), "{said}");
    let (code, said) = admin(&[&one], &["permanent", "--config", &path]);
    assert_eq!(code, 0, "{said}");
    // Given to the other proxy, the document does what the dynamic route did.
    std::fs::write(&path, said).unwrap();
    two.wait_for("the new document", || two.deployment().as_deref() == Some("local/other"));

    let (code, said) = admin(&both, &["drain", "none"]);
    assert!(code == 1 && said.contains("there is no deployment with this id"), "{said}");
    // The token is on no command line and in no message.
    let (code, said) = admin(&both, &["state", "--token-env", "POINTSMAN_NO_SUCH"]);
    assert!(code == 2 && said.contains("POINTSMAN_NO_SUCH is not set"), "{said}");
}

#[test]
fn counters_and_drains_survive_a_new_document() {
    let mocks = mocks(&["mock"]);
    let endpoint = format!("mock=127.0.0.1:{}", mocks["mock"].port());
    let text = format!("{}admin: {{token_env: POINTSMAN_ADMIN_TOKEN}}\n", document("a, b"));
    let path = file("yaml", &text);
    let running = Running::start(&path, &endpoint);
    assert_eq!(admin(&[&running], &["drain", "a"]).0, 0);
    std::fs::write(
        &path,
        text.replace("candidates: [a, b]", "candidates: [a, b], description: new"),
    )
    .unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let (_, said) = admin(&[&running], &["state"]);
    assert!(said.contains("drained, healthy"), "{said}");
    assert_eq!(running.deployment().as_deref(), Some("b"));
    let said = running.stop();
    assert!(said.contains("changed and applied"), "{said}");
}

#[test]
fn a_change_that_envoy_refuses_leaves_it_as_it_was() {
    let mocks = mocks(&["mock"]);
    let endpoint = format!("mock=127.0.0.1:{}", mocks["mock"].port());
    let path = file("yaml", &document("a"));
    // Without its module, Envoy takes no filter that it does not have.
    let copy = file("wasm", "");
    std::fs::copy(module(), &copy).unwrap();
    let running = Running::starting(&path, &["--endpoint", &endpoint], &copy);
    running.wait_for("it serves", || running.deployment().is_some());
    std::fs::remove_file(&copy).unwrap();

    let next = document("b").replace(
        "providers: {",
        "providers: {other: {cluster: another, authority: 'example.invalid'}, ",
    );
    // A cluster without the filter is taken before the listener is refused.
    std::fs::write(&path, format!("{next}default_cluster: website\n")).unwrap();
    let before = running.clusters();
    running.wait_for("the clusters are refused", || running.has_refused("cluster_manager.cds"));
    running.wait_for("they are as before", || running.clusters() == before);
    assert_eq!(running.deployment().as_deref(), Some("a"));

    let single = |first: &str| document(first).replace("failover: {max_attempts: 2}\n", "");
    let said = running.stop();
    assert!(said.contains("rejected: ") && said.contains("Invalid path"), "{said}");
    assert!(said.contains("not applied: Envoy keeps the previous document"), "{said}");

    // The same for a document without attempt filters, whose clusters are all taken.
    std::fs::copy(module(), &copy).unwrap();
    std::fs::write(&path, single("a")).unwrap();
    let running = Running::starting(&path, &["--endpoint", &endpoint], &copy);
    running.wait_for("it serves", || running.deployment().is_some());
    std::fs::remove_file(&copy).unwrap();
    let before = running.clusters();
    std::fs::write(&path, format!("{}default_cluster: website\n", single("b"))).unwrap();
    running.wait_for("the listener is refused", || running.has_refused("listener_manager.lds"));
    running.wait_for("the clusters are as before", || running.clusters() == before);
    assert_eq!(running.deployment().as_deref(), Some("a"));
    let said = running.stop();
    assert!(said.contains("listener(s) llm: Invalid path"), "{said}");
}

#[test]
fn another_cluster_is_reached_without_a_failed_request() {
    let mocks = mocks(&["mock", "other"]);
    let at = |name: &str| format!("{name}=127.0.0.1:{}", mocks[name].port());
    let both = "providers: {local: {cluster: mock}, far: {cluster: other}}\n\
                deployments: {a: {provider: local, model: m}, b: {provider: far, model: m}}\n\
                models: {auto: {candidates: [a]}}\n";
    let far = "providers: {far: {cluster: other}}\ndeployments: {b: {provider: far, model: m}}\n\
               models: {auto: {candidates: [b]}}\n";
    let path = file("yaml", both);
    let running = Running::starting(
        &path,
        &["--endpoint", &at("mock"), "--endpoint", &at("other")],
        &module(),
    );
    running.wait_for("it serves", || running.deployment().is_some());
    assert_eq!(running.deployment().as_deref(), Some("a"));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(running.deployment().is_some(), "a request failed");
            }
        });
        for (text, wanted) in [(far, "b"), (both, "a"), (far, "b")] {
            std::fs::write(&path, text).unwrap();
            running.wait_for(wanted, || running.deployment().as_deref() == Some(wanted));
        }
        std::thread::sleep(Duration::from_secs(1));
        is_over.store(true, Ordering::Relaxed);
        client.join().unwrap();
    });
    // A connection of the listener before may still ask for the cluster before.
    assert!(running.clusters().contains("mock"));
    let said = running.stop();
    assert_eq!(said.matches("changed and applied").count(), 3, "{said}");
    assert!(
        said.contains("note: --endpoint mock=…: the document does not name this cluster"),
        "{said}"
    );
}

#[test]
fn findings_are_told_once_and_the_log_has_values_only() {
    let mocks = mocks(&["mock"]);
    let endpoint = format!("mock=127.0.0.1:{}", mocks["mock"].port());
    let path = file("yaml", &document("a"));
    let running = Running::start(&path, &endpoint);
    std::fs::write(&path, format!("# moved\n{}", document("b"))).unwrap();
    running.wait_for("b", || running.deployment().as_deref() == Some("b"));
    std::fs::write(&path, format!("{}log_fields: true\n", document("a"))).unwrap();
    running.wait_for("a", || running.deployment().as_deref() == Some("a"));
    // The environment of an Envoy that runs cannot change.
    let keyed = "cluster: mock, credential: {env: POINTSMAN_NO_SUCH}";
    std::fs::write(&path, document("b").replace("cluster: mock", keyed)).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(running.deployment().as_deref(), Some("a"));

    let log = running.log.clone();
    let said = running.stop();
    assert!(said.starts_with("starting Envoy 1."), "{said}");
    assert_eq!(said.matches("note: default_cluster: is not set").count(), 1, "{said}");
    assert_eq!(said.matches("note: log_fields: is not set").count(), 1, "{said}");
    assert_eq!(said.matches("no longer: log_fields: is not set").count(), 1, "{said}");
    assert_eq!(said.matches("default_cluster").count(), 1, "{said}");
    let wanted = "providers.local.credential.env: environment variable \"POINTSMAN_NO_SUCH\" is not \
                  set\nthe environment of the running Envoy cannot change: stop with Ctrl-C, ";
    assert!(said.contains(wanted), "{said}");

    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let has = |name: &str| lines.iter().filter(|line| line.get(name).is_some()).count();
    assert!(!log.contains("null") && has("status") == lines.len(), "{log}");
    let (first, last) = (&lines[0], lines.last().unwrap());
    assert!(first.get("model").is_none() && last["model"] == "auto", "{log}");
}

#[test]
fn filters_come_first_and_a_change_of_theirs_is_applied() {
    let mocks = mocks(&["mock"]);
    let endpoint = format!("mock=127.0.0.1:{}", mocks["mock"].port());
    let shipped = include_str!("../../envoy/api-keys.yaml");
    let filters = file("filters.yaml", shipped);
    let path = file("yaml", &format!("{}log_fields: true\n", document("a")));
    let more = ["--endpoint", &endpoint, "--filters", &filters];
    let running = Running::starting(&path, &more, &module());
    let status = |key: &str| {
        let asked = ureq::get(format!("{}/v1/models", running.url)).header("x-api-key", key);
        match asked.call() {
            Ok(answer) => answer.status().as_u16(),
            Err(ureq::Error::StatusCode(status)) => status,
            Err(_) => 0,
        }
    };
    running.wait_for("it serves", || status("no") == 401);
    assert_ne!(status("replace-me"), 401);
    std::fs::write(&filters, shipped.replace("replace-me", "another-key")).unwrap();
    running.wait_for("the other key counts", || !matches!(status("another-key"), 0 | 401));
    assert_eq!(status("replace-me"), 401);
    let log = running.log.clone();
    let said = running.stop();
    assert!(said.contains("changed and applied"), "{said}");
    // The log says who called, and the filter's own header is gone.
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains(r#""tenant":"team-a""#), "{log}");
}
