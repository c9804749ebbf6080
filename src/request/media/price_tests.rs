//! Sizes as tokens.

use super::tests::{byte_probe, format, png, wave};
use super::*;
use crate::request::facts::Tokens;
use crate::request::tokens::Costs;

fn image(formula: Formula, width: u32, height: u32) -> u64 {
    let mut probe = byte_probe();
    probe.feed(&png(width, height));
    let pricing = Pricing::new(formula, Costs::default());
    let tokens = pricing.image(pricing.measured(&probe, true), false);
    assert!(tokens.is_exact());
    // What is known without looking holds.
    let unseen = pricing.image(pricing.measured(&probe, false), false);
    assert!(unseen.least <= tokens.least && tokens.most <= unseen.most, "{unseen:?}");
    tokens.most
}

#[test]
fn pictures_cost_what_providers_say() {
    let fixed = Costs::default().image;
    // The first and the second of OpenAI's are its own examples; so is 194 for a square.
    for (formula, cases) in [
        (
            Formula::OpenAi,
            &[
                (1024, 1024, 765),
                (2048, 4096, 1105),
                (1, 1, 255),
                (512, 512, 255),
                (513, 512, 425),
                (65_535, 1, 765),
                (65_535, 65_535, 765),
                (2048, 768, 1445),
                (65_535, 24_576, 1445),
            ][..],
        ),
        (
            Formula::OpenAiImages,
            &[(1, 1, 194), (1024, 1025, 194), (512, 513, 323), (8192, 2048, 581)],
        ),
        (
            Formula::Anthropic,
            &[
                (200, 200, 54),
                (1000, 1000, 1334),
                (1092, 1092, 1590),
                (1568, 1568, 1600),
                (3136, 100, 105),
                (1, 1, 1),
                (65_535, 1, 3),
                (65_535, 65_535, 1600),
            ],
        ),
        (
            Formula::Gemini,
            &[
                (384, 384, 258),
                (385, 1, 258),
                (769, 10, 516),
                (1980, 1380, 1548),
                (3072, 3072, 4128),
                (65_535, 65_535, 4128),
            ],
        ),
        (Formula::Fixed, &[(10, 10, fixed), (5000, 5000, fixed)]),
    ] {
        for (width, height, wanted) in cases {
            assert_eq!(image(formula, *width, *height), *wanted, "{formula:?} {width} {height}");
        }
    }
}

#[test]
fn low_detail_costs_the_same_for_every_size() {
    let none = Measured::default();
    let of = |formula, low| Pricing::new(formula, Costs::default()).image(none, low);
    let fixed = Tokens::exactly(Costs::default().image);
    assert_eq!(of(Formula::OpenAi, true), Tokens::exactly(85));
    assert_eq!(of(Formula::OpenAi, false), fixed);
    for formula in [Formula::Anthropic, Formula::Fixed, Formula::OpenAiImages] {
        assert_eq!(of(formula, true), fixed);
    }
}

#[test]
fn sound_costs_by_its_length() {
    let fixed = Costs::default().audio;
    // A minute and a half, and nothing.
    for (formula, length, wanted) in [
        (Formula::OpenAi, 1_440_000, 900),
        (Formula::Gemini, 1_440_000, 2880),
        (Formula::Anthropic, 1_440_000, fixed),
        (Formula::Fixed, 1_440_000, fixed),
        (Formula::Gemini, 0, 1),
    ] {
        let mut probe = byte_probe();
        probe.feed(&wave(&[&format(1, 1, 8000, 16_000, 16)], 0, length));
        let pricing = Pricing::new(formula, Costs::default());
        let tokens = pricing.audio(pricing.measured(&probe, true));
        assert_eq!(tokens, Tokens::exactly(wanted), "{formula:?}");
        let unseen = pricing.audio(pricing.measured(&probe, false));
        assert!(unseen.least <= wanted && wanted <= unseen.most, "{unseen:?}");
    }
}

#[test]
fn the_size_of_another_thing_is_none() {
    let pricing = Pricing::new(Formula::OpenAi, Costs::default());
    let mut probe = byte_probe();
    probe.feed(&png(2, 3));
    let measured = pricing.measured(&probe, true);
    assert_eq!(pricing.audio(measured), Tokens::exactly(Costs::default().audio));
    assert_eq!(pricing.file(), Tokens::exactly(Costs::default().file));
}
