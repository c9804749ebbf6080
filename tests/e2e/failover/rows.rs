//! The rows of the matrix, and the document in which each row has its own deployments, so that no
//! row affects another.

use serde_json::{Value, json};

use crate::harness::Spec;

/// What the provider that is asked first does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    /// What the mock provider is asked to do; `None` if nothing listens there.
    does: Option<(&'static str, &'static str)>,
    /// How the attempts header reports it.
    pub(super) told: &'static str,
    /// Whether it counts against the deployment.
    pub(super) is_failure: bool,
    /// The fallback list that it leads to; `None` for the model's next candidate.
    pub(super) list: Option<&'static str>,
}

const fn fault(name: &'static str, key: &'static str, told: &'static str) -> Fault {
    Fault { name, does: Some((key, name)), told, is_failure: true, list: None }
}

const fn listed(name: &'static str, list: &'static str) -> Fault {
    let does = Some(("refusal", name));
    Fault { name, does, told: "400", is_failure: false, list: Some(list) }
}

impl Fault {
    /// Whether the request may be to blame, and the next candidate of its plan has been asked.
    pub(super) fn may_be_the_requests(&self) -> bool {
        let told = ["404", "408", "429", "500", "503", "529"].contains(&self.told);
        told && self.name != "quota" && self.list.is_none()
    }
}

/// Every way to fail that another deployment can make good.
pub(super) const FAULTS: [Fault; 15] = [
    Fault { name: "refused", does: None, told: "network", is_failure: true, list: None },
    fault("before-headers", "reset", "network"),
    fault(HANGS, "hang", "network"),
    fault("408", "status", "408"),
    fault("429", "status", "429"),
    fault("500", "status", "500"),
    fault("503", "status", "503"),
    fault("529", "status", "529"),
    fault("401", "status", "401"),
    fault("403", "status", "403"),
    fault("402", "status", "402"),
    // It may be of this request alone.
    Fault { is_failure: false, ..fault("model-not-found", "refusal", "404") },
    fault("quota", "refusal", "429"),
    listed("context-length", "context_window"),
    listed("content-policy", "content_policy"),
];

const HANGS: &str = "hangs";

/// What the provider that is asked next does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Answers,
    Fails,
    Hangs,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) number: usize,
    pub(super) fault: Fault,
    pub(super) then: Then,
    pub(super) is_stream: bool,
    pub(super) is_large: bool,
}

/// The bytes of text in a large body.
const LARGE: usize = 900 << 10;

impl Row {
    /// Returns all rows.
    pub(super) fn all() -> Vec<Self> {
        let mut rows = Vec::new();
        for fault in FAULTS {
            for then in [Then::Answers, Then::Fails, Then::Hangs] {
                for is_stream in [false, true] {
                    for is_large in [false, true] {
                        let number = rows.len();
                        rows.push(Self { number, fault, then, is_stream, is_large });
                    }
                }
            }
        }
        rows
    }

    /// Returns the name that the client asks for.
    pub(super) fn model(&self) -> String {
        format!("row-{}", self.number)
    }

    /// Returns the name of one of its deployments.
    pub(super) fn deployment(&self, which: &str) -> String {
        format!("row-{}-{which}", self.number)
    }

    /// Returns what the provider of that deployment calls its model.
    pub(super) fn upstream_model(&self, which: &str) -> String {
        format!("{which}/{}", self.number)
    }

    /// Returns the provider of the first attempt.
    pub(super) fn first_provider(&self) -> &'static str {
        if self.is_refused() { "closed" } else { "alpha" }
    }

    pub(super) fn is_refused(&self) -> bool {
        self.fault.does.is_none()
    }

    /// Returns the provider of the second attempt. In every other row it has a credential of the
    /// proxy.
    pub(super) fn second_provider(&self) -> &'static str {
        if self.has_clients_credential() { "beta" } else { "beta-keyed" }
    }

    pub(super) fn has_clients_credential(&self) -> bool {
        (self.number / 4).is_multiple_of(2)
    }

    pub(super) fn is_hanging(&self) -> bool {
        self.fault.name == HANGS || self.then == Then::Hangs
    }

    /// Returns what the providers are asked to do.
    pub(super) fn each(&self) -> String {
        let mut each = json!({});
        if let Some((key, value)) = self.fault.does {
            each["alpha"] = json!({key: value});
        }
        match self.then {
            Then::Answers => {}
            Then::Fails => each["beta"] = json!({"status": "503"}),
            Then::Hangs => each["beta"] = json!({"hang": HANGS}),
        }
        each.to_string()
    }

    /// Returns the body that asks for this model: small or large, with the model first or last.
    pub(super) fn body(&self, model: &str) -> String {
        let length = if self.is_large { LARGE } else { 20 };
        let line = "Lorem ipsum \\\"model\\\" dolor é 🚂 ";
        let text = &line.repeat(length.div_ceil(line.len()));
        let rest = format!(
            r#""stream":{},"seed":12345678901234567890,"messages":[{{"role":"user","content":"{text}"}}]"#,
            self.is_stream
        );
        if (self.number / 2).is_multiple_of(2) {
            format!(r#"{{"model":"{model}", {rest}}}"#)
        } else {
            format!(r#"{{{rest}, "model" : "{model}"}}"#)
        }
    }
}

/// Returns an Envoy configuration that serves all rows.
pub(super) fn spec() -> Spec {
    let mut document = json!({
        "providers": {
            "alpha": {"cluster": "alpha", "authority": "api.alpha.test", "path_prefix": "/alpha",
                      "credential": {"env": "ALPHA_KEY"}, "remove_headers": ["x-not-to-alpha"],
                      "headers": {"x-of-alpha": "only", "x-common": "of alpha"}},
            "closed": {"cluster": "closed", "authority": "api.closed.test", "path_prefix": "/closed",
                       "credential": {"env": "CLOSED_KEY", "header": "api-key", "prefix": ""},
                       "headers": {"x-of-closed": "only", "x-common": "of closed"}},
            "beta": {"cluster": "beta", "authority": "api.beta.test",
                     "headers": {"x-of-beta": "only"}},
            "beta-keyed": {"cluster": "beta", "path_prefix": "/keyed",
                           "credential": {"env": "BETA_KEY", "header": "x-api-key", "prefix": ""},
                           "headers": {"x-common": "of beta"}},
            "gamma": {"cluster": "gamma", "credential": {"env": "GAMMA_KEY"}},
        },
        "deployments": {},
        "models": {},
        "failover": {"max_attempts": 3},
        "cooldown": {"enabled": false},
    });
    for row in Row::all() {
        let mut add = |which: &str, provider: &str| {
            let deployment = json!({"provider": provider, "model": row.upstream_model(which)});
            document["deployments"][row.deployment(which)] = deployment;
            row.deployment(which)
        };
        let first = add("first", row.first_provider());
        let second = add("second", row.second_provider());
        document["models"][row.model()] = match row.fault.list {
            None => json!({"candidates": [first, second]}),
            // The next candidate would fail in the same way, and is not asked.
            Some(list) => {
                let other = add("other", "gamma");
                document["models"][&second] = json!({"candidates": [second]});
                json!({"candidates": [first, other], "fallbacks": {list: [second]}})
            }
        };
    }
    let environment = vec![
        ("ALPHA_KEY", "sk-alpha"),
        ("BETA_KEY", "sk-beta"),
        ("GAMMA_KEY", "sk-gamma"),
        ("CLOSED_KEY", "sk-closed"),
    ];
    Spec { with_peek: true, environment, ..Spec::failing_over(document) }
}

/// Returns the headers, as (name, value), that a provider gets: the client's and its own.
pub(super) fn headers_for(row: &Row, provider: &str) -> Value {
    let mut headers = json!({"content-type": "application/json", "x-client": "of client"});
    let of_provider = match provider {
        "alpha" => json!({"authorization": "Bearer sk-alpha", "x-of-alpha": "only",
                          "x-common": "of alpha", "host": "api.alpha.test"}),
        "beta" => json!({"authorization": "Bearer sk-client", "x-of-beta": "only",
                         "x-common": "of client", "x-not-to-alpha": "of client",
                         "host": "api.beta.test"}),
        _ => json!({"x-api-key": "sk-beta", "x-common": "of beta", "x-not-to-alpha": "of client",
                    "host": crate::harness::AUTHORITY}),
    };
    headers["x-mock-each"] = row.each().into();
    if !row.is_hanging() {
        headers["x-patient"] = "1".into();
    }
    for (name, value) in of_provider.as_object().unwrap() {
        headers[name] = value.clone();
    }
    headers
}
