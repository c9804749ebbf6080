//! Groups from which a service picks: what it is asked, and what its answer means.
//!
//! Nothing is called here. Where an answer is missing, the decision stops with the
//! [`Question`]. Once there is an answer, or none to be had, the request is decided again from
//! the beginning, with all [`Answers`] so far.

use crate::config::{Config, Custom, DeploymentId, GroupId, MOST_LISTED, Model, ModelId, OnError};
use crate::request::facts::{Fact, RequestFacts, Unseen};
use crate::request::refusal::Refusal;

use super::candidate::CandidateSet;
use super::eligible::Considered;
use super::{Need, Server};

/// How many services one request waits for at most, one after the other.
const MOST_ASKED: usize = 4;

/// What a service is asked about a request: which of these candidates is to serve it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The model that the request goes to.
    pub model: ModelId,
    /// The group of the model that is picked from.
    pub group: GroupId,
    /// Those that may serve the request now, in file order: at least two, and no more than
    /// are listed for a service.
    pub candidates: Vec<Offer>,
}

/// A candidate in a question to a service. Everything else about it is found by its
/// deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The deployment that would serve the request.
    pub deployment: DeploymentId,
    /// Its share under `weighted`. What it means here is up to the service.
    pub weight: u32,
    /// What the request would cost there in USD at most, where prices are known.
    pub estimated_cost_usd: Option<f64>,
}

impl Question {
    /// Returns the question about a group of which these are eligible.
    fn new(model: ModelId, group: GroupId, eligible: &[(usize, &Considered<'_>)]) -> Self {
        let listed = |(_, one): &(usize, &Considered<'_>)| {
            let Server::Deployment(deployment) = one.candidate.server else { return None };
            let weight = one.candidate.profile.weight;
            Some(Offer { deployment, weight, estimated_cost_usd: one.cost.map(|cost| cost.most) })
        };
        let candidates = eligible.iter().take(MOST_LISTED).filter_map(listed).collect();
        Self { model, group, candidates }
    }

    /// Returns the model that the request goes to.
    #[must_use]
    pub fn of<'a>(&self, config: &'a Config) -> &'a Model {
        config.model(self.model)
    }

    /// Returns the service to ask. Every model with such a group has a service, so there is one.
    #[must_use]
    pub fn service<'a>(&self, config: &'a Config) -> Option<&'a Custom> {
        self.of(config).custom.as_ref()
    }

    /// Returns the candidate that an answer names by its id; `None` where it is none of those
    /// that were offered.
    #[must_use]
    pub fn named(&self, config: &Config, id: &str) -> Option<DeploymentId> {
        let mut ids = self.candidates.iter().map(|listed| listed.deployment);
        ids.find(|deployment| config.deployment(*deployment).id == id)
    }
}

/// What services have said about one request: of each group, at most one answer. It holds for
/// as long as the request is decided, however often that is.
#[derive(Debug, Clone, Default)]
pub struct Answers(Vec<(ModelId, GroupId, Option<DeploymentId>)>);

impl Answers {
    /// Adds what was picked. `None` says that the service has picked nothing.
    pub fn add(&mut self, question: &Question, picked: Option<DeploymentId>) {
        self.0.push((question.model, question.group, picked));
    }

    /// Returns the answers for another configuration over the same deployments. What was said
    /// of a group holds for the group of the same model and variant there.
    #[must_use]
    pub fn translated(&self, from: &Config, to: &Config) -> Self {
        let translate = |(model, group, picked): &(ModelId, GroupId, Option<DeploymentId>)| {
            let id = *to.names.models.get(&from.model(*model).name)?;
            let key = &from.group(*model, *group).key;
            let at = to.model(id).groups.iter().position(|group| group.key == *key)?;
            Some((id, GroupId(at), *picked))
        };
        Self(self.0.iter().filter_map(translate).collect())
    }

    /// Returns what was said of a group; `None` where it was not asked about.
    fn said_of(&self, model: ModelId, group: GroupId) -> Option<Option<DeploymentId>> {
        let mut asked = self.0.iter().filter(|(m, g, _)| (*m, *g) == (model, group));
        asked.next().map(|(_, _, picked)| *picked)
    }
}

/// Whether services can be asked.
#[derive(Debug, Clone, Copy)]
pub enum Services<'a> {
    /// They can be asked, and this is what they have said so far.
    Answered(&'a Answers),
    /// They cannot be asked, because the request is only looked at. Candidates are taken in
    /// file order.
    Unasked,
}

/// In which order candidates are tried, as far as a service has a say.
#[derive(Debug, PartialEq)]
pub(super) enum Order {
    /// In file order: there is no group to pick from, or no answer is needed.
    File,
    /// In file order, because the service cannot be asked.
    Unasked,
    /// The picked one first, then the others in file order.
    First(DeploymentId),
    /// Not at all: the service has not picked, and `on_error` says that nothing else will do.
    Failed,
    /// Not known yet: the service has to be asked this, and the request decided again with
    /// its answer.
    Ask(Box<Question>),
}

/// Returns the order of a set's eligible candidates, of which there are at least two, as far as
/// a service has a say.
///
/// # Errors
/// The fact of the request that has to be known first, because the question contains all facts.
pub(super) fn order(
    config: &Config,
    facts: &RequestFacts,
    set: &CandidateSet<'_>,
    eligible: &[(usize, &Considered<'_>)],
    services: Services<'_>,
) -> Result<Order, Need> {
    let Some((model, group)) = set.group else { return Ok(Order::File) };
    if !is_known(facts) {
        return Err(Need::model("is picked by a service, which is told what the request says"));
    }
    let Services::Answered(answers) = services else { return Ok(Order::Unasked) };
    let on_error = config.model(model).custom.as_ref().map(|custom| custom.on_error);
    Ok(match answers.said_of(model, group) {
        // The picked candidate may have begun to cool since. Then it is not eligible, and the
        // others keep their order.
        Some(Some(picked)) => Order::First(picked),
        None if answers.0.len() < MOST_ASKED => {
            Order::Ask(Box::new(Question::new(model, group, eligible)))
        }
        _ if on_error == Some(OnError::Fail) => Order::Failed,
        _ => Order::File,
    })
}

/// Returns whether every fact that the question contains is known.
fn is_known(facts: &RequestFacts) -> bool {
    let untold = facts.unseen.without(Fact::Keywords).without(Fact::Session);
    untold == Unseen::default() && facts.input_tokens.is_exact()
}

/// Returns the refusal of a request for which a service did not pick.
pub(super) fn not_picked() -> Refusal {
    let message = "the service that picks a deployment for this model gave no usable answer; try \
                   again later";
    Refusal::new(503, "deployment_not_picked", message)
}
