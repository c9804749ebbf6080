//! `{path}/aliases`: lists every alias and what it stands for, adds dynamic ones and removes
//! them.

use crate::config::{Added, Dynamic};
use crate::host::SharedData;
use crate::live::{self, DynamicEntry};

use super::routes::{lists, provenance, wrong};
use super::{Desk, HttpReply, HttpRequest};
use crate::text::percent_decoded_text;

/// The path of all aliases, below the admin path.
pub(super) const PATH: &str = "/aliases";
/// What stands before the name of one alias.
pub(super) const FOLDER: &str = "/aliases/";

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Lists all aliases, or adds or replaces one with POST. The list has hidden and inactive ones
    /// too, so that operators see why an alias of theirs stands for nothing.
    #[inline(never)]
    pub(super) fn aliases(&self, request: &HttpRequest<'_>) -> Result<HttpReply, HttpReply> {
        let origin = self.origin()?;
        if request.method == "POST" {
            let (alias, model) = Dynamic::read_alias(request.body).map_err(|p| wrong(&p))?;
            let is_new = self.put(origin, &DynamicEntry::Alias(alias.clone(), model.clone()))?;
            let verb = if is_new { "added" } else { "replaced" };
            let reply = HttpReply::object(|json| {
                json.key("alias").text(&alias);
                json.key("model").text(&model);
            });
            return Ok(reply.changed(format!("dynamic alias {alias:?} of {model:?} is {verb}")));
        }
        lists(request)?;
        let aliases = live::aliases(self.shared, self.config, origin).map_err(|p| wrong(&p))?;
        Ok(HttpReply::object(|json| {
            json.key("aliases").list(|json| {
                for alias in &aliases {
                    json.object(|json| {
                        json.key("alias").text(&alias.alias);
                        json.key("model").text(&alias.model);
                        provenance(json, alias.provenance, alias.is_hidden, alias.problem.as_ref());
                    });
                }
            });
        }))
    }

    /// Removes the dynamic alias that the end of the path names, percent-encoded or with slashes
    /// of its own.
    pub(super) fn alias(
        &self,
        request: &HttpRequest<'_>,
        name: &str,
    ) -> Result<HttpReply, HttpReply> {
        self.removed(request, Added::Alias(percent_decoded_text(name)))
    }
}
