// The small panel at the foot of the side bar: whether the control plane answers, and how many gateways do.
import { api } from '../shared/api.js';
import { fill, h } from '../shared/dom.js';
import { poll } from '../shared/poll.js';
import { isConnected } from './gateway-state.js';

/** @param {string} tone @param {string} name @param {string} value */
const line = (tone, name, value) =>
  h('div', null, h('span', { class: `dot ${tone}` }), h('span', null, name), h('span', null, value));

/** @param {HTMLElement} element */
export function watchHealth(element) {
  const ask = async () => {
    const start = performance.now();
    const { gateways } = await api('gateways?limit=100');
    const took = Math.max(1, Math.round(performance.now() - start));
    const up = gateways.filter((/** @type {any} */ gateway) => isConnected(gateway)).length;
    const tone = !gateways.length ? '' : up === gateways.length ? 'ok' : up ? 'warn' : 'bad';
    fill(
      element,
      line('ok', 'Control plane', `${took} ms`),
      line(tone, 'Gateways', gateways.length ? `${up} of ${gateways.length}` : 'none yet'),
    );
  };
  const fail = (/** @type {any} */ error) => {
    const status = error?.problem?.status;
    if (status === 403) fill(element, line('ok', 'Control plane', 'answers'));
    else fill(element, line('bad', 'Control plane', 'no answer'));
  };
  poll(10_000, new AbortController().signal, ask, fail);
}
