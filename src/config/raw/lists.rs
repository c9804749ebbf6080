//! Collections whose parts may have been reported.

use std::collections::BTreeMap;

/// Members by name. None stands for one that was reported, so that references to its name are not
/// reported as well.
pub(crate) type ByName<T> = BTreeMap<String, Option<T>>;

/// Elements in order. None stands for one that was reported, so that those after it keep their
/// indices.
pub(crate) type Elements<T> = Vec<Option<T>>;
