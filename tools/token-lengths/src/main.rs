//! Reads lines of `{"text", …}` and writes, a line for each, how many bytes each
//! token of o200k_base holds.
//!
//! `token-lengths CORPUS.jsonl > LENGTHS`
//!
//! `token-lengths --whole FILE` writes a bit for each character of 16 bits: whether o200k_base has
//! a token for it. The lowest bit of a byte is its first character; of ASCII none is set.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let vocabulary = tiktoken_rs::o200k_base()?;
    let corpus = std::env::args().nth(1).ok_or("which corpus?")?;
    if corpus == "--whole" {
        let file = std::env::args().nth(2).ok_or("which file?")?;
        let mut bits = vec![0_u8; 1 << 13];
        for char in '\u{80}'..='\u{ffff}' {
            if vocabulary.encode_ordinary(&char.to_string()).len() == 1 {
                bits[char as usize >> 3] |= 1 << (char as usize & 7);
            }
        }
        return Ok(std::fs::write(file, bits)?);
    }
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
