//! Which deployments have another number of attempts in flight than a worker has shown last.

use std::cell::RefCell;

use crate::config::DeploymentId;

/// The deployments whose number has changed since a worker has shown it: a mark for each
/// deployment of the configuration. `None` where every change is shown at once.
#[derive(Debug, Default)]
pub(super) struct Unshown(RefCell<Option<Vec<bool>>>);

impl Unshown {
    /// Collects changes from here on. Whoever calls this takes them every now and then with
    /// [`Unshown::take`], and at last calls [`Unshown::end`].
    pub(super) fn collect(&self, deployments: usize) {
        self.0.replace(Some(vec![false; deployments]));
    }

    /// Notes a change, and returns whether it is shown later.
    pub(super) fn note(&self, deployment: DeploymentId) -> bool {
        let mut marks = self.0.borrow_mut();
        let mark = marks.as_mut().and_then(|marks| marks.get_mut(deployment.0));
        mark.map(|mark| *mark = true).is_some()
    }

    /// Returns the deployments that have changed, and takes their marks away.
    pub(super) fn take(&self) -> Vec<DeploymentId> {
        let mut marks = self.0.borrow_mut();
        let marks = marks.iter_mut().flatten().enumerate();
        marks.filter_map(|(at, mark)| std::mem::take(mark).then_some(DeploymentId(at))).collect()
    }

    /// Ends collecting: from here on every change is to be shown at once.
    pub(super) fn end(&self) {
        self.0.replace(None);
    }
}
