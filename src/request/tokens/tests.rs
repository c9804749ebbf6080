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
        // Also where only a part is read.
        for text in [sample.text.clone(), sample.text.repeat(200)] {
            let whole = estimate([text.as_str()]);
            let chars: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(estimate(chars.iter().map(String::as_str)), whole, "{}", sample.name);
        }
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
fn no_text_has_more_tokens_than_bytes() {
    for text in ["a", "\u{0}\u{1}\u{2}", "))))", "1", "\n\n", "é"] {
        for times in [1, 7, 100] {
            let text = text.repeat(times);
            assert!(estimate([text.as_str()]) <= text.len() as u64 * UNIT, "{text:?}");
        }
    }
}

#[test]
fn a_part_of_a_long_text_stands_for_the_rest() {
    let samples = samples();
    for seed in 0..20 {
        for sample in &samples {
            // So long that one block in four is read, and then one in 32.
            for bytes in [40_000, 600_000] {
                let times = bytes / sample.text.len();
                let text = sample.text.repeat(times);
                let mut estimator = Estimator::new(seed);
                estimator.feed(&text);
                #[allow(clippy::cast_precision_loss)]
                let ratio = estimator.finish() as f64
                    / (estimate([sample.text.as_str()]) as f64 * times as f64);
                assert!((0.85..1.15).contains(&ratio), "{}: {ratio} of {bytes}", sample.name);
            }
        }
    }
}

#[test]
fn many_texts_are_as_long_as_one() {
    let text = "A sentence of no importance, as they stand in many a prompt. ".repeat(5);
    let mut whole = Estimator::new(7);
    whole.feed(&text.repeat(500));
    let whole = whole.finish();
    let mut parts = Estimator::new(7);
    let parts: u64 = (0..500)
        .map(|_| {
            parts.feed(&text);
            parts.finish()
        })
        .sum();
    #[allow(clippy::cast_precision_loss)]
    let ratio = parts as f64 / whole as f64;
    assert!((0.9..1.1).contains(&ratio), "{ratio}");
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

#[test]
fn no_character_is_cheaper_than_its_bytes_allow() {
    // All of them up to 16 bits, whether or not Unicode knows them, and some of the rest.
    let (low, high) = ('\u{80}'..='\u{ffff}', '\u{10000}'..=char::MAX);
    for char in low.chain(high.step_by(61)) {
        let text = char.to_string().repeat(20);
        let tokens = estimate([text.as_str()]);
        let bytes = text.len() as u64 * UNIT;
        let width = char.len_utf8() as u64;
        let (part, of) = match floor::floor(char) {
            // Two thirds of what bytes alone would cost, in every script outside the fit.
            _ if !floor::is_fitted(char) => (2, 3),
            // A character without a token of its own costs two.
            16.. => (2, width),
            // Tokens in rows: half a token each, less the first of the row.
            1.. => (4, 10 * width),
            0 => (1, 64 * width),
        };
        assert!(tokens * of >= bytes * part, "{char:?} {:x}: {tokens}", char as u32);
        assert!(tokens <= bytes, "{char:?}: {tokens}");
    }
}

#[test]
fn characters_outside_the_fit_count_among_others() {
    // By how many tokens o200k_base has of them.
    for (unit, tokens) in [
        ("\u{500}", 2),
        ("\u{20440}", 4),
        ("Ꭰ", 3),
        ("ཀ", 2),
        ("龘", 3),
        ("\u{16}", 1),
        ("°", 1),
        ("\u{500}a", 3),
        ("ཀ་", 3),
        ("é\u{20440}", 5),
        ("\u{16}x", 2),
        (" Ꭰ", 3),
        ("\u{500} ", 3),
    ] {
        let guess = estimate([unit.repeat(60_000).as_str()]) / UNIT;
        let wanted = tokens * 60_000;
        assert!(
            guess * 5 >= wanted * 2 && guess <= wanted * 3 / 2,
            "{unit:?}: {guess} of {wanted}"
        );
    }
}

#[test]
fn long_words_of_one_letter_are_no_filler() {
    for letter in ["Q", "m", "g"] {
        let guess = estimate([letter.repeat(8000).as_str()]) / UNIT;
        assert!(guess >= 750, "{letter}: {guess}");
    }
}
