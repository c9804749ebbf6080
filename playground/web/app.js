// The page: takes what is typed, asks the module, shows what it says.

import init, { check, examples, explain, samples, simulate, version } from './playground.js';
import { chart, sentence } from './chart.js';
import { $, counted, el, later, say } from './dom.js';
import { Editor } from './editor.js';
import { Failover } from './failover.js';
import { showSearched } from './searched.js';
import { packed, unpacked } from './share.js';
import { Translation } from './translation.js';
import * as view from './view.js';

const TIMES = 1000;
/** What a deployment can be, and how it is said. */
const STATES = [['healthy', 'Healthy'], ['cooling', 'Cooling'], ['drained', 'Drained']];
const FIELDS = ['method', 'path', 'headers', 'body'];

/** What is chosen beside the texts: states by deployment, and the seed of random picks. */
const chosen = { states: {}, seed: 1 };
/** What the last valid configuration holds. */
let holds = null;
let editor;
let translation;
let failover;
let recorded;
let begun;

async function start() {
  await init();
  recorded = JSON.parse(samples());
  begun = JSON.parse(examples());
  $('unserved').remove();
  $('panes').hidden = false;
  editor = new Editor($('editor'), $('configuration'), later(120, checked));
  const option = ({ name, title }) => el('option', { value: name }, title);
  translation = new Translation();
  failover = new Failover(cool);
  $('version').textContent = `Pointsman ${version()}`;
  $('example').append(...begun.map(option), el('option', { value: '', hidden: true }, 'Your own'));
  $('sample').append(...recorded.map(option), el('option', { value: '', hidden: true }, 'Your own'));
  listen();
  const given = await unpacked(location.hash.slice(1));
  if (given) restore(given);
  else showExample(begun[0].name);
}

function listen() {
  $('example').addEventListener('change', () => showExample($('example').value));
  $('sample').addEventListener('change', () => {
    showSample($('sample').value);
    explained();
  });
  $('configuration').addEventListener('input', () => { $('example').value = ''; });
  const soon = later(120, explained);
  for (const field of FIELDS) {
    $(field).addEventListener('input', () => {
      $('sample').value = '';
      soon();
    });
  }
  $('indent').addEventListener('click', () => indent($('body').value, (text) => {
    $('body').value = text;
    explained();
  }));
  $('indent-configuration').addEventListener('click', () => indent(editor.text, (text) => {
    editor.type(text);
    checked();
  }));
  $('again').addEventListener('click', () => {
    chosen.seed += 1;
    explained();
  });
  $('heal').addEventListener('click', () => {
    chosen.states = {};
    explained();
  });
  $('simulate').addEventListener('click', simulated);
  $('sessions').addEventListener('change', clearSimulation);
  $('share').addEventListener('click', share);
  $('theme').addEventListener('click', () => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]));
  addEventListener('hashchange', async () => {
    const given = await unpacked(location.hash.slice(1));
    if (given) restore(given);
  });
  setTheme(theme());
}

function showExample(name) {
  const example = begun.find((one) => one.name === name);
  chosen.states = {};
  failover.chosen = {};
  showSample(example.request);
  if (example.body) {
    $('sample').value = '';
    $('body').value = example.body;
  }
  if (editor.text === '') editor.text = example.text;
  else editor.type(example.text);
  $('example').value = name;
  checked();
}

function showSample(name) {
  const sample = recorded.find((one) => one.name === name);
  $('sample').value = name;
  for (const field of FIELDS) $(field).value = sample[field];
}

/** Text as indented JSON; text that is none stays, with a note. */
function indent(text, done) {
  try {
    done(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    note('Only valid JSON can be indented.');
  }
}

/* The configuration */

function checked() {
  const found = JSON.parse(check(editor.text));
  const mark = (kind) => (one) => ({ ...one, kind });
  const all = [...found.problems.map(mark('bad')), ...found.warnings.map(mark('warned'))];
  all.sort((a, b) => a.from - b.from);
  editor.show(all);
  $('configuration').setAttribute('aria-invalid', String(!found.ok));
  $('problem-list').replaceChildren(...all.map(problem));
  const line = $('check');
  line.className = `check ${found.ok ? (found.warnings.length > 0 ? 'warned' : '') : 'bad'}`;
  say(line, summary(found));
  if (found.ok) {
    holds = found.holds;
    const ids = new Set(holds.deployments.map(({ id }) => id));
    chosen.states = Object.fromEntries(Object.entries(chosen.states).filter(([id]) => ids.has(id)));
  }
  $('simulate').disabled = !found.ok;
  explained();
}

function summary({ ok, count, warnings, holds: held }) {
  if (!ok) return counted(count, 'problem');
  const parts = [
    counted(held.providers, 'provider'), counted(held.deployments.length, 'deployment'),
    counted(held.models, 'model'), counted(held.routes, 'route'),
  ];
  const warned = warnings.length > 0 ? ` · ${counted(warnings.length, 'warning')}` : '';
  return `Valid: ${parts.join(', ')}${warned}`;
}

function problem(found) {
  const { path, message, line, column, kind } = found;
  const where = path === 'configuration' ? null : el('code', {}, path);
  return el('li', { class: kind },
    el('button', { type: 'button', onclick: () => editor.goTo(found) },
      el('span', { class: 'where' }, `Line ${line}:${column}`),
      el('span', { class: 'what' }, message, where)));
}

/* The state of deployments */

/** Those in play for the request, and the others behind a fold. */
function deployments(trace) {
  const inPlay = new Set(trace.candidates.map(({ deployment }) => deployment));
  const [shown, others] = [true, false].map((is) => holds.deployments.filter(({ id }) => inPlay.has(id) === is));
  // In the order of the trace, which is that of the configuration.
  const order = [...inPlay];
  shown.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const out = others.filter(({ id }) => chosen.states[id]).length;
  const name = `${counted(others.length, shown.length > 0 ? 'other' : 'deployment')}${out > 0 ? `, ${out} out` : ''}`;
  const focused = document.activeElement?.closest?.('#deployments label');
  const isOpen = $('deployments').querySelector('details')?.open ?? false;
  $('deployments').replaceChildren(
    el('div', { class: 'deployments' }, shown.map(card)),
    others.length === 0 ? '' : el('details', { open: isOpen || shown.length === 0 },
      el('summary', {}, name), el('div', { class: 'deployments' }, others.map(card))));
  if (focused) {
    const { deployment } = focused.closest('fieldset').dataset;
    const cards = [...$('deployments').querySelectorAll('fieldset')];
    cards.find((one) => one.dataset.deployment === deployment)?.querySelector(':checked').focus();
  }
  $('heal').disabled = Object.keys(chosen.states).length === 0;
}

function card({ id, provider, model }) {
  const state = chosen.states[id] ?? 'healthy';
  const radio = ([value, name]) => el('label', { class: value },
    el('input', {
      type: 'radio', name: `state of ${id}`, value, checked: value === state, onchange: () => setState(id, value),
    }), name);
  return el('fieldset', { class: state, 'data-deployment': id },
    el('legend', {}, el('b', {}, id), el('small', { title: `${provider} · ${model}` }, `${provider} · ${model}`)),
    el('div', { class: 'switch' }, STATES.map(radio)));
}

function setState(id, value) {
  if (value === 'healthy') delete chosen.states[id];
  else chosen.states[id] = value;
  explained();
}

/** Lets deployments cool, as the last request has left them. */
function cool(ids) {
  for (const id of ids) chosen.states[id] = 'cooling';
  failover.chosen = {};
  explained();
}

/** The state as the module takes it. */
function state() {
  const of = (value) => Object.keys(chosen.states).filter((id) => chosen.states[id] === value);
  return JSON.stringify({
    cooling: Object.fromEntries(of('cooling').map((id) => [id, {}])),
    drained: of('drained'),
  });
}

/* The request */

function request() {
  return Object.fromEntries(FIELDS.map((field) => [field, $(field).value]));
}

const PARTS = ['decision', 'plan', 'response', 'routes', 'candidates', 'timing', 'facts'];

function explained() {
  clearSimulation();
  const told = JSON.parse(explain(editor.text, JSON.stringify(request()), state(), chosen.seed));
  failover.show(editor.text, JSON.stringify(request()), state(), chosen.seed);
  showSearched(editor.text, JSON.stringify(request()));
  for (const part of PARTS) $(part).classList.toggle('stale', Boolean(told.problem));
  if (told.problem) {
    say($('verdict'), `No decision: ${told.problem}. What follows is of the last one.`);
    return;
  }
  const { trace, response } = told;
  translation.show(trace.facts?.format ?? '', $('body').value);
  say($('verdict'), ...view.verdict(trace, response));
  deployments(trace);
  $('decision').replaceChildren(...view.decision(trace));
  $('plan').replaceChildren(...view.plan(trace, holds.max_attempts));
  $('response').replaceChildren(...view.response(response));
  $('routes').replaceChildren(...view.routes(trace));
  $('candidates').replaceChildren(...view.candidates(trace));
  $('timing').replaceChildren(...view.timing(trace));
  $('facts').replaceChildren(...view.facts(trace));
  $('sessions-label').hidden = trace.strategy !== 'sticky';
}

/* The simulation */

/** What the shown simulation was of. */
let simulatedOf = '';

/** All that a simulation depends on. */
const material = () => JSON.stringify([editor.text, request(), state(), $('sessions').checked]);

function clearSimulation() {
  if (!$('chart').firstChild || simulatedOf === material()) return;
  $('chart').replaceChildren();
  say($('spread'), 'Something changed: send them again.');
}

function simulated() {
  const asked = { ...request(), new_sessions: !$('sessions-label').hidden && $('sessions').checked };
  const counts = JSON.parse(simulate(editor.text, JSON.stringify(asked), state(), TIMES, chosen.seed));
  if (counts.problem) {
    say($('spread'), `Nothing is sent: ${counts.problem}.`);
    return;
  }
  say($('spread'), sentence(counts));
  $('chart').replaceChildren(...chart(counts));
  simulatedOf = material();
}

/* Sharing */

const IN_LINK = 'The configuration and the request are in it, with the prompt. Credentials are not in it.';

async function share() {
  const fragment = await packed({ configuration: editor.text, request: request(), ...chosen, provider: translation.chosen, conducts: failover.chosen });
  if (!fragment) {
    note('Too large for a link: the configuration and the request have to travel by themselves.');
    return;
  }
  history.replaceState(null, '', `#${fragment}`);
  try {
    await navigator.clipboard.writeText(location.href);
    note(`Link copied. ${IN_LINK}`);
  } catch {
    note(`The link is in the address bar. ${IN_LINK}`);
  }
}

function restore(given) {
  $('example').value = '';
  $('sample').value = '';
  for (const field of FIELDS) $(field).value = String(given.request[field] ?? '');
  const known = STATES.map(([value]) => value);
  const states = Object.entries(given.states ?? {}).filter(([, value]) => known.includes(value));
  chosen.states = Object.fromEntries(states);
  chosen.seed = Number.isInteger(given.seed) ? given.seed >>> 0 : 1;
  translation.chosen = given.provider;
  failover.chosen = given.conducts;
  editor.text = given.configuration;
  checked();
}

const hide = later(8000, () => $('note').replaceChildren());

function note(text) {
  $('note').textContent = text;
  hide();
}

/* The theme */

const THEMES = ['auto', 'light', 'dark'];
const theme = () => document.documentElement.dataset.theme ?? 'auto';

function setTheme(name) {
  const root = document.documentElement;
  if (name === 'auto') delete root.dataset.theme;
  else root.dataset.theme = name;
  try {
    if (name === 'auto') localStorage.removeItem('pointsman-theme');
    else localStorage.setItem('pointsman-theme', name);
  } catch {
    // Without storage it holds for this visit.
  }
  const word = name[0].toUpperCase() + name.slice(1);
  $('theme').querySelector('.theme-name').textContent = word;
  $('theme').setAttribute('aria-label', `Theme: ${word}`);
}

start();
