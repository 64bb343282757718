// What the control plane knows by a name or an id: keys, and exchanges by the id that their callers got, or their record's.
import { api, withQuery } from '../shared/api.js';
import { may } from './access.js';
import { keysNamed, learnNames, whoOf } from './names.js';
import { go } from './router.js';
import { OUTCOMES, outcomeOf } from '../shared/verdicts.js';

/** @typedef {import('./palette.js').Entry & {isExact?: boolean}} Found */

const MOST = 6;

/** Ids of ours are written in capitals behind their prefix. @param {string} text */
const asID = (text) => text.replace(/^((?:req|evt|tok)_)(\w+)$/i, (_, prefix, rest) => prefix.toLowerCase() + rest.toUpperCase());

/** @param {string} text @returns {Promise<Found[]>} */
async function keys(text) {
  if (!may('tokens:read') || text.length < 2) return [];
  const found = await keysNamed(text);
  const href = (/** @type {string} */ id) => (may('events:read') ? withQuery('/events', { q: id, range: '30d' }) : '/keys');
  return found.slice(0, MOST).map(({ id, name }) => ({ icon: 'key', name, group: 'Key: its events', run: () => go(href(id)) }));
}

/** @param {string} text @param {AbortSignal} signal @returns {Promise<Found[]>} */
async function exchanges(text, signal) {
  if (!may('events:read') || !/^[\w.:~-]{6,128}$/.test(text)) return [];
  const id = asID(text);
  const asked = id.startsWith('evt_') ? { q: id } : { request_id: id };
  const { events } = await api(withQuery('events', { ...asked, limit: MOST }), { signal });
  await learnNames(events);
  return events.map((/** @type {any} */ event) => ({
    icon: OUTCOMES[outcomeOf(event)].icon,
    name: text.toLowerCase() === event.request_id.toLowerCase() ? event.request_id : event.id,
    group: `Event: ${OUTCOMES[outcomeOf(event)].word.toLowerCase()}, ${whoOf(event).text}`,
    isExact: true,
    run: () => go(`/events/${encodeURIComponent(event.id)}`),
  }));
}

/** Finds what a text names; first that which it names in full. @param {string} text @param {AbortSignal} signal @returns {Promise<Found[]>} */
export const lookUp = async (text, signal) => (await Promise.all([exchanges(text, signal), keys(text)])).flat();
