// Dialogs: a title, what is asked, and two ways out.
import { fill, h } from '../shared/dom.js';
import { failed } from '../shared/states.js';

/** @typedef {import('../shared/dom.js').Kid} Kid */

/**
 * Opens a dialog around a form. `submit` may fail: the dialog then stays and says why.
 *
 * @param {{title: string, body: Kid, action: string, danger?: boolean, submit: (form: FormData) => Promise<void>}} o
 */
export function formDialog({ title, body, action, danger, submit }) {
  const problem = h('div');
  const go = h('button', { class: `btn ${danger ? 'danger' : 'primary'}`, type: 'submit' }, action);
  const cancel = h('button', { class: 'btn', type: 'button', on: { click: () => dialog.close() } }, 'Cancel');
  const form = h('form', { class: 'form' }, h('h2', null, title), body, problem, h('div', { class: 'row end' }, cancel, go));
  const dialog = show(form, title);
  form.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    go.disabled = true;
    fill(problem);
    try {
      await submit(new FormData(form));
      dialog.close();
    } catch (error) {
      fill(problem, failed(error));
    } finally {
      go.disabled = false;
    }
  });
  return { dialog, submit: go };
}

/** Opens a dialog that only tells something. @param {string} title @param {...Kid} kids */
export function notice(title, ...kids) {
  const done = h('button', { class: 'btn primary', type: 'button', on: { click: () => dialog.close() } }, 'Done');
  const dialog = show(h('div', { class: 'form' }, h('h2', null, title), kids, h('div', { class: 'row end' }, done)), title);
}

/** @param {Element} content @param {string} label @returns {HTMLDialogElement} */
function show(content, label) {
  const dialog = h('dialog', { class: 'sheet', 'aria-label': label, on: { close: () => dialog.remove() } }, content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

let hints = 0;

/**
 * An input below its label, and what helps to fill it in.
 *
 * @param {Kid} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
  const id = hint ? `hint-${++hints}` : '';
  if (hint) input.setAttribute('aria-describedby', id);
  return h(
    'div',
    { class: 'stacked' },
    h('label', { class: 'stacked' }, h('span', null, label), input),
    hint ? h('small', { id }, hint) : null,
  );
}
