//! What other code has to know of a strategy, and the table that says it.

/// Something that a strategy needs or does, so that other code need not know which
/// strategies there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trait {
    /// It uses the random generator, if only for ties. Unless it goes by the session, a body
    /// that may continue state of a provider is read before the request is decided.
    Draws,
    /// It goes by the number of a turn. Each request takes one, counted over all workers, and
    /// the turn goes round the candidates that are ready.
    TakesTurn,
    /// It compares how busy candidates are. The state of all of them is read for it; of a large
    /// group, that of 16 at random.
    NeedsLoads,
    /// It compares what the request would cost. The tokens are counted before it orders, if
    /// they make a difference; of a large group it is given the cheapest.
    NeedsCosts,
    /// The tokens of every request are counted for it: it compares what deployments have used,
    /// or a service is told.
    CountsTokens,
    /// It goes by the session, so that a session's requests go to the same candidate. Of a
    /// large group it is given those with the lowest scores.
    BySession,
    /// It draws by weight. Candidates of weight 0 are never picked, and one candidate at least
    /// must have more; of a large group it is given some that are drawn already.
    ByWeight,
    /// Its candidates have rules, and those of which none holds are left out. Every candidate
    /// must have some.
    ByRules,
    /// A service has the first say. It is told of every candidate that may serve, and of all
    /// that the request says.
    AsksService,
    /// It has exactly one candidate, and the configuration is refused if there are more.
    IsOne,
}

/// Declares the strategies row by row. From the table in `mod.rs` it makes the enum, its names,
/// its traits and the function that orders.
macro_rules! strategies {
    ($(
        $(#[$doc:meta])*
        $strategy:ident = $name:literal $(| $alias:literal)*,
            [$($trait:ident),*], |$entries:pat_param, $pick:pat_param| $order:expr;
    )*) => {
        /// How the candidates of a model are ordered.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Strategy {
            $($(#[$doc])* $strategy,)*
        }

        impl Strategy {
            /// Every strategy, in the order of the table. Tests that have to hold for each go
            /// through this.
            pub const ALL: &'static [Self] = &[$(Self::$strategy),*];

            /// Every name in configuration, those that stand for the same strategy next to
            /// each other.
            pub const NAMES: &'static [&'static str] = &[$($name, $($alias,)*)*];

            /// Returns its name in configuration.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$strategy => $name,)*
                }
            }

            /// Returns the strategy that a name in configuration stands for; `None` for a name
            /// that is not in the table.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name $(| $alias)* => Some(Self::$strategy),)*
                    _ => None,
                }
            }

            const fn traits(self) -> u16 {
                match self {
                    $(Self::$strategy => 0 $(| 1 << Trait::$trait as u16)*,)*
                }
            }

            /// Returns the places of the candidates, which are in file order, in the order in
            /// which they are to be tried.
            #[must_use]
            pub fn order(self, entries: &[Profile], pick: Pick<'_>) -> Vec<usize> {
                match self {
                    $(Self::$strategy => {
                        let ($entries, $pick) = (entries, pick);
                        $order
                    })*
                }
            }
        }
    };
}
pub(super) use strategies;

use super::Strategy;

impl Strategy {
    /// Returns whether its row of the table has that trait.
    #[must_use]
    pub const fn has(self, wanted: Trait) -> bool {
        self.traits() & (1 << wanted as u16) != 0
    }

    /// Returns whether two requests that are alike may go to different candidates, though
    /// nothing has failed.
    #[must_use]
    pub const fn varies(self) -> bool {
        let is_of_moment =
            self.has(Trait::Draws) || self.has(Trait::TakesTurn) || self.has(Trait::NeedsLoads);
        is_of_moment && !self.has(Trait::BySession)
    }

    /// Returns whether its order depends on the configuration alone, so that it can be made
    /// beforehand.
    #[must_use]
    pub const fn is_configured(self) -> bool {
        self.traits() == 0
    }

    /// Returns whether it has to know which candidates are ready before it orders them: it
    /// goes round those, compares with them, or has one of them picked.
    #[must_use]
    pub const fn is_of_ready(self) -> bool {
        self.has(Trait::TakesTurn) || self.has(Trait::NeedsLoads) || self.has(Trait::AsksService)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Load, Pick, Profile, Session};
    use super::*;

    /// Something that orders may rest on: the trait of those that do, and how it is changed.
    type Change = (Trait, fn(&mut Case, &mut fastrand::Rng));

    #[derive(Clone)]
    struct Case {
        entries: Vec<Profile>,
        session: Session,
        turn: u64,
        seed: u64,
    }

    impl Case {
        fn drawn(rng: &mut fastrand::Rng) -> Self {
            let mut case = Self {
                entries: vec![Profile::default(); rng.usize(2..12)],
                session: Session::NONE,
                turn: 0,
                seed: 0,
            };
            for (_, change) in CHANGES {
                change(&mut case, rng);
            }
            for entry in &mut case.entries {
                (entry.position, entry.priority) = (rng.i32(0..3), rng.i32(0..3));
                entry.id = rng.u64(..);
            }
            case
        }

        fn order(&self, strategy: Strategy) -> Vec<usize> {
            let Self { entries, session, turn, seed } = self;
            let mut rng = fastrand::Rng::with_seed(*seed);
            strategy.order(entries, Pick { session: *session, turn: *turn, rng: &mut rng })
        }
    }

    const CHANGES: [Change; 6] = [
        (Trait::Draws, |case, rng| case.seed = rng.u64(..)),
        (Trait::TakesTurn, |case, rng| case.turn = rng.u64(..)),
        (Trait::BySession, |case, rng| case.session.key = rng.bool().then(|| rng.u64(..))),
        (Trait::ByWeight, |case, rng| {
            case.entries.iter_mut().for_each(|entry| entry.weight = rng.u32(0..4));
        }),
        (Trait::NeedsCosts, |case, rng| {
            case.entries.iter_mut().for_each(|entry| entry.cost_usd = Some(rng.f64()));
        }),
        (Trait::NeedsLoads, |case, rng| {
            let mut load = || Load {
                in_flight: rng.u32(..9),
                latency_ms: Some(rng.f64()),
                tokens: rng.u64(..90),
                requests: rng.u32(..9),
                tpm_limit: Some(rng.u32(90..200)),
                rpm_limit: Some(rng.u32(9..20)),
                headroom: Some(rng.f64()),
            };
            case.entries.iter_mut().for_each(|entry| entry.load = load());
        }),
    ];

    /// Whether some order changes with that.
    fn rests_on(strategy: Strategy, change: fn(&mut Case, &mut fastrand::Rng)) -> bool {
        let mut rng = fastrand::Rng::with_seed(5);
        (0..300).any(|_| {
            let case = Case::drawn(&mut rng);
            let mut changed = case.clone();
            change(&mut changed, &mut rng);
            case.order(strategy) != changed.order(strategy)
        })
    }

    #[test]
    fn traits_say_what_an_order_rests_on() {
        for strategy in Strategy::ALL {
            for (named, change) in CHANGES {
                let name = strategy.name();
                assert_eq!(rests_on(*strategy, change), strategy.has(named), "{name}: {named:?}");
            }
        }
    }
}
