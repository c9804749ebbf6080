//! How far the token estimate is off, by class.
//!
//! `cargo run --release --example token_errors -- CORPUS.jsonl` reads lines of
//! `{"class", "text", "o200k"}`; texts of 300 characters and more count.
#![allow(clippy::cast_precision_loss, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use pointsman::request::tokens::{Estimator, UNIT};

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = std::env::args().nth(1).ok_or("which corpus?")?;
    let mut classes: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let (mut bytes, mut seconds) = (0, 0.0);
    for line in std::fs::read_to_string(corpus)?.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let text = value["text"].as_str().ok_or("no text")?;
        let tokens = value["o200k"].as_f64().ok_or("no count")?;
        if text.chars().count() < 300 {
            continue;
        }
        let started = Instant::now();
        let mut estimator = Estimator::default();
        estimator.feed(text);
        let guess = estimator.finish() as f64 / UNIT as f64;
        seconds += started.elapsed().as_secs_f64();
        bytes += text.len();
        let error = guess / tokens - 1.0;
        classes.entry(value["class"].as_str().unwrap_or("all").to_owned()).or_default().push(error);
        classes.entry("~ all".to_owned()).or_default().push(error);
    }
    for (class, errors) in &classes {
        let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let count = errors.len() as f64;
        let mean = sizes.iter().sum::<f64>() / count;
        let p95 = sizes.get(sizes.len() * 95 / 100).copied().unwrap_or_default();
        let bias = errors.iter().sum::<f64>() / count;
        println!(
            "{class:16} mean {:5.1} %  p95 {:5.1} %  bias {:5.1} %",
            mean * 1e2,
            p95 * 1e2,
            bias * 1e2
        );
    }
    println!("{:.0} MB/s", bytes as f64 / seconds / 1e6);
    Ok(())
}
