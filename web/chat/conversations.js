// The list of the session's conversations, and how one is deleted.
import { api } from '../shared/api.js';
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { toast } from '../shared/live.js';

/** @typedef {{id: string, title: string, model: string}} Entry */

/** The address of a conversation; of a new one without an id. @param {string} [id] */
export const addressOf = (id) => (id ? `#c=${encodeURIComponent(id)}` : '#new');

/** The conversation that the address names: its id, '' for a new one, null for none. */
export function addressed() {
  if (location.hash === '#new') return '';
  const id = /^#c=(\w{1,32})$/.exec(location.hash)?.[1];
  return id ?? null;
}

/**
 * Asks before something is thrown away; the safe way out has the focus.
 *
 * @param {string} title
 * @param {string} text
 * @param {string} action
 * @returns {Promise<boolean>}
 */
export const confirmed = (title, text, action) =>
  new Promise((resolve) => {
    let is = false;
    const close = (/** @type {boolean} */ answer) => () => {
      is = answer;
      dialog.close();
    };
    const dialog = h(
      'dialog',
      {
        class: 'sheet',
        'aria-label': title,
        on: {
          close: () => {
            dialog.remove();
            resolve(is);
          },
        },
      },
      h(
        'div',
        { class: 'form' },
        h('h2', null, title),
        h('p', null, text),
        h(
          'div',
          { class: 'row end' },
          h('button', { class: 'btn', type: 'button', on: { click: close(false) } }, 'Cancel'),
          h('button', { class: 'btn danger', type: 'button', on: { click: close(true) } }, action),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });

/**
 * @param {HTMLElement} element
 * @param {{deleted: (id: string) => void}} does
 */
export function conversations(element, { deleted }) {
  /** @type {Entry[]} */
  let entries = [];
  let current = '';
  let painted = '';

  /** @param {Entry} entry */
  async function remove({ id, title }) {
    const text = `“${title}” and its answers are deleted here. The records of the exchanges stay.`;
    if (!(await confirmed('Delete this conversation?', text, 'Delete'))) return;
    try {
      await api(`chat/conversations/${encodeURIComponent(id)}`, { method: 'DELETE' });
      entries = entries.filter((one) => one.id !== id);
      paint();
      deleted(id);
    } catch (error) {
      toast(error instanceof Error ? error.message : 'That did not work');
    }
  }

  /** @param {Entry} entry */
  const line = (entry) =>
    h(
      'li',
      null,
      h(
        'a',
        { href: addressOf(entry.id), 'aria-current': entry.id === current ? 'page' : null },
        h('span', { class: 'trunc' }, entry.title || 'New conversation'),
        h('small', null, entry.model),
      ),
      entry.id
        ? h(
            'button',
            { class: 'btn ghost sm icon', type: 'button', 'aria-label': `Delete “${entry.title}”`, on: { click: () => remove(entry) } },
            icon('x'),
          )
        : null,
    );

  const paint = () => {
    const state = JSON.stringify([current, entries]);
    if (state === painted) return;
    painted = state;
    fill(element, (current ? [] : [{ id: '', title: '', model: '' }]).concat(entries).map(line));
  };

  return {
    /** Asks for the list anew. */
    async load() {
      entries = (await api('chat/conversations')).conversations;
      paint();
      return entries;
    },
    /** Shows which conversation is open, and adds one that has just begun. @param {string} id @param {Entry} [begun] */
    mark(id, begun) {
      current = id;
      const old = entries.find((one) => one.id === id);
      if (begun && old) old.model = begun.model;
      else if (begun) entries.unshift(begun);
      paint();
    },
  };
}
