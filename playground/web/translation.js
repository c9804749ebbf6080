// What the request becomes for a provider of another API, and what that provider's answer becomes for
// the client.

import { translate } from './playground.js';
import { $, counted, el, later, say } from './dom.js';
import { indented } from './indented.js';

/** What a provider may speak, and a model of each. */
const APIS = {
  'openai-chat': ['OpenAI Chat Completions', 'gpt-5'],
  'anthropic-messages': ['Anthropic Messages', 'claude-sonnet-4-6'],
  'bedrock-converse': ['Bedrock Converse', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  'gemini-generate': ['Gemini generateContent', 'gemini-2.5-flash'],
};

export class Translation {
  #from = '';
  #body = '';
  /** Whether the visitor has chosen the provider's API, or typed a model. */
  #hasChosen = false;
  #hasModel = false;

  constructor() {
    const options = Object.entries(APIS).map(([value, [name]]) => el('option', { value }, name));
    $('provider-api').append(...options);
    $('provider-api').addEventListener('change', () => {
      this.#hasChosen = true;
      this.#all();
    });
    const soon = later(120, () => this.#all());
    $('provider-model').addEventListener('input', () => {
      this.#hasModel = $('provider-model').value.trim() !== '';
      this.#hasChosen ||= this.#hasModel;
      soon();
    });
    const back = later(120, () => this.#back());
    for (const id of ['answer', 'answer-status']) $(id).addEventListener('input', back);
    $('answer-kind').addEventListener('change', () => this.#back());
  }

  /** What is chosen, for a link. */
  get chosen() {
    return this.#hasChosen ? { api: $('provider-api').value, model: this.#hasModel ? $('provider-model').value : null } : null;
  }

  set chosen(given) {
    this.#hasChosen = Object.hasOwn(APIS, given?.api ?? '');
    this.#hasModel = this.#hasChosen && typeof given.model === 'string';
    if (this.#hasChosen) $('provider-api').value = given.api;
    if (this.#hasModel) $('provider-model').value = given.model;
  }

  /** Shows the translation of a request of that format. */
  show(from, body) {
    this.#from = from;
    this.#body = body;
    if (!this.#hasChosen) {
      $('provider-api').value = from === 'anthropic-messages' ? 'openai-chat' : 'anthropic-messages';
    }
    this.#all();
  }

  #all() {
    if (!this.#hasModel) [, $('provider-model').value] = APIS[$('provider-api').value];
    this.#request();
    this.#back();
  }

  #ask(further) {
    return JSON.parse(translate(JSON.stringify({
      from: this.#from, to: $('provider-api').value, model: $('provider-model').value, ...further,
    })));
  }

  #request() {
    const told = this.#ask({ what: 'request', document: this.#body });
    const losses = told.losses ?? [];
    const refused = losses.filter(({ what }) => what === 'refused').length;
    const dropped = losses.length - refused + (told.unlisted ?? 0);
    if (told.problem) say($('translation'), `No translation: ${told.problem}.`);
    else if (refused > 0) say($('translation'), chip('bad', 'refused'), 'This provider cannot serve the request, because the translation would change what it asks.');
    else if (dropped > 0) say($('translation'), chip('warn', `${dropped} dropped`), 'This provider is eligible in lenient mode, but not in strict mode.');
    else say($('translation'), chip('good', 'carried'), 'Nothing is lost. This provider is eligible in strict and in lenient mode.');
    $('losses').replaceChildren(...(losses.length > 0 ? [table(losses, told.unlisted)] : []));
    const isShown = !told.problem && !told.is_refused;
    $('translated').hidden = !isShown;
    $('translated').textContent = isShown ? indented(told.text) : '';
  }

  #back() {
    const document = $('answer').value;
    const isBinary = $('provider-api').value === 'bedrock-converse' && $('answer-kind').value === 'stream';
    $('answer-status').disabled = $('answer-kind').value === 'stream';
    $('answered').hidden = true;
    if (document.trim() === '') {
      say($('answer-note'), 'Paste what the provider has sent.');
      return;
    }
    if (isBinary) {
      say($('answer-note'), 'Bedrock streams in binary frames, which cannot be pasted. The tool reads them from a file.');
      return;
    }
    const status = Number($('answer-status').value);
    const told = this.#ask({
      what: $('answer-kind').value, document, status: Number.isInteger(status) && status > 0 ? status : 200,
      now_s: Math.floor(Date.now() / 1000),
    });
    if (told.problem) {
      say($('answer-note'), `No translation: ${told.problem}.`);
      return;
    }
    say($('answer-note'), 'The client gets:');
    $('answered').hidden = false;
    $('answered').textContent = $('answer-kind').value === 'stream' ? told.text.trimEnd() : indented(told.text);
  }
}

const chip = (kind, text) => el('span', { class: `chip ${kind}` }, text);

function table(losses, unlisted) {
  const row = ({ what, place, why }) => el('tr', {},
    el('td', {}, place), el('td', { class: 'nowrap' }, chip(what === 'refused' ? 'bad' : 'warn', what)), el('td', {}, why));
  const more = unlisted > 0 ? el('tr', {}, el('td', { colspan: 3 }, `and ${counted(unlisted, 'other')}`)) : null;
  const heads = ['Where', 'What', 'Because'].map((text) => el('th', { scope: 'col' }, text));
  return el('table', { class: 'table' },
    el('thead', {}, el('tr', {}, heads)), el('tbody', {}, losses.map(row), more));
}
