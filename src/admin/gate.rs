//! Who is let in: requests on the admin path, letter for letter, with the token.

use std::hint::black_box;

use crate::config::Admin;

use super::reply::EndpointReply;

/// Shortest token, in bytes.
const SHORTEST: usize = 16;

/// The admin path and the token.
pub struct Gate {
    path: String,
    token: String,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate whose token `variable` tells.
    ///
    /// # Errors
    /// What is wrong with the token, for the operator; never the token.
    pub fn new(
        admin: &Admin,
        variable: impl FnOnce(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let name = &admin.token_env;
        let wrong = |what: &str| format!("admin.token_env: environment variable \"{name}\" {what}");
        let token = variable(name).filter(|token| !token.is_empty()).ok_or_else(|| {
            wrong(
                "is not set; list it in vm_config.environment_variables.host_env_keys and give \
                 it to the proxy",
            )
        })?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(
                "holds a space, a control character or one that is not ASCII; allowed: printable \
                 ASCII without spaces, without a line break at the end",
            ));
        }
        if token.len() < SHORTEST {
            return Err(wrong("is too short; allowed: 16 characters and more"));
        }
        Ok(Self { path: admin.path.clone(), token })
    }

    /// The part of a request's path that is below the admin path, without a query;
    /// `None` for all other paths.
    ///
    /// Letter for letter: who keeps clients off this path before this filter can do so
    /// by the path, and no spelling of it gets past them and is then taken for it here.
    #[must_use]
    pub fn below<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
        let below = path.strip_prefix(self.path.as_bytes())?;
        (below.is_empty() || below.starts_with(b"/")).then_some(below)
    }

    /// Lets a request in whose `authorization` headers are these.
    ///
    /// # Errors
    /// The reply to all that are not let in, the same whatever is wrong.
    pub fn admit<'v>(
        &self,
        mut authorization: impl Iterator<Item = &'v [u8]>,
    ) -> Result<(), EndpointReply> {
        let is_let_in = match (authorization.next(), authorization.next()) {
            (Some(value), None) => bearer(value).is_some_and(|token| self.is_token(token)),
            // Of several one cannot know which others go by.
            _ => false,
        };
        if is_let_in { Ok(()) } else { Err(EndpointReply::unauthorized()) }
    }

    /// Whether a client sends the admin token as its credential, as the value itself or a
    /// bearer token: no provider is to see it.
    #[must_use]
    pub fn is_in(&self, credential: &[u8]) -> bool {
        self.is_token(bearer(credential).unwrap_or(credential).trim_ascii())
    }

    /// Compares in a time that hangs on the length of what is given alone.
    fn is_token(&self, given: &[u8]) -> bool {
        let token = self.token.as_bytes();
        let differ = given.iter().zip(token.iter().cycle()).fold(0, |differ, (a, b)| {
            // As the compiler cannot tell, it goes on to the end.
            black_box(differ | (a ^ b))
        });
        (differ == 0) & (given.len() == token.len())
    }
}

/// The token of an `authorization` header.
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
            (Some("0123456789abcdef\n"), "holds a space"),
            (Some("0123456789 abcdef"), "holds a space"),
            (Some("0123456789abcdéf"), "holds a space"),
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
