//! What a decision still has to know.

use crate::config::{Config, RouteId};

use super::Server;

/// Something not known yet that could change a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Who asks for it.
    pub of: Asker,
    /// What is asked for, in the words of the configuration.
    pub what: &'static str,
}

/// Who asks for something that is not known yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Asker {
    /// A condition of this route.
    Route(RouteId),
    /// This candidate.
    Candidate(Server),
    /// The model or its strategy.
    Model,
}

impl Need {
    /// A need of the model that is asked for.
    pub(super) const fn model(what: &'static str) -> Self {
        Self { of: Asker::Model, what }
    }

    /// The need as a sentence.
    #[must_use]
    pub fn because(&self, config: &Config) -> String {
        let what = self.what;
        match &self.of {
            Asker::Route(id) => format!("route \"{}\" asks for {what}", config.route(*id).name),
            Asker::Candidate(server) => {
                format!("deployment \"{}\" {what}", server.name(config))
            }
            Asker::Model => format!("the model {what}"),
        }
    }
}
