//! `{path}/routes`: every model and where it may be served; dynamic ones are put and
//! removed here.

use crate::config::{Added, DynamicRoute, Problem, Problems};
use crate::host::SharedData;
use crate::live::{self, DynamicEntry, ListedGroup, ListedModel, Origin, Provenance, Refused};

use super::{Desk, HttpReply, HttpRequest, Json};
use crate::text::percent_decoded_text;

/// The path of all models, below the admin path.
pub(super) const PATH: &str = "/routes";
/// What stands before the name of one model.
pub(super) const FOLDER: &str = "/routes/";

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Lists all models, or adds or replaces a dynamic route with POST. The list has hidden and
    /// inactive ones too.
    #[inline(never)]
    pub(super) fn routes(&self, request: &HttpRequest<'_>) -> Result<HttpReply, HttpReply> {
        let origin = self.origin()?;
        if request.method == "POST" {
            let (model, route) = DynamicRoute::read(request.body).map_err(|p| wrong(&p))?;
            // Answers with the route as it is kept, with the defaults that it took.
            let mut written = Json::default();
            route.write(&mut written, &model);
            let body = written.finish();
            let is_new = self.put(origin, &DynamicEntry::Route(model.clone(), route))?;
            let verb = if is_new { "added" } else { "replaced" };
            return Ok(HttpReply::ok(body).changed(format!("dynamic route {model:?} is {verb}")));
        }
        lists(request)?;
        let routes = live::routes(self.shared, self.config, origin).map_err(|p| wrong(&p))?;
        Ok(HttpReply::object(|json| {
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
        request: &HttpRequest<'_>,
        name: &str,
    ) -> Result<HttpReply, HttpReply> {
        self.removed(request, Added::Route(percent_decoded_text(name)))
    }

    /// Puts a dynamic entry; returns whether it is a new one.
    ///
    /// # Errors
    /// The reply to an entry that does not fit, or that could not be written.
    pub(super) fn put(&self, origin: &Origin, entry: &DynamicEntry) -> Result<bool, HttpReply> {
        live::put(self.shared, self.config, origin, entry).map_err(|refused| match refused {
            Refused::Wrong(problems) => wrong(&problems),
            // Only a removal is refused as unknown or configured.
            Refused::Unknown | Refused::Configured | Refused::Contended => HttpReply::contended(),
        })
    }

    /// Removes a dynamic entry, which the end of the request's path names.
    ///
    /// # Errors
    /// The reply to any method but DELETE, and to an entry that is not dynamic or not there.
    pub(super) fn removed(
        &self,
        request: &HttpRequest<'_>,
        entry: Added,
    ) -> Result<HttpReply, HttpReply> {
        if request.method != "DELETE" {
            return Err(HttpReply::method_not_allowed("DELETE"));
        }
        let origin = self.origin()?;
        let removed = live::remove(self.shared, self.config, origin, &entry);
        let (kind, field, name) = match &entry {
            Added::Route(name) => ("route", "model", name),
            Added::Alias(name) => ("alias", "alias", name),
        };
        removed.map_err(|refused| match refused {
            Refused::Wrong(problems) => wrong(&problems),
            Refused::Unknown => HttpReply::error(
                404,
                &format!("there is no dynamic {kind} with this name"),
                Some(field),
            ),
            Refused::Configured => {
                let message = "it is part of the configuration, and only dynamic entries can be \
                               removed here; remove it from the configuration";
                HttpReply::error(409, message, Some(field))
            }
            Refused::Contended => HttpReply::contended(),
        })?;
        let reply = HttpReply::object(|json| json.key("removed").text(name));
        Ok(reply.changed(format!("dynamic {kind} {name:?} is removed")))
    }

    /// Returns what the configuration was made of. There is an origin wherever there are
    /// endpoints, so the error is only for the compiler.
    pub(super) fn origin(&self) -> Result<&Origin, HttpReply> {
        self.origin.ok_or_else(HttpReply::unknown_endpoint)
    }
}

/// Checks that the method of a request is GET or HEAD, at a path where POST does something
/// else.
pub(super) fn lists(request: &HttpRequest<'_>) -> Result<(), HttpReply> {
    request.reads().map_err(|_| HttpReply::method_not_allowed("GET, HEAD, POST"))
}

/// Returns the reply to a body with problems. It names the first field that is wrong, and lists
/// all problems in one line.
pub(super) fn wrong(problems: &Problems) -> HttpReply {
    let lines: Vec<String> = problems.to_string().lines().map(str::to_owned).collect();
    let field = problems.iter().next().map(|problem| problem.path.as_str());
    HttpReply::error(400, &lines.join("; "), field)
}

/// Writes the members of one model. Where it has no variants, the strategy and endpoints of its
/// only group are among them.
fn listed(json: &mut Json, route: &ListedModel) {
    json.key("model").text(&route.model);
    provenance(json, route.provenance, route.is_hidden, route.problem.as_ref());
    match route.groups.as_slice() {
        [only @ ListedGroup { key: None, .. }] => group(json, only),
        groups => json.key("variants").list(|json| {
            for variant in groups {
                json.object(|json| {
                    json.key("key").text(variant.key.as_deref().unwrap_or_default());
                    group(json, variant);
                });
            }
        }),
    }
}

/// Writes where an entry comes from, and why it is not in use where it is not. What is
/// usual is left out: most entries are neither hidden nor inactive.
pub(super) fn provenance(
    json: &mut Json,
    provenance: Provenance,
    is_hidden: bool,
    problem: Option<&Problem>,
) {
    json.key("source").text(provenance.name());
    if is_hidden {
        json.key("hidden").flag(true);
    }
    if let Some(problem) = problem {
        json.key("inactive").object(|json| {
            json.key("field").text(&problem.path);
            json.key("message").text(&problem.message);
        });
    }
}

/// Writes the strategy and endpoints of a group. An endpoint of a route that is left out has no
/// deployment, and only `weighted` has weights.
fn group(json: &mut Json, group: &ListedGroup) {
    json.key("strategy").text(&group.strategy);
    json.key("endpoints").list(|json| {
        for endpoint in &group.endpoints {
            json.object(|json| {
                json.key("provider").text(&endpoint.provider);
                json.key("model_id").text(&endpoint.upstream_model);
                if let Some(id) = &endpoint.deployment {
                    json.key("deployment").text(id);
                }
                if let Some(weight) = endpoint.weight {
                    json.key("weight").number(u64::from(weight));
                }
            });
        }
    });
}
