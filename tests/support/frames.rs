//! Frames as Amazon's event stream has them.

/// A frame of Amazon's event stream. Nobody here checks its checksums.
pub(crate) fn frame(headers: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let length = u32::try_from(16 + head.len() + data.len()).unwrap();
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend_from_slice(&u32::try_from(head.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(b"\xaa\x00\x01\x02");
    frame.extend_from_slice(&head);
    frame.extend_from_slice(data);
    frame.extend_from_slice(b"\x03\x04\x05\xff");
    frame
}
