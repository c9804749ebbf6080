//! The native tool; see [`pointsman::cli`].

#[cfg(not(target_family = "wasm"))]
fn main() -> std::process::ExitCode {
    pointsman::cli::main()
}

#[cfg(target_family = "wasm")]
fn main() {}
