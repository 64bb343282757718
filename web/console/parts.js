// Pieces that several pages of the console are made of.
import { h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';

/** @typedef {import('../shared/dom.js').Kid} Kid */

/** The head of a page. @param {string} title @param {Kid} text @param {...Kid} actions */
export const pageHead = (title, text, ...actions) =>
  h(
    'div',
    { class: 'page-head' },
    h('div', null, h('h1', null, title), text ? h('p', null, text) : null),
    actions.length ? h('div', { class: 'end' }, actions) : null,
  );

/** @param {string} title @param {Kid} end @param {...Kid} kids */
export const card = (title, end, ...kids) =>
  h(
    'section',
    { class: 'card' },
    h('header', null, h('h2', null, title), end ? h('span', { class: 'end' }, end) : null),
    h('div', { class: 'body' }, kids),
  );

/**
 * A choice of one among few.
 *
 * @param {string} name
 * @param {Record<string, string>} options Values and their words.
 * @param {string} current
 * @param {(value: string) => void} choose
 */
export const segments = (name, options, current, choose) =>
  h(
    'fieldset',
    { class: 'seg' },
    h('legend', { class: 'sr' }, name),
    Object.entries(options).map(([value, word]) =>
      h(
        'label',
        null,
        h('input', { type: 'radio', name, value, checked: value === current, on: { change: () => choose(value) } }),
        h('span', null, word),
      ),
    ),
  );

/** Names and values; pairs without a value are left out. @param {[string, Kid][]} pairs */
export const facts = (pairs) =>
  h(
    'dl',
    { class: 'kv' },
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => [h('dt', null, name), h('dd', null, value)]),
  );

/** @param {string} name @param {string} label @param {() => void} click */
export const iconButton = (name, label, click) =>
  h(
    'button',
    { class: 'btn ghost sm icon', type: 'button', 'aria-label': label, title: label, on: { click } },
    icon(name),
  );

/**
 * A table that scrolls inside its own region.
 *
 * @param {string} caption
 * @param {[string, string][]} columns Titles and classes.
 */
export function dataTable(caption, columns) {
  const rows = h('tbody');
  const head = h('tr', null, columns.map(([title, cls]) => h('th', { scope: 'col', class: cls || null }, title)));
  const table = h('table', { class: 'data' }, h('caption', { class: 'sr' }, caption), h('thead', null, head), rows);
  const scroll = h('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': caption }, table);
  return { rows, scroll };
}

/**
 * A panel beside a list, which Escape closes.
 *
 * @param {{title: Kid, label: string, actions: Kid, close: () => void}} o
 * @param {...Kid} kids
 */
export function drawer({ title, label, actions, close }, ...kids) {
  const heading = h('h2', { tabindex: '-1', class: 'trunc' }, title);
  const element = h(
    'aside',
    { class: 'card drawer', 'aria-label': label },
    h('header', null, heading, h('span', { class: 'end' }, actions, iconButton('x', 'Close', close))),
    kids,
  );
  element.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || document.querySelector('dialog[open]')) return;
    event.stopPropagation();
    close();
  });
  return { element, heading };
}

/** Tabs with their panel; arrow keys go from one to the next. @param {string} label @param {Record<string, () => Kid>} views */
export function tabs(label, views) {
  const names = Object.keys(views);
  const panel = h('div', { class: 'scroll', role: 'tabpanel', id: 'tab-panel', tabindex: '0' });
  const list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
  /** @param {string} chosen @param {boolean} focus */
  const show = (chosen, focus) => {
    list.replaceChildren(
      ...names.map((name, i) =>
        h(
          'button',
          {
            role: 'tab',
            type: 'button',
            'aria-selected': name === chosen,
            'aria-controls': 'tab-panel',
            tabindex: name === chosen ? '0' : '-1',
            on: {
              click: () => show(name, true),
              keydown: (/** @type {KeyboardEvent} */ event) => {
                const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
                if (!step) return;
                event.preventDefault();
                show(names[(i + step + names.length) % names.length], true);
              },
            },
          },
          name,
        ),
      ),
    );
    panel.setAttribute('aria-label', chosen);
    panel.replaceChildren(h('div', { class: 'stack' }, views[chosen]()));
    if (focus) /** @type {HTMLElement} */ (list.querySelector('[aria-selected=true]')).focus();
  };
  show(names[0], false);
  return [list, panel];
}
