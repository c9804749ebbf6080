//! Collections whose parts may have been reported.

use std::collections::BTreeMap;

/// Members by name.
pub(crate) type ByName<T> = BTreeMap<String, Option<T>>;

/// Elements in order.
pub(crate) type Elements<T> = Vec<Option<T>>;
