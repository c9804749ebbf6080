//! The route source: what it delivered last, when, and what was wrong since.
//!
//! One worker fetches for all: the time of the next fetch is shared, and whoever moves it
//! on makes the fetch, so a worker that dies is missed for an interval at most. Only a
//! whole set that holds with the document is kept; the last one stays, whatever comes.
//! Knows no call: `lifecycle` makes it and says what came.

use crate::cas::{self, Change};
use crate::codec::{Reader, Writer};
use crate::config::{Base, Dynamic, Problems, RouteSource};
use crate::hash;
use crate::host::SharedData;

use super::key::{PREFIX, WHATEVER, announce};
use super::names::{self, AddedBy, Unnoted};

/// The layout of a set and of a status.
const VERSION: u8 = 2;
/// Longest answer that is read, in bytes.
pub const LONGEST_ANSWER: usize = 1024 * 1024;
/// Longest entity tag that is kept, in bytes.
const LONGEST_ETAG: usize = 256;
/// What of an error is kept, in bytes.
const LONGEST_ERROR: usize = 2048;

/// What was delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchedSet {
    /// Its entity tag; empty: it had none.
    pub etag: Vec<u8>,
    /// Its text.
    pub text: Vec<u8>,
}

/// How fetching went so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchStatus {
    /// When the source last said what is to hold, in milliseconds since the epoch; 0: never.
    pub confirmed_ms: u64,
    /// When it was last asked.
    pub asked_ms: u64,
    /// What was wrong with its last answer; empty: nothing.
    pub error: String,
}

/// What came of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchOutcome {
    /// A new set, which is kept.
    Fetched,
    /// The set that is kept already.
    Unchanged,
    /// A set that does not hold.
    Rejected,
    /// No set.
    Failed,
}

impl FetchOutcome {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

/// An answer as it came.
#[derive(Debug, Default)]
pub struct FetchAnswer {
    /// HTTP status; 0: there was no answer.
    pub status: u16,
    /// Its entity tag.
    pub etag: Vec<u8>,
    /// The body; none where it was too long.
    pub body: Option<Vec<u8>>,
}

/// A key of one source; another cluster or path is another source.
fn key(source: &RouteSource, what: &str) -> String {
    let name = format!("{} {}", source.cluster, source.path);
    format!("{PREFIX}source/{:016x}/{what}", hash::of(name.as_bytes()))
}

/// Returns what the source delivered last; `None` before its first answer that holds.
pub fn stored<S: SharedData + ?Sized>(shared: &S, source: &RouteSource) -> Option<FetchedSet> {
    let (bytes, _) = shared.read(&key(source, "set"))?;
    let from = &mut Reader::new(&bytes, VERSION)?;
    Some(FetchedSet { etag: from.bytes()?, text: from.bytes()? })
}

fn store<S: SharedData + ?Sized>(shared: &S, source: &RouteSource, set: &FetchedSet) {
    let mut to = Writer::new(VERSION);
    to.bytes(&set.etag);
    to.bytes(&set.text);
    let _ = shared.write(&key(source, "set"), &to.finish(), WHATEVER);
}

/// Returns how fetching went so far.
pub fn status<S: SharedData + ?Sized>(shared: &S, source: &RouteSource) -> FetchStatus {
    let read = |bytes: &[u8]| {
        let from = &mut Reader::new(bytes, VERSION)?;
        let (confirmed_ms, asked_ms) = (from.number()?, from.number()?);
        Some(FetchStatus { confirmed_ms, asked_ms, error: from.text()? })
    };
    let kept = shared.read(&key(source, "status"));
    kept.and_then(|(bytes, _)| read(&bytes)).unwrap_or_default()
}

fn note<S: SharedData + ?Sized>(shared: &S, source: &RouteSource, status: &FetchStatus) {
    let mut end = status.error.len().min(LONGEST_ERROR);
    while !status.error.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let mut to = Writer::new(VERSION);
    to.number(status.confirmed_ms);
    to.number(status.asked_ms);
    to.text(status.error.get(..end).unwrap_or_default());
    let _ = shared.write(&key(source, "status"), &to.finish(), WHATEVER);
}

/// Returns whether this worker is to fetch now: one of all, once in an interval. Who moves
/// the time of the next fetch on makes the fetch; another worker that was faster makes it
/// in place of this one, so there is one try only.
pub fn is_due<S: SharedData + ?Sized>(shared: &S, source: &RouteSource, now_ms: u64) -> bool {
    // No fetch begins while another may be under way.
    let longest = source.interval_ms.max(source.timeout_ms);
    let next_ms = now_ms.saturating_add(longest);
    let due = cas::change_within(1, shared, &key(source, "due"), None, |due_ms: &mut u64| {
        // Nobody has set a time further away than the next one: the clock has jumped back.
        if *due_ms > now_ms && *due_ms <= next_ms {
            return Change::Keep(false);
        }
        *due_ms = next_ms;
        Change::Write(true)
    });
    due.unwrap_or(false)
}

/// Takes what came of a fetch. Gives back what to tell the operator, unless that was told.
pub fn take<S: SharedData + ?Sized>(
    shared: &S,
    source: &RouteSource,
    document: &[u8],
    answer: FetchAnswer,
    now_ms: u64,
) -> (FetchOutcome, Option<String>) {
    let before = status(shared, source);
    let (outcome, error) = match judge(shared, source, document, answer) {
        Ok(outcome) => (outcome, String::new()),
        Err((outcome, error)) => (outcome, error),
    };
    let confirmed_ms = if error.is_empty() { now_ms } else { before.confirmed_ms };
    note(shared, source, &FetchStatus { confirmed_ms, asked_ms: now_ms, error });
    if outcome == FetchOutcome::Fetched {
        announce(shared);
    }
    // As it is kept, cut.
    let now = status(shared, source).error;
    let is_news = !now.is_empty() && now != before.error;
    (outcome, is_news.then_some(now))
}

fn judge<S: SharedData + ?Sized>(
    shared: &S,
    source: &RouteSource,
    document: &[u8],
    answer: FetchAnswer,
) -> Result<FetchOutcome, (FetchOutcome, String)> {
    let FetchAnswer { status, etag, body } = answer;
    match status {
        200 => {}
        304 => return Ok(FetchOutcome::Unchanged),
        0 => return Err((FetchOutcome::Failed, told("there is no answer"))),
        status => {
            return Err((
                FetchOutcome::Failed,
                told(&format!("the answer has the status {status}")),
            ));
        }
    }
    let text = body.ok_or_else(|| {
        let message = format!("the answer is longer than {LONGEST_ANSWER} bytes");
        (FetchOutcome::Rejected, told(&message))
    })?;
    let rejected = |problems: &Problems| (FetchOutcome::Rejected, told(&problems.to_string()));
    let base = Base::read(document, Some(&text)).map_err(|problems| rejected(&problems))?;
    let names = base.further_fetched();
    base.with(&Dynamic::default(), &[]).map_err(|problems| rejected(&problems))?;
    names::note(shared, AddedBy::RouteSource, &names).map_err(|unnoted| match unnoted {
        Unnoted::Full(most) => {
            let message = format!(
                "more than {most} different models and deployments since the proxy started"
            );
            (FetchOutcome::Rejected, told(&message))
        }
        Unnoted::Contended => (FetchOutcome::Failed, told("shared data is contended")),
    })?;
    let etag = if etag.len() <= LONGEST_ETAG { etag } else { Vec::new() };
    let set = FetchedSet { etag, text };
    let kept = stored(shared, source);
    let is_same = kept.as_ref().is_some_and(|kept| kept.text == set.text);
    if kept.as_ref() != Some(&set) {
        store(shared, source, &set);
    }
    Ok(if is_same { FetchOutcome::Unchanged } else { FetchOutcome::Fetched })
}

/// A message, or several, line by line, of this source.
fn told(message: &str) -> String {
    let lines: Vec<String> = message.lines().map(|line| format!("route_source: {line}")).collect();
    lines.join("\n")
}
