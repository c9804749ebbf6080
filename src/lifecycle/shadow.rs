//! The shadow: what other rules would have done with a request, compared with what was done.
//!
//! The shadow decides right after the live decision, by the same facts, the same draws and the
//! same snapshot of shared state. It has no effect on the request: its result is counted and
//! written to the debug log. Where the shadow needs more of a body that goes on early, it decides
//! again at the end of the body. Where it has a candidate that does not speak the request's format, it
//! decides again once it is known what the request would lose there.

use crate::config::{Config, Shadow};
use crate::host::Host;
use crate::metrics::{self, table};
use crate::request::control::Controls;
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::request::scan::Looks;
use crate::routing::difference::{Difference, Fate};
use crate::routing::{self, Answers, Request, Server, Services, Verdict, looks};
use crate::state::{Seen, ShadowWorld, Snapshot};
use crate::text::header_value;

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::debug;
use super::intake::Intake;

/// The two decisions about a request, until they are compared and counted. For most requests both
/// are there at once; the shadow's may wait for the end of a body that went on early, or for what the
/// request would lose by being translated.
#[derive(Debug)]
pub(super) struct Shadowed {
    /// What the live rules have done.
    live: Fate,
    /// What the shadow's rules would have done; `None` while that depends on more of the request.
    shadow: Option<Fate>,
    /// What the shadow decides again by, where that can still help.
    waiting: Option<Box<ShadowInputs>>,
}

impl Shadowed {
    /// Compares the two decisions and counts the result. `facts` is what the whole body says;
    /// `None` where its end did not come.
    pub(super) fn count<H: Host + ?Sized>(self, cx: Ctx<'_, H>, facts: Option<&RequestFacts>) {
        let Some(shadow) = &cx.engine.config().shadow else { return };
        let Self { live, shadow: fate, waiting } = self;
        let fate = fate.or_else(|| decide_again(cx, shadow, *waiting?, facts?).ok());
        let difference = fate.as_ref().map(|fate| live.difference(fate));
        let label = difference_label(difference);
        cx.engine.meter.put(cx.host, &table::SHADOW_REQUESTS, &[label], 1);
        let Some(fate) = fate else { return };
        if difference != Some(Difference::None) {
            count_divergence(cx, (&live, cx.engine.config()), (&fate, &shadow.config), label);
        }
        add_costs(cx, [&live, &fate], facts);
    }

    /// Returns the candidates of the shadow for which it has to be found out what the request would lose.
    pub(super) fn untranslated(&self) -> Vec<Server> {
        self.waiting.as_ref().map(|waiting| waiting.untranslated.clone()).unwrap_or_default()
    }

    /// Decides again by the shadow's rules, now that `facts` say more.
    #[cold]
    pub(super) fn decide_again<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, facts: &RequestFacts) {
        let Some(shadow) = &cx.engine.config().shadow else { return };
        let Some(waiting) = self.waiting.take() else { return };
        match decide_again(cx, shadow, *waiting, facts) {
            Ok(fate) => self.shadow = Some(fate),
            Err(waiting) => self.waiting = Some(waiting),
        }
    }
}

/// What the shadow's decision needs once more when more of the request is known, as it was when the live
/// decision was made.
#[derive(Debug)]
struct ShadowInputs {
    facts: RequestFacts,
    controls: Controls,
    answers: Answers,
    /// What the live decision had read of shared state.
    seen: Seen,
    sample: f64,
    seed: u64,
    /// The candidates for which it is not known what the request would lose.
    untranslated: Vec<Server>,
}

/// Returns what to look at in a body for the live rules, for the budget of its tenant, and for the
/// shadow's rules where those are evaluated: one scan serves all.
pub(super) fn looks_of_all(
    config: &Config,
    intake: &Intake,
    of: impl Fn(&Config) -> Looks,
) -> Looks {
    let live = of(config);
    let looks = match &config.shadow {
        Some(shadow) if intake.is_shadowed => live.and(of(&shadow.config)),
        _ => live,
    };
    Looks { tokens: looks.tokens || intake.payer.is_metered(), ..looks }
}

/// Returns what to look at in the rest of a body that goes on early. The live decision is made, so
/// it is only what the shadow's decision still waits for, if anything.
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
        Ok(_) => Looks::NOTHING,
        Err(_) => looks::left(request, intake.longest(config), before),
    }
}

/// Decides a request by the shadow's rules, right after the live decision `verdict`. Returns
/// `None` where the shadow is not evaluated for it.
///
/// For example, the live rules send every request for `assistant` to `openai-eu`, and the shadow
/// sends those over 1000 tokens to `azure`. A short body is whole when it is decided, so the
/// shadow decides at once: `openai-eu`, the same. A long body goes on at its model, because the
/// live rules do not need the rest. The shadow cannot decide then, so everything that its decision
/// depends on is kept until the tokens are counted at the end of the body. Then [`decide_again`]
/// decides. It is kept as well where the shadow asks what the request would lose for some of its candidates.
pub(super) fn decide_beside<H: Host + ?Sized>(
    engine: &Engine,
    intake: &Intake,
    (facts, controls): (&RequestFacts, &Controls),
    answers: &Answers,
    snapshot: Snapshot<'_, H>,
    verdict: &Verdict,
) -> Option<Box<Shadowed>> {
    let is_early = facts.input_tokens == Tokens::UNKNOWN;
    // A decision at the model only counts if it serves the request. Any other is made again
    // when the body is whole.
    if !intake.is_shadowed || (is_early && !matches!(verdict, Verdict::Serve(_))) {
        return None;
    }
    let shadow = engine.config().shadow.as_deref()?;
    // A live decision that is not made yet cannot be compared.
    let live = Fate::of(verdict)?;
    let request = intake.request(&shadow.config, facts, controls);
    let (seed, sample) = (intake.seed, request.sample);
    let answers = answers.translated(engine.config(), &shadow.config);
    let (shadow, untranslated) = match fate(engine, request, &answers, &snapshot, seed) {
        Ok(fate) => (Some(fate), Vec::new()),
        Err(untranslated) => (None, untranslated),
    };
    let may_decide_again = shadow.is_none() && (is_early || !untranslated.is_empty());
    let waiting = may_decide_again.then(|| {
        let (facts, controls) = (facts.clone(), controls.clone());
        let seen = snapshot.into_seen();
        Box::new(ShadowInputs { facts, controls, answers, seen, sample, seed, untranslated })
    });
    Some(Box::new(Shadowed { live, shadow, waiting }))
}

/// Returns what the shadow's rules do with a request.
///
/// # Errors
/// While that depends on more of the request: the candidates for which it has to be known what the request
/// would lose, or none where something else is missing.
fn fate<H: Host + ?Sized>(
    engine: &Engine,
    request: Request<'_>,
    answers: &Answers,
    snapshot: &Snapshot<'_, H>,
    seed: u64,
) -> Result<Fate, Vec<Server>> {
    let configs = (engine.config(), request.config);
    let world = ShadowWorld::beside(snapshot, configs, snapshot.taken_turn(), seed);
    // A service that has not been asked is not asked for a shadow.
    let verdict = routing::decide(request, Services::Answered(answers), &world, seed);
    Fate::of(&verdict).ok_or_else(|| match verdict {
        Verdict::Undecided(need) => need.untranslated(),
        _ => Vec::new(),
    })
}

/// Decides again by the shadow's rules, now that more of the request is known.
///
/// `facts` may come from the body alone, so what path and headers said is put back: `early` has it.
/// For example, the model of a Gemini request is in its path, and tags in a header count instead
/// of those in the body. Shared state is that of the first decision, as it was then, since the
/// live decision was made by it.
///
/// # Errors
/// What it decides again by when still more is known.
fn decide_again<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    shadow: &Shadow,
    early: ShadowInputs,
    facts: &RequestFacts,
) -> Result<Fate, Box<ShadowInputs>> {
    let ShadowInputs { facts: known, controls, answers, seen, sample, seed, .. } = early;
    let mut facts = facts.clone();
    facts.model = known.model;
    facts.headers = known.headers;
    // Tags count as seen before the body only where a header gave them.
    if !known.unseen.has(Fact::Tags) {
        facts.tags = known.tags;
    }
    // The params known so far are the header's, and those override the body's.
    facts.params.extend(known.params);
    let snapshot = cx.engine.fleet.resume(cx.host, cx.engine.config(), seen);
    let request = Request { config: &shadow.config, facts: &facts, controls: &controls, sample };
    fate(cx.engine, request, &answers, &snapshot, seed).map_err(|untranslated| {
        let seen = snapshot.into_seen();
        Box::new(ShadowInputs { facts, controls, answers, seen, sample, seed, untranslated })
    })
}

/// Returns the difference of the two decisions as a label.
const fn difference_label(difference: Option<Difference>) -> &'static str {
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

/// Counts the routes that led to different decisions, and writes both to the debug log.
fn count_divergence<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    (live, by_live): (&Fate, &Config),
    (shadow, by_shadow): (&Fate, &Config),
    label: &str,
) {
    let live_route = route(by_live, live);
    let shadow_route = route(by_shadow, shadow);
    cx.engine.meter.put(cx.host, &table::SHADOW_LIVE_ROUTES, &[live_route], 1);
    cx.engine.meter.put(cx.host, &table::SHADOW_ROUTES, &[shadow_route], 1);
    debug(cx.host, || {
        format!(
            "shadow: {label}; route={live_route} {} but route={shadow_route} {}",
            header_value(&live.told(by_live)),
            header_value(&shadow.told(by_shadow))
        )
    });
}

/// Returns the route that led to a decision, as a label.
fn route<'a>(config: &'a Config, fate: &Fate) -> &'a str {
    fate.route().map_or(metrics::NONE, |id| config.route(id).name.as_str())
}

/// Adds up what the request is likely to cost under either decision, where both serve it. Requests
/// whose cost is not known under both are counted, so that the sums can be compared.
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

/// Returns an amount in billionths of a dollar.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "costs are not negative, and what is too large is cut off"
)]
fn nano(usd: f64) -> u64 {
    (usd * 1e9).round() as u64
}
