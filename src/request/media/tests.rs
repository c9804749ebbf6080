//! Sizes, read in every chunking.

use super::*;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        let number = number << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(DIGITS[number >> (18 - 6 * place) & 63]));
        }
        text.push_str(&"=".repeat(3 - group.len()));
    }
    text
}

fn fed<'p>(mut probe: Probe, pieces: impl IntoIterator<Item = &'p [u8]>) -> Option<Media> {
    pieces.into_iter().for_each(|piece| probe.feed(piece));
    probe.media()
}

fn text_probe() -> Probe {
    let mut probe = Probe::of_text();
    probe.restart(true);
    probe
}

pub(super) fn byte_probe() -> Probe {
    let mut probe = Probe::of_bytes();
    probe.restart(true);
    probe
}

/// Pieces that are tried: few of what is long.
fn sizes(data: &[u8]) -> impl Iterator<Item = usize> {
    let count = if data.len() > 2000 { 3 } else { 40 };
    (1..=data.len()).step_by(data.len() / 400 + 1).take(count)
}

/// What a text comes to, the same in every chunking.
fn of_text(text: &str) -> Option<Media> {
    let text = text.as_bytes();
    let whole = fed(text_probe(), [text]);
    for size in sizes(text) {
        assert_eq!(fed(text_probe(), text.chunks(size)), whole, "in pieces of {size}");
    }
    for at in sizes(text) {
        let (a, b) = text.split_at(at);
        assert_eq!(fed(text_probe(), [a, b]), whole, "cut at {at}");
    }
    whole
}

/// What data comes to, raw and in base64, in every chunking.
fn of_data(data: &[u8]) -> Option<Media> {
    let raw = fed(byte_probe(), [data]);
    for size in sizes(data) {
        assert_eq!(fed(byte_probe(), data.chunks(size)), raw, "in pieces of {size}");
    }
    let text = encoded(data);
    assert_eq!(of_text(text.trim_end_matches('=')), raw, "without padding");
    assert_eq!(of_text(&text.replace('+', "-").replace('/', "_").replace('=', "")), raw);
    assert_eq!(of_text(&format!("data:;base64,{}", text.trim_end_matches('='))), raw);
    raw
}

const fn picture(width: u32, height: u32) -> Option<Media> {
    Some(Media::Picture { width, height })
}

const fn sound(bytes: u64, bytes_a_second: u32) -> Option<Media> {
    Some(Media::Sound { bytes, bytes_a_second })
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &size, b"\x08\x06\0\0\0"].concat()
}

/// A JPEG with these segments before the frame.
fn jpeg(segments: &[&[u8]], frame: u8) -> Vec<u8> {
    let frame = [0xff, frame, 0, 17, 8, 0x01, 0x02, 0x03, 0x04, 3];
    [&b"\xff\xd8"[..], &segments.concat(), &frame].concat()
}

fn segment(marker: u8, length: u16) -> Vec<u8> {
    let mut segment = vec![0xff, marker];
    segment.extend_from_slice(&length.to_be_bytes());
    // What would be a frame of another size, if it were looked at.
    segment.extend(b"\xff\xc0\0\x11\x08\0\x01\0\x01".iter().cycle().take(usize::from(length) - 2));
    segment
}

pub(super) fn format(tag: u16, channels: u16, samples: u32, rate: u32, bits: u16) -> Vec<u8> {
    let mut chunk = b"fmt \x10\0\0\0".to_vec();
    chunk.extend([tag, channels].map(u16::to_le_bytes).concat());
    chunk.extend([samples, rate].map(u32::to_le_bytes).concat());
    chunk.extend([2, bits].map(u16::to_le_bytes).concat());
    chunk
}

pub(super) fn wave(chunks: &[&[u8]], size: u32, length: usize) -> Vec<u8> {
    let mut data = b"RIFF\0\0\0\0WAVE".to_vec();
    data.extend(chunks.concat());
    data.extend(b"data");
    data.extend(size.to_le_bytes());
    data.extend(std::iter::repeat_n(0x55, length));
    data
}

#[test]
fn what_encoders_write_is_read() {
    let cases = [
        ("iVBORw0KGgoAAAANSUhEUgAAASwAAADICAIAAADdvUsC", picture(300, 200)),
        ("R0lGODdhLAHIAIEAAA==", picture(300, 200)),
        (
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wAARCADIASwDASIAAhEBAxEB/8QA",
            picture(300, 200),
        ),
        ("UklGRsYAAABXRUJQVlA4ILoAAABQEACdASosAcgAP5nM", picture(300, 200)),
        ("UklGRiQAAABXRUJQVlA4TBgAAAAvK8ExAAdQ", picture(300, 200)),
        ("UklGRtIAAABXRUJQVlA4WAoAAAAQAAAAKwEAxwAA", picture(300, 200)),
        ("UklGRsQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YaAAAAAAAAAA", sound(4, 16_000)),
    ];
    for (text, wanted) in cases {
        assert_eq!(of_text(text), wanted, "{text}");
    }
}

#[test]
fn pictures_are_told_by_their_first_bytes() {
    assert_eq!(of_data(&png(1, 65_535)), picture(1, 65_535));
    assert_eq!(of_data(b"GIF89a\x05\0\x01\x02"), picture(5, 513));
    let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x05\x40\x06\xc0";
    assert_eq!(of_data(lossy), picture(5, 6));
    let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\0\x03\0\0";
    assert_eq!(of_data(extended), None);
    assert_eq!(of_data(&png(640, 480)[..24]), picture(640, 480));
    // What the client says it is does not matter.
    let text = format!("data:audio/wav;charset=x;base64,{}", encoded(&png(2, 3)));
    assert_eq!(of_text(&text), picture(2, 3));
    assert_eq!(
        of_text(&text.replace("data:audio", "DATA:Image").replace("base", "BASE")),
        picture(2, 3)
    );
}

#[test]
fn every_frame_of_a_jpeg_has_the_size() {
    for frame in 0xc0..=0xcf {
        let wanted = picture(0x0304, 0x0102).filter(|_| ![0xc4, 0xc8, 0xcc].contains(&frame));
        assert_eq!(of_data(&jpeg(&[&segment(0xe0, 16)], frame)), wanted, "{frame:x}");
    }
}

#[test]
fn segments_of_a_jpeg_are_passed_over() {
    let (exif, profile, short) = (segment(0xe1, 0xffff), segment(0xe2, 40_000), segment(0xdb, 2));
    let wanted = picture(0x0304, 0x0102);
    assert_eq!(of_data(&jpeg(&[&exif, &profile, &short], 0xc2)), wanted);
    assert_eq!(of_data(&jpeg(&[b"\xff\xff\xff", &short, b"\xff\x01\xff"], 0xc0)), wanted);
    // They end somewhere.
    assert_eq!(of_data(&jpeg(&[&exif[..]; 5], 0xc0)), None);
    assert_eq!(of_data(&jpeg(&[&short[..]; 17_000], 0xc0)), None);
    assert_eq!(of_data(&[&b"\xff\xd8"[..], &[0xff; 70_000]].concat()), None);
}

#[test]
fn hostile_headers_say_nothing() {
    let cases: [&[u8]; 24] = [
        b"",
        b"\x89PNG",
        b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI\0\0\0\0\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01",
        &png(0, 1),
        &png(1, 0),
        &png(65_536, 1),
        &png(1, u32::MAX),
        &png(1, 1)[..23],
        b"GIF88a\x01\0\x01\0",
        b"GIF89a\0\0\x01\0",
        b"GIF89a\x01\0\x01",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\0\x08",
        b"\xff\xd8\xff\xe0\0\x01\xff\xc0\0\x11\x08\0\x01\0\x01",
        b"\xff\xd8\xff\xe0\0\x03\0\0\xff\xc0\0\x11\x08\0\x01\0\x01",
        b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\x01",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"RIFF\0\0\0\0WEBPVP8Z\0\0\0\0\x2f\0\0\0\0",
        b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2e\0\0\0\0",
        b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\0\0\x01\0",
        b"RIFF\0\0\0\0AVI LIST",
        b"%PDF-1.7 and more of it",
        b"\0\0\0\x1cftypavif",
        b"<svg width='9' height='9'/>",
    ];
    for data in cases {
        assert_eq!(of_data(data), None, "{}", String::from_utf8_lossy(data));
    }
}

#[test]
fn what_is_no_base64_says_nothing() {
    let data = encoded(&png(2, 3));
    for text in [
        format!("data:image/png,{data}"),
        format!("data:image/png;base64;x,{data}"),
        format!("data:image/png;base64{data}"),
        format!("data;base64,{data}"),
        format!("dato:image/png;base64,{data}"),
        format!("data:{};base64,{data}", "x".repeat(300)),
        format!(" {data}"),
        format!("\u{feff}{data}"),
        data.replace('R', "R\n"),
        data.replace('R', "="),
        "https://example.com/iVBORw0KGgo.png".to_owned(),
        "d".to_owned(),
        "data:".to_owned(),
        "data:image/png;base64,".to_owned(),
    ] {
        assert_eq!(of_text(&text), None, "{text}");
    }
    // Nor where nobody reads it.
    let text = encoded(&jpeg(&[&segment(0xe1, 600)], 0xc0));
    assert!(of_text(&text).is_some());
    for at in [40, 41, 42, 43, 399] {
        let (front, rest) = text.split_at(at);
        assert_eq!(of_text(&format!("{front}\n{rest}")), None, "{at}");
    }
}

#[test]
fn sound_lasts_as_long_as_there_is_data() {
    let plain = format(1, 1, 8000, 16_000, 16);
    let list = b"LIST\x03\0\0\0abc\0";
    for size in [0, 4, 3000, 4000, u32::MAX] {
        assert_eq!(of_data(&wave(&[&plain], size, 3000)), sound(3000, 16_000), "{size}");
        assert_eq!(of_data(&wave(&[list, &plain, list], size, 3)), sound(3, 16_000), "{size}");
    }
    let long = [&b"fmt \x12\0\0\0"[..], &plain[8..], b"\0\0"].concat();
    assert_eq!(of_data(&wave(&[&long], 0, 6)), sound(6, 16_000));
    // A rate that is said does not shorten it, nor one that follows.
    assert_eq!(of_data(&wave(&[&format(1, 2, 8000, 4_000_000, 16)], 0, 6)), sound(6, 32_000));
    assert_eq!(of_data(&wave(&[&format(1, 2, 8000, 1000, 16)], 0, 6)), sound(6, 1000));
    assert_eq!(of_data(&wave(&[&format(0x55, 1, 8000, 1000, 0)], 0, 6)), sound(6, 1000));
    // Padding is no data, but two bytes at most.
    let padded = encoded(&wave(&[&plain], 0, 1001));
    assert!(padded.ends_with('='));
    let Some(Media::Sound { bytes: 1001..=1003, .. }) = of_text(&padded) else {
        panic!("{:?}", of_text(&padded))
    };
}

#[test]
fn hostile_sound_says_nothing() {
    let good = format(1, 1, 8000, 16_000, 16);
    let far = [b"JUNK".to_vec(), 300_000_u32.to_le_bytes().to_vec(), vec![0; 300_000]].concat();
    let cases: [&[&[u8]]; 9] = [
        &[],
        &[&format(1, 0, 8000, 16_000, 16)],
        &[&format(1, 1, 0, 16_000, 16)],
        &[&format(1, 1, 8000, 0, 16)],
        &[&format(1, 1, u32::MAX, u32::MAX, 16)],
        &[&format(1, 1, 8000, 499, 16)],
        &[&good, &good],
        &[b"fmt \x0f\0\0\0", &good[8..]],
        &[&far, &good],
    ];
    for chunks in cases {
        assert_eq!(of_data(&wave(chunks, 100, 100)), None, "{:?}", chunks.first());
    }
    assert_eq!(of_data(&wave(&[&good], 100, 0)[..40]), None);
}

#[test]
fn a_probe_that_does_not_look_counts() {
    let mut probe = Probe::of_text();
    probe.feed(encoded(&png(2, 3)).as_bytes());
    assert_eq!((probe.media(), probe.length()), (None, 40));
}

#[test]
fn headers_of_one_request_are_read_only_so_far() {
    let short = segment(0xdb, 2);
    let long = jpeg(&[&short[..]; 12_000], 0xc0);
    let mut probe = Probe::of_bytes();
    for (data, wanted) in [
        (&long, picture(0x0304, 0x0102)),
        (&png(2, 3), picture(2, 3)),
        (&long, None),
        (&png(2, 3), None),
    ] {
        probe.restart(true);
        probe.feed(data);
        assert_eq!(probe.media(), wanted);
    }
}
