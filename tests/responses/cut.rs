//! Streams that end without the mark of their end, and the error that they lack.

use pointsman::response::body::BodyReader;

use crate::answers::answers;
use crate::streams::answered;

#[test]
fn a_stream_that_ends_without_its_mark_lacks_an_error_that_clients_read() {
    let mut cut_streams = 0;
    for answer in answered() {
        for count in 0..=answer.pieces.len() {
            let body = answer.pieces[..count].concat();
            let mut reader =
                BodyReader::new(answer.format, 200, Some(answer.content_type), None).unwrap();
            reader.feed(&body);
            let error = reader.missing_error();
            assert_eq!(error.is_some(), answer.lacks_mark(count), "{}: {count}", answer.name);
            let Some(error) = error else { continue };
            cut_streams += 1;
            assert!(reader.finish().cut.is_some(), "{}: {count}", answer.name);
            let ended = [body, error].concat();
            for size in [1, 7, usize::MAX] {
                let mut reader =
                    BodyReader::new(answer.format, 200, Some(answer.content_type), None).unwrap();
                ended.chunks(size.min(ended.len())).for_each(|chunk| reader.feed(chunk));
                let told = reader.finish();
                assert!(told.error.is_some(), "{}: {count}", answer.name);
            }
        }
    }
    assert!(cut_streams >= 12, "{cut_streams}");
}

#[test]
fn a_recorded_stream_has_an_error_at_its_end_wherever_it_is_cut_after_its_content() {
    let mut streams = 0;
    for answer in answers() {
        let is_success = answer.status == 200 && answer.expect["error_kind"].is_null();
        let of = answer.headers.iter().find(|(name, _)| name == "content-type");
        let new = || BodyReader::new(answer.format, 200, of.map(|(_, of)| of.as_str()), None);
        let Some(mut reader) = new().filter(|_| is_success) else { continue };
        let mut cuts = 0;
        for (at, byte) in answer.body.iter().enumerate() {
            reader.feed(&[*byte]);
            let Some(error) = reader.missing_error() else { continue };
            cuts += 1;
            // Reading all again for each byte would take minutes.
            if cuts % 37 != 0 {
                continue;
            }
            let mut again = new().unwrap();
            again.feed(&answer.body[..=at]);
            again.feed(&error);
            let told = again.finish();
            assert!(told.error.is_some(), "{} cut after {at}", answer.name);
        }
        assert_eq!(reader.missing_error(), None, "{}", answer.name);
        streams += u32::from(cuts > 0);
    }
    assert!(streams >= 10, "{streams}");
}
