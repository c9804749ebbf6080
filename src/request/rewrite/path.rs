//! The path and query a provider is asked under.

use crate::request::credential::{self, Carries, Passage};
use crate::request::path::split;
use crate::text::{percent_decoded_text, uri_component};

/// What a request's path depends on, beside the client's.
#[derive(Debug, Clone, Copy)]
pub struct PathTarget<'a> {
    /// Put before the path.
    pub prefix: &'a str,
    /// Replaces the path: `{model}` and `{operation}` are filled in.
    pub template: Option<&'a str>,
    /// The upstream model.
    pub model: &'a str,
    /// The part of the client's path that names the operation, such as `chat/completions`.
    pub operation: &'a str,
    /// What of the client's query goes to the provider.
    pub passage: Passage<'a>,
    /// Whether the query is the place of the model, which stands in it already.
    pub is_named_in_query: bool,
}

/// Returns the path with query to ask the provider under, given the client's path and query.
///
/// The query of a template comes first; the client's follows, without parameters that the
/// template sets. With the template `/d/{model}/{operation}?v=2` the client's
/// `/v1/chat/completions?v=1&x=3` becomes `/d/m/chat/completions?v=2&x=3`.
#[must_use]
pub fn path(path: &str, query: Option<&str>, target: &PathTarget<'_>) -> String {
    let (path, own) = match target.template {
        Some(template) => {
            let filled = template
                .replace("{model}", &uri_component(target.model))
                .replace("{operation}", target.operation);
            let (path, query) = split(&filled);
            (path.to_owned(), query.map(str::to_owned))
        }
        None => (path.to_owned(), None),
    };
    let own: Vec<&str> = own.as_deref().map(|own| own.split('&').collect()).unwrap_or_default();
    let set: Vec<String> = own.iter().map(|pair| name(pair)).collect();
    let is_own = |name: &str| set.iter().any(|own| own.eq_ignore_ascii_case(name));
    let is_kept = |pair: &&str| goes_on(pair, target) && !is_own(&name(pair));
    let kept: Vec<&str> =
        query.map(|query| query.split('&').filter(is_kept).collect()).unwrap_or_default();
    let pairs = [own.as_slice(), kept.as_slice()].concat();
    let mark = if pairs.is_empty() { "" } else { "?" };
    format!("{}{path}{mark}{}", target.prefix.trim_end_matches('/'), pairs.join("&"))
}

/// Returns whether a query has something in it that does not go to the provider. Then the client's
/// path cannot stay as it is.
#[must_use]
pub fn is_cut(query: &str, target: &PathTarget<'_>) -> bool {
    query.split('&').any(|pair| !goes_on(pair, target))
}

/// Returns whether a query parameter of the client's goes on.
fn goes_on(pair: &str, target: &PathTarget<'_>) -> bool {
    // To some servers a semicolon ends a parameter too, so what stands after it is looked at as
    // one.
    pair.split(';').all(|part| {
        let name = name(part);
        credential::of_parameter(&name).is_none_or(|carries| match carries {
            Carries::Choice if target.is_named_in_query => true,
            carries => target.passage.lets(&name, carries),
        })
    })
}

/// Returns whether a client brings a credential of its own in the query.
#[must_use]
pub fn has_credential(query: &str) -> bool {
    let carried = |pair| credential::of_parameter(&name(pair));
    query.split('&').any(|pair| carried(pair) == Some(Carries::Key))
}

/// Returns the name of a query parameter, percent-decoded so that `k%65y` is `key`.
fn name(pair: &str) -> String {
    let name = pair.split('=').next().unwrap_or_default();
    percent_decoded_text(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path for a client's path with query.
    fn of(original: &str, target: &PathTarget<'_>) -> String {
        let (came, query) = split(original);
        path(came, query, target)
    }

    const PLAIN: PathTarget<'_> = PathTarget {
        prefix: "",
        template: None,
        model: "gpt 4/o",
        operation: "chat/completions",
        passage: Passage { has_own: false, kept: &[] },
        is_named_in_query: false,
    };

    #[test]
    fn a_plain_target_changes_nothing() {
        for same in ["/v1/chat/completions", "/v1/chat/completions?a=1&key=x&a=2", "/x?", "/x?&&"] {
            let wanted = if same == "/x?" { "/x?" } else { same };
            assert_eq!(of(same, &PLAIN), wanted);
        }
    }

    #[test]
    fn a_prefix_goes_before_the_path() {
        let target = PathTarget { prefix: "/api/", ..PLAIN };
        assert_eq!(of("/v1/x?y=1", &target), "/api/v1/x?y=1");
    }

    #[test]
    fn a_template_replaces_the_path_and_merges_the_query() {
        let template = "/openai/deployments/{model}/{operation}?api-version=2024-10-21";
        let target = PathTarget { template: Some(template), ..PLAIN };
        assert_eq!(
            of("/v1/chat/completions?api-version=1&x=2", &target),
            "/openai/deployments/gpt%204%2Fo/chat/completions?api-version=2024-10-21&x=2"
        );
    }

    #[test]
    fn the_key_goes_however_it_is_written() {
        let passage = Passage { has_own: true, kept: &[] };
        let target = PathTarget { passage, ..PLAIN };
        assert_eq!(of("/v1/x?key=s&a=1&k%65y=t&monkey=2&key", &target), "/v1/x?a=1&monkey=2");
        assert_eq!(of("/v1/x?key=s", &target), "/v1/x");
    }
}
