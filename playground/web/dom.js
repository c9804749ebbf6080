// Elements without markup in text, so that nothing a user types becomes any.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes (`class`, `on…` too) and children. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The element of that id. */
export const $ = (id) => document.getElementById(id);

/** Runs a function once, a while after it was last asked for. */
export function later(wait, run) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, wait);
  };
}

/** Fills a live region; what it says already is not said again. */
export function say(region, ...parts) {
  const next = el('p', {}, ...parts);
  if (region.textContent !== next.textContent) region.replaceChildren(...next.childNodes);
}

/** `1 route`, `2 routes`. */
export const counted = (count, thing) => `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
