// Search or jump to: a dialog with a box that completes pages and actions, and finds keys and exchanges.
import { h, fill } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { toggleTheme } from '../shared/theme.js';
import { may } from './access.js';
import { lookUp } from './look-up.js';
import { go } from './router.js';

/** @typedef {{icon: string, name: string, group: string, run: () => void}} Entry */

/** @returns {Entry[]} */
function entries() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.nav li:not([hidden]) a'));
  const pages = [...links].map((link) => ({
    icon: 'right',
    name: link.textContent?.trim() || '',
    group: 'Page',
    run: () => go(link.getAttribute('href') || '/'),
  }));
  return [
    ...pages,
    { icon: 'user', name: 'Account and password', group: 'Page', run: () => go('/account') },
    ...(may('events:read') ? [{ icon: 'ban', name: 'Blocked in the last 24 hours', group: 'Events', run: () => go('/events?outcome=blocked') }] : []),
    ...(may('tokens:read') && may('tokens:write') ? [{ icon: 'plus', name: 'Create a key', group: 'Action', run: () => go('/keys?create=1') }] : []),
    { icon: 'sun', name: 'Switch the theme', group: 'Action', run: toggleTheme },
  ];
}

/** @param {Entry[]} all @param {string} text */
function matching(all, text) {
  const wanted = text.trim().toLowerCase();
  return all.filter(({ name, group }) => `${name} ${group}`.toLowerCase().includes(wanted));
}

/** How long the reader must pause before the control plane is asked (ms). */
const PAUSE = 150;

/** Opens the dialog. */
export function openPalette() {
  if (document.querySelector('dialog[open]')) return;
  const all = entries();
  let hits = all;
  let selected = 0;
  let timer = 0;
  let asked = new AbortController();
  const news = h('p', { role: 'status', class: 'sub' });
  const list = h('ul', { role: 'listbox', id: 'palette-list', 'aria-label': 'Results' });
  const input = h('input', {
    type: 'text',
    placeholder: 'Page, key, request or event ID',
    'aria-label': 'Search',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'palette-list',
    autocomplete: 'off',
  });
  const dialog = h(
    'dialog',
    { class: 'palette', 'aria-label': 'Search', on: { close: () => (asked.abort(), dialog.remove()) } },
    h('div', { class: 'field' }, icon('search'), input, h('kbd', null, 'Esc')),
    list,
    news,
  );
  const choose = (/** @type {Entry} */ entry) => {
    dialog.close();
    entry.run();
  };
  const option = (/** @type {Entry} */ entry, /** @type {number} */ i) =>
    h(
      'li',
      { role: 'option', id: `palette-${i}`, 'aria-selected': i === selected, on: { click: () => choose(entry) } },
      icon(entry.icon),
      h('span', null, entry.name),
      h('span', null, entry.group),
    );
  const paint = () => {
    selected = Math.min(selected, Math.max(0, hits.length - 1));
    fill(list, hits.map(option));
    list.hidden = !hits.length;
    if (hits.length) input.setAttribute('aria-activedescendant', `palette-${selected}`);
    else input.removeAttribute('aria-activedescendant');
  };
  /** Adds what the control plane knows. @param {string} text @param {Entry[]} here */
  const ask = async (text, here) => {
    const { signal } = asked;
    let answer = 'Nothing found.';
    const found = await lookUp(text, signal).catch(() => {
      answer = 'The search did not work: the control plane did not answer.';
      return [];
    });
    if (signal.aborted) return;
    hits = [...found.filter(({ isExact }) => isExact), ...here, ...found.filter(({ isExact }) => !isExact)];
    news.textContent = hits.length ? '' : answer;
    paint();
  };
  const change = () => {
    asked.abort();
    asked = new AbortController();
    clearTimeout(timer);
    const text = input.value.trim();
    const here = matching(all, text);
    hits = here;
    selected = 0;
    news.textContent = text && !hits.length ? 'Searching' : '';
    if (text) timer = setTimeout(() => ask(text, here), PAUSE);
    paint();
  };
  input.addEventListener('input', change);
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length) {
      event.preventDefault();
      selected = (selected + step + hits.length) % hits.length;
      paint();
    } else if (event.key === 'Enter' && hits[selected]) {
      event.preventDefault();
      choose(hits[selected]);
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  paint();
}
