//! The tool with an Envoy that it runs.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::generated::file;
use crate::harness::module;

use super::TOKEN;

/// The tool with its Envoy. Ended by a signal, as a supervisor would, whatever becomes of the test.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) url: String,
    /// Where Envoy's admin page is.
    pub(super) admin: String,
    /// The file of the access log.
    pub(super) log: String,
}

impl Running {
    pub(super) fn start(document: &str, endpoint: &str) -> Self {
        let mut running = Self::starting(document, &["--endpoint", endpoint], &module());
        let begun = Instant::now();
        while running.deployment().is_none() {
            if running.child.try_wait().unwrap().is_some() {
                // Somebody else has taken a port that was free. Others are tried, until time is up.
                let said = running.said();
                assert!(said.contains("in use"), "{said}");
                running = Self::starting(document, &["--endpoint", endpoint], &module());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                let log = std::fs::read_to_string(&running.log).unwrap();
                panic!("it does not serve: {}{log}", running.stop());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }

    pub(super) fn starting(document: &str, more: &[&str], module: &str) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, admin) = (free(), free());
        let log = file("log", "");
        let child = Command::new(env!("CARGO_BIN_EXE_pointsman"))
            .args(["run", document, "--module", module])
            .args(more)
            .env("POINTSMAN_ADMIN_TOKEN", TOKEN)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--admin-port", &admin.to_string()])
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let [url, admin] = [port, admin].map(|port| format!("http://127.0.0.1:{port}"));
        Self { child, url, admin, log }
    }

    pub(super) fn ask_admin(&self, path: &str) -> String {
        let mut answer = ureq::get(format!("{}/{path}", self.admin)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// Whether Envoy has refused a file of this kind.
    pub(super) fn has_refused(&self, of: &str) -> bool {
        let name = format!("{of}.update_rejected");
        let text = self.ask_admin(&format!("stats?filter={name}"));
        text.trim().strip_prefix(&format!("{name}: ")).unwrap() != "0"
    }

    /// Returns the clusters that Envoy has.
    pub(super) fn clusters(&self) -> BTreeSet<String> {
        self.ask_admin("clusters")
            .lines()
            .filter_map(|line| Some(line.split_once("::")?.0.to_owned()))
            .collect()
    }

    /// Returns the deployment that serves a request; `None` where there is no success.
    pub(super) fn deployment(&self) -> Option<String> {
        let body = r#"{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}"#;
        let url = format!("{}/v1/chat/completions", self.url);
        let answer = ureq::post(url).content_type("application/json").send(body).ok()?;
        Some(answer.headers().get("x-llm-deployment")?.to_str().unwrap().to_owned())
    }

    pub(super) fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns what a tool has said that ends.
    pub(super) fn said(&mut self) -> String {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }

    /// Ends the tool by SIGTERM, and returns what it has said.
    pub(super) fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        let said = self.said();
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
