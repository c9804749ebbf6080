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
            /// A bit for the length of each name, modulo 64.
            lengths: u64,
        }

        static SHAPE: SectionShape = SectionShape {
            name: "headers",
            doc: documentation(" Other names for the headers of this filter."),
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
                Self { $($field: $name.to_owned(),)* lengths: 0 }.measured()
            }
        }

        impl HeaderNames {
            /// How many there are.
            const COUNT: usize = [$($name),*].len();
            /// The names that hold where no other is configured.
            pub(super) const KEYS: [&str; Self::COUNT] = [$($name),*];

            /// Returns the same, with the lengths of the names.
            fn measured(mut self) -> Self {
                self.lengths = self.all().iter().fold(0, |lengths, name| lengths | length(name));
                self
            }

            /// Returns whether a name, in lower case, is one of these.
            #[must_use]
            pub fn has(&self, name: &str) -> bool {
                // Every header of every request is asked for, and most have another length.
                self.lengths & length(name) != 0 && self.all().contains(&name)
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
                Self { $($field: name($name),)* lengths: 0 }.measured()
            }
        }
    };
}

/// Returns the bit of a name's length.
const fn length(name: &str) -> u64 {
    1 << (name.len() & 63)
}

impl HasKeyKind for HeaderNames {
    const KIND: KeyKind = KeyKind::Object(|| &SHAPE);
}

headers! {
    /// forces a route; in responses, the one that matched
    route: "x-llm-route",
    /// labels
    tag: "x-llm-tag",
    /// params
    params: "x-llm-params",
    /// picks a variant
    variant: "x-llm-variant",
    /// session for sticky picks
    session: "x-llm-session",
    /// ceiling for the cost
    cost_limit: "x-llm-cost-limit-usd",
    /// restricts to a provider; in responses, who served
    provider: "x-llm-provider",
    /// pins a deployment; in responses, who served
    deployment: "x-llm-deployment",
    /// names fallback models
    fallback: "x-llm-fallback",
    /// cluster for Envoy's route
    cluster: "x-llm-cluster",
    /// model that serves
    model: "x-llm-model",
    /// attempts made
    attempts: "x-llm-attempts",
    /// asks Envoy for a retry
    retry: "x-llm-retry",
}
