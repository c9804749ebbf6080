//! Fits the token weights to a corpus with known counts.
//!
//! `cargo run --release --example fit_tokens -- CORPUS.jsonl [OUT.rs]` reads
//! lines of `{"class", "text", "o200k"}`, prints the error by class (fitted on
//! everything, and cross-validated over five folds) and writes the weights.
//! Least squares on relative errors, drawn towards plain starting values.
#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, clippy::cast_possible_truncation)]
#![allow(clippy::match_overlapping_arm)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use pointsman::request::tokens::layout::*;
use pointsman::request::tokens::{Meter, Runs, UNIT};

/// How strongly weights are drawn to their start, and how much short texts count.
const RIDGE: f64 = 3e-3;
const SHORT: f64 = 0.1;
const FOLDS: usize = 5;

struct Row {
    class: String,
    chars: usize,
    tokens: f64,
    features: Vec<(usize, f64)>,
}

#[derive(Default)]
struct Counts(BTreeMap<usize, f64>);

impl Meter for Counts {
    fn note(&mut self, feature: usize, count: u32) {
        if count > 0 {
            *self.0.entry(feature).or_default() += f64::from(count);
        }
    }
}

fn read(path: &str) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let text = value["text"].as_str().ok_or("no text")?;
        let mut runs = Runs::default();
        let mut counts = Counts::default();
        runs.feed(text, &mut counts);
        runs.finish(&mut counts);
        rows.push(Row {
            class: value["class"].as_str().unwrap_or("all").to_owned(),
            chars: text.chars().count(),
            tokens: value["o200k"].as_f64().ok_or("no count")?,
            features: counts.0.into_iter().collect(),
        });
    }
    Ok(rows)
}

/// Where a weight starts, and how far it may go from there.
fn prior(feature: usize) -> (f64, f64) {
    let at = |start: usize, lengths: usize| ((feature - start) % lengths) as f64 + 1.0;
    match feature {
        ..WORD_LONG => {
            let (len, row) = (at(WORD, WORD_LENGTHS), (feature - WORD) / WORD_LENGTHS);
            let (free, slope) = [(6.0, 0.15), (5.0, 0.2), (2.0, 0.3), (2.0, 0.3)][row % SHAPES];
            (1.0 + (len - free).max(0.0) * slope * (1.0 + (row / SHAPES) as f64 * 0.3), 0.15)
        }
        ..PREFIX => (0.25, 0.1),
        ..ACCENTS => (0.0, 0.15),
        ..PAIRS => (0.1, 0.1),
        ..DIGITS => (0.0, 0.05),
        ..DIGITS_LONG => ((at(DIGITS, DIGIT_LENGTHS) / 3.0).ceil(), 0.1),
        ..SPACES => (0.34, 0.05),
        ..NEWLINES => {
            let (len, row) = (at(SPACES, SPACE_LENGTHS), (feature - SPACES) / SPACE_LENGTHS);
            (if row < 2 || len > 1.0 { 1.0 } else { 0.0 }, 0.3)
        }
        ..PUNCT => (0.7, 0.3),
        ..PUNCT_LONG => {
            let (len, row) = (at(PUNCT, PUNCT_LENGTHS), (feature - PUNCT) / PUNCT_LENGTHS);
            let base = if row == 1 && len < 2.0 { 0.5 } else { 1.0 };
            (base + if row > 1 { (len - 2.0).max(0.0) * 0.3 } else { 0.0 }, 0.2)
        }
        ..MARKS => (0.1, 0.1),
        ..SCRIPT => (0.0, 0.2),
        ..SCRIPT_LONG => (at(SCRIPT, SCRIPT_LENGTHS) * 0.45 + 0.3, 0.4),
        _ => (0.4, 0.3),
    }
}

/// The weights that explain the rows best, close to the prior: one equation a
/// row, since there are fewer rows than features.
fn fit<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> Vec<f64> {
    let rows: Vec<&Row> = rows.collect();
    let start: Vec<f64> = (0..FEATURES).map(|feature| prior(feature).0).collect();
    let spread: Vec<f64> = (0..FEATURES).map(|feature| prior(feature).1.powi(2)).collect();
    let dense: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            let mut line = vec![0.0; FEATURES];
            row.features.iter().for_each(|(i, x)| line[*i] = x / row.tokens);
            line
        })
        .collect();
    let mut kernel = vec![vec![0.0; rows.len()]; rows.len()];
    for (i, row) in rows.iter().enumerate() {
        for j in 0..rows.len() {
            let shared =
                row.features.iter().map(|(f, x)| x / row.tokens * spread[*f] * dense[j][*f]);
            kernel[i][j] = shared.sum();
        }
    }
    let mut weights = start.clone();
    // Reweighting by the last residuals leads from squares towards absolute errors.
    for _ in 0..8 {
        let mut matrix = kernel.clone();
        for (i, row) in rows.iter().enumerate() {
            let error = (predict(&weights, row) / row.tokens - 1.0).abs().clamp(0.02, 0.3);
            let share = if row.chars < 300 { SHORT } else { 1.0 };
            matrix[i][i] += RIDGE * error / share;
        }
        let right = rows.iter().map(|row| 1.0 - predict(&start, row) / row.tokens).collect();
        let solved = solve(matrix, right);
        weights.clone_from(&start);
        for (row, factor) in rows.iter().zip(solved) {
            for (f, x) in &row.features {
                weights[*f] += spread[*f] * x / row.tokens * factor;
            }
        }
    }
    weights
}

/// Cholesky decomposition, then two substitutions.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let (above, below) = a.split_at_mut(i);
        let line = &mut below[0];
        for j in 0..=i {
            let mut sum = line[j];
            if j < i {
                sum -= line[..j].iter().zip(&above[j]).map(|(x, y)| x * y).sum::<f64>();
                line[j] = sum / above[j][j];
            } else {
                sum -= line[..j].iter().map(|x| x * x).sum::<f64>();
                line[j] = sum.max(1e-18).sqrt();
            }
        }
    }
    for i in 0..n {
        for k in 0..i {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
    b
}

fn predict(weights: &[f64], row: &Row) -> f64 {
    row.features.iter().map(|(feature, count)| weights[*feature] * count).sum()
}

fn report(title: &str, rows: &[Row], predicted: &[f64]) {
    let mut classes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut all = Vec::new();
    for (row, guess) in rows.iter().zip(predicted).filter(|(row, _)| row.chars >= 300) {
        let error = (guess - row.tokens) / row.tokens;
        classes.entry(&row.class).or_default().push(error);
        all.push(error);
    }
    println!("{title}");
    for (class, errors) in classes {
        print_errors(class, &errors);
    }
    print_errors("all", &all);
}

fn print_errors(name: &str, errors: &[f64]) {
    let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let n = errors.len().max(1) as f64;
    let mean = sizes.iter().sum::<f64>() / n;
    let bias = errors.iter().sum::<f64>() / n;
    let p95 = sizes.get(sizes.len() * 95 / 100).copied().unwrap_or_default();
    println!(
        "  {name:16} mean {:5.1} %  p95 {:5.1} %  bias {:5.1} %",
        mean * 1e2,
        p95 * 1e2,
        bias * 1e2
    );
}

fn write(path: &str, weights: &[f64]) -> std::io::Result<()> {
    let mut text = String::from(
        "//! The fitted costs of the features of `run.rs`, in 1/1024 tokens.\n//!\n\
         //! Written by `examples/fit_tokens.rs`; not edited by hand.\n\n\
         #[rustfmt::skip]\npub(super) const WEIGHTS: [i32; super::FEATURES] = [\n",
    );
    for line in weights.chunks(16) {
        text.push_str("   ");
        for weight in line {
            let _ = write!(text, " {},", (weight * UNIT as f64).round() as i32);
        }
        text.push('\n');
    }
    text.push_str("];\n");
    std::fs::write(path, text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let rows = read(&args.next().ok_or("which corpus?")?)?;
    let mut held_out = vec![0.0; rows.len()];
    for fold in 0..FOLDS {
        let weights =
            fit(rows.iter().enumerate().filter(|(i, _)| i % FOLDS != fold).map(|(_, row)| row));
        for (i, row) in rows.iter().enumerate().filter(|(i, _)| i % FOLDS == fold) {
            held_out[i] = predict(&weights, row);
        }
    }
    report("cross-validated", &rows, &held_out);
    let weights = fit(rows.iter());
    let fitted: Vec<f64> = rows.iter().map(|row| predict(&weights, row)).collect();
    report("fitted", &rows, &fitted);
    if let Some(path) = args.next() {
        write(&path, &weights)?;
    }
    Ok(())
}
