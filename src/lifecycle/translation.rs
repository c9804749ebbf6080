//! Finds out what a request would lose if it were translated for other providers.

use std::cell::LazyCell;

use crate::config::{Config, DeploymentId};
use crate::request::format::Task;
use crate::request::path::Entry;
use crate::request::translations::{TranslationLoss, TranslationTarget, Translations};
use crate::routing::Server;
use crate::translate::{ClientApi, Gravity, Losses, ProviderApi, ReadRequest};

/// Why nothing is translated on some paths.
const NO_COUNTERPART: &str = "requests of this path have no counterpart";

/// Adds to `known` what a request would lose for each of these servers, if the server's provider does not speak the
/// request's format. `body` is `None` if the body is too long to be translated.
pub(super) fn look(
    config: &Config,
    entry: Entry,
    body: Option<&[u8]>,
    servers: impl IntoIterator<Item = Server>,
    known: &mut Translations,
) {
    let read = LazyCell::new(|| read(entry, body));
    for server in servers {
        let Some(target) = server.translation(config, (entry.format, entry.task)) else { continue };
        if known.loss(target).is_some() {
            continue;
        }
        let TranslationTarget { into, model, max_tokens } = target;
        let losses = match ProviderApi::of(into) {
            // The filter answers it itself, with the estimate.
            _ if entry.task == Task::CountTokens => Ok(Losses::default()),
            Some(to) => read.as_ref().map(|read| read.losses(to, (model, max_tokens))),
            None => Err(&NO_COUNTERPART.to_owned()),
        };
        let (dropped, refused) = match losses {
            Ok(losses) => of_losses(&losses),
            Err(because) => (Vec::new(), Some(because.clone())),
        };
        known.add(TranslationLoss { into, model: model.to_owned(), max_tokens, dropped, refused });
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

/// Reads a request, for all providers that it may be translated for.
///
/// # Errors
/// Why it cannot be translated at all.
fn read(entry: Entry, body: Option<&[u8]>) -> Result<ReadRequest<'_>, String> {
    // Other paths of the same format ask for something else, such as compaction.
    let client = ClientApi::of(entry.format).filter(|_| is_translated(entry));
    let client = client.ok_or(NO_COUNTERPART)?;
    let body = body.ok_or("it is longer than limits.max_translated_bytes")?;
    ReadRequest::of(client, body, entry.streams).map_err(|not| not.to_string())
}

/// Returns whether requests of that path are translated. Only requests for an answer to a conversation are.
fn is_translated(entry: Entry) -> bool {
    entry.has_model && matches!(entry.path, "chat/completions" | "messages" | "responses")
}

/// Returns what would be left out, and if the request cannot be translated, why.
fn of_losses(losses: &Losses) -> (Vec<String>, Option<String>) {
    let texts = |gravity| losses.of(gravity).map(ToString::to_string);
    let dropped = texts(Gravity::Droppable).chain(losses.more()).collect();
    (dropped, texts(Gravity::Refused).next())
}
