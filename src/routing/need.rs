//! What a decision has to know before it can be made.

use crate::config::{Config, RouteId};
use crate::text::quoted_list;

use super::Server;

/// Something of the request that is not known yet and could change the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// What makes it necessary.
    pub of: Asker,
    /// What is necessary, in the words of the configuration: `input_tokens_gt` of a route, or
    /// `has a tpm_limit` of a candidate.
    pub what: &'static str,
}

/// What makes more of the request necessary.
#[derive(Debug, Clone, PartialEq)]
pub enum Asker {
    /// A condition of that route.
    Route(RouteId),
    /// That candidate.
    Candidate(Server),
    /// These candidates, whose providers speak another format: it has to be known what the request would lose for
    /// them.
    Untranslated(Vec<Server>),
    /// The model or its strategy.
    Model,
}

impl Need {
    /// Returns a need of the model that is asked for.
    pub(super) const fn model(what: &'static str) -> Self {
        Self { of: Asker::Model, what }
    }

    /// Returns the servers for which it has to be known what the request would lose.
    #[must_use]
    pub fn untranslated(self) -> Vec<Server> {
        match self.of {
            Asker::Untranslated(servers) => servers,
            Asker::Route(_) | Asker::Candidate(_) | Asker::Model => Vec::new(),
        }
    }

    /// Returns the need as a sentence, for explain.
    #[must_use]
    pub fn because(&self, config: &Config) -> String {
        let what = self.what;
        match &self.of {
            Asker::Route(id) => format!("route \"{}\" asks for {what}", config.route(*id).name),
            Asker::Candidate(server) => {
                format!("deployment \"{}\" {what}", server.name(config))
            }
            Asker::Untranslated(servers) => {
                let names = servers.iter().map(|server| server.name(config));
                format!("deployments {} {what}", quoted_list(names))
            }
            Asker::Model => format!("the model {what}"),
        }
    }
}
