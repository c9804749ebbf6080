//! Groups that are picked from by a service: what is asked, and what an answer means.
//!
//! Nothing is called here. Where an answer is missing, the decision stops with the
//! [`Question`]; it is made again, from the beginning, with the [`Answers`] so far.

use crate::config::{Config, Custom, DeploymentId, GroupId, MOST_LISTED, Model, ModelId, OnError};
use crate::request::facts::{Fact, RequestFacts, Unseen};
use crate::request::refusal::Refusal;

use super::candidate::Set;
use super::eligible::Considered;
use super::{Need, Server};

/// Most services that one request waits for, one after the other.
const MOST_ASKED: usize = 4;

/// What a service is asked about a request: which of these is to serve it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The model.
    pub model: ModelId,
    /// The group of it that is picked from.
    pub group: GroupId,
    /// Those that may serve the request now, in file order; at least two.
    pub candidates: Vec<Listed>,
}

/// A candidate, as a service is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Which one.
    pub deployment: DeploymentId,
    /// Its share under `weighted`.
    pub weight: u32,
    /// What the request would cost there.
    pub estimated_cost_usd: Option<f64>,
}

impl Question {
    /// The question about a group, for which these are eligible.
    fn new(model: ModelId, group: GroupId, eligible: &[(usize, &Considered<'_>)]) -> Self {
        let listed = |(_, one): &(usize, &Considered<'_>)| {
            let Server::Deployment(deployment) = one.candidate.server else { return None };
            let weight = one.candidate.entry.weight;
            Some(Listed { deployment, weight, estimated_cost_usd: one.cost.map(|cost| cost.most) })
        };
        let candidates = eligible.iter().take(MOST_LISTED).filter_map(listed).collect();
        Self { model, group, candidates }
    }

    /// The model that is asked about.
    #[must_use]
    pub fn of<'a>(&self, config: &'a Config) -> &'a Model {
        config.model(self.model)
    }

    /// Whom to ask; none without a service.
    #[must_use]
    pub fn service<'a>(&self, config: &'a Config) -> Option<&'a Custom> {
        self.of(config).custom.as_ref()
    }

    /// The candidate that an answer names; an answer that names none of them says nothing.
    #[must_use]
    pub fn named(&self, config: &Config, id: &str) -> Option<DeploymentId> {
        let mut ids = self.candidates.iter().map(|listed| listed.deployment);
        ids.find(|deployment| config.deployment(*deployment).id == id)
    }
}

/// What services have said about one request, each group once.
#[derive(Debug, Clone, Default)]
pub struct Answers(Vec<(ModelId, GroupId, Option<DeploymentId>)>);

impl Answers {
    /// Notes what was picked; `None`: nothing.
    pub fn add(&mut self, question: &Question, picked: Option<DeploymentId>) {
        self.0.push((question.model, question.group, picked));
    }

    /// The same for another configuration over the same deployments: what was said of a
    /// group is taken to hold for the one of the same names.
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

    /// What was said of a group, if it was asked about.
    fn of(&self, model: ModelId, group: GroupId) -> Option<Option<DeploymentId>> {
        let mut asked = self.0.iter().filter(|(m, g, _)| (*m, *g) == (model, group));
        asked.next().map(|(_, _, picked)| *picked)
    }
}

/// Whether services can be asked.
#[derive(Debug, Clone, Copy)]
pub enum Services<'a> {
    /// They can, and this is what they have said so far.
    Answered(&'a Answers),
    /// They cannot: the request is just looked at. What they would pick from is tried in
    /// file order.
    Unasked,
}

/// In which order candidates are tried, as far as a service has to say.
#[derive(Debug, PartialEq)]
pub(super) enum Order {
    /// In file order: there is nothing to pick, or it does without an answer.
    File,
    /// In file order, as far as can be said without asking.
    Unasked,
    /// This one, then the others in file order.
    First(DeploymentId),
    /// Not at all: the service did not pick, and nothing stands in for it.
    Failed,
    /// To be asked.
    Ask(Box<Question>),
}

/// The order of a set's eligible candidates.
///
/// # Errors
/// What is to be known first: a service is told all of the request.
pub(super) fn order(
    config: &Config,
    facts: &RequestFacts,
    set: &Set<'_>,
    eligible: &[(usize, &Considered<'_>)],
    services: Services<'_>,
) -> Result<Order, Need> {
    let Some((model, group)) = set.group.filter(|_| eligible.len() > 1) else {
        return Ok(Order::File);
    };
    if !is_known(facts) {
        return Err(Need::model("is picked by a service, which is told what the request says"));
    }
    let Services::Answered(answers) = services else { return Ok(Order::Unasked) };
    let on_error = config.model(model).custom.as_ref().map(|custom| custom.on_error);
    Ok(match answers.of(model, group) {
        Some(Some(picked)) => Order::First(picked),
        None if answers.0.len() < MOST_ASKED => {
            Order::Ask(Box::new(Question::new(model, group, eligible)))
        }
        _ if on_error == Some(OnError::Fail) => Order::Failed,
        _ => Order::File,
    })
}

/// Whether all is known of a request that a service is told.
fn is_known(facts: &RequestFacts) -> bool {
    let untold = facts.unseen.without(Fact::Keywords).without(Fact::Session);
    untold == Unseen::default() && facts.input_tokens.is_exact()
}

/// What the client is told where a service did not pick.
pub(super) fn not_picked() -> Refusal {
    let message = "the service that picks a deployment for this model did not answer as it should";
    Refusal::new(503, "deployment_not_picked", message)
}
