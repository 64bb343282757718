// What is said without a place of its own: the live region for screen readers, and toasts.
import { h } from './dom.js';

/** @type {HTMLElement|undefined} */
let region;

/** Says something once, politely. @param {string} text */
export function say(text) {
  region ||= document.body.appendChild(h('div', { class: 'sr', role: 'status', 'aria-live': 'polite' }));
  region.textContent = '';
  setTimeout(() => {
    if (region) region.textContent = text;
  }, 30);
}

/** @type {HTMLElement|undefined} */
let area;

/** Shows a short message for some seconds, and says it. @param {string} text */
export function toast(text) {
  area ||= document.body.appendChild(h('div', { class: 'toast-area' }));
  const box = h('div', { class: 'toast' }, text);
  area.append(box);
  say(text);
  setTimeout(() => box.remove(), 3600);
}

/** Copies a text. @param {string} text @param {string} done What to say then. */
export async function copy(text, done = 'Copied') {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast('The browser does not allow copying here');
  }
}
