// Which models there are, and which of them the conversation asks.
import { api } from '../shared/api.js';
import { fill, h } from '../shared/dom.js';
import { keep, kept } from './kept.js';

/** What the reader has chosen since the last message, and in which conversation. */
const CHOICE = 'kt-model';

/**
 * @param {HTMLSelectElement} menu
 * @param {() => string} conversation The conversation that is shown; '' for one that has not begun.
 */
export function modelMenu(menu, conversation) {
  menu.addEventListener('change', () => keep(CHOICE, `${menu.value}\n${conversation()}`));
  return {
    get value() {
      return menu.value;
    },

    /** Asks which there are; gives whether there is any. @returns {Promise<boolean>} */
    async load() {
      const { models } = await api('chat/models');
      fill(menu, models.map((/** @type {string} */ name) => h('option', { value: name }, name)));
      menu.disabled = !models.length;
      return !menu.disabled;
    },

    /** Chooses the model of the conversation, also when the gateway no longer offers it. @param {string} [last] Of its last message. */
    choose(last) {
      const [model, id] = kept(CHOICE).split('\n');
      const wanted = (model && id === conversation() && model) || last;
      for (const option of [...menu.options]) if ('gone' in option.dataset) option.remove();
      if (!wanted) return;
      if (!menu.disabled && ![...menu.options].some((option) => option.value === wanted)) {
        menu.append(h('option', { value: wanted, data: { gone: '' } }, `${wanted} (not available)`));
      }
      menu.value = wanted;
    },

    /** Says that they are not to be had. */
    fail() {
      fill(menu, h('option', { value: '' }, 'No models'));
    },
  };
}
