//! What a request is to be served by: what it names itself, the target of its route, or what
//! the configuration says of unknown models.

use crate::condition::Subject;
use crate::config::{Config, GroupId, ModelId, RouteId, UnknownModel};
use crate::request::facts::Fact;
use crate::request::refusal::Refusal;
use crate::text::quoted;

use super::name::{NamedTarget, find_keyed, find_variant};
use super::trace::Trace;
use super::{Need, Request, Stop, candidate, params, price, route};

/// A request, with the model or deployment that is to serve it.
#[derive(Debug)]
pub(super) struct ResolvedRequest<'a> {
    /// The request as conditions see it.
    pub(super) subject: Subject<'a>,
    /// The route that matched, if one did.
    pub(super) route: Option<RouteId>,
    /// What serves it, before any fallback.
    pub(super) named: NamedTarget,
}

/// Returns what a request is to be served by; `None` where it passes through.
///
/// For example, a request for `assistant#review` with a route that sends everything to `small`
/// is served by `small`. Without the route, it is served by the variant `review` of
/// `assistant`, or refused if there is no such variant.
///
/// # Errors
/// The refusal of a name, variant, route or param that does not fit, or the fact that has to be
/// known first.
pub(super) fn resolve<'a>(
    request: Request<'a>,
    trace: Option<&mut Trace>,
) -> Result<Option<ResolvedRequest<'a>>, Stop> {
    let Request { config, .. } = request;
    let own = Own::find(request);
    let subject = own.subject(request);
    let route = route::find(request, &subject, trace)?;
    let named = match route {
        Some(id) => own.routed(request, config.route(id).then.target.into())?,
        None => match own.asked(request)? {
            Some(named) => named,
            None => return Ok(None),
        },
    };
    if let NamedTarget::Model(model, _) = &named
        && let Some(schema) = &config.model(*model).param_schema
    {
        if request.facts.unseen.has(Fact::Params) {
            return Err(Need::model("has a param_schema").into());
        }
        params::check(schema, request.facts)?;
    }
    Ok(Some(ResolvedRequest { subject, route, named }))
}

/// Returns the request as conditions see it.
pub(super) fn subject(request: Request<'_>) -> Subject<'_> {
    Own::find(request).subject(request)
}

/// What the client itself names, or what stands in for a name that is not known.
#[derive(Debug, Default)]
struct Own {
    /// What the name stands for, with the variant that the name or the header picks. A model that
    /// stands in is as if it had been named: routes and prices must not depend on a name that
    /// clients make up.
    named: Option<NamedTarget>,
    /// The refusal, where the model lacks the variant that the client picks.
    unknown_variant: Option<Refusal>,
}

impl Own {
    /// Returns what the client names. An exact name wins over `NAME#variant`, and the name's
    /// variant over the header's.
    fn find(request: Request<'_>) -> Self {
        let Request { config, facts, controls, .. } = request;
        let sent = facts.model.as_deref();
        let Some((named, key)) = sent.and_then(|sent| find_keyed(config, sent)) else {
            return Self::standing_in(request);
        };
        match (named, key.or(controls.variant.as_deref())) {
            (NamedTarget::Model(model, None), Some(key)) => {
                let group = find_variant(config, model, key);
                let unknown_variant = group.is_none().then(|| no_such_variant(config, model, key));
                Self { named: Some(NamedTarget::Model(model, group)), unknown_variant }
            }
            (named, _) => Self { named: Some(named), unknown_variant: None },
        }
    }

    /// Returns what stands in for a model that is not known, if the configuration names one. The
    /// header's variant counts for it, too. Nothing does where a request that names none has a
    /// deployment of its own.
    fn standing_in(request: Request<'_>) -> Self {
        let Request { config, facts, .. } = request;
        let UnknownModel::Model(id) = config.unknown_model else { return Self::default() };
        if facts.model.is_none() && config.no_model.is_some() {
            return Self::default();
        }
        let named = NamedTarget::Model(id, by_header(request, id));
        Self { named: Some(named), unknown_variant: None }
    }

    /// Returns the request as conditions see it.
    fn subject<'a>(&self, request: Request<'a>) -> Subject<'a> {
        let Request { config, facts, sample, .. } = request;
        let named = self.named.as_ref();
        let first = named.and_then(|named| candidate::first_facts(config, named));
        Subject {
            facts,
            target: named.and_then(|named| named.model(config)),
            estimated_cost: first.and_then(|first| price::estimate(facts, first)),
            sample,
        }
    }

    /// Returns what serves the request where no route matches; `None` where it passes through.
    ///
    /// # Errors
    /// The refusal of a model or variant that is not known.
    fn asked(self, request: Request<'_>) -> Result<Option<NamedTarget>, Refusal> {
        if let Some(refusal) = self.unknown_variant {
            return Err(refusal);
        }
        if let (None, Some(id)) = (&request.facts.model, request.config.no_model) {
            return Ok(Some(NamedTarget::Unnamed(id)));
        }
        match (self.named, &request.config.unknown_model) {
            (Some(named), _) => Ok(Some(named)),
            (None, UnknownModel::PassThrough) => Ok(None),
            (None, _) => Err(unknown_model(request.facts.model.as_deref())),
        }
    }

    /// Returns what serves the request by a route's target: with the client's variant, where the
    /// target has it.
    ///
    /// A route may lead to another model than the client named. If that model lacks the variant,
    /// the client has made no mistake.
    ///
    /// # Errors
    /// The refusal where the route leads to the very model that the client named, and that model
    /// lacks the variant.
    fn routed(self, request: Request<'_>, target: NamedTarget) -> Result<NamedTarget, Refusal> {
        match (target, self.named) {
            (NamedTarget::Model(model, None), Some(NamedTarget::Model(own, group)))
                if model == own =>
            {
                match self.unknown_variant {
                    Some(refusal) => Err(refusal),
                    None => Ok(NamedTarget::Model(model, group)),
                }
            }
            (NamedTarget::Model(model, None), _) => {
                Ok(NamedTarget::Model(model, by_header(request, model)))
            }
            (target, _) => Ok(target),
        }
    }
}

/// Returns the variant that the request's header picks, where the model has it.
fn by_header(request: Request<'_>, model: ModelId) -> Option<GroupId> {
    find_variant(request.config, model, request.controls.variant.as_deref()?)
}

fn unknown_model(sent: Option<&str>) -> Refusal {
    match sent {
        Some(sent) => {
            let message = format!("the model {} does not exist", quoted(sent));
            Refusal::new(404, "model_not_found", message).of("model")
        }
        None => {
            let message = "the request names no model; name one in the member \"model\" (requests \
                           without a model need no_model in the configuration)";
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
