//! An Envoy process that runs as long as the test run.
//!
//! Envoy chooses its ports and reports them, so parallel runs cannot collide. When a test fails,
//! the log of the Envoy that it used is shown.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::observed::Scrape;
use super::spec::{DRAIN_TIME_S, Files, LISTENER, PEEK};
use super::{Spec, ask, fresh, run};

/// Several workers, so that state which they fail to share shows up.
const WORKERS: &str = "4";

/// The log level of the filter.
const LEVEL: &str = "wasm:info";

/// Starting takes a second or two, more on a busy machine.
const START: Duration = Duration::from_secs(60);

/// All tests together take some minutes. A test that loops without end would otherwise hold up
/// whoever waits for the run. `LONGEST_RUN_MINUTES` says otherwise, for a run that is to be longer.
const LONGEST_RUN_MINUTES: u64 = 40;

/// What is counted is in Envoy's metrics within this time, as docs/observe.md promises.
const HANDED_OVER: Duration = Duration::from_secs(1);

/// Envoy merges histograms within this time after it was asked for its metrics.
const MERGED: Duration = Duration::from_millis(100);

/// How many lines of the log are shown after a failure.
const SHOWN_LINES: usize = 60;

/// Runs Envoy until standard input ends, which happens however this process ends. Statics are never
/// dropped, and a killed test run must not leave an Envoy running.
const GUARD: &str =
    r#"trap '' INT; "$@" & pid=$!; read -r _; kill "$pid" 2>/dev/null; wait "$pid""#;

thread_local! {
    /// The log of the Envoy that this test talked to last.
    static LOG_IN_USE: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// A running Envoy.
#[derive(Debug)]
pub(crate) struct Envoy {
    admin_port: u16,
    listener_port: u16,
    peek_port: Option<u16>,
    folder: PathBuf,
    log: PathBuf,
    guard: Child,
    _until_closed: ChildStdin,
}

/// How an Envoy is started, beside its configuration.
struct Started<'a> {
    /// The log level of the filter.
    level: &'a str,
    drain_time_s: u32,
}

impl Envoy {
    /// Starts an Envoy and waits until it serves.
    pub(crate) fn start(spec: &Spec, ports: &BTreeMap<&'static str, u16>) -> Self {
        let folder = folder();
        let config = write_config(&folder, spec, ports);
        let level = if spec.is_traced { "wasm:trace" } else { LEVEL };
        Self::start_in(folder, &config, &[], Started { level, drain_time_s: spec.drain_time_s })
    }

    /// Starts an Envoy that is configured by this text, with these environment variables.
    pub(crate) fn start_text(text: &str, variables: &[(&str, &str)]) -> Self {
        let folder = folder();
        let config = folder.join("envoy.yaml");
        fs::write(&config, text).unwrap();
        let started = Started { level: LEVEL, drain_time_s: DRAIN_TIME_S };
        Self::start_in(folder, &config, variables, started)
    }

    fn start_in(
        folder: PathBuf,
        config: &Path,
        variables: &[(&str, &str)],
        with: Started<'_>,
    ) -> Self {
        let log = folder.join("log");
        let address_file = folder.join("admin");
        let output = File::create(&log).unwrap();
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "sh", &setting("ENVOY"), "--disable-hot-restart"])
            .args(["--concurrency", WORKERS, "-l", "warning", "--component-log-level"])
            .args([with.level, "--drain-time-s", &with.drain_time_s.to_string()])
            .arg("-c")
            .arg(config)
            .arg("--admin-address-path")
            .arg(&address_file)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let until_closed = guard.stdin.take().unwrap();
        note_log(&log);
        let admin = wait_for(&log, || fs::read_to_string(&address_file).ok()?.parse().ok());
        let bound = wait_for(&log, || bound(admin));
        Self {
            admin_port: admin.port(),
            listener_port: bound.get(LISTENER).or(bound.values().next()).copied().unwrap(),
            peek_port: bound.get(PEEK).copied(),
            folder,
            log,
            guard,
            _until_closed: until_closed,
        }
    }

    /// Returns the listener's port. If this test fails later, the log of this Envoy is shown.
    pub(crate) fn listener_port(&self) -> u16 {
        note_log(&self.log);
        self.listener_port
    }

    /// Returns the port of the listener that shows shared data.
    pub(crate) fn peek_port(&self) -> u16 {
        self.peek_port.expect("a group whose Spec is with_peek")
    }

    /// Replaces the listeners with those of another `Spec`, with another module.
    pub(crate) fn update(&self, spec: &Spec, module: &Path) {
        write_listeners(&self.folder, spec, module.to_str().unwrap());
    }

    /// Returns the value of one of the module's counters, once all is in it that has been counted by
    /// now.
    pub(crate) async fn counted(&self, name: &str) -> u64 {
        tokio::time::sleep(HANDED_OVER).await;
        self.stat(&format!("wasmcustom.{name}")).await
    }

    /// Returns the value of a counter or gauge as Envoy has it; 0 before it has one.
    pub(crate) async fn stat(&self, name: &str) -> u64 {
        let path = format!("/stats?filter={name}");
        let text = ask::fetch(self.admin_port, &path).await.expect("Envoy answers");
        let text = String::from_utf8_lossy(&text).into_owned();
        let of_line = |line: &str| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok();
        text.lines().find_map(of_line).unwrap_or(0)
    }

    /// Returns what Prometheus would read about this filter, once all is in it that has been
    /// counted by now.
    pub(crate) async fn scrape(&self) -> Scrape {
        tokio::time::sleep(HANDED_OVER).await;
        // Envoy merges histograms of its workers after it is asked, and shows them the next time.
        let mut before = self.scrape_now("").await;
        loop {
            let after = self.scrape_now("").await;
            if after == before {
                return after;
            }
            before = after;
        }
    }

    /// Returns what Prometheus would read now of the metrics that have been used.
    pub(crate) async fn scrape_used(&self) -> Scrape {
        self.scrape_now("?usedonly").await
    }

    /// Returns what Prometheus would read now about this filter, with that query.
    async fn scrape_now(&self, query: &str) -> Scrape {
        tokio::time::sleep(MERGED).await;
        let path = format!("/stats/prometheus{query}");
        let text = ask::fetch(self.admin_port, &path).await.expect("Envoy answers");
        Scrape::read(&String::from_utf8_lossy(&text))
    }

    /// Returns the most memory that Envoy has used so far, in MiB, as Linux counts it.
    pub(crate) fn peak_memory_mib(&self) -> u64 {
        self.memory_kib("VmHWM:") / 1024
    }

    /// Returns the memory that Envoy uses now, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    fn memory_kib(&self, field: &str) -> u64 {
        let guard = self.guard.id();
        let children = fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap();
        let pid = children.split_whitespace().next().expect("the guard has started Envoy");
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let kib = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        kib.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Returns what Envoy has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

/// Returns whether Envoy accepts the configuration, and what it says about it.
pub(crate) fn validate(spec: &Spec) -> (bool, String) {
    validate_file(&write_config(&folder(), spec, &BTreeMap::new()))
}

/// Does the same for a text, with these environment variables.
pub(crate) fn validate_text(text: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let path = folder().join("envoy.yaml");
    fs::write(&path, text).unwrap();
    validate_with(&path, variables)
}

/// Does the same for a file, in the folder that the tests run in.
pub(crate) fn validate_file(path: &Path) -> (bool, String) {
    // The variables that the shipped configurations name.
    let variables =
        [("NORTH_API_KEY", "sk-north"), ("POINTSMAN_ADMIN_TOKEN", "a-token-of-the-tests")];
    validate_with(path, &variables)
}

fn validate_with(path: &Path, variables: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(setting("ENVOY"))
        .args(["--mode", "validate", "-l", "info", "-c"])
        .arg(path)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Returns what `make` sets. A run without it is a mistake, not a reason to skip.
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run `make test-e2e`"))
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("e2e")
        .join(fresh(&std::process::id().to_string()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn write_config(folder: &Path, spec: &Spec, ports: &BTreeMap<&'static str, u16>) -> PathBuf {
    let module = module();
    if spec.is_dynamic {
        write_listeners(folder, spec, &module);
    }
    let path = folder.join("envoy.json");
    with_files(folder, spec, &module, |files| {
        fs::write(&path, serde_json::to_vec_pretty(&spec.envoy(files, ports)).unwrap()).unwrap();
    });
    path
}

/// Writes a file beside it and moves that: Envoy reads the listeners as soon as a file is moved
/// there.
fn write_listeners(folder: &Path, spec: &Spec, module: &str) {
    with_files(folder, spec, module, |files| {
        let new = folder.join("listeners.new");
        fs::write(&new, serde_json::to_vec_pretty(&spec.resources(files)).unwrap()).unwrap();
        fs::rename(&new, files.listeners).unwrap();
    });
}

fn with_files(folder: &Path, spec: &Spec, module: &str, write: impl FnOnce(Files<'_>)) {
    let peek = if spec.with_peek { setting("POINTSMAN_PEEK") } else { String::new() };
    let listeners = folder.join("listeners.json");
    write(Files { module, peek: &peek, listeners: listeners.to_str().unwrap(), folder });
}

/// Returns the path of the module under test.
pub(crate) fn module() -> String {
    let module = setting("POINTSMAN_WASM");
    assert!(Path::new(&module).exists(), "{module} does not exist; run `make test-e2e`");
    module
}

fn wait_for<T>(log: &Path, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        let text = fs::read_to_string(log).unwrap_or_default();
        let has_failed = text.contains("[critical]") || text.contains("exiting");
        assert!(!has_failed && started.elapsed() < START, "Envoy did not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the ports that Envoy has bound, by listener, once all workers serve.
fn bound(admin: SocketAddr) -> Option<BTreeMap<String, u16>> {
    let fetch = |path: &str| run(ask::fetch(admin.port(), path));
    if fetch("/ready").is_none_or(|ready| !ready.starts_with(b"LIVE")) {
        return None;
    }
    let listeners: Value = serde_json::from_slice(&fetch("/listeners?format=json")?).ok()?;
    let statuses = listeners["listener_statuses"].as_array()?;
    let of_one = |status: &Value| {
        let port = status.pointer("/local_address/socket_address/port_value")?.as_u64()?;
        Some((status["name"].as_str()?.to_owned(), u16::try_from(port).ok()?))
    };
    // A listener at a Unix socket has no port.
    let of_port = |status: &&Value| status.pointer("/local_address/pipe").is_none();
    statuses.iter().filter(of_port).map(of_one).collect()
}

/// Returns how long all tests together may take.
fn longest_run() -> Duration {
    let minutes = std::env::var("LONGEST_RUN_MINUTES")
        .map_or(LONGEST_RUN_MINUTES, |text| text.parse().expect("LONGEST_RUN_MINUTES is a number"));
    Duration::from_secs(minutes * 60)
}

/// Notes whose log is shown if this test fails. The first call starts the watch over the run.
fn note_log(log: &Path) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::thread::spawn(|| {
            let longest = longest_run();
            std::thread::sleep(longest);
            eprintln!("the tests have not ended after {longest:?}: a test without its `ok` hangs");
            std::process::exit(1);
        });
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            usual(panic);
            let log = LOG_IN_USE.with_borrow(Clone::clone);
            if let Some(log) = log.and_then(|log| fs::read_to_string(log).ok()) {
                let lines: Vec<_> = log.lines().collect();
                let shown = lines.len().saturating_sub(SHOWN_LINES);
                eprintln!("--- the end of Envoy's log ---\n{}\n---", lines[shown..].join("\n"));
            }
        }));
    });
    LOG_IN_USE.with_borrow_mut(|current| *current = Some(log.to_owned()));
}
