// JSON in lines. Numbers, texts and the order of members stay as they are written, which a parse and
// JSON.stringify would not keep.

/** Compact JSON with a member or an element in each line. */
export function indented(json) {
  let shown = '';
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs)) {
    if (token === '{' || token === '[') {
      depth += 1;
      shown += token + line();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      shown = /[{[]\s*$/.test(shown.slice(-200)) ? shown.trimEnd() + token : shown + line() + token;
    } else if (token === ',') {
      shown += token + line();
    } else {
      shown += token === ':' ? ': ' : token;
    }
  }
  return shown;
}
