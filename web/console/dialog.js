// Dialogs: a title, what is asked, and two ways out.
import { fill, h } from '../shared/dom.js';
import { failed } from '../shared/states.js';

/** @typedef {import('../shared/dom.js').Kid} Kid */

/**
 * Opens a dialog around a form. `submit` may fail: the dialog then stays and says why. What it returns is done when the
 * dialog has gone.
 *
 * @param {{title: string, body: Kid, action: string, danger?: boolean, submit: (form: FormData) => Promise<void|(() => void)>}} o
 */
export function formDialog({ title, body, action, danger, submit }) {
  const problem = h('div');
  const go = h('button', { class: `btn ${danger ? 'danger' : 'primary'}`, type: 'submit' }, action);
  const cancel = h('button', { class: 'btn', type: 'button', on: { click: () => dialog.close() } }, 'Cancel');
  const form = h('form', { class: 'form' }, h('h2', null, title), body, problem, h('div', { class: 'row end' }, cancel, go));
  const dialog = show(form, title);
  onSubmit(form, go, async () => {
    fill(problem);
    try {
      const then = await submit(new FormData(form));
      dialog.close();
      then?.();
    } catch (error) {
      fill(problem, failed(error));
    }
  });
  return { dialog, submit: go };
}

/**
 * Runs `act` when a form is sent, once at a time. The button stays enabled meanwhile, or it would lose the focus.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} act
 */
export function onSubmit(form, button, act) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled')) return;
    button.setAttribute('aria-disabled', 'true');
    await act();
    button.removeAttribute('aria-disabled');
  });
}

/**
 * Opens a dialog with something that is shown once. Escape closes it only when `isSafe` says that nothing is lost; else it
 * asks.
 *
 * @param {{title: string, body: Kid, isSafe: () => boolean, question: string, closed: () => void}} o
 */
export function notice({ title, body, isSafe, question, closed }) {
  const close = () => dialog.close();
  const ask = h(
    'div',
    { class: 'alert warn', role: 'alert', hidden: true },
    h('span', { class: 'grow' }, question),
    h('button', { class: 'btn sm', type: 'button', on: { click: close } }, 'Close anyway'),
  );
  const done = h('button', { class: 'btn primary', type: 'button', on: { click: close } }, 'Done');
  const content = h('div', { class: 'form' }, h('h2', null, title), body, ask, h('div', { class: 'row end' }, done));
  const dialog = show(content, title);
  const keep = (/** @type {Event} */ event) => {
    if (isSafe()) return;
    event.preventDefault();
    ask.hidden = false;
  };
  dialog.addEventListener('cancel', keep);
  // A browser lets a second Escape close a dialog whatever `cancel` says, but not when the key itself is taken.
  dialog.addEventListener('keydown', (event) => event.key === 'Escape' && keep(event));
  dialog.addEventListener('close', closed);
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
