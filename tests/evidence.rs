//! What answers say of a deployment: a matrix of every kind of failure, status, operation and
//! credential over several states of a record, with what must hold in all of them; and a row for
//! each wording that users have met.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "evidence/record.rs"]
mod record;
#[path = "evidence/rows.rs"]
mod rows;

use pointsman::request::format::Format;
use pointsman::response::body::BodyReader;
use pointsman::response::details::End;
use pointsman::response::kind::{ErrorKind, Failure, ToldBy};
use pointsman::response::outcome::{
    Body, Head, KeyOwner, RequestProfile, is_told_by_head, of_body, report,
};
use pointsman::response::verdict;
use pointsman::response::words::{self, Wording};
use pointsman::state::evidence::{Blame, Evidence, Reach, Weight};
use pointsman::state::outcome::Outcome;
use pointsman::state::report::Report;

const KEYS: [KeyOwner; 3] = [KeyOwner::Proxy, KeyOwner::Client, KeyOwner::Nobody];

/// Every status that says by itself that something is wrong, and some that no list has.
const STATUSES: [u16; 32] = [
    400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 415, 418, 421, 422, 423, 424, 425,
    426, 428, 429, 431, 451, 460, 498, 499, 500, 501, 503, 504, 529,
];

/// What a provider answers with a status and a JSON body to a request that has been sent whole.
pub(crate) fn answered(
    status: u16,
    body: Option<&str>,
    header: Option<&str>,
    profile: RequestProfile,
) -> Report {
    let head = Head { now_ms: 1_800_000_000_000, ..Head::of_status(status, profile) };
    let head = report(&head).unwrap();
    // Such a failure is told by its head, and its body is not read.
    if is_told_by_head(&head) {
        return head;
    }
    let told = body.map(|body| {
        let json = Some("application/json");
        let mut reader = BodyReader::new(Format::OpenAiChat, status, json, None).unwrap();
        reader.feed(body.as_bytes());
        reader.finish()
    });
    let header = header.and_then(Wording::of_header);
    let body = Body { told: told.as_ref(), header, is_unseen: false, end: End::Whole };
    of_body(head, body, profile).unwrap()
}

/// Every failure that a body can tell of: each kind by the status and, where there are any, by
/// each of its wordings.
fn failures() -> Vec<Failure> {
    let by_status = ErrorKind::ALL.map(|kind| Failure { kind, told_by: ToldBy::Status });
    by_status.into_iter().chain(words::all().map(Failure::of_wording)).collect()
}

/// Every row of the matrix: a failure, a status, a request.
fn rows_of_matrix() -> impl Iterator<Item = (Failure, u16, RequestProfile)> {
    failures().into_iter().flat_map(|failure| {
        STATUSES.into_iter().flat_map(move |status| {
            KEYS.into_iter().flat_map(move |key| {
                [false, true].map(|may_name_others| {
                    (failure, status, RequestProfile { key, may_name_others })
                })
            })
        })
    })
}

#[test]
fn what_holds_for_every_refusal() {
    let mut seen = 0;
    for (failure, status, profile) in rows_of_matrix() {
        let (outcome, evidence) = verdict::refused(failure, status, profile);
        let Evidence { blame, try_next, weight, reach } = evidence;
        let row = format!("{failure:?} {status} {profile:?}: {outcome:?} {evidence:?}");
        seen += 1;
        assert_ne!(outcome, Outcome::Success, "{row}");
        assert_ne!(weight, Weight::Success, "{row}");
        assert!(blame != Blame::Nobody, "{row}");
        // Nothing that is kept to the client counts, and nothing of the request does.
        assert!(try_next || weight == Weight::Nothing, "{row}");
        assert!(blame != Blame::Request || weight == Weight::Nothing, "{row}");
        // A client's own key says nothing of others'.
        if reach == Reach::OwnKey {
            assert_eq!((profile.key, weight), (KeyOwner::Client, Weight::Nothing), "{row}");
        }
        let is_of_key = matches!(blame, Blame::Credential | Blame::Account);
        if profile.key == KeyOwner::Client && is_of_key {
            assert_eq!((reach, weight), (Reach::OwnKey, Weight::Nothing), "{row}");
        }
        // One request trips a deployment only by what its account alone can have.
        if weight == Weight::Trip {
            assert!(is_of_key && profile.key != KeyOwner::Client, "{row}");
        }
        // What is named may be what was refused.
        if profile.may_name_others && weight == Weight::Weak {
            assert_ne!(failure.told_by, ToldBy::Status, "{row}");
        }
    }
    assert!(seen > 50_000, "{seen}");
}

#[test]
fn what_a_client_could_write_into_a_message_never_counts() {
    for row in words::all() {
        let is_contained = row.place == words::WordPlace::Contains;
        if !is_contained {
            continue;
        }
        for status in STATUSES.into_iter().filter(|status| *status < 500) {
            for key in KEYS {
                let profile = RequestProfile { key, may_name_others: false };
                let (_, evidence) = verdict::refused(Failure::of_wording(row), status, profile);
                assert_eq!(evidence.weight, Weight::Nothing, "{row:?}");
            }
        }
    }
}

#[test]
fn a_refusal_that_nobody_knows_is_tried_elsewhere() {
    let proxys = RequestProfile { key: KeyOwner::Proxy, may_name_others: false };
    for status in STATUSES {
        // It has no word that is known.
        for body in [Some(r#"{"error":{"code":"brand_new","message":"Brand new."}}"#), None] {
            let report = answered(status, body, None, proxys);
            assert_eq!(report.evidence.try_next, status != 422, "{status} {report:?}");
            let begun = verdict::in_band(Failure::of_status(status).unwrap(), proxys);
            assert!(!begun.1.try_next, "{status}");
        }
    }
    // A redirect would lead the client past the proxy.
    for status in [300, 302, 307, 308] {
        let evidence = answered(status, None, None, proxys).evidence;
        assert_eq!((evidence.try_next, evidence.weight), (true, Weight::Weak), "{status}");
    }
    // What names something of its own is not.
    let naming = RequestProfile { may_name_others: true, ..proxys };
    for status in [400, 403, 404, 410, 424] {
        assert!(!answered(status, Some("{}"), None, naming).evidence.try_next, "{status}");
    }
    for status in [401, 402, 429, 500, 503] {
        assert!(answered(status, Some("{}"), None, naming).evidence.try_next, "{status}");
    }
}

#[test]
fn an_answer_that_a_client_can_bring_about_does_not_count() {
    let proxys = RequestProfile { key: KeyOwner::Proxy, may_name_others: false };
    for (body, outcome, weight) in [
        // Without input there is nothing to list.
        (r#"{"model":"m","embeddings":[]}"#, Outcome::InBand, Weight::Nothing),
        (r#"{"base_resp":{"status_code":2013}}"#, Outcome::Client, Weight::Nothing),
        (r#"{"error":{"type":"invalid_request_error"}}"#, Outcome::Client, Weight::Nothing),
        // Nobody knows whose fault that is.
        (r#"{"error":{"type":"brand_new"}}"#, Outcome::InBand, Weight::Weak),
        // The client cannot read any of it.
        (r#"{"choices":[{"message":{"content":"a"#, Outcome::InBand, Weight::Failure),
        (r#"{"choices":[]}"#, Outcome::InBand, Weight::Failure),
    ] {
        let report = answered(200, Some(body), None, proxys);
        assert_eq!((report.outcome, report.evidence.weight), (outcome, weight), "{body}");
        assert!(!report.evidence.try_next, "{body}");
    }
}

#[test]
fn what_is_told_in_band_is_never_tried_elsewhere_and_never_trips() {
    for failure in failures() {
        for key in KEYS {
            let profile = RequestProfile { key, may_name_others: false };
            let (outcome, evidence) = verdict::in_band(failure, profile);
            assert!(!evidence.try_next, "{failure:?}");
            assert!(matches!(evidence.weight, Weight::Nothing | Weight::Failure), "{failure:?}");
            assert_eq!(
                evidence.weight == Weight::Failure || evidence.reach == Reach::OwnKey,
                outcome == Outcome::InBand,
                "{failure:?} {key:?}"
            );
        }
    }
}
