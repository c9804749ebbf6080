//! Lets requests in that are on the admin path, letter for letter, and have the token.

use std::hint::black_box;

use crate::config::Admin;

use super::HttpReply;
use super::traces::Traces;

/// Shortest token, in bytes. The gate does not limit how often one may be guessed.
const SHORTEST: usize = 16;

/// The admin path and the token. Its `Debug` leaves the token out, so that no log can have it.
pub struct Gate {
    path: String,
    token: String,
    traces: Traces,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Gate {
    /// Returns a gate. `variable` returns the value of an environment variable, in which the
    /// token is.
    ///
    /// # Errors
    /// What is wrong with the token, for the operator. The message never has the token in it.
    pub fn new(
        admin: &Admin,
        variable: impl FnOnce(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let name = &admin.token_env;
        let wrong = |what: &str| format!("admin.token_env: environment variable \"{name}\" {what}");
        let token = variable(name).filter(|token| !token.is_empty()).ok_or_else(|| {
            wrong(
                "is not set; set it for the proxy and list it in \
                 vm_config.environment_variables.host_env_keys",
            )
        })?;
        // Such a token could not be sent in a header, or would lose its ends on the way.
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(
                "has a space, a control character or a character that is not ASCII; use printable \
                 ASCII without spaces, and no line break at the end",
            ));
        }
        if token.len() < SHORTEST {
            return Err(wrong("is too short; use at least 16 characters"));
        }
        let traces = Traces::of(token.as_bytes())
            .ok_or_else(|| wrong("is too long; use a shorter token"))?;
        Ok(Self { path: admin.path.clone(), token, traces })
    }

    /// Returns the part of a request's path that is below the admin path, without a query;
    /// `None` for all other paths.
    ///
    /// Compares letter for letter. A filter before this one may keep clients off the admin
    /// path, by the path as it is written. Were another spelling of it the admin path here, that
    /// spelling would get past the other filter. For example, where the path is `/admin`:
    ///
    /// | path | result |
    /// |---|---|
    /// | `/admin/state?a=b` | `/state` |
    /// | `/admin` | empty |
    /// | `/administrator`, `/Admin/state`, `/%61dmin`, `//admin` | `None` |
    #[must_use]
    pub fn below<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
        let below = path.strip_prefix(self.path.as_bytes())?;
        (below.is_empty() || below.starts_with(b"/")).then_some(below)
    }

    /// Lets a request in with these values of the header `authorization`, or does not.
    ///
    /// # Errors
    /// The reply to all that are not let in. It is the same whatever is wrong, so that it does
    /// not help with guessing.
    pub fn admit<'v>(
        &self,
        mut authorization: impl Iterator<Item = &'v [u8]>,
    ) -> Result<(), HttpReply> {
        let is_let_in = match (authorization.next(), authorization.next()) {
            (Some(value), None) => bearer(value).is_some_and(|token| self.is_token(token)),
            // Other filters may have checked the other one.
            _ => false,
        };
        if is_let_in { Ok(()) } else { Err(HttpReply::unauthorized()) }
    }

    /// Returns whether the admin token is in a text, such as a header: as it is, percent-encoded,
    /// or within base64. Such a header must not go upstream.
    ///
    /// Unlike the gate itself, this takes a time that depends on the text. That tells a client
    /// nothing: it gets no answer that depends on what was found.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.traces.are_in(text)
    }

    /// Returns a path and its query without the parameters that hold the admin token; `None` where
    /// none does. Only the query is searched.
    #[must_use]
    pub fn without_token(&self, path: &[u8]) -> Option<Vec<u8>> {
        let at = path.iter().position(|byte| *byte == b'?')?;
        let (path, query) = path.split_at_checked(at)?;
        let pairs: Vec<&[u8]> = query.get(1..)?.split(|byte| *byte == b'&').collect();
        let kept: Vec<&[u8]> = pairs.iter().copied().filter(|pair| !self.is_in(pair)).collect();
        if kept.len() == pairs.len() {
            return None;
        }
        let mark: &[u8] = if kept.is_empty() { b"" } else { b"?" };
        Some([path, mark, &kept.join(&b'&')].concat())
    }

    /// Returns whether `given` is the token, in a time that depends on the length of `given`
    /// alone. So the time does not reveal how much of a guess is right.
    fn is_token(&self, given: &[u8]) -> bool {
        let token = self.token.as_bytes();
        // The token is repeated as often as needed, so that its length decides nothing yet.
        let differ = given.iter().zip(token.iter().cycle()).fold(0, |differ, (a, b)| {
            // The compiler cannot see through this, so it cannot make the loop stop early.
            black_box(differ | (a ^ b))
        });
        // `&` evaluates both sides, so the time does not tell which one failed.
        (differ == 0) & (given.len() == token.len())
    }
}

/// Returns the token of an `authorization` header; `None` where its scheme is not `Bearer`, in
/// upper or lower case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn gate(token: Option<&str>) -> Result<Gate, String> {
        let admin = Admin { path: "/admin".to_owned(), token_env: "ADMIN_TOKEN".to_owned() };
        Gate::new(&admin, |_| token.map(str::to_owned))
    }

    #[test]
    fn a_token_is_long_printable_and_never_told() {
        assert!(gate(Some(TOKEN)).is_ok());
        for (token, wanted) in [
            (None, "is not set"),
            (Some(""), "is not set"),
            (Some("0123456789abcde"), "is too short"),
            (Some("0123456789abcdef\n"), "has a space"),
            (Some("0123456789 abcdef"), "has a space"),
            (Some("0123456789abcdéf"), "has a space"),
        ] {
            let problem = gate(token).unwrap_err();
            assert!(problem.starts_with("admin.token_env: environment variable \"ADMIN_TOKEN\" "));
            assert!(problem.contains(wanted), "{problem}");
            assert!(!problem.contains("0123"), "{problem}");
        }
        assert!(!format!("{:?}", gate(Some(TOKEN)).unwrap()).contains(TOKEN));
    }

    #[test]
    fn only_the_very_path_and_what_is_below_it_is_the_admin_path() {
        let gate = gate(Some(TOKEN)).unwrap();
        let below = |path: &'static str| {
            gate.below(path.as_bytes()).map(|below| str::from_utf8(below).unwrap())
        };
        for (path, wanted) in [
            ("/admin", ""),
            ("/admin?x=/admin/y", ""),
            ("/admin/", "/"),
            ("/admin/state?a=b", "/state"),
            ("/admin//state", "//state"),
            ("/admin/../state", "/../state"),
        ] {
            assert_eq!(below(path), Some(wanted), "{path}");
        }
        for path in [
            "",
            "/",
            "/?/admin",
            "admin",
            "//admin",
            "/./admin",
            "/x/../admin",
            "/Admin",
            "/ADMIN/state",
            "/%61dmin",
            "/admin%2fstate",
            "/admin;x",
            "/admin;/state",
            "/admin\\state",
            "/admin#/state",
            "/administrator",
            "/x/admin/state",
            "http://host/admin/state",
        ] {
            assert_eq!(below(path), None, "{path}");
        }
    }

    #[test]
    fn one_bearer_token_that_is_the_very_one_is_let_in() {
        let gate = gate(Some(TOKEN)).unwrap();
        let admits = |values: &[&str]| gate.admit(values.iter().map(|v| v.as_bytes())).is_ok();
        for value in ["Bearer 0123456789abcdef", "bEARER   0123456789abcdef "] {
            assert!(admits(&[value]), "{value}");
        }
        let twice = format!("{TOKEN}{TOKEN}");
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdeX",
            "Bearer X123456789abcdef",
            "Bearer 0123456789abcdef0",
            "Bearer 0123456789abcdef,Bearer 0123456789abcdef",
            "Bearer  0123456789 abcdef",
            "Basic 0123456789abcdef",
            "Bearer:0123456789abcdef",
            "Bearer\t0123456789abcdef",
            TOKEN,
            &twice,
            &format!("Bearer {twice}"),
        ] {
            assert!(!admits(&[value]), "{value}");
        }
        assert!(!admits(&[]));
        assert!(!admits(&["Bearer 0123456789abcdef"; 2]));
        assert!(!admits(&["Bearer 0123456789abcdef", ""]));
    }
}
