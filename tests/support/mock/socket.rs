//! A WebSocket that says back what it is told, and answers pings.

use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, on};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// Where requests ask for it.
const ASKED_BY: &str = "x-mock-socket";

/// The upgrade of a request that asks for a WebSocket of this kind.
pub(super) fn wanted(request: &mut Request<Incoming>) -> Option<OnUpgrade> {
    let is_wanted =
        request.headers().contains_key(ASKED_BY) && request.headers().contains_key(header::UPGRADE);
    is_wanted.then(|| on(request))
}

/// Serves the connection until its client closes it.
pub(super) async fn serve(upgrade: OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = TokioIo::new(upgraded);
    while let Some((opcode, payload)) = frame(&mut socket).await {
        // A ping (9) is answered with a pong (10).
        let answer = if opcode == 9 { 10 } else { opcode };
        let mut sent = vec![0x80 | answer];
        match u8::try_from(payload.len()) {
            Ok(length @ 0..126) => sent.push(length),
            _ => {
                sent.push(126);
                sent.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        sent.extend(payload);
        if socket.write_all(&sent).await.is_err() || opcode == 8 {
            return;
        }
    }
}

/// The opcode and payload of the next frame of a client, which is masked.
async fn frame(socket: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    socket.read_exact(&mut head).await.ok()?;
    let length = match head[1] & 127 {
        126 => usize::from(socket.read_u16().await.ok()?),
        length => usize::from(length),
    };
    let mut mask = [0; 4];
    socket.read_exact(&mut mask).await.ok()?;
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload).await.ok()?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some((head[0] & 15, payload))
}
