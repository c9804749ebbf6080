//! The commands in docs/tool.md and docs/dialects.md print what these pages say.
//!
//! A `sh` block runs at the repository's root, and the `text` block after it is its output. `…`
//! stands for any text within a line, or, on its own line, for any lines.

use std::path::Path;
use std::process::Command;

/// Returns what one `sh` block prints.
fn run(commands: &str) -> String {
    let tool = Path::new(env!("CARGO_BIN_EXE_pointsman")).parent().unwrap();
    let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", commands])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path)
        .env("TMP", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    // What a gateway needs is told in any case; the pages say it elsewhere.
    let usual = ["the environment variables ", "takes effect in Istio 1.31 or later"];
    let is_usual = |line: &str| usual.iter().any(|said| line.contains(said));
    assert!(output.status.success() && errors.lines().all(is_usual), "{commands}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a line is the expected one, where `…` stands for any text.
fn is_line(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

fn is_printed(expected: &[&str], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => {
            (0..=printed.len()).any(|from| is_printed(rest, &printed[from..]))
        }
        (Some((first, rest)), Some((line, behind))) => {
            is_line(first.trim_end(), line.trim_end()) && is_printed(rest, behind)
        }
        _ => false,
    }
}

#[test]
fn the_commands_of_the_page_print_what_it_says() {
    // An earlier version may have written other files, which an import keeps.
    let _ = std::fs::remove_dir_all(Path::new(env!("CARGO_TARGET_TMPDIR")).join("llm"));
    assert_prints(include_str!("../../docs/tool.md"), 6);
    assert_prints(include_str!("../../docs/dialects.md"), 1);
}

/// Runs the commands of a page, in at least so many blocks.
fn assert_prints(page: &str, least: usize) {
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).collect();
    assert!(blocks.len() >= least, "an example for each command");
    for block in blocks {
        let (commands, rest) = block.split_once("```").unwrap();
        let (_, expected) = rest.split_once("```text\n").unwrap();
        let (expected, _) = expected.split_once("```").unwrap();
        let printed = run(commands);
        let lines = |text| str::lines(text).collect::<Vec<_>>();
        assert!(
            is_printed(&lines(expected), &lines(&printed)),
            "{commands}\nthe page says:\n{expected}\nit printed:\n{printed}"
        );
    }
}

/// Runs what a page about Kubernetes has for this machine, with the document that it has: the commands
/// of the tool, and those that make files of the shipped ones.
fn run_for_kubernetes(page: &str, name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::os::unix::fs::symlink(root.join("envoy"), folder.join("envoy")).unwrap();
    std::fs::write(folder.join("llm.yaml"), documents(page)[0]).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split_once("```").unwrap().0);
    let mut commands = vec![
        // What is left to do goes to standard error.
        format!("cd {} && exec 2> notes", folder.display()),
        "NS=llm LABEL=istio=llm IMAGE=registry.test/pointsman:7".to_owned(),
    ];
    for block in blocks {
        let block = block.replace("\\\n", "");
        let here = |line: &&str| {
            ["pointsman ", "sed ", "printf "].iter().any(|command| line.starts_with(command))
        };
        let lines = block.lines().filter(here).filter(|line| !line.contains("kubectl"));
        commands.extend(lines.map(str::to_owned));
    }
    assert!(commands.len() > 4, "{commands:?}");
    let printed = run(&commands.join("\n"));
    assert!(printed.contains("llm.yaml: ok: "), "{printed}");
    folder
}

/// Returns the documents of a page.
fn documents(page: &str) -> Vec<&str> {
    let blocks = page.split("```yaml\n").skip(1).filter(|block| block.starts_with("providers:"));
    blocks.map(|block| block.split_once("```").unwrap().0).collect()
}

/// Returns the document without the lines that begin with these keys.
fn without(document: &str, keys: &[&str]) -> String {
    let is_kept = |line: &&str| !keys.iter().any(|key| line.trim_start().starts_with(key));
    document.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

/// Writes the resources of a document with these arguments, after `check` has found nothing in it.
fn assert_is_served(document: &str, arguments: &[&str]) {
    let path = super::file("variant.yaml", document);
    let checked = super::pointsman(&["check", &path]);
    let warnings =
        checked.err.matches("warning: ").count() + checked.out.matches("warning: ").count();
    assert_eq!((checked.code, warnings), (0, 0), "{document}\n{}{}", checked.out, checked.err);
    let ran = super::pointsman(&[arguments, &["--config", &path]].concat());
    assert_eq!((ran.code, ran.err.contains("is not known")), (0, false), "{document}\n{}", ran.err);
}

#[test]
fn the_yaml_of_the_steps_for_kubernetes_can_be_read() {
    for page in [include_str!("../../docs/istio.md"), include_str!("../../docs/gateway.md")] {
        let blocks =
            page.split("```yaml\n").skip(1).map(|block| block.split_once("```").unwrap().0);
        let resources: Vec<&str> = blocks.flat_map(|block| block.split("---\n")).collect();
        assert!(resources.len() > 4, "{resources:?}");
        for resource in resources {
            assert!(!super::yaml::value(resource).is_null(), "{resource}");
        }
    }
}

#[test]
fn each_document_of_the_steps_for_kubernetes_is_served() {
    let istio = documents(include_str!("../../docs/istio.md"));
    let gateway = documents(include_str!("../../docs/gateway.md"));
    // One document for both, with a server of your own and with Anthropic.
    assert_eq!((istio.len(), &istio), (2, &gateway));
    let alone = without(istio[0], &["local:", "llama:"]).replace("[gpt-4o, llama]", "[gpt-4o]");
    let endpoint = ["--endpoint", "vllm=vllm.models.svc.cluster.local:8000"];
    let (local, none): (&[&str], &[&str]) = (&endpoint, &[]);
    for (document, endpoint) in [(istio[0], local), (&alone, none), (istio[1], none)] {
        assert_is_served(document, &[&["istio", "--form", "envoy-filter"], endpoint].concat());
        assert_is_served(document, &[&["gateway", "--proxy", "pointsman"], endpoint].concat());
        // Istio 1.28 to 1.30.
        assert!(document.contains("failover: { max_attempts: 2 }\n"), "{document}");
        let document = document.replace("max_attempts: 2", "attempt_filter: true");
        assert_is_served(&document, &[&["istio", "--form", "envoy-filter"], endpoint].concat());
        // An older Envoy Gateway, and a plugin.
        if !document.contains("translate:") {
            let document = without(&document, &["failover:"]);
            assert_is_served(&document, &[&["gateway", "--proxy", "pointsman"], endpoint].concat());
            assert_is_served(&document, &[&["istio", "--image", "oci://a/b:1"], endpoint].concat());
        }
    }
}

#[test]
fn the_steps_for_kubernetes_write_what_they_say() {
    let folder = run_for_kubernetes(include_str!("../../docs/istio.md"), "steps-istio");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("patch.yaml").contains("image: registry.test/pointsman:7\n"));
    assert!(read("pointsman-values.yaml").contains("image: registry.test/pointsman:7\n"));
    let rules = super::yaml::value(&read("rules.yaml"));
    assert_eq!(
        (&rules["kind"], &rules["metadata"]["name"]),
        (&"PrometheusRule".into(), &"pointsman".into())
    );
    let alerts = include_str!("../../envoy/alerts.yaml")
        .replace("docs/alerts.md", "https://docs.example/alerts.md");
    let alerts = super::yaml::value(&alerts);
    assert!(alerts["groups"][0]["rules"].as_array().unwrap().len() > 5);
    assert_eq!(rules["spec"], alerts);
    // The last form of the page is a plugin.
    let written = read("pointsman.yaml");
    for part in ["url: \"oci://registry.test/pointsman:7\"", "namespace: llm", "istio: llm"] {
        assert!(written.contains(part), "{part}");
    }
    let folder = run_for_kubernetes(include_str!("../../docs/gateway.md"), "steps-gateway");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let proxy = read("proxy.yaml");
    assert!(proxy.contains("image: registry.test/pointsman:7\n"));
    assert!(proxy.contains("OPENAI_API_KEY") && proxy.contains("ANTHROPIC_API_KEY"));
    assert!(read("pointsman.yaml").contains("kind: EnvoyPatchPolicy"));
}

#[test]
fn the_steps_for_a_server_write_what_the_service_starts() {
    let page = include_str!("../../docs/server.md");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("steps-server");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("envoy")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("envoy/api-keys.yaml"), folder.join("api-keys.yaml")).unwrap();
    let block = |kind: &str| {
        let (_, rest) = page.split_once(&format!("```{kind}\n")).expect(kind);
        rest.split_once("```").unwrap().0.replace("/etc/pointsman", folder.to_str().unwrap())
    };
    std::fs::write(folder.join("routing.yaml"), block("yaml")).unwrap();
    let commands = block("sh");
    let last = "./write.sh 2> notes";
    std::fs::write(folder.join("write.sh"), format!("set -e\n{commands}")).unwrap();
    let printed = run(&format!("cd {}\n{}", folder.display(), last.replace("./", "bash ")));
    assert!(printed.contains("routing.yaml: ok: "), "{printed}");
    assert_eq!(
        std::fs::read_to_string(folder.join("notes")).unwrap().matches("--filters").count(),
        0
    );
    // What the unit starts is there, and the clients' filter comes first.
    let unit = block("ini");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let file = start.split(' ').skip_while(|word| *word != "-c").nth(1).unwrap();
    assert!(Path::new(file).is_file(), "{file}");
    let listeners = || std::fs::read_to_string(folder.join("envoy/listeners.yaml")).unwrap();
    let plain = listeners();
    let at = |text: &str| plain.find(text).expect(text);
    assert!(at("http.api_key_auth") < at("name: pointsman\n"), "{plain}");
    // Its second command adds a certificate to the same files.
    assert!(!plain.contains("DownstreamTlsContext"), "{plain}");
    std::fs::create_dir_all(folder.join("tls")).unwrap();
    for (name, of) in [("fullchain.pem", "CERTIFICATE"), ("privkey.pem", "PRIVATE KEY")] {
        std::fs::write(folder.join("tls").join(name), format!("-----BEGIN {of}-----\n")).unwrap();
    }
    let (_, with_tls) = page.rsplit_once("```sh\n").unwrap();
    let with_tls = with_tls.split_once("```").unwrap().0;
    let with_tls = with_tls.replace("/etc/pointsman", folder.to_str().unwrap());
    run(&format!("cd {} && exec 2> notes\n{with_tls}", folder.display()));
    assert!(listeners().contains("DownstreamTlsContext"), "{}", listeners());
    let certificate = std::fs::read_to_string(folder.join("envoy/certificate.yaml")).unwrap();
    assert!(certificate.contains("tls/fullchain.pem"), "{certificate}");
}

#[test]
fn the_words_of_providers_are_those_of_the_page() {
    let page = include_str!("../../docs/state-reference.md");
    let at = page.find("| kind | text ").expect("a table");
    let printed = super::pointsman(&["classify", "--words"]).out;
    let listed = page.get(at..).unwrap();
    assert_eq!(listed.trim_end(), printed.trim_end(), "make reference writes it");
}

#[test]
fn every_option_is_in_the_page_or_explains_itself() {
    let page = include_str!("../../docs/tool.md");
    for command in
        ["classify", "translate", "replay", "lint", "envoy", "istio", "gateway", "catalog"]
    {
        let ran = super::pointsman(&[command, "--help"]);
        for word in ran.out.split([' ', ',', '\n', '=']).filter(|word| word.starts_with("--")) {
            assert!(word == "--help" || page.contains(word), "{command} {word}");
        }
    }
}
