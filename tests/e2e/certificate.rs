//! A listener that speaks TLS, as `pointsman envoy --tls-certificate` writes it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::generated::{fresh_folder, generated, pointsman};
use crate::harness::tls::self_signed;
use crate::harness::{Envoy, module};

const DOCUMENT: &str = "tests/configs/envoy/simple.json";

/// Puts a certificate and its key into the place of others, the certificate last.
fn put(folder: &Path, (certificate, key): &(String, String)) {
    for (name, text) in [("key.pem", key), ("cert.pem", certificate)] {
        let new = folder.join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, folder.join(name)).unwrap();
    }
}

/// Returns whether a client that trusts this certificate alone gets an answer.
fn is_trusted(port: u16, (certificate, _): &(String, String)) -> bool {
    let root = Certificate::from_pem(certificate.as_bytes()).unwrap();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[root])).build();
    let agent = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build();
    ureq::Agent::new_with_config(agent).get(format!("https://127.0.0.1:{port}/")).call().is_ok()
}

#[test]
fn a_renewed_certificate_needs_no_restart() {
    let (old, new) = (self_signed(1), self_signed(2));
    let folder = fresh_folder("certificate");
    put(&folder, &old);
    let path = |name: &str| folder.join(name).display().to_string();
    let files = path("envoy");
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let said = pointsman(
        &[
            &["envoy", "--config", DOCUMENT, "--module", &module(), "--dynamic", &files][..],
            &["--listen", "127.0.0.1:0", "--admin-port", "0"],
            &["--tls-certificate", &certificate, "--tls-key", &key],
        ]
        .concat(),
    );
    assert!(said.contains("certificate.yaml: Envoy follows the certificate and its key"), "{said}");
    let start = format!("{files}/envoy.yaml");
    pointsman(&["lint", "--config", DOCUMENT, "--envoy", &start]);
    let envoy = Envoy::start_text(&fs::read_to_string(start).unwrap(), &[]);
    let port = envoy.listener_port();
    assert!(is_trusted(port, &old) && !is_trusted(port, &new));
    put(&folder, &new);
    let begun = Instant::now();
    while !is_trusted(port, &new) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", envoy.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!is_trusted(port, &old));
    assert!(ureq::get(format!("http://127.0.0.1:{port}/")).call().is_err(), "it speaks TLS alone");
}

#[test]
fn one_file_with_a_certificate_serves_too() {
    let certificate = self_signed(3);
    let folder = fresh_folder("certificate");
    put(&folder, &certificate);
    let path = |name: &str| folder.join(name).display().to_string();
    let text = generated(
        DOCUMENT,
        &[],
        &["--tls-certificate", &path("cert.pem"), "--tls-key", &path("key.pem")],
    );
    let envoy = Envoy::start_text(&text, &[]);
    let port = envoy.listener_port();
    assert!(is_trusted(port, &certificate));
    let admin = std::process::Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .args(["admin", "state", "--proxy", &format!("https://127.0.0.1:{port}")])
        .env("POINTSMAN_ADMIN_TOKEN", "a-token-of-operators")
        .output()
        .unwrap();
    let said = String::from_utf8([admin.stdout, admin.stderr].concat()).unwrap();
    assert!(said.contains("give the certificate of its issuer by --ca FILE"), "{said}");
}
