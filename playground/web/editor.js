// A text area with line numbers, colours behind its text, and marks at problems.
//
// The text area stays an ordinary one: typing, selecting, undo, Tab and screen
// readers work as everywhere. What lies behind it is for the eye alone.

import { el } from './dom.js';

// Keys without quotes and comments are those of YAML.
const TOKEN = /("(?:\\.|[^"\\\n])*"?)(\s*:)?|(?<key>[\w$.-]+)(?=:\s|:$)|(?<=^|\s)#.*|-?\d[\d.eE+-]*|\b(?:true|false|null)\b|[{}[\],:]/gm;

export class Editor {
  /** `area` is the text area in `root`; `changed` is called with every edit. */
  constructor(root, area, changed) {
    this.area = area;
    this.numbers = root.querySelector('.numbers');
    this.colours = root.querySelector('.colours pre');
    this.marks = root.querySelector('.marks pre');
    this.findings = [];
    area.addEventListener('input', () => {
      // Marks of the text before would stand at other places.
      this.findings = [];
      this.draw();
      changed();
    });
    area.addEventListener('scroll', () => this.scrolled());
  }

  get text() {
    return this.area.value;
  }

  /** Replaces the text. */
  set text(text) {
    this.area.value = text;
    this.atStart();
  }

  /** Replaces the text as if it had been typed, so that it can be undone. */
  type(text) {
    const { area } = this;
    const focused = document.activeElement;
    area.focus({ preventScroll: true });
    area.select();
    // The one way there is; where it is gone, the text is just replaced.
    document.execCommand?.('insertText', false, text);
    if (area.value !== text) area.value = text;
    if (focused === document.body) area.blur();
    else focused?.focus({ preventScroll: true });
    this.atStart();
  }

  atStart() {
    const { area } = this;
    area.setSelectionRange(0, 0);
    area.scrollTop = 0;
    area.scrollLeft = 0;
    this.findings = [];
    this.draw();
  }

  /** Shows findings: `{line, from, to, kind}`, the kind is `bad` or `warned`. */
  show(findings) {
    this.findings = findings;
    this.draw();
  }

  /** Puts the cursor at a finding and the text around it into view. */
  goTo({ line, from, to }) {
    const height = parseFloat(getComputedStyle(this.area).lineHeight);
    this.area.focus();
    this.area.setSelectionRange(from, to);
    this.area.scrollTop = Math.max(0, line * height - this.area.clientHeight / 2);
    this.scrolled();
  }

  draw() {
    const { text } = this;
    const kinds = new Map();
    for (const { line, kind } of this.findings) {
      if (kinds.get(line) !== 'bad') kinds.set(line, kind);
    }
    const lines = text.split('\n').length;
    const number = (_, at) => el('div', { class: kinds.get(at + 1) ?? '' }, String(at + 1));
    this.numbers.replaceChildren(...Array.from({ length: lines }, number));
    // The last line of a pre has no height when it is empty.
    this.colours.replaceChildren(...coloured(text), '\n');
    this.marks.replaceChildren(...marked(text, this.findings), '\n');
    this.scrolled();
  }

  scrolled() {
    const { scrollLeft, scrollTop } = this.area;
    const moved = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
    this.colours.style.transform = moved;
    this.marks.style.transform = moved;
    this.numbers.style.transform = `translateY(${-scrollTop}px)`;
  }
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon] = match;
    if (match.index > end) parts.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (string !== undefined) {
      parts.push(el('span', { class: colon ? 'k' : 's' }, string));
      if (colon) parts.push(el('span', { class: 'p' }, colon));
    } else {
      const kind = match.groups.key ? 'k' : /^(?:[{}[\],:]$|#)/.test(whole) ? 'p' : 'n';
      parts.push(el('span', { class: kind }, whole));
    }
  }
  parts.push(text.slice(end));
  return parts;
}

function marked(text, findings) {
  const parts = [];
  let end = 0;
  const sorted = [...findings].sort((a, b) => a.from - b.from || b.to - a.to);
  for (const { from, to, kind } of sorted) {
    if (from < end) continue;
    // A line's end has no width to underline.
    const shown = text.slice(from, to).trim() === '' ? ' ' : text.slice(from, to);
    parts.push(text.slice(end, from), el('span', { class: kind }, shown));
    end = shown === ' ' ? from : to;
  }
  parts.push(text.slice(end));
  return parts;
}
