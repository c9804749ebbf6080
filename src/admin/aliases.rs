//! `{path}/aliases`: every alias and what it stands for; dynamic ones are put and removed
//! here.

use crate::config::{Added, Dynamic};
use crate::host::SharedData;
use crate::live::{self, DynamicEntry};

use super::desk::Desk;
use super::reply::EndpointReply;
use super::request::EndpointRequest;
use super::routes::{inactive, lists, wrong};
use crate::text::percent_decoded_text;

/// Where they are.
pub(super) const PATH: &str = "/aliases";
/// What stands before the name of one.
pub(super) const FOLDER: &str = "/aliases/";

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Lists all, or puts one.
    pub(super) fn aliases(
        &self,
        request: &EndpointRequest<'_>,
    ) -> Result<EndpointReply, EndpointReply> {
        let origin = self.origin()?;
        if request.method == "POST" {
            let (alias, model) = Dynamic::read_alias(request.body).map_err(|p| wrong(&p))?;
            let is_new = self.put(origin, &DynamicEntry::Alias(alias.clone(), model.clone()))?;
            let verb = if is_new { "added" } else { "replaced" };
            let reply = EndpointReply::object(|json| {
                json.key("alias").text(&alias);
                json.key("model").text(&model);
            });
            return Ok(reply.changed(format!("dynamic alias {alias:?} of {model:?} is {verb}")));
        }
        lists(request)?;
        let aliases = live::aliases(self.shared, self.config, origin).map_err(|p| wrong(&p))?;
        Ok(EndpointReply::object(|json| {
            json.key("aliases").list(|json| {
                for alias in &aliases {
                    json.object(|json| {
                        json.key("alias").text(&alias.alias);
                        json.key("model").text(&alias.model);
                        json.key("source").text(alias.source.name());
                        if alias.is_hidden {
                            json.key("hidden").flag(true);
                        }
                        inactive(json, alias.problem.as_ref());
                    });
                }
            });
        }))
    }

    /// Removes the dynamic alias that the end of the path names.
    pub(super) fn alias(
        &self,
        request: &EndpointRequest<'_>,
        name: &str,
    ) -> Result<EndpointReply, EndpointReply> {
        self.removed(request, Added::Alias(percent_decoded_text(name)))
    }
}
