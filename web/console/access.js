// What the reader may do, as the control plane says. Pages offer no more than that; the control plane decides each time.
import { api } from '../shared/api.js';

/** @type {Set<string>} */
let actions = new Set();

/** Whether the reader may do this, such as `tokens:write`. @param {string} action */
export const may = (action) => actions.has(action);

/** Asks what the reader may do, and shows the parts of the shell that need it: any of what `data-needs` names. */
export async function learnAccess() {
  const who = await api('whoami');
  actions = new Set(who.actions);
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-needs]'))) {
    part.hidden = !(part.dataset.needs || '').split(' ').some(may);
  }
}
