//! The route source: what it delivered last, when, and what was wrong since.
//!
//! One worker fetches for all. The time of the next fetch is shared, and the worker that
//! moves it on makes the fetch; so where a worker dies, only one interval is lost. A set is
//! kept only as a whole and only if it fits the document; until then the last one stays.
//! Makes no call itself: `lifecycle` does, and hands in the answer.

use crate::cas::{self, Change};
use crate::codec::{Reader, Writer};
use crate::config::{Base, Dynamic, Problems, RouteSource};
use crate::hash;
use crate::host::SharedData;

use super::names::{self, Author, Unnoted};
use super::{PREFIX, WHATEVER, announce};

/// The layout version of a set and of a status.
const VERSION: u8 = 2;
/// Longest answer that is read, in bytes. A longer one is rejected, and the last set stays.
pub const LONGEST_ANSWER: usize = 1024 * 1024;
/// Longest entity tag that is kept, in bytes. A set with a longer one is kept without, and
/// fetched as a whole each time.
const LONGEST_ETAG: usize = 256;
/// How much of an error message is kept, in bytes.
const LONGEST_ERROR: usize = 2048;

/// A set of routes, as the source delivered it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteSet {
    /// Its entity tag; empty: it had none. The source can then answer the next fetch that
    /// the set is unchanged.
    pub etag: Vec<u8>,
    /// Its text, JSON that fits the document.
    pub text: Vec<u8>,
}

/// How fetching has gone so far. It is kept in shared data, so every worker knows it, whichever
/// fetched last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchStatus {
    /// When the source last delivered or confirmed a set, in milliseconds since the epoch; 0:
    /// never.
    pub confirmed_ms: u64,
    /// When it last answered or failed to, in milliseconds since the epoch; 0: never.
    pub asked_ms: u64,
    /// What was wrong with its last answer; empty: nothing.
    pub error: String,
}

/// What came of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchOutcome {
    /// A new set came, which is now kept.
    Fetched,
    /// The source confirmed the set that is kept, or sent the same again.
    Unchanged,
    /// A set came that cannot be used. The one before stays.
    Rejected,
    /// No set came, or it could not be kept. The one before stays.
    Failed,
}

impl FetchOutcome {
    /// Returns its name, for metrics.
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

/// The answer to a fetch, before [`take`] has checked it. The default stands for a fetch without
/// an answer.
#[derive(Debug, Default)]
pub struct FetchAnswer {
    /// HTTP status; 0: there was no answer.
    pub status: u16,
    /// Its entity tag; empty: it had none.
    pub etag: Vec<u8>,
    /// The body; `None` where it was longer than [`LONGEST_ANSWER`].
    pub body: Option<Vec<u8>>,
}

/// Returns a key of one source. Another cluster or path is another source, so a change of
/// the configuration never shows what the old source delivered.
fn key(source: &RouteSource, what: &str) -> String {
    let name = format!("{} {}", source.cluster, source.path);
    format!("{PREFIX}source/{:016x}/{what}", hash::of(name.as_bytes()))
}

/// Returns what the source delivered last; `None` before its first answer that fits, and where
/// another version of the module wrote it.
pub fn stored<S: SharedData + ?Sized>(shared: &S, source: &RouteSource) -> Option<RouteSet> {
    let (bytes, _) = shared.read(&key(source, "set"))?;
    let from = &mut Reader::new(&bytes, VERSION)?;
    Some(RouteSet { etag: from.bytes()?, text: from.bytes()? })
}

/// Keeps a set in place of the last one. One worker fetches at a time, so there is nothing
/// to compare with.
fn store<S: SharedData + ?Sized>(shared: &S, source: &RouteSource, set: &RouteSet) {
    let mut to = Writer::new(VERSION);
    to.bytes(&set.etag);
    to.bytes(&set.text);
    let _ = shared.write(&key(source, "set"), &to.finish(), WHATEVER);
}

/// Returns how fetching has gone so far; the default before the first fetch.
pub fn status<S: SharedData + ?Sized>(shared: &S, source: &RouteSource) -> FetchStatus {
    let read = |bytes: &[u8]| {
        let from = &mut Reader::new(bytes, VERSION)?;
        let (confirmed_ms, asked_ms) = (from.number()?, from.number()?);
        Some(FetchStatus { confirmed_ms, asked_ms, error: from.text()? })
    };
    let kept = shared.read(&key(source, "status"));
    kept.and_then(|(bytes, _)| read(&bytes)).unwrap_or_default()
}

/// Keeps how fetching has gone, with the error cut to its longest.
fn note<S: SharedData + ?Sized>(shared: &S, source: &RouteSource, status: &FetchStatus) {
    // Not within a character, or the text could not be read again.
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

/// Returns whether this worker is to fetch now: one worker of all is, once in an interval.
///
/// The worker that moves the time of the next fetch on makes the fetch. If another one was
/// faster, it makes the fetch in place of this one; so there is only one try.
pub fn is_due<S: SharedData + ?Sized>(shared: &S, source: &RouteSource, now_ms: u64) -> bool {
    // No fetch begins while another may be under way.
    let longest = source.interval_ms.max(source.timeout_ms);
    let next_ms = now_ms.saturating_add(longest);
    let due = cas::change_within(1, shared, &key(source, "due"), None, |due_ms: &mut u64| {
        // A time further away than the next one can only come from before the clock jumped
        // back. Waiting for it could take years.
        if *due_ms > now_ms && *due_ms <= next_ms {
            return Change::Keep(false);
        }
        *due_ms = next_ms;
        Change::Write(true)
    });
    due.unwrap_or(false)
}

/// Takes the answer to a fetch: keeps the set if it fits `document`, notes how it went, and
/// lets all workers know of a new set.
///
/// Returns what came of the fetch, and what to log; `None` where nothing is wrong, or the
/// same was wrong the last time, so that a broken source is logged once and not at every
/// interval. For example, of four fetches that are answered 200 with a new set, 304, 503
/// and 503:
///
/// | answer | outcome | logged | the set that holds |
/// |---|---|---|---|
/// | 200 | `Fetched` | nothing | the new one |
/// | 304 | `Unchanged` | nothing | the same |
/// | 503 | `Failed` | `route_source: the answer has the status 503` | the same |
/// | 503 | `Failed` | nothing | the same |
pub fn take<S: SharedData + ?Sized>(
    shared: &S,
    source: &RouteSource,
    document: &[u8],
    answer: FetchAnswer,
    now_ms: u64,
) -> (FetchOutcome, Option<String>) {
    let before = status(shared, source);
    let (outcome, error) = match keep(shared, source, document, answer) {
        Ok(outcome) => (outcome, String::new()),
        Err((outcome, error)) => (outcome, error),
    };
    let confirmed_ms = if error.is_empty() { now_ms } else { before.confirmed_ms };
    note(shared, source, &FetchStatus { confirmed_ms, asked_ms: now_ms, error });
    // Only after the set is written: a worker that reads the generation must find it.
    if outcome == FetchOutcome::Fetched {
        announce(shared);
    }
    // The kept text is compared, which may be cut. Otherwise a long error would be news each
    // time.
    let now = status(shared, source).error;
    let is_news = !now.is_empty() && now != before.error;
    (outcome, is_news.then_some(now))
}

/// Keeps the set of an answer if it fits the document. Returns what came of the fetch, or
/// what is wrong with it.
fn keep<S: SharedData + ?Sized>(
    shared: &S,
    source: &RouteSource,
    document: &[u8],
    answer: FetchAnswer,
) -> Result<FetchOutcome, (FetchOutcome, String)> {
    let failed = |message: &str| (FetchOutcome::Failed, prefixed(message));
    let rejected = |message: &str| (FetchOutcome::Rejected, prefixed(message));
    let FetchAnswer { status, etag, body } = answer;
    match status {
        200 => {}
        304 => return Ok(FetchOutcome::Unchanged),
        0 => return Err(failed("there was no answer")),
        status => return Err(failed(&format!("the answer has the status {status}"))),
    }
    let text =
        body.ok_or_else(|| rejected(&format!("the answer is longer than {LONGEST_ANSWER} bytes")))?;
    let unfit = |problems: Problems| rejected(&problems.to_string());
    let base = Base::read(document, Some(&text)).map_err(unfit)?;
    let names = base.further_fetched();
    // Dynamic entries are left out of this: an operator's must not keep a set from coming.
    base.with(&Dynamic::default(), &[]).map_err(unfit)?;
    names::note(shared, Author::RouteSource, &names).map_err(|unnoted| match unnoted {
        Unnoted::Full(most) => rejected(&format!(
            "there were more than {most} different models and deployments since the proxy started"
        )),
        Unnoted::Contended => failed("other workers changed shared data at the same time"),
    })?;
    let etag = if etag.len() <= LONGEST_ETAG { etag } else { Vec::new() };
    let set = RouteSet { etag, text };
    let kept = stored(shared, source);
    let is_same = kept.as_ref().is_some_and(|kept| kept.text == set.text);
    // The same text may come with another entity tag, by which to ask the next time.
    if kept.as_ref() != Some(&set) {
        store(shared, source, &set);
    }
    Ok(if is_same { FetchOutcome::Unchanged } else { FetchOutcome::Fetched })
}

/// Returns a message with `route_source: ` before each of its lines.
fn prefixed(message: &str) -> String {
    let lines: Vec<String> = message.lines().map(|line| format!("route_source: {line}")).collect();
    lines.join("\n")
}
