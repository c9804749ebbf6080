// A body's texts as they were searched for keywords. What is searched, and why, the module says.

import { searched } from './playground.js';
import { $, counted, el, say } from './dom.js';

const chip = (kind, text) => el('span', { class: `chip ${kind}` }, text);

/** Texts beyond these are only counted. */
const MOST = 200;

/** What cannot be searched, and why. */
const KINDS = {
  tokens: 'A prompt as numbers of tokens or tensors. Only the model can read it.',
  images: 'An image. Text in it is not read.',
  audio: 'Audio. It is not transcribed.',
  files: 'A file. Its content is not read.',
  state: 'Something that the provider keeps or has encrypted. The filter never sees it.',
};
const EFFECTS = {
  match: 'counts as a match for route', no_match: 'does not match for route', reject: 'refuses the request, if it depends on route',
};

/** Shows the texts of a request. */
export function showSearched(configuration, request) {
  const told = JSON.parse(searched(configuration, request));
  $('texts').classList.toggle('stale', Boolean(told.problem));
  if (told.problem) {
    say($('searched-note'), `Nothing is searched: ${told.problem}.`);
    return;
  }
  say($('searched-note'), ...summary(told));
  const { texts, hidden } = told;
  $('texts').replaceChildren(...(texts.length > 0 ? [list(texts)] : []));
  // A list is long, and what was found is what the visitor looks for.
  const first = $('texts').querySelector('mark')?.closest('li');
  if (first) first.closest('.texts').scrollTop = first.offsetTop - 40;
  $('hidden').replaceChildren(...(hidden.length > 0 ? hiddenTable(hidden) : []));
}

function summary({ texts, hidden, note, keywords }) {
  if (note) return [note];
  const count = texts.filter((one) => one.is_searched).length;
  const found = texts.filter(({ parts }) => parts.some((part) => part.keywords)).length;
  const hit = found > 0 ? [chip('good', `found in ${counted(found, 'text')}`)] : [chip('', keywords > 0 ? 'not found' : 'no keywords')];
  const words = keywords > 0 ? `The routes look for ${counted(keywords, 'keyword')}. ` : 'No route looks for a keyword. If one did, this would be searched: ';
  const blind = hidden.length > 0 ? ` ${counted(hidden.length, 'thing')} cannot be searched.` : '';
  return [...hit, `${words}${count} of ${counted(texts.length, 'text')}${keywords > 0 ? (count === 1 ? ' is searched.' : ' are searched.') : '.'}${blind}`];
}

function list(texts) {
  const items = texts.slice(0, MOST).map(item);
  const rest = texts.length - items.length;
  return el('div', { class: 'texts', tabindex: '0', role: 'region', 'aria-label': 'Texts of the request' },
    el('ol', {}, items),
    rest > 0 ? el('p', { class: 'hint' }, `and ${counted(rest, 'more text')}`) : null);
}

function item({ at, is_key: isKey, is_searched: isSearched, because, parts }) {
  return el('li', { class: isSearched ? 'searched' : 'left-out' },
    el('p', { class: 'place' }, el('code', {}, isKey ? `${at} (key)` : at), chip(isSearched ? 'good' : '', isSearched ? 'searched' : 'not searched')),
    el('p', { class: 'text' }, parts.map(part)),
    el('p', { class: 'why' }, `${because[0].toUpperCase()}${because.slice(1)}.`, ...routes(parts)));
}

function part({ text, keywords }) {
  return keywords ? el('mark', { title: keywords.map(naming).join('; ') }, text) : text;
}

const naming = ({ word, routes: names, begins_before: isBefore }) => `“${word}” of ${names.join(', ')}${isBefore ? ', begun in an earlier text' : ''}`;

/** Which keywords stand in a text, and whose they are. */
function routes(parts) {
  const named = [...new Set(parts.flatMap((one) => (one.keywords ?? []).map(naming)))];
  return named.length > 0 ? [' ', el('strong', {}, `Keyword: ${named.join('; ')}.`)] : [];
}

function hiddenTable(hidden) {
  const row = ({ at, kind, asked }) => el('tr', {},
    el('td', {}, at), el('td', { class: 'nowrap' }, chip('warn', kind)),
    el('td', {}, KINDS[kind] ?? '', ...effects(asked, kind)));
  const heads = ['Where', 'What', 'Why it cannot be searched'].map((text) => el('th', { scope: 'col' }, text));
  return [el('h3', {}, 'Cannot be searched'),
    el('table', { class: 'table' }, el('thead', {}, el('tr', {}, heads)), el('tbody', {}, hidden.map(row)))];
}

/** What it does to the routes that list it. */
function effects(asked, kind) {
  if (asked.length === 0) return [` No route lists "${kind}" in unsearchable, so it changes nothing.`];
  return asked.map(({ route, then }) => ` It ${EFFECTS[then]} `).flatMap((text, at) => [text, el('strong', {}, asked[at].route), '.']);
}
