// What happens when an attempt fails: what each provider does is chosen here, and what comes of it is the
// module's.

import { conducts, fail_over as failOver } from './playground.js';
import { $, counted, el, say } from './dom.js';
import { http } from './view.js';

const chip = (kind, text) => el('span', { class: `chip ${kind}` }, text);
const strong = (text) => el('strong', {}, text);
const seconds = (ms) => `${(ms / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} s`;

export class Failover {
  #titles;
  #script = {};
  #ask = () => null;
  #cool;

  /** `cool` is called with the deployments that cool, when the visitor wants them to. */
  constructor(cool) {
    this.#titles = JSON.parse(conducts());
    this.#cool = cool;
    $('answer-all').addEventListener('click', () => {
      for (const name of this.#shown()) this.#script[name] = 'answers';
      this.#run();
    });
    $('take-over').addEventListener('click', () => this.#cool(this.cooling));
  }

  /** What each deployment does, for a link. */
  get chosen() {
    return this.#script;
  }

  set chosen(given) {
    const known = new Set(this.#titles.map(({ name }) => name));
    const told = given && typeof given === 'object' ? Object.entries(given) : [];
    this.#script = Object.fromEntries(told.filter(([, conduct]) => known.has(conduct)));
  }

  /** Shows how a request goes. */
  show(configuration, request, state, seed) {
    this.#ask = () => JSON.parse(failOver(configuration, request, state, JSON.stringify(this.#script), seed));
    this.#run();
  }

  #shown() {
    return [...$('conducts').querySelectorAll('select')].map((one) => one.dataset.deployment);
  }

  #run() {
    const told = this.#ask();
    $('failover').classList.toggle('stale', Boolean(told.problem));
    if (told.problem) {
      say($('failover-note'), `No attempt is made: ${told.problem}.`);
      return;
    }
    this.cooling = told.deployments.filter(({ cooling }) => cooling).map(({ id }) => id);
    say($('failover-note'), ...summary(told));
    this.#choices(told.legs);
    $('attempts').replaceChildren(...told.attempts.map((one, at) => attempt(one, at, told)));
    $('client').replaceChildren(...client(told.client));
    $('held').replaceChildren(held(told.deployments));
    $('take-over').hidden = this.cooling.length === 0;
  }

  /** The choices stay where they are while the same deployments are in the plan. */
  #choices(legs) {
    const names = legs.map(({ name }) => name);
    if (JSON.stringify(names) !== JSON.stringify(this.#shown())) $('conducts').replaceChildren(...names.map((name) => this.#choice(name)));
    for (const { name, conduct } of legs) this.#select(name).value = conduct;
  }

  #select(name) {
    return [...$('conducts').querySelectorAll('select')].find((one) => one.dataset.deployment === name);
  }

  #choice(name) {
    const select = el('select', { 'data-deployment': name, onchange: () => {
      this.#script[name] = this.#select(name).value;
      this.#run();
    } }, this.#titles.map(({ name: value, title }) => el('option', { value }, title)));
    return el('label', {}, el('b', {}, name), select);
  }
}

/** How it went, in a sentence. */
function summary({ attempts, client, is_handed_over: isOn, max_attempts: most }) {
  const last = attempts.at(-1);
  const isServed = last?.outcome === 'success';
  const count = attempts.length === 0 ? 'No attempt' : counted(attempts.length, 'attempt');
  const mode = isOn ? `${count} of at most ${most}.` : 'Failover is off, so there is one attempt. Set failover.max_attempts to 2 or more.';
  const end = isServed
    ? [chip('good', 'served'), 'The client gets the answer of ', strong(last.deployment), '. ']
    : [chip('bad', 'failed'), 'The client gets ', strong(String(client.status)), client.is_cut ? ', and the answer breaks off. ' : '. '];
  return [...end, mode];
}

const WEIGHTS = {
  nothing: 'says nothing of the deployment', weak: 'counts only together with another request', failure: 'counts as a failure',
  trip: 'starts a cooldown', success: 'counts as a success',
};

/** Why the next deployment is tried, or none. */
function following({ outcome, next, deployment, try_next: mayFollow }, isLast, told) {
  if (next === deployment) return ['The same deployment is tried again.'];
  if (next) return ['Next: ', strong(next), '.'];
  if (!isLast) return [];
  if (outcome === 'success') return ['No other is tried: the client gets this answer.'];
  if (!told.is_handed_over) return ['No other is tried: failover is off.'];
  if (!mayFollow) return ['No other is tried after this outcome.'];
  if (told.attempts.length >= told.max_attempts) return [`No other is tried: this was the last of ${counted(told.max_attempts, 'attempt')}.`];
  return ['No other is tried: nothing is left of the plan for this outcome.'];
}

function attempt(one, at, told) {
  const isServed = one.outcome === 'success';
  const did = one.sent ? `answers ${one.sent.status}${one.sent.breaks ? ', and the connection breaks' : ''}` : 'sends no answer';
  const row = (name, value) => (value ? el('div', {}, el('dt', {}, name), el('dd', {}, value)) : null);
  const facts = el('dl', { class: 'way' },
    row('Outcome', one.outcome), row('Fault', one.fault), row('Weight', one.weight), row('Kind', one.kind),
    row('Asks to wait', one.wait_ms === null ? null : seconds(one.wait_ms)));
  const why = one.because ? `${one.because[0].toUpperCase()}${one.because.slice(1)}. ` : '';
  const holding = one.was_held ? 'Its answer was held until there was content or a failure. ' : '';
  return el('li', { class: isServed ? 'served' : 'failed' },
    el('p', { class: 'attempt-head' }, strong(one.deployment), ` ${did} `, chip(isServed ? 'good' : 'bad', one.outcome)),
    facts,
    el('p', { class: 'released' }, `${why}${holding}It ${WEIGHTS[one.weight]}${one.weight === 'nothing' ? '' : `, for ${one.scope}`}.`),
    one.sent ? sent(one) : null,
    el('p', { class: 'next' }, ...following(one, at === told.attempts.length - 1, told)));
}

function sent({ sent: { status, headers, body }, deployment }) {
  return el('details', {}, el('summary', {}, 'What it sends'),
    http({ status, headers, body }, { class: 'http long', role: 'region', 'aria-label': `What ${deployment} sends`, tabindex: '0' }));
}

function client({ status, headers, body, is_cut: isCut }) {
  const shown = http({ status, headers, body }, { class: 'http long', role: 'region', 'aria-label': 'What the client gets', tabindex: '0' });
  return isCut ? [shown, el('p', { class: 'hint' }, 'Here the answer breaks off.')] : [shown];
}

/** What is held against each deployment that was tried. */
function held(deployments) {
  const row = (one) => el('tr', {}, el('td', {}, one.id), el('td', {}, ...standing(one)));
  const heads = ['Deployment', 'Afterwards'].map((text) => el('th', { scope: 'col' }, text));
  return el('table', { class: 'table' }, el('thead', {}, el('tr', {}, heads)), el('tbody', {}, deployments.map(row)));
}

function standing({ cooling, failures, failures_to_cool: limit, is_suspected: isSuspected, is_taken_back: isTakenBack }) {
  if (cooling) return [chip('warn', 'cooling'), ` for ${seconds(cooling.left_ms)}, because of ${cooling.cause}`];
  if (isTakenBack) return [chip('', 'nothing'), ' The request failed everywhere, so its failures are taken back.'];
  if (failures > 0) return [chip('warn', counted(failures, 'failure')), ` ${limit} in a row start a cooldown`];
  if (isSuspected) return [chip('warn', 'suspected'), ' A failure of another request within a minute confirms it.'];
  return [chip('good', 'healthy')];
}
