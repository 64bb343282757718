// The names behind the ids in events: keys, people, gateways. They are asked for only where the reader may read them.
import { api, withQuery } from '../shared/api.js';
import { may } from './access.js';

/** @typedef {Record<string, any>} EventSummary */

/** An id that has no name may be new, or gone: so often it is looked for again (ms). */
const PAUSE = 30_000;

const PAGES = 5;

/** @typedef {{list: string, needs: string, member: string, names: Map<string, string>, asked: number, answer: Promise<void>}} Kind */

/** @param {string} list @param {string} member @returns {Kind} */
const kind = (list, member) => ({ list, member, needs: `${list}:read`, names: new Map(), asked: -PAUSE, answer: Promise.resolve() });

const KEYS = kind('tokens', 'key_id');
const KINDS = [KEYS, kind('users', 'user_id'), kind('gateways', 'gateway_id')];

/** @param {Kind} kind */
async function read({ list, names }) {
  let cursor = '';
  for (let page = 0; page < PAGES; page++) {
    const answer = await api(withQuery(list, { limit: 100, cursor }));
    for (const one of answer[list]) names.set(one.id, one.name || one.email || '');
    cursor = answer.next_cursor;
    if (!cursor) return;
  }
}

/** Asks for the names of a kind, unless that was done just now. @param {Kind} kind */
function refresh(kind) {
  if (may(kind.needs) && performance.now() - kind.asked >= PAUSE) {
    kind.asked = performance.now();
    // Without names there are ids.
    kind.answer = read(kind).catch(() => {});
  }
  return kind.answer;
}

/** Learns the names in these events, as far as the reader may. @param {EventSummary[]} events */
export const learnNames = (events) =>
  Promise.all(
    KINDS.map((kind) => {
      const isNew = (/** @type {EventSummary} */ event) => event[kind.member] && !kind.names.has(event[kind.member]);
      return events.some(isNew) ? refresh(kind) : null;
    }),
  );

/** The name behind an id; empty where it is not known. @param {string|null|undefined} id */
export const nameOf = (id) => (id && KINDS.map(({ names }) => names.get(id)).find(Boolean)) || '';

/** The keys whose name has this text in it. @param {string} text @returns {Promise<{id: string, name: string}[]>} */
export async function keysNamed(text) {
  await refresh(KEYS);
  const wanted = text.toLowerCase();
  return [...KEYS.names].filter(([, name]) => name.toLowerCase().includes(wanted)).map(([id, name]) => ({ id, name }));
}

/** Who asked, in a word, and in full: the person, where one is told, else the key. @param {EventSummary} event */
export function whoOf({ user_id: user, key_id: key }) {
  const parts = [user && (nameOf(user) || user), key && (nameOf(key) || key)].filter(Boolean);
  const full = [user && `User ${nameOf(user) || ''} (${user})`, key && `Key ${nameOf(key) || ''} (${key})`].filter(Boolean);
  return { text: parts[0] || 'anonymous', full: full.join(', ').replaceAll('  ', ' ') || 'No key' };
}
