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

/// What a text is compared as, read the slow way: in lower case, with one space for each run of
/// white space, and `invisible` for each character that cannot be seen.
fn compared(text: &str, invisible: &str) -> String {
    let shown = |char: char| match blank::kind(char) {
        Some(Blank::Invisible) => invisible.to_owned(),
        Some(Blank::Space) => " ".to_owned(),
        None => folded(char).collect(),
    };
    let mut found = String::new();
    for char in text.chars().map(shown).flat_map(|text| text.chars().collect::<Vec<_>>()) {
        if char != ' ' || !found.ends_with(' ') {
            found.push(char);
        }
    }
    found
}

#[test]
fn keywords_with_spaces_are_found_where_the_slow_way_finds_them() {
    let mut rng = fastrand::Rng::with_seed(14);
    let sets: [&[&str]; 6] = [
        &["a b", "ab"],
        &["abab cbc", "b\tbc\n ca", "cabb "],
        &[" ab ", "b c a", "abc"],
        &["abca\u{200b}bc a", "aa  aa"],
        &["é b", "aba b\u{a0}é"],
        &["b\u{ad}a", "caba"],
    ];
    let blanks = [
        " ", " ", "\n", "\r\n", "  ", "\t", "\u{a0}", "\u{2028}", "\u{3000}", "\u{85}", "\u{200b}",
        "\u{200b}", "\u{feff}", "\u{ad}", "\n   ",
    ];
    let letters = ["a", "b", "c", "A", "B", "é", "É"];
    for words in sets {
        let (keywords, ids) = keywords(words);
        for length in (1..40).chain(300..310).cycle().take(2000) {
            let mut text = String::new();
            // Some texts have no invisible characters, so that there is one reading alone.
            let known = if rng.bool() { 10 } else { blanks.len() };
            for _ in 0..length {
                if rng.u8(..4) == 0 {
                    text.push_str(blanks[rng.usize(..known)]);
                } else if rng.u8(..12) == 0 {
                    text.push_str(words[rng.usize(..words.len())]);
                } else {
                    text.push_str(letters[rng.usize(..letters.len())]);
                }
            }
            let mut whole = KeywordSet::default();
            keywords.feed(&mut keywords.start(), &text, &mut whole);
            let (mut cursor, mut cut) = (keywords.start(), KeywordSet::default());
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let most = if rng.bool() { 3 } else { 400 };
                let (piece, after) = rest.split_at(boundary_after(rest, rng.usize(1..most)));
                keywords.feed(&mut cursor, piece, &mut cut);
                rest = after;
            }
            assert_eq!(whole, cut, "{words:?} in {text:?}");
            let (left_out, as_spaces) = (compared(&text, ""), compared(&text, " "));
            let has_invisible = compared(&text, "\u{1}").contains('\u{1}');
            for (word, id) in words.iter().zip(ids.iter()) {
                let word = compared(word, "");
                let occurs = left_out.contains(&word) || as_spaces.contains(&word);
                let is_found = whole.contains(*id);
                // With invisible characters, some may be spaces and others nothing.
                assert!(is_found >= occurs, "{word:?} in {text:?}");
                assert!(has_invisible || is_found == occurs, "{word:?} in {text:?}");
            }
        }
    }
}

#[test]
fn white_space_in_keywords_stands_for_any() {
    let word = "project heron";
    for text in [
        "Project Heron",
        "project\nheron",
        "project \r\n\t heron",
        "project\u{a0}heron",
        "project\u{3000}\u{2003}heron",
        "project\u{200b}heron",
        "project\u{200b} \u{feff}heron",
        "pro\u{200b}ject heron",
        "pro\u{ad}ject\u{200b}her\u{2060}on",
        "\u{feff}project\n\nheron",
        // What servers drop, or show as nothing.
        "project\0heron",
        "pro\u{8}ject her\u{7f}on",
        "pro\u{fffd}ject \u{9c}heron",
        "project\u{2800}heron",
    ] {
        assert_eq!(found(&[word], text), [word], "{text:?}");
    }
    for text in ["projectheron", "project-heron", "pro ject heron", "project.\nheron"] {
        assert!(found(&[word], text).is_empty(), "{text:?}");
    }
    // The other way round: how a keyword is written does not matter either.
    assert_eq!(found(&["project \u{a0}\n heron"], "project heron").len(), 1);
}

#[test]
fn control_characters_hide_no_word() {
    for text in ["her\0on", "h\u{1f}eron", "hero\u{7f}n", "her\u{9c}on", "h\u{fffd}eron"] {
        assert_eq!(found(&["heron"], text), ["heron"], "{text:?}");
        let long = format!("{}{text}{}", "a\n".repeat(200), "b ".repeat(200));
        assert_eq!(found(&["heron"], &long), ["heron"], "{text:?}");
    }
    assert!(found(&["heron"], "her\non").is_empty());
}

/// Were the rest looked through at each of them, this would take hours.
#[test]
fn many_blanks_take_no_longer_each() {
    for words in [&["heron"][..], &["project heron"]] {
        for blank in ["\u{1}", "\u{200b}", "\n\n"] {
            let text = format!("{}her\u{1}on", format!("a{blank}").repeat(30_000));
            let (keywords, ids) = keywords(words);
            let mut hits = KeywordSet::default();
            keywords.feed(&mut keywords.start(), &text, &mut hits);
            assert_eq!(hits.contains(ids[0]), words == ["heron"]);
        }
    }
}

#[test]
fn white_space_is_compared_exactly_where_that_is_asked_for() {
    let mut builder = KeywordsBuilder::new(Whitespace::Exact);
    let id = builder.add("project heron");
    let keywords = builder.build().unwrap();
    let finds = |text: &str| {
        let mut hits = KeywordSet::default();
        keywords.feed(&mut keywords.start(), text, &mut hits);
        hits.contains(id)
    };
    assert!(finds("a project heron") && !finds("project  heron") && !finds("project\nheron"));
    assert!(!finds("pro\u{200b}ject heron"));
}

#[test]
fn a_keyword_that_cannot_be_seen_is_empty() {
    let mut builder = KeywordsBuilder::default();
    builder.add("\u{200b}");
    assert_eq!(builder.build().unwrap_err(), "a keyword is empty");
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
            for char in text.chars() {
                keywords.feed(&mut slow, char.encode_utf8(&mut [0; 4]), &mut wanted);
            }
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
