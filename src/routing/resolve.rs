//! What a request asks for: its own name, a route's target, or a policy's answer.

use crate::config::{Config, ModelId, RouteId, Status, UnknownModel};
use crate::request::refusal::{Refusal, quoted};

use super::explain::Trace;
use super::name::{Named, exact, name, variant};
use super::{Request, params, route};

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// The route that matched.
    pub(super) route: Option<RouteId>,
    /// What serves it first.
    pub(super) named: Named,
}

/// What a request asks for; `None`: it passes through.
///
/// # Errors
/// Names, variants, routes and params that do not fit, as the client is told.
pub(super) fn ask(
    request: Request<'_>,
    trace: Option<&mut Trace>,
) -> Result<Option<Asked>, Refusal> {
    let Request { config, .. } = request;
    let found = route::find(request, trace)?;
    let own = own_name(request);
    let named = match (found, own) {
        (Some(route), own) => of_route(request, config.route(route).then.target.into(), own)?,
        (None, Ok(Some(named))) => of_client(request, named)?,
        (None, Ok(None)) => return Ok(None),
        (None, Err(refusal)) => return Err(refusal),
    };
    if let Named::Model(model, _) = &named
        && let Some(schema) = &config.model(*model).param_schema
    {
        params::check(schema, request.facts)?;
    }
    Ok(Some(Asked { route: found, named }))
}

/// What the requested name stands for, or what `unknown_model` makes of it.
fn own_name(request: Request<'_>) -> Result<Option<Named>, Refusal> {
    let Request { config, facts, .. } = request;
    let sent = facts.model.as_deref();
    if let Some(named) = sent.and_then(|sent| name(config, sent)) {
        return Ok(Some(named));
    }
    if let Some(refusal) = sent.and_then(|sent| unknown_variant(config, sent)) {
        return Err(refusal);
    }
    match (&config.unknown_model, sent) {
        (UnknownModel::Model(id), _) => Ok(Some(Named::Model(*id, None))),
        (UnknownModel::PassThrough, _) => Ok(None),
        (UnknownModel::Reject, Some(sent)) => Err(Refusal::new(
            404,
            "model_not_found",
            format!("the model {} does not exist", quoted(sent)),
        )
        .of("model")),
        (UnknownModel::Reject, None) => {
            Err(Refusal::new(400, "missing_model", "name a model in the member \"model\"")
                .of("model"))
        }
    }
}

/// The refusal of `NAME#key` where NAME is a model and key none of its variants.
fn unknown_variant(config: &Config, sent: &str) -> Option<Refusal> {
    let (base, key) = sent.rsplit_once('#')?;
    let Some(Named::Model(model, _)) = exact(config, base) else { return None };
    Some(no_such_variant(config, model, key))
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

/// The client's own choice, with the variant its header names.
fn of_client(request: Request<'_>, named: Named) -> Result<Named, Refusal> {
    match (named, &request.controls.variant) {
        (Named::Model(model, None), Some(key)) => variant(request.config, model, key)
            .map(|group| Named::Model(model, Some(group)))
            .ok_or_else(|| no_such_variant(request.config, model, key)),
        (named, _) => Ok(named),
    }
}

/// A route's target, with the client's variant where the target is a model that has it.
///
/// A route may send the request to another model than the client had in mind,
/// so a variant that this one lacks is no mistake of the client's.
fn of_route(
    request: Request<'_>,
    target: Named,
    own: Result<Option<Named>, Refusal>,
) -> Result<Named, Refusal> {
    let config = request.config;
    let Named::Model(model, group) = target else { return Ok(target) };
    if config.model(model).status == Status::Deleted {
        let message = "the model this request is routed to was deleted";
        return Err(Refusal::new(404, "model_not_found", message).of("model"));
    }
    let by_header = || variant(config, model, request.controls.variant.as_deref()?);
    let by_name = || match own {
        Ok(Some(Named::Model(own, group))) if own == model => group,
        _ => None,
    };
    Ok(Named::Model(model, group.or_else(by_name).or_else(by_header)))
}
