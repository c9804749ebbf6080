//! `pointsman run`: an Envoy with one's own document, which follows its changes.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::generated::{file, mocks};
use crate::harness::module;

const TOKEN: &str = "a-token-of-operators";

/// The tool with its Envoy. Ended by a signal, as a supervisor would, whatever becomes of the test.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(document: &str, endpoint: &str) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, admin) = (free(), free());
        let child = Command::new(env!("CARGO_BIN_EXE_pointsman"))
            .args(["run", document, "--endpoint", endpoint, "--module", &module()])
            .env("POINTSMAN_ADMIN_TOKEN", TOKEN)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--admin-port", &admin.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let running = Self { child, url: format!("http://127.0.0.1:{port}") };
        running.wait_for("it serves", || running.deployment().is_some());
        running
    }

    /// Returns the deployment that serves a request; `None` where there is no success.
    fn deployment(&self) -> Option<String> {
        let body = r#"{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}"#;
        let url = format!("{}/v1/chat/completions", self.url);
        let answer = ureq::post(url).content_type("application/json").send(body).ok()?;
        Some(answer.headers().get("x-llm-deployment")?.to_str().unwrap().to_owned())
    }

    fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the tool by SIGTERM, and returns what it has said.
    fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // By a signal that it can answer, so that its Envoy ends with it.
        let _ =
            Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

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
    assert!(said.contains("not set: POINTSMAN_NO_SUCH"), "{said}");
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
