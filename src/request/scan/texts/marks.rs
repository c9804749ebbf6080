//! Where keywords stand in a text. The search is the filter's; it is only asked more often.

use crate::request::keyword::{Cursor, KeywordId, KeywordSet, Keywords};

/// So many characters before its end the beginning of a keyword is looked for. A keyword that is longer
/// is marked by its last part.
const FARTHEST: usize = 1024;
/// Most keywords that are marked in one text.
const MOST_MARKS: usize = 256;

/// A keyword in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeywordMark {
    /// Which keyword.
    pub keyword: KeywordId,
    /// Where it begins, in bytes; 0 where it begins in an earlier text.
    pub from: usize,
    /// Where it ends, in bytes.
    pub to: usize,
    /// Whether it begins in an earlier text.
    pub begins_before: bool,
}

/// Returns the keywords that end in a text. `cursor` is what the texts before it have left open.
pub(super) fn marks(keywords: &Keywords, mut cursor: Cursor, text: &str) -> Vec<KeywordMark> {
    let mut all = Vec::new();
    if keywords.is_empty() {
        return all;
    }
    for (at, char) in text.char_indices() {
        let to = at.saturating_add(char.len_utf8());
        let mut hits = KeywordSet::default();
        keywords.feed(&mut cursor, text.get(at..to).unwrap_or_default(), &mut hits);
        for keyword in hits.iter().take(MOST_MARKS.saturating_sub(all.len())) {
            let from = begin(keywords, text.get(..to).unwrap_or_default(), keyword);
            let begins_before = from.is_none();
            all.push(KeywordMark { keyword, from: from.unwrap_or(0), to, begins_before });
        }
    }
    all
}

/// Returns where a keyword begins that ends with a text; `None` where it begins before the text.
fn begin(keywords: &Keywords, text: &str, keyword: KeywordId) -> Option<usize> {
    let starts = || text.char_indices().rev().map(|(at, _)| at).take(FARTHEST);
    let holds = |from: &usize| {
        let mut hits = KeywordSet::default();
        let part = text.get(*from..).unwrap_or_default();
        keywords.feed(&mut keywords.start(), part, &mut hits);
        hits.contains(keyword)
    };
    // A long text is all that is looked at where nothing of it is enough.
    starts().find(holds).or_else(|| starts().last().filter(|from| *from > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::keyword::KeywordsBuilder;

    fn found(words: &[&str], before: &str, text: &str) -> Vec<(String, bool)> {
        let mut builder = KeywordsBuilder::default();
        for word in words {
            builder.add(word);
        }
        let keywords = builder.build().unwrap();
        let mut cursor = keywords.start();
        keywords.feed(&mut cursor, before, &mut KeywordSet::default());
        let all = marks(&keywords, cursor, text);
        let marked = |mark: &KeywordMark| text.get(mark.from..mark.to).unwrap().to_owned();
        all.iter().map(|mark| (marked(mark), mark.begins_before)).collect()
    }

    #[test]
    fn each_occurrence_is_marked_from_its_beginning_to_its_end() {
        let wanted = |all: &[&str]| -> Vec<(String, bool)> {
            all.iter().map(|text| ((*text).to_owned(), false)).collect()
        };
        assert_eq!(found(&["heron"], "", "a Heron, two HERONS"), wanted(&["Heron", "HERON"]));
        assert_eq!(
            found(&["project heron"], "", "Project \n heron!"),
            wanted(&["Project \n heron"])
        );
        assert_eq!(found(&["ab", "b"], "", "xab"), wanted(&["ab", "b"]));
        assert_eq!(found(&["größe"], "", "Die GRÖSSE, die Größe"), wanted(&["Größe"]));
        assert_eq!(found(&[], "", "nothing"), wanted(&[]));
    }

    #[test]
    fn a_keyword_that_begins_in_an_earlier_text_says_so() {
        assert_eq!(found(&["heron"], "the he", "ron"), [("ron".to_owned(), true)]);
    }
}
