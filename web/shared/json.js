// JSON with colours, as nodes.
import { h } from './dom.js';

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @param {string} cls @param {string} text */
const colour = (cls, text) => h('span', { class: `t-${cls}` }, text);

/** @param {any} value @returns {import('./dom.js').Kid[]} */
export function json(value) {
  const text = JSON.stringify(value, null, 2);
  const out = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    out.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2]) out.push(colour('key', match[1]), match[2]);
    else if (match[1]) out.push(colour('str', match[1]));
    else out.push(colour(match[3] ? 'kw' : 'num', match[0]));
  }
  out.push(text.slice(at));
  return out;
}
