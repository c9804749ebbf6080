//! The shadow: what other rules would have done with a request, beside what was done.
//!
//! Decides right after the decision that counts, by the same facts, the same draws and
//! the same shared state. It has no effect: what it finds is counted, and told in the debug
//! log. Where it wants to know more of a body that goes on early, it decides again at the
//! end of that.

use crate::config::{Config, Shadow};
use crate::host::Host;
use crate::metrics::{self, table};
use crate::request::control::Controls;
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::request::scan::Looks;
use crate::routing::difference::{Difference, Fate};
use crate::routing::{self, Answers, Request, Services, Verdict, looks};
use crate::state::{Seen, ShadowWorld, Snapshot};
use crate::text::header_value;

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::debug;
use super::intake::Intake;

/// A request that the shadow is evaluated for, until it is counted.
#[derive(Debug)]
pub(super) struct Shadowed {
    live: Fate,
    /// None while it is open.
    shadow: Option<Fate>,
    /// What it is decided again by, where it was open when the body went on early.
    early: Option<Box<Early>>,
}

impl Shadowed {
    /// Counts what the shadow made of the request, of which by now so much is known.
    pub(super) fn count<H: Host + ?Sized>(self, cx: Ctx<'_, H>, facts: Option<&RequestFacts>) {
        let Some(shadow) = &cx.engine.config().shadow else { return };
        let Self { live, shadow: fate, early } = self;
        let fate = fate.or_else(|| again(cx, shadow, *early?, facts?));
        let difference = fate.as_ref().map(|fate| live.difference(fate));
        let told = told(difference);
        cx.engine.meter.put(cx.host, &table::SHADOW_REQUESTS, &[told], 1);
        let Some(fate) = fate else { return };
        if difference != Some(Difference::None) {
            diverged(cx, (&live, cx.engine.config()), (&fate, &shadow.config), told);
        }
        add_costs(cx, [&live, &fate], facts);
    }
}

/// What was known of a request when its body went on.
#[derive(Debug)]
struct Early {
    facts: RequestFacts,
    controls: Controls,
    seen: Seen,
    sample: f64,
    seed: u64,
}

/// What is to be looked at: by the shadow as well, where it is evaluated.
pub(super) fn looks_of_both(
    config: &Config,
    is_wanted: bool,
    of: impl Fn(&Config) -> Looks,
) -> Looks {
    let looks = of(config);
    match &config.shadow {
        Some(shadow) if is_wanted => looks.and(of(&shadow.config)),
        _ => looks,
    }
}

/// Returns what the rest of a body is looked at for where its request goes on early: what
/// the shadow's decision waits for, if anything.
pub(super) fn looks_of_rest<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    intake: &Intake,
    (facts, controls): (&RequestFacts, &Controls),
    snapshot: &Snapshot<'_, H>,
    before: Looks,
) -> Looks {
    let config = cx.engine.config();
    let Some(shadow) = config.shadow.as_deref().filter(|_| intake.is_shadowed) else {
        return Looks::NOTHING;
    };
    let request = intake.request(&shadow.config, facts, controls);
    match fate(cx.engine, request, &Answers::default(), snapshot, intake.seed) {
        Some(_) => Looks::NOTHING,
        None => looks::left(request, intake.longest(config), before),
    }
}

/// What the shadow makes of a request that has just been decided.
pub(super) fn look<H: Host + ?Sized>(
    engine: &Engine,
    intake: &Intake,
    (facts, controls): (&RequestFacts, &Controls),
    answers: &Answers,
    snapshot: Snapshot<'_, H>,
    verdict: &Verdict,
) -> Option<Box<Shadowed>> {
    let is_early = facts.input_tokens == Tokens::UNKNOWN;
    // What does not serve a request early does nothing with it yet.
    if !intake.is_shadowed || (is_early && !matches!(verdict, Verdict::Serve(_))) {
        return None;
    }
    let shadow = engine.config().shadow.as_deref()?;
    let live = Fate::of(verdict)?;
    let request = intake.request(&shadow.config, facts, controls);
    let (seed, sample) = (intake.seed, request.sample);
    let answers = answers.translated(engine.config(), &shadow.config);
    let fate = fate(engine, request, &answers, &snapshot, seed);
    let early = (is_early && fate.is_none()).then(|| {
        let (facts, controls) = (facts.clone(), controls.clone());
        Box::new(Early { facts, controls, seen: snapshot.into_seen(), sample, seed })
    });
    Some(Box::new(Shadowed { live, shadow: fate, early }))
}

/// What becomes of a request under the shadow's rules; none while that is open.
fn fate<H: Host + ?Sized>(
    engine: &Engine,
    request: Request<'_>,
    answers: &Answers,
    snapshot: &Snapshot<'_, H>,
    seed: u64,
) -> Option<Fate> {
    let configs = (engine.config(), request.config);
    let world = ShadowWorld::beside(snapshot, configs, snapshot.taken_turn(), seed);
    // A service that has not been asked is not asked for a shadow.
    Fate::of(&routing::decide(request, Services::Answered(answers), &world, seed))
}

/// Decides again, now that the body is known.
fn again<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    shadow: &Shadow,
    early: Early,
    facts: &RequestFacts,
) -> Option<Fate> {
    let Early { facts: known, controls, seen, sample, seed } = early;
    let mut facts = facts.clone();
    facts.model = known.model;
    facts.headers = known.headers;
    if !known.unseen.has(Fact::Tags) {
        facts.tags = known.tags;
    }
    // So far they were the header's, which go over the body's.
    facts.params.extend(known.params);
    let snapshot = cx.engine.fleet.resume(cx.host, cx.engine.config(), seen);
    let request = Request { config: &shadow.config, facts: &facts, controls: &controls, sample };
    fate(cx.engine, request, &Answers::default(), &snapshot, seed)
}

/// The word that metrics have for it.
const fn told(difference: Option<Difference>) -> &'static str {
    match difference {
        Some(Difference::None) => "same",
        Some(Difference::Deployment) => "other_deployment",
        Some(Difference::Model) => "other_model",
        Some(Difference::Passing) => "other_passing",
        Some(Difference::OnlyFirstRefused) => "live_refuses",
        Some(Difference::OnlySecondRefused) => "shadow_refuses",
        Some(Difference::Refusal) => "other_refusal",
        None => "undecided",
    }
}

/// Counts a divergence by the routes that led to it, and tells it.
fn diverged<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    (live, by_live): (&Fate, &Config),
    (shadow, by_shadow): (&Fate, &Config),
    told: &str,
) {
    let live_route = route(by_live, live);
    let shadow_route = route(by_shadow, shadow);
    cx.engine.meter.put(cx.host, &table::SHADOW_LIVE_ROUTES, &[live_route], 1);
    cx.engine.meter.put(cx.host, &table::SHADOW_ROUTES, &[shadow_route], 1);
    debug(cx.host, || {
        format!(
            "shadow: {told}; route={live_route} {} but route={shadow_route} {}",
            header_value(&live.told(by_live)),
            header_value(&shadow.told(by_shadow))
        )
    });
}

fn route<'a>(config: &'a Config, fate: &Fate) -> &'a str {
    fate.route().map_or(metrics::NONE, |id| config.route(id).name.as_str())
}

/// Adds up what both would cost, where both are sent to a deployment.
fn add_costs<H: Host + ?Sized>(cx: Ctx<'_, H>, fates: [&Fate; 2], facts: Option<&RequestFacts>) {
    if !fates.iter().all(|fate| matches!(fate, Fate::Served { .. })) {
        return;
    }
    let config = cx.engine.config();
    let [live, shadow] = fates.map(|fate| fate.likely_cost(config, facts?));
    let is_known = live.is_some() && shadow.is_some();
    let result = if is_known { "known" } else { "unknown" };
    cx.engine.meter.put(cx.host, &table::SHADOW_COSTED, &[result], 1);
    if let (Some(live), Some(shadow)) = (live, shadow) {
        cx.engine.meter.put(cx.host, &table::SHADOW_COST, &["live"], nano(live));
        cx.engine.meter.put(cx.host, &table::SHADOW_COST, &["shadow"], nano(shadow));
    }
}

/// Billionths of a dollar.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "costs are not negative, and what is too large is cut off"
)]
fn nano(usd: f64) -> u64 {
    (usd * 1e9).round() as u64
}
