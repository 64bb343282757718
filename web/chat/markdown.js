// Markdown to DOM nodes. There is no HTML string, so nothing to sanitise: HTML in the source shows as text, images are
// never fetched (their addresses could carry data away), links keep http, https and mailto only.
import { h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { copy } from '../shared/live.js';
import { highlight } from './code.js';

/** @typedef {import('../shared/dom.js').Kid} Kid */

/** A model can nest without end; deeper than this stays text. */
const DEEPEST = 16;

/** Longer runs of text get no inline marks, so that hostile input cannot stall the page. */
const LONGEST_INLINE = 20_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])\s/;
const HEADING = /^ {0,3}(#{1,6})\s/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}>/;

/**
 * Splits a text into the sources of its blocks. While a text grows, all but the last are final.
 *
 * @param {string} source
 * @returns {string[]}
 */
export function blocks(source) {
  /** @type {string[]} */
  const out = [];
  /** @type {string[]} */
  let lines = [];
  let kind = '';
  let fence = '';
  let inner = '';
  const flush = () => {
    if (lines.length) out.push(lines.join('\n').trimEnd());
    lines = [];
    kind = '';
    inner = '';
  };
  for (const line of source.split('\n')) {
    const opens = FENCE.exec(line);
    if (fence) {
      lines.push(line);
      if (opens && closes(line, fence)) {
        fence = '';
        flush();
      }
      continue;
    }
    if (kind === 'list' && inList(line)) continue;
    if (opens) {
      flush();
      fence = opens[1];
      lines.push(line);
    } else if (!line.trim()) {
      flush();
    } else if (ITEM.test(line) && !RULE.test(line)) {
      flush();
      kind = 'list';
      lines.push(line);
    } else if (HEADING.test(line) || RULE.test(line)) {
      flush();
      out.push(line);
    } else {
      const quoted = QUOTE.test(line);
      if (lines.length && quoted !== (kind === 'quote')) flush();
      if (quoted) kind = 'quote';
      lines.push(line);
    }
  }
  flush();
  return out;

  /** Whether a line still belongs to the list above it; then it is taken. @param {string} line */
  function inList(line) {
    const opens = /^\s{2,}(`{3,}|~{3,})/.exec(line);
    if (inner) {
      if (opens && opens[1].startsWith(inner)) inner = '';
    } else if (opens) {
      inner = opens[1];
    } else if (HEADING.test(line) || (FENCE.test(line) && !/^\s{2,}/.test(line))) {
      return false;
    } else if (line.trim() && !ITEM.test(line) && !/^\s{2,}/.test(line) && !lines.at(-1)?.trim()) {
      return false;
    }
    lines.push(line);
    return true;
  }
}

/** @param {string} line @param {string} fence */
const closes = (line, fence) => line.trim().startsWith(fence) && !line.trim().slice(fence.length).replace(/[`~]/g, '').trim();

const INLINE = new RegExp(
  [
    /(`+)([\s\S]{0,4000}?[^`])\1(?!`)/, // 1, 2: code
    /!\[([^\]\n]{0,500})\]\(([^()\s]{0,2000})[^)\n]{0,500}\)/, // 3, 4: image
    /\[((?:[^[\]]|\[[^\]]{0,200}\]){1,500})\]\(\s{0,8}<?((?:[^()\s>]|\([^()]{0,200}\)){1,2000})>?[^)\n]{0,500}\)/, // 5, 6: link
    /(\*\*|__)(?=\S)([\s\S]{0,1000}?\S)\7/, // 7, 8: strong
    /(~~)(?=\S)([\s\S]{0,1000}?\S)~~/, // 9, 10: struck
    /(?<![\w*])\*(?=[^\s*])([^*]{0,1000}?[^\s*])\*(?!\*)/, // 11: emphasis
    /(?<!\w)_(?=[^\s_])([^_]{0,1000}?[^\s_])_(?!\w)/, // 12: emphasis
    /(https?:\/\/[^\s<>()]{1,2000}[^\s<>().,;:!?'"])/, // 13: address
    /\\([\\`*_{}[\]()#+\-.!|~>])/, // 14: escape
    /( {2,}\n|\\\n)/, // 15: line break
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

/**
 * The nodes of a run of text.
 *
 * @param {string} text
 * @param {number} [depth]
 * @returns {Kid[]}
 */
export function inline(text, depth = 0) {
  if (depth > DEEPEST || text.length > LONGEST_INLINE) return [text];
  /** @type {Kid[]} */
  const out = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) out.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    out.push(mark(match, depth + 1));
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}

/** @param {RegExpMatchArray} match @param {number} depth @returns {Kid} */
function mark(match, depth) {
  const [, tick, code, alt, image, label, target, strong, strongText, struck, struckText, star, under, address, escaped] =
    match;
  if (tick) return h('code', null, code);
  if (image !== undefined) {
    return h('span', { class: 'blocked-img' }, icon('image'), `Image not loaded: ${alt || 'no description'}`);
  }
  if (target) return link(target, inline(label, depth));
  if (strong) return h('strong', null, inline(strongText, depth));
  if (struck) return h('del', null, inline(struckText, depth));
  if (star || under) return h('em', null, inline(star || under, depth));
  if (address) return link(address, [address]);
  if (escaped) return escaped;
  return h('br');
}

/** A link, if it is one that may be followed; else its text. @param {string} target @param {Kid[]} kids */
function link(target, kids) {
  let scheme = '';
  try {
    scheme = new URL(target).protocol;
  } catch {
    // Relative or broken: there is nothing of ours for an answer to point at.
  }
  if (!['http:', 'https:', 'mailto:'].includes(scheme)) return h('span', null, kids);
  return h('a', { href: target, target: '_blank', rel: 'noopener noreferrer nofollow' }, kids);
}

/** @param {string} source */
function codeBlock(source) {
  const [, fence, language, rest] = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n]*\n?([\s\S]*)$/.exec(source) || ['', '', '', ''];
  const lines = rest.split('\n');
  if (lines.length && FENCE.test(lines[lines.length - 1]) && closes(lines[lines.length - 1], fence)) lines.pop();
  const code = lines.join('\n');
  const name = language.toLowerCase();
  const button = h(
    'button',
    { class: 'btn ghost sm', type: 'button', on: { click: () => copy(code, 'Code copied') } },
    icon('copy'),
    'Copy',
  );
  return h(
    'figure',
    { class: 'cb' },
    h('div', null, name || 'text', button),
    h('pre', { tabindex: '0', role: 'group', 'aria-label': `Code, ${name || 'text'}` }, h('code', null, highlight(code, name))),
  );
}

/** @param {string[]} lines @param {number} depth */
function list(lines, depth) {
  const start = /^\s*(\d+)/.exec(lines[0]);
  const indent = /^\s*/.exec(lines[0])?.[0].length || 0;
  /** @type {string[][]} */
  const items = [];
  for (const line of lines) {
    const match = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(.*)$/.exec(line);
    if (match && match[1].length <= indent + 1) items.push([match[2]]);
    else items.at(-1)?.push(line.replace(/^ {1,4}/, ''));
  }
  const from = start && Number(start[1]) > 1 ? { start: start[1] } : null;
  return h(start ? 'ol' : 'ul', from, items.map((item) => listItem(item, depth)));
}

/** @param {string[]} item @param {number} depth */
function listItem(item, depth) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(item[0]);
  const cut = item.findIndex((line, i) => i > 0 && (!line.trim() || ITEM.test(line) || FENCE.test(line)));
  const end = cut < 0 ? item.length : cut;
  const head = [task ? task[2] : item[0], ...item.slice(1, end)].join('\n');
  const rest = item.slice(end).join('\n');
  const box = task ? h('input', { type: 'checkbox', checked: task[1] !== ' ', disabled: true, 'aria-label': 'task' }) : null;
  return h(
    'li',
    task ? { class: 'task' } : null,
    box ? [box, ' '] : null,
    inline(head),
    rest.trim() ? blocks(rest).map((source) => block(source, depth + 1)) : null,
  );
}

const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*){0,60}\|?\s*$/;

/** @param {string} line */
const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replace(/\\\|/g, '|'));

/** @param {string[]} lines */
function table([head, divider, ...rows]) {
  const sides = cells(divider).map((cell) => (cell.endsWith(':') ? (cell.startsWith(':') ? 'a-c' : 'a-r') : null));
  const row = (/** @type {string} */ line, /** @type {string} */ tag) =>
    h(
      'tr',
      null,
      cells(line).map((cell, i) => h(tag, { class: sides[i] ?? null, scope: tag === 'th' ? 'col' : null }, inline(cell))),
    );
  return h(
    'div',
    { class: 'tbl', tabindex: '0', role: 'group', 'aria-label': 'Table' },
    h('table', null, h('thead', null, row(head, 'th')), h('tbody', null, rows.map((line) => row(line, 'td')))),
  );
}

/**
 * The node of one block.
 *
 * @param {string} source
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function block(source, depth = 0) {
  if (depth > DEEPEST) return h('p', null, source);
  if (FENCE.test(source)) return codeBlock(source);
  const heading = /^ {0,3}(#{1,6})\s+([^\n]*?)\s*#*$/.exec(source);
  if (heading) return h(`h${Math.min(4, Math.max(2, heading[1].length))}`, null, inline(heading[2]));
  if (RULE.test(source)) return h('hr');
  if (QUOTE.test(source)) {
    return h('blockquote', null, blocks(source.replace(/^ {0,3}> ?/gm, '')).map((one) => block(one, depth + 1)));
  }
  if (ITEM.test(source)) return list(source.split('\n'), depth);
  const lines = source.split('\n');
  if (lines.length > 1 && lines[0].includes('|') && lines[1].length < 1000 && DIVIDER.test(lines[1])) return table(lines);
  return h('p', null, inline(source));
}

/** The nodes of a whole text. @param {string} source */
export const render = (source) => blocks(source).map((one) => block(one));

/**
 * Draws a text that grows: finished blocks keep their nodes, the last one is drawn anew, once per frame.
 *
 * @param {HTMLElement} element
 */
export function grow(element) {
  /** @type {string[]} */
  let drawn = [];
  let text = '';
  let asked = false;
  const paint = () => {
    asked = false;
    const now = blocks(text);
    let same = 0;
    while (same < now.length - 1 && same < drawn.length && drawn[same] === now[same]) same++;
    while (element.childNodes.length > same) element.lastChild?.remove();
    for (const source of now.slice(same)) element.append(block(source));
    drawn = now;
  };
  return {
    /** @param {string} piece */
    push(piece) {
      text += piece;
      if (asked) return;
      asked = true;
      requestAnimationFrame(paint);
    },
    end: paint,
    get text() {
      return text;
    },
  };
}
