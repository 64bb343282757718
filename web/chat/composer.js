// The box to write in: Enter sends, Shift+Enter makes a line, a draft survives a reload.
import { fill } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { plural } from '../shared/format.js';
import { keep, kept } from './kept.js';

const DRAFT = 'kt-draft';

/** The longest message that the server takes (bytes). */
const LONGEST = 100_000;

/** What is said of a longer one. */
export const TOO_LONG = `A message has at most ${LONGEST.toLocaleString('en-US')} bytes.`;

/** What will probably be replaced; only a hint, the gateway decides. */
const PERSONAL = /[\w.+-]{1,64}@[\w-]{1,63}\.\w{2,20}|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b|\b(?:\d[ -]?){13,19}\b/g;

/** @param {string} text */
const size = (text) => (text.length * 3 < LONGEST ? text.length : new TextEncoder().encode(text.trim()).length);

/**
 * @param {{form: HTMLFormElement, box: HTMLTextAreaElement, send: HTMLButtonElement, stop: HTMLButtonElement,
 *   warning: HTMLElement}} parts
 * @param {{submit: (text: string) => void, abort: () => void}} does
 */
export function composer({ form, box, send, stop, warning }, { submit, abort }) {
  let busy = false;

  const changed = () => {
    keep(DRAFT, box.value);
    const bytes = size(box.value);
    const hits = box.value.length < 20_000 ? box.value.match(PERSONAL)?.length || 0 : 0;
    warning.hidden = !hits && bytes <= LONGEST;
    if (bytes > LONGEST) fill(warning, icon('warn'), `${TOO_LONG} This one has ${bytes.toLocaleString('en-US')}.`);
    else if (hits) fill(warning, icon('eraser'), `${plural(hits, 'personal value')} will probably be replaced before sending.`);
  };

  box.addEventListener('input', changed);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === 'Escape' && busy) {
      abort();
    }
  });
  stop.addEventListener('click', abort);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text || busy || send.disabled || size(text) > LONGEST) return;
    box.value = '';
    changed();
    submit(text);
  });
  box.value = kept(DRAFT);
  changed();

  return {
    /** @param {boolean} is */
    busy(is) {
      busy = is;
      send.hidden = is;
      stop.hidden = !is;
    },
    /** @param {string} text */
    edit(text) {
      box.value = text;
      changed();
      box.focus();
    },
    /** Closes the box for a while; it opens again by itself. @param {number} seconds */
    wait(seconds) {
      send.disabled = true;
      let left = Math.min(600, Math.max(1, Math.ceil(seconds)));
      const tick = () => {
        if (left <= 0) {
          send.disabled = false;
          changed();
          return;
        }
        warning.hidden = false;
        fill(warning, icon('warn'), `Too many requests. You can send again in ${left} s.`);
        left -= 1;
        setTimeout(tick, 1000);
      };
      tick();
    },
  };
}
