//! Joins the edits that leave state out with those that rewrite the body for a deployment.

use crate::request::rewrite::Edit;
use crate::sort::sorted;

/// Returns both the edits for a deployment and those that leave state out, in the order of the body.
///
/// Every edit covers a whole value, member or element. So one edit may lie inside another, but two never
/// overlap in part. The outer one wins: nothing has to be left out of a value that is replaced.
#[must_use]
pub fn with_removal(edits: Vec<Edit>, removal: &[Edit]) -> Vec<Edit> {
    let mut all = edits;
    all.extend_from_slice(removal);
    let all = sorted(all, &|a, b| (a.range.start, b.range.end) < (b.range.start, a.range.end));
    let mut kept: Vec<Edit> = Vec::with_capacity(all.len());
    let mut outer = 0..0;
    for edit in all {
        let is_insert = edit.range.is_empty();
        // What is inserted at the very beginning of another edit comes before that.
        let is_after = edit.range.start > outer.start || !is_insert;
        if is_after && edit.range.start < outer.end {
            continue;
        }
        if !is_insert {
            outer = edit.range.clone();
        }
        kept.push(edit);
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn edit(range: Range<u64>, with: &str) -> Edit {
        Edit { range, with: with.as_bytes().to_vec() }
    }

    #[test]
    fn the_outer_one_of_two_edits_counts() {
        let insert = || edit(1..1, "new,");
        for (edits, removal, wanted) in [
            (
                vec![edit(5..9, "m")],
                vec![edit(20..30, "")],
                vec![edit(5..9, "m"), edit(20..30, "")],
            ),
            // The value is replaced, with all that is in it.
            (
                vec![edit(10..90, "x")],
                vec![edit(20..30, ""), edit(40..50, "")],
                vec![edit(10..90, "x")],
            ),
            // The element goes, with the model that stands in it.
            (vec![edit(25..28, "m")], vec![edit(20..30, "")], vec![edit(20..30, "")]),
            // What is inserted comes before what goes at the same place.
            (vec![insert()], vec![edit(1..9, "")], vec![edit(1..9, ""), insert()]),
            (vec![insert(), edit(1..9, "")], vec![edit(3..5, "")], vec![edit(1..9, ""), insert()]),
            (vec![edit(4..8, "m")], vec![edit(8..12, "")], vec![edit(4..8, "m"), edit(8..12, "")]),
        ] {
            assert_eq!(with_removal(edits, &removal), wanted);
        }
    }
}
