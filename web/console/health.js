// The small panel at the foot of the side bar: whether the control plane answers, and how many gateways do.
import { api } from '../shared/api.js';
import { fill, h } from '../shared/dom.js';
import { poll } from '../shared/poll.js';
import { learnAccess, may } from './access.js';
import { isConnected } from './gateway-state.js';

/** @param {string} tone @param {string} name @param {string} value */
const line = (tone, name, value) =>
  h('div', null, h('span', { class: `dot ${tone}` }), h('span', null, name), h('span', null, value));

/** An answer that takes longer counts as none (seconds). */
const PATIENCE = 4;

const BEAT = 5000;

/** @param {HTMLElement} element */
export function watchHealth(element) {
  const ask = async () => {
    const start = performance.now();
    const answer = may('gateways:read') ? await api('gateways?limit=100', { seconds: PATIENCE }) : await learnAccess();
    const took = Math.max(1, Math.round(performance.now() - start));
    fill(element, line('ok', 'Control plane', `${took} ms`), answer ? fleet(answer.gateways) : null);
  };
  const fail = (/** @type {any} */ error) => {
    if (error?.problem?.status !== 403) return fill(element, line('bad', 'Control plane', 'no answer'));
    fill(element, line('ok', 'Control plane', 'answers'));
    // The role was changed meanwhile.
    learnAccess().catch(() => {});
  };
  poll(BEAT, new AbortController().signal, ask, fail);
}

/** @param {import('./gateway-state.js').Gateway[]} gateways */
function fleet(gateways) {
  const up = gateways.filter(isConnected).length;
  const tone = !gateways.length ? '' : up === gateways.length ? 'ok' : up ? 'warn' : 'bad';
  return line(tone, 'Gateways', gateways.length ? `${up} of ${gateways.length}` : 'none yet');
}
