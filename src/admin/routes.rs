//! `{path}/routes`: every model and where it may be served; dynamic ones are put and
//! removed here.

use crate::config::{Added, DynamicRoute, Problem, Problems};
use crate::host::SharedData;
use crate::live::{self, DynamicEntry, ListedModel, Origin, Refused, ServedBy};

use super::desk::Desk;
use super::reply::EndpointReply;
use super::request::EndpointRequest;
use crate::json::Json;
use crate::text::percent_decoded_text;

/// Where they are.
pub(super) const PATH: &str = "/routes";
/// What stands before the name of one.
pub(super) const FOLDER: &str = "/routes/";

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Lists all, or puts one.
    pub(super) fn routes(
        &self,
        request: &EndpointRequest<'_>,
    ) -> Result<EndpointReply, EndpointReply> {
        let origin = self.origin()?;
        if request.method == "POST" {
            let (model, route) = DynamicRoute::read(request.body).map_err(|p| wrong(&p))?;
            let mut written = Json::default();
            route.write(&mut written, &model);
            let body = written.finish();
            let is_new = self.put(origin, &DynamicEntry::Route(model.clone(), route))?;
            let verb = if is_new { "added" } else { "replaced" };
            return Ok(EndpointReply { body, ..EndpointReply::object(|_| {}) }
                .changed(format!("dynamic route {model:?} is {verb}")));
        }
        lists(request)?;
        let routes = live::routes(self.shared, self.config, origin).map_err(|p| wrong(&p))?;
        Ok(EndpointReply::object(|json| {
            json.key("routes").list(|json| {
                for route in &routes {
                    json.object(|json| listed(json, route));
                }
            });
        }))
    }

    /// Removes the dynamic route that the end of the path names, percent-encoded or with
    /// slashes of its own.
    pub(super) fn route(
        &self,
        request: &EndpointRequest<'_>,
        name: &str,
    ) -> Result<EndpointReply, EndpointReply> {
        self.removed(request, Added::Route(percent_decoded_text(name)))
    }

    pub(super) fn put(&self, origin: &Origin, entry: &DynamicEntry) -> Result<bool, EndpointReply> {
        live::put(self.shared, self.config, origin, entry).map_err(|refused| match refused {
            Refused::Wrong(problems) => wrong(&problems),
            Refused::Unknown | Refused::Configured | Refused::Contended => {
                EndpointReply::contended()
            }
        })
    }

    /// Removes a dynamic entry.
    pub(super) fn removed(
        &self,
        request: &EndpointRequest<'_>,
        entry: Added,
    ) -> Result<EndpointReply, EndpointReply> {
        if request.method != "DELETE" {
            return Err(EndpointReply::method_not_allowed("DELETE"));
        }
        let origin = self.origin()?;
        let removed = live::remove(self.shared, self.config, origin, &entry);
        let (kind, field, name) = match &entry {
            Added::Route(name) => ("route", "model", name),
            Added::Alias(name) => ("alias", "alias", name),
        };
        removed.map_err(|refused| match refused {
            Refused::Wrong(problems) => wrong(&problems),
            Refused::Unknown => EndpointReply::error(
                404,
                &format!("there is no dynamic {kind} of that name"),
                Some(field),
            ),
            Refused::Configured => {
                let message = "it is configured, and only what is dynamic can be removed here";
                EndpointReply::error(409, message, Some(field))
            }
            Refused::Contended => EndpointReply::contended(),
        })?;
        let reply = EndpointReply::object(|json| json.key("removed").text(name));
        Ok(reply.changed(format!("dynamic {kind} {name:?} is removed")))
    }
}

/// Holds a request to GET where POST would be something else.
pub(super) fn lists(request: &EndpointRequest<'_>) -> Result<(), EndpointReply> {
    request.reads().map_err(|_| EndpointReply::method_not_allowed("GET, HEAD, POST"))
}

/// To what is wrong with a body: the first field, and all that is to be said.
pub(super) fn wrong(problems: &Problems) -> EndpointReply {
    let lines: Vec<String> = problems.to_string().lines().map(str::to_owned).collect();
    let field = problems.iter().next().map(|problem| problem.path.as_str());
    EndpointReply::error(400, &lines.join("; "), field)
}

fn listed(json: &mut Json, route: &ListedModel) {
    json.key("model").text(&route.model);
    json.key("source").text(route.source.name());
    if route.is_hidden {
        json.key("hidden").flag(true);
    }
    inactive(json, route.problem.as_ref());
    match route.groups.as_slice() {
        [(None, strategy, places)] => group(json, strategy, places),
        groups => json.key("variants").list(|json| {
            for (key, strategy, places) in groups {
                json.object(|json| {
                    json.key("key").text(key.as_deref().unwrap_or_default());
                    group(json, strategy, places);
                });
            }
        }),
    }
}

/// Why an entry is left out.
pub(super) fn inactive(json: &mut Json, problem: Option<&Problem>) {
    if let Some(problem) = problem {
        json.key("inactive").object(|json| {
            json.key("field").text(&problem.path);
            json.key("message").text(&problem.message);
        });
    }
}

fn group(json: &mut Json, strategy: &str, places: &[ServedBy]) {
    json.key("strategy").text(strategy);
    json.key("endpoints").list(|json| {
        for place in places {
            json.object(|json| {
                json.key("provider").text(&place.provider);
                json.key("model_id").text(&place.upstream_model);
                if let Some(id) = &place.deployment {
                    json.key("deployment").text(id);
                }
                if let Some(weight) = place.weight {
                    json.key("weight").number(u64::from(weight));
                }
            });
        }
    });
}
