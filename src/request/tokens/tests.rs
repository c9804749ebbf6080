//! Estimates against true counts, and what must hold for every estimate.
use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Samples {
    sample: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    name: String,
    tokens: f64,
    text: String,
}

fn samples() -> Vec<Sample> {
    let text = include_str!("../../../tests/tokens/samples.toml");
    toml::from_str::<Samples>(text).unwrap().sample
}

fn estimate<'t>(pieces: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut estimator = Estimator::default();
    pieces.into_iter().for_each(|piece| estimator.feed(piece));
    estimator.finish()
}

#[test]
fn texts_of_many_kinds_are_estimated_within_bounds() {
    let mut sum = 0.0;
    let samples = samples();
    for sample in &samples {
        #[allow(clippy::cast_precision_loss)]
        let guess = estimate([sample.text.as_str()]) as f64 / UNIT as f64;
        let error = (guess / sample.tokens - 1.0).abs();
        println!("{}: {guess:.0} for {} ({:.1} %)", sample.name, sample.tokens, error * 1e2);
        assert!(error < 0.30, "{}: {guess:.0} for {}", sample.name, sample.tokens);
        sum += error;
    }
    let mean = sum / f64::from(u32::try_from(samples.len()).unwrap());
    println!("mean {:.1} %", mean * 1e2);
    assert!(mean < 0.10, "mean error {mean}");
}

#[test]
fn an_estimate_does_not_depend_on_how_the_text_is_cut() {
    for sample in samples() {
        let whole = estimate([sample.text.as_str()]);
        let chars: Vec<String> = sample.text.chars().map(String::from).collect();
        assert_eq!(estimate(chars.iter().map(String::as_str)), whole, "{}", sample.name);
    }
}

#[test]
fn nothing_costs_nothing_and_anything_costs_something() {
    assert_eq!(estimate([]), 0);
    assert_eq!(estimate([""]), 0);
    for text in ["a", " ", "\n", "!", "\u{0}", "字", "🎉", "\u{fe0f}"] {
        assert!(estimate([text]) >= UNIT, "{text:?}");
    }
}

#[test]
fn an_estimator_is_as_new_after_each_text() {
    let mut estimator = Estimator::default();
    let texts = ["Été à Paris", "plain words", "Україна", "123 456"];
    for text in texts {
        estimator.feed(text);
        assert_eq!(estimator.finish(), estimate([text]), "{text}");
    }
}

#[test]
fn every_feature_has_a_weight_that_cannot_overflow_a_long_text() {
    assert!(WEIGHTS.iter().all(|weight| weight.abs() < 64 * 1024));
}

#[test]
fn more_text_never_costs_less() {
    let text = "the quick brown fox jumps over it ".repeat(20);
    let alone = estimate([text.as_str()]);
    for filler in ["(", "*", "=", ";", "|", "\0", "é"] {
        let longer = format!("{text}{}", filler.repeat(1000));
        assert!(estimate([longer.as_str()]) >= alone, "{filler:?}");
    }
}
