//! Places in the file that is imported. A place that is read is marked, so that what nobody has
//! read can be reported.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::report::Report;
use crate::yaml::At;

/// How LiteLLM says that a value is in an environment variable.
const FROM_ENVIRONMENT: &str = "os.environ/";

/// A place in the file, with or without a value.
#[derive(Debug, Clone)]
pub(super) struct Place {
    at: At,
    marks: Rc<Marks>,
}

/// What has been read of a file, and what is said of it.
#[derive(Debug, Default)]
struct Marks {
    /// Paths of the places that have been read.
    read: RefCell<BTreeSet<String>>,
    report: RefCell<Report>,
    /// Paths of the environment variables whose values the document has.
    resolved: RefCell<BTreeSet<String>>,
    /// The file's section of environment variables.
    environment: RefCell<Option<At>>,
}

impl Place {
    /// Returns the place of the whole file.
    pub(super) fn root(at: At) -> Self {
        let marks = Marks::default();
        *marks.environment.borrow_mut() = Some(at.member("environment_variables"));
        Self { at, marks: Rc::new(marks) }
    }

    fn at(&self, at: At) -> Self {
        Self { at, marks: Rc::clone(&self.marks) }
    }

    /// Returns the place of a member.
    pub(super) fn member(&self, key: &str) -> Self {
        self.at(self.at.member(key))
    }

    /// Returns the places of all members with their keys. Each of them is still to be read.
    pub(super) fn members(&self) -> Vec<(String, Self)> {
        self.mark();
        let keys: BTreeSet<&str> = self.at.keys().into_iter().collect();
        // In the order of the file.
        let mut left = keys;
        let own = self.at.keys().into_iter().filter(|key| left.remove(key));
        own.map(|key| (key.to_owned(), self.member(key))).collect()
    }

    /// Returns the places of a list's items.
    pub(super) fn items(&self) -> Vec<Self> {
        self.mark();
        self.at.items().into_iter().map(|item| self.at(item)).collect()
    }

    /// Whether there is a value. Does not count as reading it.
    pub(super) const fn is_there(&self) -> bool {
        self.at.is_there()
    }

    /// Whether the value is an object. Does not count as reading it.
    pub(super) fn is_object(&self) -> bool {
        !self.at.keys().is_empty()
    }

    /// Returns the text or number here, as it is written.
    pub(super) fn text(&self) -> Option<&str> {
        self.mark();
        self.at.text()
    }

    /// Returns the texts of a list, or the one text here.
    pub(super) fn texts(&self) -> Vec<String> {
        if let Some(text) = self.text() {
            return vec![text.to_owned()];
        }
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    /// Returns the environment variable that the value is in, by its name.
    pub(super) fn variable(&self) -> Option<&str> {
        self.text()?.strip_prefix(FROM_ENVIRONMENT)
    }

    /// Returns the text here; one that is in an environment variable as the file's own
    /// `environment_variables` has it. Where it does not, that is reported.
    pub(super) fn resolved(&self) -> Option<String> {
        let value = self.value();
        if value.is_none()
            && let Some(name) = self.variable()
        {
            self.report(format!(
                "is in the environment variable {name}, which a routing document cannot refer to \
                 here; write the value into the document"
            ));
        }
        value
    }

    /// Returns the same, and reports nothing.
    pub(super) fn value(&self) -> Option<String> {
        let Some(name) = self.variable() else { return self.text().map(str::to_owned) };
        let environment = self.marks.environment.borrow();
        let value = environment.as_ref().map(|at| at.member(name));
        let path = value.as_ref().map(|at| at.path().to_owned());
        let value = value.as_ref().and_then(At::text).map(str::to_owned);
        if value.is_some() {
            self.marks.resolved.borrow_mut().extend(path);
        }
        value
    }

    /// Whether this is an environment variable whose value was needed elsewhere in the file.
    pub(super) fn was_resolved(&self) -> bool {
        self.mark();
        self.marks.resolved.borrow().contains(self.at.path())
    }

    /// Returns the number here, as [`Self::resolved`] finds it.
    pub(super) fn number(&self) -> Option<u64> {
        let text = self.resolved()?;
        text.strip_suffix(".0").unwrap_or(&text).parse().ok()
    }

    /// Returns the seconds here as milliseconds, at least 1.
    pub(super) fn milliseconds(&self) -> Option<u64> {
        let seconds: f64 = self.resolved()?.parse().ok()?;
        let ms = (seconds * 1000.0).round();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (ms.is_finite() && (0.0..=LONGEST_MS).contains(&ms)).then_some((ms as u64).max(1))
    }

    /// Returns the boolean here. Text counts as YAML's words for one.
    pub(super) fn flag(&self) -> Option<bool> {
        self.mark();
        match self.at.json()? {
            Value::Bool(value) => Some(value),
            Value::String(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// Returns the whole value, all of which counts as read.
    pub(super) fn json(&self) -> Option<Value> {
        self.mark_all();
        self.at.json()
    }

    /// Marks this place as read.
    pub(super) fn mark(&self) {
        self.marks.read.borrow_mut().insert(self.at.path().to_owned());
    }

    /// Marks this place and all within it as read.
    pub(super) fn mark_all(&self) {
        self.mark();
        self.within().iter().for_each(Self::mark_all);
    }

    fn within(&self) -> Vec<Self> {
        let items = self.at.items().into_iter();
        let members = self.at.keys().into_iter().map(|key| self.at.member(key));
        items.chain(members).map(|at| self.at(at)).collect()
    }

    /// Says what becomes of this place, which counts as read with all that is in it.
    pub(super) fn report(&self, message: impl Into<String>) {
        self.mark_all();
        let (line, path) = (self.at.line(), self.at.path());
        self.marks.report.borrow_mut().add(line, path, message.into());
    }

    /// Says something that holds for many places, at the first one of them only.
    pub(super) fn report_once(&self, message: &'static str) {
        self.mark();
        if self.marks.report.borrow_mut().is_new(message) {
            let (line, path) = (self.at.line(), self.at.path());
            self.marks.report.borrow_mut().add(line, path, message.to_owned());
        }
    }

    /// Returns the outermost places within this one that nobody has read.
    pub(super) fn unread(&self) -> Vec<Self> {
        let mut unread = Vec::new();
        for place in self.within().into_iter().filter(Self::is_there) {
            if place.is_untouched() {
                unread.push(place);
            } else {
                unread.extend(place.unread());
            }
        }
        unread
    }

    /// Whether neither this place nor one within it has been read.
    fn is_untouched(&self) -> bool {
        !self.marks.read.borrow().contains(self.at.path())
            && self.within().iter().all(Self::is_untouched)
    }

    /// Returns the path for messages, such as `model_list[0].model_name`.
    pub(super) fn path(&self) -> &str {
        self.at.path()
    }

    /// Returns all that has been said, in the order of the file.
    pub(super) fn said(&self, file: &str) -> Vec<String> {
        self.marks.report.borrow().lines(file)
    }
}

/// The longest time that a routing document may have.
const LONGEST_MS: f64 = 2_592_000_000.0;
