//! Reads lines of `{"text", …}` and writes, a line for each, how many bytes each
//! token of o200k_base holds.
//!
//! `token-lengths CORPUS.jsonl > LENGTHS`

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let vocabulary = tiktoken_rs::o200k_base()?;
    let corpus = std::env::args().nth(1).ok_or("which corpus?")?;
    for line in std::fs::read_to_string(corpus)?.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let text = value["text"].as_str().ok_or("no text")?;
        let mut lengths = Vec::new();
        for token in vocabulary.encode_ordinary(text) {
            lengths.push(vocabulary.decode_bytes(&[token])?.len().to_string());
        }
        println!("{}", lengths.join(" "));
    }
    Ok(())
}
