//! What a request asks for: its own name, a route's target, or a policy's answer.

use crate::condition::Subject;
use crate::config::{Config, GroupId, ModelId, RouteId, UnknownModel};
use crate::request::facts::Fact;
use crate::request::refusal::Refusal;
use crate::text::quoted;

use super::explain::Trace;
use super::name::{Named, keyed, variant};
use super::{Need, Request, Stop, candidate, params, price, route};

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// The request as conditions see it.
    pub(super) subject: Subject<'a>,
    /// The route that matched.
    pub(super) route: Option<RouteId>,
    /// What serves it first.
    pub(super) named: Named,
}

/// What a request asks for; `None`: it passes through.
///
/// # Errors
/// Names, variants, routes and params that do not fit, as the client is told; or
/// what is to be known first.
pub(super) fn ask<'a>(
    request: Request<'a>,
    trace: Option<&mut Trace>,
) -> Result<Option<Asked<'a>>, Stop> {
    let Request { config, .. } = request;
    let own = Own::of(request);
    let subject = own.subject(request);
    let route = route::find(request, &subject, trace)?;
    let named = match route {
        Some(id) => own.routed(request, config.route(id).then.target.into())?,
        None => match own.asked(request)? {
            Some(named) => named,
            None => return Ok(None),
        },
    };
    if let Named::Model(model, _) = &named
        && let Some(schema) = &config.model(*model).param_schema
    {
        if request.facts.unseen.has(Fact::Params) {
            return Err(Need::model("has a param_schema").into());
        }
        params::check(schema, request.facts)?;
    }
    Ok(Some(Asked { subject, route, named }))
}

/// The request as conditions see it.
pub(super) fn subject(request: Request<'_>) -> Subject<'_> {
    Own::of(request).subject(request)
}

/// What the client itself names.
#[derive(Debug, Default)]
struct Own {
    /// What the name stands for, with the variant that name or header picks.
    named: Option<Named>,
    /// A variant that the named model does not have.
    unknown_variant: Option<Refusal>,
}

impl Own {
    /// An exact name wins over `NAME#variant`, and the name's variant over the header's.
    fn of(request: Request<'_>) -> Self {
        let Request { config, facts, controls, .. } = request;
        let Some(sent) = facts.model.as_deref() else { return Self::default() };
        let Some((named, key)) = keyed(config, sent) else { return Self::default() };
        match (named, key.or(controls.variant.as_deref())) {
            (Named::Model(model, None), Some(key)) => {
                let group = variant(config, model, key);
                let unknown_variant = group.is_none().then(|| no_such_variant(config, model, key));
                Self { named: Some(Named::Model(model, group)), unknown_variant }
            }
            (named, _) => Self { named: Some(named), unknown_variant: None },
        }
    }

    /// The request as conditions see it.
    fn subject<'a>(&self, request: Request<'a>) -> Subject<'a> {
        let Request { config, facts, sample, .. } = request;
        let named = self.named.as_ref();
        let first = named.and_then(|named| candidate::first(config, named));
        Subject {
            facts,
            target: named.and_then(|named| named.model(config)),
            estimated_cost: first.and_then(|first| price::estimate(facts, first)),
            sample,
        }
    }

    /// What serves the request where no route does; `None`: it passes through.
    fn asked(self, request: Request<'_>) -> Result<Option<Named>, Refusal> {
        if let Some(refusal) = self.unknown_variant {
            return Err(refusal);
        }
        match (self.named, &request.config.unknown_model) {
            (Some(named), _) => Ok(Some(named)),
            (None, UnknownModel::Model(id)) => Ok(Some(Named::Model(*id, by_header(request, *id)))),
            (None, UnknownModel::PassThrough) => Ok(None),
            (None, UnknownModel::Reject) => Err(unknown_model(request.facts.model.as_deref())),
        }
    }

    /// A route's target, with the client's variant where the target has it.
    ///
    /// A route may send the request to another model than the client had in mind,
    /// so a variant that this one lacks is no mistake of the client's.
    fn routed(self, request: Request<'_>, target: Named) -> Result<Named, Refusal> {
        match (target, self.named) {
            (Named::Model(model, None), Some(Named::Model(own, group))) if model == own => {
                match self.unknown_variant {
                    Some(refusal) => Err(refusal),
                    None => Ok(Named::Model(model, group)),
                }
            }
            (Named::Model(model, None), _) => Ok(Named::Model(model, by_header(request, model))),
            (target, _) => Ok(target),
        }
    }
}

/// The variant that the request's header picks, where the model has it.
fn by_header(request: Request<'_>, model: ModelId) -> Option<GroupId> {
    variant(request.config, model, request.controls.variant.as_deref()?)
}

fn unknown_model(sent: Option<&str>) -> Refusal {
    match sent {
        Some(sent) => {
            let message = format!("the model {} does not exist", quoted(sent));
            Refusal::new(404, "model_not_found", message).of("model")
        }
        None => {
            let message = "name a model in the member \"model\"";
            Refusal::new(400, "missing_model", message).of("model")
        }
    }
}

fn no_such_variant(config: &Config, model: ModelId, key: &str) -> Refusal {
    let model = config.model(model);
    let known: Vec<String> =
        model.groups.iter().filter_map(|group| group.key.as_deref()).map(quoted).collect();
    let known = if known.is_empty() { "it has none".to_owned() } else { known.join(", ") };
    let message =
        format!("the model {} has no variant {}; known: {known}", quoted(&model.name), quoted(key));
    Refusal::new(400, "unknown_variant", message).of("model")
}
