//! Collections whose parts may have been reported.

use std::collections::BTreeMap;

/// Members by name.
pub(crate) type Named<T> = BTreeMap<String, Option<T>>;

/// Elements in order.
pub(crate) type Listed<T> = Vec<Option<T>>;
