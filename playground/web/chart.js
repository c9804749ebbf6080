// Where a thousand requests went: bars, and the same as a table.

import { counted, el, svg } from './dom.js';

const ROW = 46;

/** Rows of a simulation, the most frequent first: `{name, kind, count}`. */
export function rows({ deployments, errors, passed }) {
  const all = [
    ...deployments.map(({ name, count }) => ({ name, kind: 'good', count })),
    ...errors.map(({ status, code, count }) => ({ name: `${status} ${code}`, kind: 'bad', count })),
  ];
  if (passed > 0) all.push({ name: 'passed on untouched', kind: 'passed', count: passed });
  return all.sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** One sentence for all of it. */
export function sentence(counts) {
  const parts = rows(counts).map(({ name, count }) => `${name} ${share(count, counts.total)}`);
  return `${counted(counts.total, 'request')}: ${parts.join(', ')}.`;
}

function share(count, total) {
  return `${((count * 100) / total).toFixed(1)} %`;
}

/** The chart. */
export function chart(counts) {
  const all = rows(counts);
  const { total } = counts;
  const bars = all.map(({ name, kind, count }, at) => {
    const top = at * ROW;
    return svg('g', {},
      svg('text', { class: 'label', x: 0, y: top + 15 }, name),
      svg('text', { class: 'value', x: '100%', y: top + 15 }, `${count.toLocaleString('en')} · ${share(count, total)}`),
      svg('rect', { class: 'rail', x: 0.5, y: top + 23.5, width: '99.8%', height: 13, rx: 4 }),
      svg('rect', { class: `bar-${kind}`, x: 0, y: top + 23, width: `${(count * 100) / total}%`, height: 14, rx: 4 }));
  });
  const drawn = svg('svg', { class: 'chart', height: all.length * ROW, role: 'img', 'aria-label': sentence(counts) }, ...bars);
  return [drawn, el('details', {}, el('summary', {}, 'As a table'), table(all, total), byRoute(counts))];
}

function table(all, total) {
  const row = ({ name, count }) => el('tr', {},
    el('td', {}, name),
    el('td', { class: 'number' }, count.toLocaleString('en')),
    el('td', { class: 'number' }, share(count, total)));
  return el('table', { class: 'table', id: 'spread-table' },
    el('thead', {}, el('tr', {},
      el('th', { scope: 'col' }, 'Went to'),
      el('th', { scope: 'col', class: 'number' }, 'Requests'),
      el('th', { scope: 'col', class: 'number' }, 'Share'))),
    el('tbody', {}, all.map(row)));
}

function byRoute({ routes, total }) {
  if (routes.length === 0) return null;
  const row = ({ name, count }) => el('tr', {},
    el('td', {}, name ?? 'no route'),
    el('td', { class: 'number' }, count.toLocaleString('en')),
    el('td', { class: 'number' }, share(count, total)));
  return el('table', { class: 'table' },
    el('thead', {}, el('tr', {},
      el('th', { scope: 'col' }, 'By route'),
      el('th', { scope: 'col', class: 'number' }, 'Requests'),
      el('th', { scope: 'col', class: 'number' }, 'Share'))),
    el('tbody', {}, [...routes].sort((a, b) => b.count - a.count).map(row)));
}
