//! Holds the reader of response bodies against itself in other chunks.
//!
//! The first bytes of the input choose the status, the format and the size of the chunks;
//! the rest is the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use pointsman::response::kind::ErrorKind;

const FRAMES: &str = "application/vnd.amazon.eventstream";

fn fed(format: Format, status: u16, of: Option<&str>, body: &[u8], size: usize) -> Told {
    let Some(mut reader) = BodyReader::new(format, status, of, None) else {
        panic!("a body of no type, or of frames, is read")
    };
    body.chunks(size).for_each(|chunk| reader.feed(chunk));
    reader.finish()
}

fuzz_target!(|data: &[u8]| {
    let [status, format, size, body @ ..] = data else { return };
    let status = [200, 400, 403, 404, 429, 500][usize::from(*status) % 6];
    let format = Format::ALL[usize::from(*format) % Format::ALL.len()];
    let of = (*size >= 128).then_some(FRAMES);
    let whole = fed(format, status, of, body, body.len().max(1));
    assert_eq!(whole, fed(format, status, of, body, usize::from(*size % 128).max(1)));
    assert_eq!(whole, fed(format, status, of, body, 1));
    if status >= 400 {
        assert!(whole.error.is_some() && !whole.has_content);
    }
    // What a body cannot say of itself.
    if status == 500 {
        assert_ne!(whole.error.map(|failure| failure.kind), Some(ErrorKind::TooLarge));
    }
    assert!(whole.events.unwrap_or_default() == 0 || whole.has_content);
});
