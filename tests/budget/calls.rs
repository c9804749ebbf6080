//! The kinds of host calls, and how many of each a request made.

use std::fmt;

/// What a request asks of the host, grouped by what it costs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads all headers of a request or an answer.
    HeadersRead,
    /// Sets or removes a header.
    HeaderSet,
    /// Reads bytes of a body.
    BodyRead,
    /// Replaces bytes of a body.
    BodySet,
    /// Reads a key of shared data.
    SharedRead,
    /// Writes a key of shared data.
    SharedSet,
    /// Reads a property.
    PropertyRead,
    /// Sets a property.
    PropertySet,
    /// Adds to a counter, sets a gauge or adds to a histogram.
    Metric,
    /// Defines a metric. Only the first requests should.
    MetricDefined,
    /// Reads the clock.
    Clock,
    /// Makes Envoy choose the route again.
    RouteCleared,
    /// Asks for the log level, or logs.
    Log,
    /// Anything else: answers the request, calls a service.
    Other,
}

impl Kind {
    /// All kinds, in the order of the table's columns, with the columns' names.
    pub(crate) const ALL: [(Self, &'static str); 14] = [
        (Self::HeadersRead, "heads"),
        (Self::HeaderSet, "header="),
        (Self::BodyRead, "bodies"),
        (Self::BodySet, "body="),
        (Self::SharedRead, "shared"),
        (Self::SharedSet, "shared="),
        (Self::PropertyRead, "property"),
        (Self::PropertySet, "property="),
        (Self::Metric, "metric"),
        (Self::MetricDefined, "define"),
        (Self::Clock, "clock"),
        (Self::RouteCleared, "route"),
        (Self::Log, "log"),
        (Self::Other, "other"),
    ];
}

/// What one request cost, in calls and allocations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Callbacks of the host into the module.
    pub(crate) entries: u64,
    /// Answers of the host that needed memory of the module. For each, the host enters the module
    /// once more.
    pub(crate) returns: u64,
    /// Allocations and reallocations of the module.
    pub(crate) allocations: u64,
    /// Calls of the host, in the order of [`Kind::ALL`].
    pub(crate) calls: [u64; Kind::ALL.len()],
    /// Values that the next tick hands over, and what it reads for them. Further requests before it
    /// add the values of histograms and no more.
    pub(crate) at_tick: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, kind: Kind) {
        self.calls[kind as usize] += 1;
    }

    /// Returns the calls of all kinds together.
    pub(crate) fn total(&self) -> u64 {
        self.calls.iter().sum()
    }

    /// Returns the names of the table's columns.
    pub(crate) fn columns() -> Vec<&'static str> {
        let kinds = Kind::ALL.iter().map(|(_, name)| *name);
        let first = ["allocations", "entries", "calls", "returns"];
        first.into_iter().chain(kinds).chain(["at_tick"]).collect()
    }

    /// Returns the values of the table's columns.
    pub(crate) fn values(&self) -> Vec<u64> {
        let first = [self.allocations, self.entries, self.total(), self.returns];
        first.into_iter().chain(self.calls).chain([self.at_tick]).collect()
    }
}

/// A table of counts, one scenario a line.
pub(crate) struct Table<'a>(pub(crate) &'a [(String, Vec<u64>)]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        write!(f, "{:longest$} |", "scenario")?;
        for column in Counts::columns() {
            write!(f, " {column}")?;
        }
        for (name, values) in self.0 {
            write!(f, "\n{name:longest$} |")?;
            for (column, value) in Counts::columns().iter().zip(values) {
                write!(f, " {value:>width$}", width = column.len())?;
            }
        }
        writeln!(f)
    }
}
