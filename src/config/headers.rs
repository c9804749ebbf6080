//! Names of the headers this filter reads and writes.

use super::read::{CheckedMembers, ReadChecked, member};
use super::shape::{
    A_HEADER_NAME, HasKeyKind, Key, KeyKind, SectionShape, WhenAbsent, documentation,
};

/// Declares the headers by their names, which are the keys that rename them.
macro_rules! headers {
    ($($(#[doc = $doc:literal])+ $field:ident: $name:literal,)*) => {
        /// Names of the headers this filter reads and writes, lower case.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct HeaderNames {
            $($(#[doc = $doc])+ pub $field: String,)*
            /// How all of them begin.
            beginning: String,
        }

        static SHAPE: SectionShape = SectionShape {
            name: "headers",
            doc: documentation(" Other names for the filter's headers."),
            keys: &[&[$(
                Key {
                    name: $name,
                    kind: A_HEADER_NAME,
                    presence: WhenAbsent::Optional,
                    doc: documentation(concat!($($doc),+)),
                },
            )*]],
        };

        impl Default for HeaderNames {
            fn default() -> Self {
                Self { $($field: $name.to_owned(),)* beginning: String::new() }.compared()
            }
        }

        impl HeaderNames {
            /// How many there are.
            const COUNT: usize = [$($name),*].len();
            /// The names that hold where no other is configured.
            pub(super) const KEYS: [&str; Self::COUNT] = [$($name),*];

            /// Returns the same, with how all names begin.
            fn compared(mut self) -> Self {
                let common = |a: &str, b: &str| {
                    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
                };
                let length = self.all().iter().map(|name| common(name, &self.route)).min();
                self.beginning = self.route.get(..length.unwrap_or(0)).unwrap_or_default().to_owned();
                self
            }

            /// Returns whether a name, in lower case, is one of these. Every header of every
            /// request is asked for, and few begin as these do.
            #[must_use]
            pub fn has(&self, name: &str) -> bool {
                name.starts_with(&self.beginning) && self.is_any(name)
            }

            #[cold]
            fn is_any(&self, name: &str) -> bool {
                self.all().contains(&name)
            }

            /// Returns every name, in the order of their declaration.
            #[must_use]
            pub fn all(&self) -> [&str; Self::COUNT] {
                [$(&self.$field),*]
            }
        }

        impl ReadChecked for HeaderNames {
            fn read(value: serde_json::Value) -> Self {
                let mut members = CheckedMembers::read(value);
                let mut name = |key: &str| {
                    member::<Option<String>>(&mut members, key).unwrap_or_else(|| key.to_owned())
                };
                Self { $($field: name($name),)* beginning: String::new() }.compared()
            }
        }
    };
}

impl HasKeyKind for HeaderNames {
    const KIND: KeyKind = KeyKind::Object(|| &SHAPE);
}

headers! {
    /// In requests, forces a route. In responses, the route that matched.
    route: "x-llm-route",
    /// The tags of the request.
    tag: "x-llm-tag",
    /// The params of the request.
    params: "x-llm-params",
    /// Picks a variant.
    variant: "x-llm-variant",
    /// The session, for the strategy `sticky`.
    session: "x-llm-session",
    /// The highest cost in USD that the request may have.
    cost_limit: "x-llm-cost-limit-usd",
    /// In requests, restricts the choice to a provider. In responses, the provider that served.
    provider: "x-llm-provider",
    /// In requests, names the deployment to use. In responses, the deployment that served.
    deployment: "x-llm-deployment",
    /// The tenant that the request is billed to, if limits.tenants is set.
    tenant: "x-llm-tenant",
    /// Names fallback models.
    fallback: "x-llm-fallback",
    /// The cluster, for Envoy's route.
    cluster: "x-llm-cluster",
    /// The model that serves.
    model: "x-llm-model",
    /// The attempts that were made.
    attempts: "x-llm-attempts",
    /// In responses, the client's and the provider's API between which the answer was translated,
    /// and what was dropped.
    translation: "x-llm-translation",
    /// Asks Envoy for a retry.
    retry: "x-llm-retry",
}
