//! What an import writes into a folder, and the commands that it says to go on with.

use super::import::{FOLDER, folder, names};
use super::pointsman;

#[test]
fn the_next_commands_lead_to_the_envoy_that_was_written() {
    let (mut plain, mut tried) = (0, 0);
    for name in names() {
        let folder = folder(&format!("next-{name}"));
        let source = format!("{FOLDER}/{name}.yaml");
        let ran = pointsman(&["import", "litellm", &source, "--output", &folder, "--to", "json"]);
        let (_, next) = ran.err.split_once("\nnext:\n").unwrap();
        let lines: Vec<&str> = next.lines().map(str::trim).collect();
        assert!(
            lines.contains(&format!("pointsman check {folder}/routing.json").as_str()),
            "{next}"
        );
        assert!(lines.contains(&format!("envoy -c {folder}/envoy.yaml").as_str()), "{next}");
        let run = lines.iter().find_map(|line| line.strip_prefix("pointsman run ")).unwrap();
        let again = format!("pointsman envoy --config {run} > {folder}/envoy.yaml");
        assert!(lines.contains(&again.as_str()), "{again}\n{next}");
        assert!(next.contains("/health/readiness: GET http://127.0.0.1:9901/ready\n"), "{next}");
        assert_every_cluster_is_mocked(&folder, lines.last().unwrap());
        let run: Vec<&str> = run.split(' ').collect();
        plain += usize::from(run.iter().any(|word| word.ends_with(":11434")));
        // An address that nobody knows is the user's to fill in.
        if run.iter().any(|word| word.ends_with("HOST:PORT")) {
            continue;
        }
        tried += 1;
        let envoy = pointsman(&[&["envoy", "--config"], &run[..]].concat());
        assert_eq!(envoy.code, 0, "{name}: {}", envoy.err);
        let written = std::fs::read_to_string(format!("{folder}/envoy.yaml")).unwrap();
        assert!(written == envoy.out, "{name}: {run:?}");
        let document = std::fs::read_to_string(format!("{folder}/routing.json")).unwrap();
        for (_, rest) in
            document.match_indices("\"env\": \"").map(|(at, key)| document.split_at(at + key.len()))
        {
            let variable = rest.split('"').next().unwrap();
            assert!(lines.contains(&format!("export {variable}=...").as_str()), "{name}: {next}");
        }
    }
    assert!(plain >= 1 && tried >= 8, "{plain} {tried}");
}

/// Checks that a command to run a document leads each of its clusters to the mock provider.
fn assert_every_cluster_is_mocked(folder: &str, command: &str) {
    let words: Vec<&str> =
        command.strip_prefix("pointsman run ").unwrap().split_ascii_whitespace().collect();
    let document: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(words[0]).unwrap()).unwrap();
    assert!(words[0].starts_with(folder), "{command}");
    for provider in document["providers"].as_object().unwrap().values() {
        let endpoint = format!("{}=127.0.0.1:9100", provider["cluster"].as_str().unwrap());
        assert_eq!(words.iter().filter(|word| **word == endpoint).count(), 1, "{command}");
    }
    assert!(words[1..].chunks(2).all(|pair| pair[1].ends_with("=127.0.0.1:9100")), "{command}");
}

#[test]
fn a_module_beside_the_tool_is_named_in_full() {
    let release = folder("release");
    std::fs::create_dir_all(&release).unwrap();
    let (tool, module) = (format!("{release}/pointsman"), format!("{release}/pointsman.wasm"));
    std::fs::copy(env!("CARGO_BIN_EXE_pointsman"), &tool).unwrap();
    std::fs::write(&module, "").unwrap();
    let module = std::fs::canonicalize(module).unwrap().display().to_string();
    let output = folder("release-out");
    let source = format!("{FOLDER}/quickstart.yaml");
    let ran = std::process::Command::new(&tool)
        .args(["import", "litellm", &source, "--output", &output])
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    let written = std::fs::read_to_string(format!("{output}/envoy.yaml")).unwrap();
    assert!(written.contains(&format!("filename: {module}")), "{said}");
    let again = format!(
        "  pointsman envoy --config {output}/routing.yaml --module {module} > {output}/envoy.yaml\n"
    );
    assert!(said.contains(&again), "{said}");
    assert!(said.contains("or, to start Envoy yourself:\n"), "{said}");
    // So does the command for a service, which is started in another folder.
    let dynamic = format!("{output}/dynamic");
    let ran = std::process::Command::new(&tool)
        .args(["envoy", "--config", "tests/configs/envoy/simple.json", "--dynamic", &dynamic])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let written = std::fs::read_to_string(format!("{dynamic}/listeners.yaml")).unwrap();
    assert!(written.contains(&format!("filename: {module}")), "{written}");
}

#[test]
fn the_next_commands_repeat_the_options() {
    let folder = folder("next options");
    let source = format!("{FOLDER}/local.yaml");
    let ran = pointsman(&[
        "import",
        "litellm",
        &source,
        "--output",
        &folder,
        "--listen",
        "127.0.0.1:8080",
        "--admin-port",
        "9000",
        "--endpoint",
        "vllm=[::1]:9001",
        "--trusted-ca",
        "/own ca.pem",
    ]);
    let wanted = format!(
        "  pointsman run '{folder}/routing.yaml' --listen 127.0.0.1:8080 --admin 127.0.0.1:9000 \
         --trusted-ca '/own ca.pem' --endpoint ollama=ollama.house:11434 --endpoint local=localhost:9000 \
         --endpoint 'vllm=[::1]:9001'\n"
    );
    assert!(ran.err.contains(&wanted), "{}", ran.err);
}

#[test]
fn a_file_that_was_edited_is_not_replaced() {
    let folder = folder("import-edited");
    let source = format!("{FOLDER}/quickstart.yaml");
    let import = |more: &[&str]| {
        pointsman(&[&["import", "litellm", &source, "--output", &folder], more].concat())
    };
    assert_eq!(import(&[]).code, 0);
    assert_eq!(import(&[]).code, 0, "the same text may be written again");
    for name in ["routing.yaml", "envoy.yaml"] {
        let file = format!("{folder}/{name}");
        let original = std::fs::read_to_string(&file).unwrap();
        let edited = format!("# mine\n{original}");
        std::fs::write(&file, &edited).unwrap();
        let ran = import(&[]);
        let wanted = format!("{file}: exists and differs from what the import would write");
        assert!(ran.code == 2 && ran.err.contains(&wanted), "{}", ran.err);
        assert!(ran.err.contains("give --force to replace it") && !ran.err.contains("next:"));
        assert_eq!(ran.err.lines().count(), 1, "the report is of what is written: {}", ran.err);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), edited);
        assert_eq!(import(&["--force"]).code, 0);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), original);
    }
    // One file that is in the way keeps both from being written.
    std::fs::remove_file(format!("{folder}/routing.yaml")).unwrap();
    std::fs::write(format!("{folder}/envoy.yaml"), "mine").unwrap();
    assert_eq!(import(&[]).code, 2);
    assert!(!std::path::Path::new(&format!("{folder}/routing.yaml")).exists());
}
