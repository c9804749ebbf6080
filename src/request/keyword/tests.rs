//! What occurs in a text, found by automaton and filter alike.

use super::*;

fn keywords(words: &[&str]) -> (Keywords, Vec<KeywordId>) {
    let mut builder = KeywordsBuilder::default();
    let ids = words.iter().map(|word| builder.add(word)).collect();
    (builder.build().unwrap(), ids)
}

/// Which of the words occur, whole and fed char by char.
fn found<'w>(words: &[&'w str], text: &str) -> Vec<&'w str> {
    let (keywords, ids) = keywords(words);
    let mut whole = KeywordSet::default();
    keywords.feed(&mut keywords.start(), text, &mut whole);
    let (mut cursor, mut pieces) = (keywords.start(), KeywordSet::default());
    for char in text.chars() {
        keywords.feed(&mut cursor, char.encode_utf8(&mut [0; 4]), &mut pieces);
    }
    assert_eq!(whole, pieces);
    words.iter().zip(ids).filter(|(_, id)| whole.contains(*id)).map(|(word, _)| *word).collect()
}

#[test]
fn overlapping_and_nested_keywords_are_all_found() {
    assert_eq!(found(&["he", "she", "hers", "his"], "ushers"), ["he", "she", "hers"]);
    assert!(found(&["abc"], "ab c").is_empty());
}

#[test]
fn nested_keywords_are_the_ones_that_occur() {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut word = |longest| -> String {
        (0..rng.usize(1..=longest)).map(|_| char::from(b"abc"[rng.usize(..3)])).collect()
    };
    for _ in 0..300 {
        let words: std::collections::BTreeSet<String> = (0..12).map(|_| word(5)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = word(60);
        let occur: Vec<&str> = words.iter().copied().filter(|word| text.contains(word)).collect();
        assert_eq!(found(&words, &text), occur, "{text}");
    }
}

/// Text of random characters and words, long enough to be filtered.
fn babble(rng: &mut fastrand::Rng, words: &[&str]) -> String {
    let chars =
        ["a", "b", "B", "c", " ", "ab", "é", "É", "k", "\u{212a}", "İ", "ß", "ẞ", "Σ", "ς", "漢"];
    let mut text = String::new();
    while text.len() < 600 {
        if rng.u8(..20) == 0 && !words.is_empty() {
            let word = words[rng.usize(..words.len())];
            text.push_str(&if rng.bool() { word.to_uppercase() } else { word.to_owned() });
        } else {
            text.push_str(chars[rng.usize(..chars.len())]);
        }
    }
    text
}

#[test]
fn the_filter_finds_what_the_automaton_finds() {
    let mut rng = fastrand::Rng::with_seed(9);
    let sets: [&[&str]; 7] = [
        &["abab", "babc"],
        &["aabbc", "kkbab", "cabba ab"],
        &["abcabcabcabc", "baba baba"],
        &["abéab", "ßabc", "abab"],
        &["éé", "σς漢"],
        &["kk", "abcd"],
        &["ki\u{307}ab", "abki"],
    ];
    for words in sets {
        let (keywords, _) = keywords(words);
        for _ in 0..200 {
            let text = babble(&mut rng, words);
            let mut wanted = KeywordSet::default();
            let mut slow = keywords.start();
            keywords.step_through(&mut slow, &text, &mut wanted);
            let mut found = KeywordSet::default();
            let mut cursor = keywords.start();
            keywords.feed(&mut cursor, &text, &mut found);
            assert_eq!((&found, cursor), (&wanted, slow), "{words:?} in {text}");
            // Cut anywhere, and in many pieces.
            let at = boundary_after(&text, rng.usize(..text.len()));
            let (head, tail) = text.split_at(at);
            let mut found = KeywordSet::default();
            let mut cursor = keywords.start();
            keywords.feed(&mut cursor, head, &mut found);
            keywords.feed(&mut cursor, tail, &mut found);
            assert_eq!((&found, cursor), (&wanted, slow), "{words:?} in {head} | {tail}");
        }
    }
}

#[test]
fn text_full_of_beginnings_is_searched_too() {
    let words: Vec<String> = (0..500).map(|n| format!("prefix {n:03}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = "prefix prefix ".repeat(100) + "prefix 499" + &" x".repeat(100);
    assert_eq!(found(&words, &text), ["prefix 499"]);
}

#[test]
fn case_is_ignored_in_all_scripts() {
    let cases = [
        ("Code", "CODE review", true),
        ("ÉTÉ", "l'été", true),
        ("слово", "СЛОВО", true),
        ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς", true),
        ("σας", "ΣΑΣ", true),
        ("ß", "SS", false),
        ("ß", "ẞ", true),
        ("İ", "i\u{307}", true),
        ("İ", "i", false),
        ("i", "İ", true),
        ("ı", "I", false),
        ("\u{212a}", "k", true),
        ("é", "e\u{301}", false),
        ("漢字", "漢字", true),
    ];
    for (word, text, wanted) in cases {
        assert_eq!(!found(&[word], text).is_empty(), wanted, "{word} in {text}");
    }
}

#[test]
fn spellings_that_compare_alike_share_an_id() {
    let mut builder = KeywordsBuilder::default();
    assert_eq!(builder.add("Σας"), builder.add("ΣΑΣ"));
    assert_ne!(builder.add("ß"), builder.add("ss"));
    assert_eq!(builder.add("σασ"), KeywordId(0));
}

#[test]
fn no_keywords_find_nothing_and_an_empty_one_is_an_error() {
    assert!(found(&[], "anything").is_empty());
    let mut builder = KeywordsBuilder::default();
    builder.add("");
    assert_eq!(builder.build().unwrap_err(), "a keyword is empty");
}

#[test]
fn ten_thousand_keywords_work() {
    let words: Vec<String> = (0..10_000).map(|n| format!("keyword {n}é")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert!(matches!(keywords(&words).0.machine, KeywordMachine::Large(_)));
    assert_eq!(found(&words, "no KEYWORD 9999É, but keyword 12"), ["keyword 9999é"]);
}

#[test]
fn too_long_keywords_are_an_error() {
    let mut builder = KeywordsBuilder::default();
    builder.add(&"x".repeat(KeywordsBuilder::MAX_BYTES + 1));
    let error = builder.build().unwrap_err();
    assert_eq!(error, "keywords have 4194305 bytes together; at most 4194304 are allowed");
}
