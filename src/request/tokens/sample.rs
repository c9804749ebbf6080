//! Which part of a long text is read, and for how much it stands.
//!
//! The first KiB of a request's texts is all read; of the next 31, one block in
//! four, and of the rest one in 64. Which one of those is drawn from a seed, so
//! that who writes a text cannot put what is cheap where it is looked at. Depends
//! on places in the text alone, not on how it was cut.
//!
//! A text of 40 KiB is read so: the first KiB with a share of 1; 124 of the 496 blocks
//! of 64 bytes that follow, each with a share of 4; and two of the last 128, each with a share
//! of 64.

#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "a place divided by sizes that are not 0")
)]

use std::cmp::Ordering;

use crate::hash::mixed;

/// Bytes of a block: many short ones say more of a text than a few long ones.
const BLOCK: u64 = 64;
/// Up to these bytes, one block in so many is read.
const ZONES: [(u64, u64); 3] = [(1 << 10, 1), (32 << 10, 4), (u64::MAX, 64)];

/// A part of a text that is read, or is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct SamplePart<'t> {
    pub(super) text: &'t str,
    /// For how many times as much it stands; 0 if it is not read.
    pub(super) share: i64,
    /// Whether what is read or passed over ends with it, and what follows is not its sequel.
    pub(super) is_last: bool,
}

/// A place in all texts of a request.
#[derive(Debug, Default)]
pub(super) struct Sample {
    seed: u64,
    at: u64,
}

impl Sample {
    /// Returns the beginning of a request's texts.
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, at: 0 }
    }

    /// Returns whether everything was read so far.
    pub(super) const fn is_whole(&self) -> bool {
        let [(all, _), ..] = ZONES;
        self.at <= all
    }

    /// Takes what is read together, or passed over together, off the front of a text that is
    /// not empty, and returns it.
    pub(super) fn next<'t>(&mut self, text: &mut &'t str) -> SamplePart<'t> {
        let (share, end) = self.stretch();
        let room = usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        // A character belongs to the block it begins in.
        let cut = (room..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let (part, rest) = text.split_at_checked(cut).unwrap_or((text, ""));
        self.at = self.at.saturating_add(part.len() as u64);
        *text = rest;
        SamplePart { text: part, share, is_last: self.at >= end }
    }

    /// Returns for how many times as much the block at hand stands; 0 if it is not read.
    pub(super) fn share(&self) -> i64 {
        self.stretch().0
    }

    /// Returns for how many times as much the text at hand stands, and where that changes.
    fn stretch(&self) -> (i64, u64) {
        let [(all, _), ..] = ZONES;
        if self.at < all {
            return (1, all);
        }
        let (_, stride) = ZONES.iter().find(|(end, _)| self.at < *end).copied().unwrap_or((0, 1));
        let stride = stride.max(1);
        // Of each group of so many blocks one is read, at a place of its own. What comes before
        // and after that is passed over together.
        let block = self.at / BLOCK;
        let (group, place) = (block / stride, block % stride);
        let chosen = mixed(self.seed ^ group) % stride;
        let (share, end) = match place.cmp(&chosen) {
            Ordering::Less => (0, chosen),
            Ordering::Equal => (i64::try_from(stride).unwrap_or(1), chosen.saturating_add(1)),
            Ordering::Greater => (0, stride),
        };
        (share, group.saturating_mul(stride).saturating_add(end).saturating_mul(BLOCK))
    }
}
