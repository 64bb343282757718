// What a page shows when it has no data: it loads, there is none, it failed, or the reader may not see it.
import { h } from './dom.js';
import { icon } from './icons.js';
import { Failure } from './api.js';
import { copy } from './live.js';

/** @param {string} what @param {number} [rows] */
export const loading = (what, rows = 6) =>
  h(
    'section',
    { class: 'card late', 'aria-busy': 'true' },
    h(
      'div',
      { class: 'body skels' },
      h('span', { class: 'sr' }, `Loading ${what}`),
      Array.from({ length: rows }, (_, i) => h('div', { class: 'skel', style: { width: `${92 - i * 9}%` } })),
    ),
  );

/**
 * Says that there is nothing, why, and what to do about it.
 *
 * @param {{icon: string, title: string, text: import('./dom.js').Kid, action?: import('./dom.js').Kid}} o
 */
export const empty = ({ icon: name, title, text, action }) =>
  h('div', { class: 'empty' }, icon(name), h('h2', null, title), h('p', null, text), action);

/**
 * Says what went wrong, with the request's id, and offers to try again.
 *
 * @param {unknown} error
 * @param {() => void} [retry]
 */
export function failed(error, retry) {
  if (error instanceof Failure && error.problem.status === 403) {
    return notAllowed([error.message, error.problem.hint].filter(Boolean).join(' '));
  }
  const problem = error instanceof Failure ? error.problem : null;
  const id = problem?.requestID;
  return h(
    'div',
    { class: 'alert bad', role: 'alert' },
    icon('warn'),
    h(
      'span',
      null,
      h('b', null, problem?.message || 'Something went wrong on this page.'),
      problem?.hint ? ` ${problem.hint}` : null,
      id ? [' Request ID ', h('code', null, id), '.'] : null,
    ),
    retry ? h('button', { class: 'btn sm', type: 'button', on: { click: retry } }, icon('refresh'), 'Try again') : null,
  );
}

/** Says that the reader may not see this, and what it needs. @param {string} needs */
export const notAllowed = (needs) =>
  h(
    'section',
    { class: 'card', 'data-state': 'forbidden' },
    empty({
      icon: 'lock',
      title: 'Your role does not allow this',
      text: `${needs} An owner or an admin of your organisation can grant it.`,
    }),
  );

/** A command to copy. @param {string} text */
export const command = (text) =>
  h(
    'div',
    { class: 'command' },
    h('pre', { class: 'code', tabindex: '0', 'aria-label': 'Command' }, text),
    h('button', { class: 'btn sm', type: 'button', on: { click: () => copy(text, 'Command copied') } }, icon('copy'), 'Copy command'),
  );
