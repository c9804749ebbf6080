//! The ways in which one request may reach the filter.

use pointsman::lifecycle::{Action, Stream};

use super::scene::Scene;
use crate::row::Row;

/// One way to send a body.
pub(super) struct Delivery {
    pub(super) name: &'static str,
    /// The lengths of its pieces, repeated; if there are none, the body is one piece. With lengths,
    /// the last byte comes alone.
    sizes: &'static [usize],
    /// Whether the head says how long the body is.
    is_announced: bool,
    end: End,
}

/// What ends a body.
#[derive(PartialEq)]
enum End {
    /// The body ends with its last piece.
    LastPiece,
    /// The body ends with an empty piece.
    Empty,
    Trailers,
}

pub(super) const DELIVERIES: [Delivery; 5] = [
    Delivery { name: "in one piece", sizes: &[], is_announced: false, end: End::LastPiece },
    Delivery { name: "before its end", sizes: &[], is_announced: false, end: End::Empty },
    Delivery {
        name: "in pieces",
        sizes: &[1, 7, 3, 64, 2, 13, 255, 5],
        is_announced: false,
        end: End::LastPiece,
    },
    Delivery { name: "announced", sizes: &[11, 1, 130], is_announced: true, end: End::Empty },
    Delivery { name: "with trailers", sizes: &[29], is_announced: false, end: End::Trailers },
];

/// A request that has been sent.
pub(super) struct Sent<'a> {
    pub(super) stream: Stream,
    pub(super) delivery: &'a Delivery,
    /// Whether it went on before its body was known to be whole.
    pub(super) is_early: bool,
}

impl Delivery {
    /// Whether the row's request can be sent in this way.
    pub(super) fn is_for(&self, row: &Row) -> bool {
        let says_length = row.head.iter().any(|(name, _)| name == "content-length");
        let is_plain = self.sizes.is_empty() && self.end == End::LastPiece;
        is_plain || !(row.body.is_empty() || self.is_announced && says_length)
    }

    /// Whether this delivery can show that a request goes on early.
    pub(super) fn shows_early(&self) -> bool {
        !self.sizes.is_empty() || self.end != End::LastPiece
    }

    /// Sends a row's request to the router's role.
    pub(super) fn send(&self, scene: &Scene, row: &Row) -> Sent<'_> {
        let length = row.body.len().to_string();
        let mut head: Vec<(&str, &str)> =
            row.head.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        head.push((":authority", "proxy.test"));
        if self.is_announced {
            head.push(("content-length", &length));
        }
        let host = &scene.host;
        host.properties.borrow_mut().clear();
        host.calls.borrow_mut().clear();
        let is_end = row.body.is_empty() && self.end == End::LastPiece;
        let (mut stream, _) = host.begin(&scene.router, &head, is_end);
        let is_early = if is_end { false } else { self.pass(scene, row, &mut stream) };
        Sent { stream, delivery: self, is_early }
    }

    /// Sends a row's body. Returns whether some of it went on before the end was known.
    pub(super) fn pass(&self, scene: &Scene, row: &Row, stream: &mut Stream) -> bool {
        let host = &scene.host;
        let mut rest = row.body.as_bytes();
        let mut is_early = false;
        let mut sizes = self.sizes.iter().cycle();
        while !rest.is_empty() && host.reply.borrow().is_none() {
            let before_last = rest.len().saturating_sub(1).max(1);
            let size = sizes.next().map_or(rest.len(), |size| before_last.min(*size));
            let (piece, after) = rest.split_at(size);
            rest = after;
            let is_last = rest.is_empty();
            let action = host.piece(stream, piece, is_last && self.end == End::LastPiece);
            let is_whole = is_last && (self.is_announced || self.end == End::LastPiece);
            is_early |= action == Action::Continue && !is_whole;
        }
        if host.reply.borrow().is_none() {
            match self.end {
                End::LastPiece => {}
                End::Empty => drop(host.piece(stream, b"", true)),
                End::Trailers => drop(host.trailers(stream)),
            }
        }
        is_early
    }
}

impl Sent<'_> {
    /// Whether the request waits for a service.
    pub(super) fn is_asking(&self, scene: &Scene) -> bool {
        let calls = scene.host.calls.borrow();
        assert!(calls.len() < 2, "{calls:?}");
        calls.len() == 1
    }

    /// Tells the stream that the service has not answered.
    pub(super) fn end_call(&mut self, scene: &Scene) {
        scene.host.end_call(0, None, |called| self.stream.on_called(&scene.host, called));
    }
}
