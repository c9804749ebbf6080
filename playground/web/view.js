// A trace as the page shows it. Decides nothing: the words are the trace's own.

import { counted, el } from './dom.js';
import { indented } from './indented.js';

const chip = (kind, text) => el('span', { class: `chip ${kind}` }, text);
const strong = (text) => el('strong', {}, text);
const none = (text) => el('p', { class: 'hint' }, text);

/** What becomes of the request, in a sentence. */
export function verdict(trace, response) {
  if (trace.decision) {
    const { deployment, cluster, upstream_model: model } = trace.decision;
    const parts = [chip('good', 'served'), 'Goes to ', strong(deployment), ': cluster ', strong(cluster), ', as model ', strong(model), '.'];
    return parts;
  }
  if (trace.error) {
    return [chip('bad', `refused · ${trace.error.status}`), trace.error.message, '.'];
  }
  const cluster = response.cluster;
  const where = cluster ? ['to ', strong(cluster), '.'] : ['but there is no default_cluster: Envoy answers 503.'];
  return [chip('plain', 'passes'), 'Sent on untouched, ', ...where];
}

/** The way from route to deployment. */
export function decision(trace) {
  const steps = [
    ['Route', trace.route], ['Model', trace.model], ['Variant', trace.variant],
    ['Strategy', trace.strategy], ['Deployment', trace.decision?.deployment], ['Provider', trace.decision?.provider],
    ['Tenant', tenant(trace.tenant)],
  ].filter(([name, value]) => value || (name === 'Route' && trace.model));
  if (steps.length === 0) return [];
  const step = ([name, value]) => el('div', {}, el('dt', {}, name), el('dd', { class: value ? '' : 'none' }, value ?? 'none'));
  return [el('dl', { class: 'way' }, steps.map(step))];
}

/** When the request goes on, and whether its answer is held. */
export function timing(trace) {
  const shown = [];
  const { early, because } = trace.release ?? {};
  if (because && trace.decision) {
    const when = early ? 'Sent on as soon as its model is read: ' : 'Held to the end of its body: ';
    shown.push(el('p', { class: 'released' }, `${when}${because}.`));
  }
  if (trace.answer && trace.decision) {
    const when = trace.answer.held ? 'Its answer is held ' : 'Its answer is not held: ';
    shown.push(el('p', { class: 'released' }, `${when}${trace.answer.because}.`));
  }
  return shown;
}

/** Whose budget a request spends, and its limits. */
function tenant(found) {
  if (!found) return null;
  const limits = found.limits.map(({ limit, most }) => (limit.startsWith('nano_') ? `${limit.slice(5)} $${most / 1e9}` : `${limit} ${most}`));
  return `${found.name ?? 'none'}: ${limits.join(', ') || 'no limit'}`;
}

/** The plan, in order. */
export function plan(trace, attempts) {
  if (trace.plan.length === 0) return [none('Nothing is tried.')];
  const step = (name, at) => el('li', { class: at === 0 ? 'first' : '' }, name);
  const most = Math.min(attempts, trace.plan.length);
  const note = attempts > 1
    ? `Tried in this order, at most ${counted(attempts, 'attempt')}.`
    : `One attempt: failover is off${trace.plan.length > 1 ? ', so what follows is not tried' : ''}.`;
  return [el('ol', { class: 'plan', 'data-reached': most }, trace.plan.map(step)), none(note)];
}

/** Each route's verdict. */
export function routes(trace) {
  if (trace.routes.length === 0) return [none('None is looked at: the requested model itself decides.')];
  const matched = trace.routes.findIndex((route) => route.matched);
  const row = (route, at) => {
    const isBehind = matched >= 0 && at > matched;
    const kind = route.matched ? chip('good', 'matches') : chip('', 'no');
    return el('tr', { class: isBehind ? 'unseen' : '' },
      el('td', {}, route.name), el('td', { class: 'nowrap' }, kind), el('td', {}, route.because ?? (route.matched ? 'all its conditions hold' : '')));
  };
  return [table(['Route', 'Verdict', 'Because'], trace.routes.map(row))];
}

/** Each candidate's verdict. */
export function candidates(trace) {
  if (trace.candidates.length === 0) return [none('No candidate is looked at.')];
  const row = (candidate) => {
    const kind = candidate.eligible ? chip('good', 'eligible') : chip('warn', 'no');
    const notes = [
      candidate.fallback && `fallback ${candidate.fallback}`,
      candidate.stripped && "without the request's state",
      candidate.translation && translation(candidate.translation),
    ];
    const because = candidate.because ?? notes.filter(Boolean).join(', ');
    const cost = candidate.estimated_cost_usd;
    const expected = candidate.expected_cost_usd;
    const usd = (cost) => `$${cost.toFixed(6)}`;
    const costs = cost === null ? '—' : usd(cost) + (expected === undefined ? '' : `, expected ${usd(expected)}`);
    return el('tr', {},
      el('td', {}, candidate.deployment),
      el('td', { class: 'nowrap' }, kind),
      el('td', { class: 'number wide' }, costs),
      el('td', {}, because));
  };
  return [table(['Deployment', 'Verdict', 'Cost, at most', 'Because'], trace.candidates.map(row))];
}

/** How a request gets to a provider that speaks another format. */
function translation({ into, dropped = [] }) {
  return `translated into ${into}${dropped.length > 0 ? `, without: ${dropped.join('; ')}` : ''}`;
}

function table(columns, rows) {
  const column = (name) => el('th', { scope: 'col', class: name.startsWith('Cost') ? 'number wide' : '' }, name);
  return el('table', { class: 'table verdicts' }, el('thead', {}, el('tr', {}, columns.map(column))), el('tbody', {}, rows));
}

/** The facts in the order they are shown, and how they are said. */
const WORDS = {
  format: 'format', operation: 'operation', model: 'model',
  message_count: 'messages', input_tokens_estimate: 'input tokens, about', max_output_tokens: 'output limit',
  stream: 'stream', body_bytes: 'body bytes', has_images: 'images', has_audio: 'audio', has_files: 'files',
  has_tools: 'tools', json_mode: 'JSON mode', has_state: 'provider state', has_token_ids: 'a prompt of tokens', tags: 'tags', params: 'params',
};

/** What the request says. */
export function facts(trace) {
  if (!trace.facts) return [none('The request is not read.')];
  const known = Object.keys(WORDS);
  const keys = [...known, ...Object.keys(trace.facts).filter((key) => !known.includes(key))];
  const fact = (key) => {
    const value = trace.facts[key] ?? null;
    const text = worded(value);
    const kind = value === true ? 'yes' : value === false || text === 'none' ? 'no' : '';
    return el('div', {}, el('dt', {}, WORDS[key] ?? key), el('dd', { class: kind }, text));
  };
  return [el('dl', { class: 'facts' }, keys.map(fact))];
}

function worded(value) {
  if (value === null) return 'none';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (typeof value === 'number') return value.toLocaleString('en');
  if (Array.isArray(value)) return value.join(', ') || 'none';
  if (typeof value === 'object') return Object.entries(value).map(([key, inner]) => `${key}=${inner}`).join(', ') || 'none';
  return String(value);
}

const REASONS = {
  400: 'Bad Request', 401: 'Unauthorized', 402: 'Payment Required', 404: 'Not Found', 413: 'Content Too Large', 429: 'Too Many Requests',
  500: 'Internal Server Error', 503: 'Service Unavailable', 504: 'Gateway Timeout',
};

/** An answer as it stands on the wire. A body that is one JSON document is indented. */
export function http({ status, headers, body }, attributes) {
  const line = `HTTP/1.1 ${status} ${status === 200 ? 'OK' : REASONS[status] ?? ''}`.trim();
  const header = ([name, value]) => [el('span', { class: 'k' }, `${name}: `), `${value}\n`];
  return el('pre', attributes, el('b', {}, line), '\n', headers.flatMap(header), '\n', el('span', {}, lined(body)));
}

function lined(body) {
  try {
    JSON.parse(body);
    return indented(body);
  } catch {
    return body;
  }
}

/** What the client gets. */
export function response(answer) {
  if (answer.kind === 'passed') return [none('Whatever that cluster answers, as it is.')];
  const { status, headers, body } = answer;
  const isServed = answer.kind === 'served';
  const rest = isServed ? "…the provider's headers and body" : JSON.stringify(body);
  const note = isServed && headers.length > 0 ? [none('If the first attempt succeeds: the provider’s answer, with who served.')] : [];
  return [http({ status, headers, body: rest }, { class: 'http', tabindex: '0', 'aria-labelledby': 'response-title' }), ...note];
}
