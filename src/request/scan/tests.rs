//! What a scan finds, and what it refuses.
use super::*;
use crate::request::keyword::KeywordsBuilder;

fn at<'b>(body: &'b str, place: &Range<u64>) -> &'b str {
    let (start, end) = (place.start.try_into().unwrap(), place.end.try_into().unwrap());
    body.get::<Range<usize>>(start..end).unwrap()
}

fn scan(body: &str) -> Result<Scan, ScanError> {
    scan_as(Format::OpenAiChat, body, &[], &[]).map(|(scan, _)| scan)
}

fn scan_as(
    format: Format,
    body: &str,
    words: &[&str],
    watched: &[&str],
) -> Result<(Scan, Vec<bool>), ScanError> {
    let mut builder = KeywordsBuilder::default();
    let ids: Vec<_> = words.iter().map(|word| builder.add(word)).collect();
    let spec = Spec {
        format,
        keywords: Arc::new(builder.build().unwrap()),
        costs: Costs::default(),
        watched: watched.iter().map(|key| (*key).to_owned()).collect(),
    };
    let mut scanner = Scanner::new(&spec);
    let whole = scanner.feed(body.as_bytes()).and_then(|()| scanner.finish());
    for cut in 0..=body.len() {
        let mut scanner = Scanner::new(&spec);
        let (head, tail) = body.as_bytes().split_at(cut);
        let result =
            scanner.feed(head).and_then(|()| scanner.feed(tail)).and_then(|()| scanner.finish());
        assert_eq!(result, whole, "cut at {cut}: {body}");
    }
    whole.map(|scan| {
        let hits = ids.iter().map(|id| scan.facts.keywords.contains(*id)).collect();
        (scan, hits)
    })
}

#[test]
fn the_model_is_found_after_the_messages_and_behind_escapes() {
    let body = r#"{"messages":[{"role":"user","content":"{\"model\":\"decoy\"}"}],"mod\u0065l":"gpt\u002d4"}"#;
    let scan = scan(body).unwrap();
    assert_eq!(scan.facts.model.as_deref(), Some("gpt-4"));
    assert_eq!(scan.facts.message_count, 1);
    let place = &scan.layout.model[0];
    assert_eq!(at(body, &place.value), r#""gpt\u002d4""#);
}
