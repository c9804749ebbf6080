//! Finds out what a request would lose if it were translated for other providers.

use crate::config::{Config, DeploymentId};
use crate::request::format::Task;
use crate::request::path::Entry;
use crate::request::translations::{TranslationLoss, TranslationTarget, Translations};
use crate::routing::Server;
use crate::translate::{self, ClientApi, Gravity, Loss, Losses, NotRead, ProviderApi};

/// Adds to `known` what a request would lose for each of these servers, if the server's provider does not speak the
/// request's format. `body` is `None` if the body is too long to be translated.
pub(super) fn look(
    config: &Config,
    entry: Entry,
    body: Option<&[u8]>,
    servers: impl IntoIterator<Item = Server>,
    known: &mut Translations,
) {
    for server in servers {
        let target = server.translation(config, (entry.format, entry.task));
        if let Some(target) = target.filter(|target| known.loss(*target).is_none()) {
            known.add(loss(entry, target, body));
        }
    }
}

/// Returns everything that a request may be sent to: all deployments, and the upstream model that it names itself.
pub(super) fn all_servers(config: &Config, model: Option<&str>) -> impl Iterator<Item = Server> {
    let deployments = (0..config.deployments.len()).map(DeploymentId).map(Server::Deployment);
    let named = model.and_then(|model| model.split_once(':'));
    let direct = named.and_then(|(provider, model)| {
        let id = config.providers.iter().position(|known| known.name == provider)?;
        Some(Server::Direct(crate::config::ProviderId(id), model.to_owned()))
    });
    deployments.chain(direct)
}

/// Returns what a request would lose for one target.
fn loss(entry: Entry, target: TranslationTarget<'_>, body: Option<&[u8]>) -> TranslationLoss {
    let (dropped, refused) = match losses(entry, target, body) {
        Ok(losses) => of_losses(&losses),
        Err(because) => (Vec::new(), Some(because)),
    };
    let TranslationTarget { into, model, max_tokens } = target;
    TranslationLoss { into, model: model.to_owned(), max_tokens, dropped, refused }
}

/// Translates a request, and returns what is lost.
///
/// # Errors
/// Why it cannot be translated at all.
fn losses(
    entry: Entry,
    target: TranslationTarget<'_>,
    body: Option<&[u8]>,
) -> Result<Losses, String> {
    // The filter answers it itself, with the estimate.
    if entry.task == Task::CountTokens {
        return Ok(Losses::default());
    }
    let apis = ClientApi::of(entry.format).zip(ProviderApi::of(target.into));
    // Other paths of the same format ask for something else, such as compaction.
    let (Some(apis), true) = (apis, is_translated(entry)) else {
        return Err("requests of this path have no counterpart".to_owned());
    };
    let body = body.ok_or("it is longer than limits.max_translated_bytes")?;
    let target = (target.model, target.max_tokens);
    let request = translate::request(apis, body, entry.streams, target);
    Ok(request.map_err(|not: NotRead| not.to_string())?.losses)
}

/// Returns whether requests of that path are translated. Only requests for an answer to a conversation are.
fn is_translated(entry: Entry) -> bool {
    entry.has_model && matches!(entry.path, "chat/completions" | "messages" | "responses")
}

/// Returns what would be left out, and if the request cannot be translated, why.
fn of_losses(losses: &Losses) -> (Vec<String>, Option<String>) {
    let texts = |gravity: Gravity| {
        let of_kind = losses.list().iter().filter(move |loss| loss.gravity == gravity);
        of_kind.map(|Loss { place, why, .. }| format!("{place} {why}"))
    };
    let mut dropped: Vec<String> = texts(Gravity::Droppable).collect();
    if losses.unlisted() > 0 {
        dropped.push(format!("and {} more", losses.unlisted()));
    }
    (dropped, texts(Gravity::Refused).next())
}
