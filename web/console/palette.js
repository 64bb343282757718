// Search or jump to: a dialog with a box that completes pages, actions and event ids.
import { h, fill } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { toggleTheme } from '../shared/theme.js';
import { go } from './router.js';

/** @typedef {{icon: string, name: string, group: string, run: () => void}} Entry */

/** @returns {Entry[]} */
function entries() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.nav a'));
  const pages = [...links].map((link) => ({
    icon: 'right',
    name: link.textContent?.trim() || '',
    group: 'Page',
    run: () => go(link.getAttribute('href') || '/'),
  }));
  return [
    ...pages,
    { icon: 'user', name: 'Account and password', group: 'Page', run: () => go('/account') },
    { icon: 'ban', name: 'Blocked in the last 24 hours', group: 'Events', run: () => go('/events?outcome=blocked') },
    { icon: 'plus', name: 'Create a key', group: 'Action', run: () => go('/keys?create=1') },
    { icon: 'sun', name: 'Switch the theme', group: 'Action', run: toggleTheme },
  ];
}

/** What the text asks for; an event's id leads to its page. @param {Entry[]} all @param {string} text */
function matching(all, text) {
  const wanted = text.trim().toLowerCase();
  const hits = all.filter(({ name, group }) => `${name} ${group}`.toLowerCase().includes(wanted));
  if (!/^evt_[0-9a-z]{4,}$/.test(wanted)) return hits;
  const id = text.trim();
  return [{ icon: 'list', name: id, group: 'Event', run: () => go(`/events/${encodeURIComponent(id)}`) }, ...hits];
}

/** Opens the dialog. */
export function openPalette() {
  if (document.querySelector('dialog[open]')) return;
  const all = entries();
  let hits = all;
  let selected = 0;
  const list = h('ul', { role: 'listbox', id: 'palette-list', 'aria-label': 'Results' });
  const input = h('input', {
    type: 'text',
    placeholder: 'Page, event ID or action',
    'aria-label': 'Search',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'palette-list',
    autocomplete: 'off',
  });
  const dialog = h(
    'dialog',
    { class: 'palette', 'aria-label': 'Search', on: { close: () => dialog.remove() } },
    h('div', { class: 'field' }, icon('search'), input, h('kbd', null, 'Esc')),
    list,
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
    hits = matching(all, input.value);
    selected = Math.min(selected, Math.max(0, hits.length - 1));
    fill(list, hits.map(option));
    if (hits.length) input.setAttribute('aria-activedescendant', `palette-${selected}`);
    else input.removeAttribute('aria-activedescendant');
  };
  input.addEventListener('input', () => {
    selected = 0;
    paint();
  });
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
