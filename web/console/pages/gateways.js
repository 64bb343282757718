// The fleet: which gateways report, what they run, what waits in their spools.
import { api } from '../../shared/api.js';
import { fill, h, patch } from '../../shared/dom.js';
import { icon } from '../../shared/icons.js';
import { poll } from '../../shared/poll.js';
import { command, empty, failed, loading } from '../../shared/states.js';
import * as format from '../../shared/format.js';
import { may } from '../access.js';
import { configName, lastBeat, stateOf } from '../gateway-state.js';
import { dataTable, drawer, facts, pageHead } from '../parts.js';
import { go } from '../router.js';

/** @typedef {import('../gateway-state.js').Gateway} Gateway */

const BEAT = 5000;

/** @param {Gateway} gateway */
function spool(gateway) {
  const { spool_records: records = 0, spool_bytes: size = 0 } = gateway.counters || {};
  return records ? `${format.plural(records, 'record')}, ${format.bytes(size)}` : 'empty';
}

/** @param {Gateway} gateway */
function row(gateway) {
  const [tone, word] = stateOf(gateway);
  const href = `/gateways/${encodeURIComponent(gateway.id)}`;
  return h(
    'tr',
    { on: { click: (/** @type {Event} */ event) => event.target instanceof HTMLAnchorElement || go(href) } },
    h('td', null, h('a', { class: 'row-link', href }, gateway.name || gateway.id)),
    h('td', null, h('span', { class: 'row' }, h('span', { class: `dot ${tone}` }), word)),
    h('td', { class: 'opt-s' }, gateway.version || ''),
    h('td', null, configName(gateway), gateway.config_failure ? h('small', { class: 'under' }, 'A newer one was not loaded') : null),
    h('td', { class: 'opt-s', title: gateway.last_seen }, format.ago(lastBeat(gateway))),
    h('td', { class: 'opt' }, gateway.advertise_addr || ''),
    h('td', { class: 'r opt' }, format.count(gateway.counters?.in_flight || 0)),
    h('td', { class: 'r opt' }, spool(gateway)),
  );
}

/** @param {Gateway} gateway */
function details(gateway) {
  const [tone, word] = stateOf(gateway);
  const beat = lastBeat(gateway);
  const config = gateway.config || {};
  const counters = gateway.counters || {};
  return facts([
    ['Status', h('span', { class: 'row' }, h('span', { class: `dot ${tone}` }), word)],
    ['Last beat', `${format.ago(beat)} (${format.dayAndTime(beat)})`],
    ['Gateway ID', h('code', null, gateway.id)],
    ['Instance', gateway.instance_id ? h('code', null, gateway.instance_id) : ''],
    ['Version', gateway.version],
    ['Mode', gateway.mode === 'managed' ? 'managed: its configuration comes from here' : gateway.mode],
    ['Config', configName(gateway)],
    ['Digest', config.digest ? h('code', null, config.digest) : ''],
    ['Callers reach it at', gateway.advertise_addr],
    ['It listens on', gateway.listen_addr],
    ['In flight', String(counters.in_flight ?? '')],
    ['Requests', `${format.count(counters.requests || 0)} since its start`],
    ['Spool', spool(gateway)],
    ['Running for', uptime(counters.uptime_seconds || 0)],
    ['First seen', format.dayAndTime(new Date(gateway.created))],
  ]);
}

/** A config that did not come into force, if there is one. @param {Gateway} gateway */
const notLoaded = ({ config_failure: failure }) =>
  failure &&
  h(
    'div',
    { class: 'alert warn' },
    icon('warn'),
    h(
      'div',
      { class: 'grow' },
      h('b', null, 'A config was not loaded'),
      ` (${format.dayAndTime(new Date(failure.time))}). The one before it stays in force.`,
      h('pre', { class: 'code', tabindex: '0', 'aria-label': 'What is wrong' }, failure.message),
    ),
  );

/** @param {number} seconds */
function uptime(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return format.plural(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? format.plural(hours, 'hour') : format.plural(Math.floor(hours / 24), 'day');
}

/** How a gateway is connected. @param {string} [secret] Its token's. */
export const connectCommands = (secret) =>
  command(
    `export KEEPTRUSTS_API_URL='${document.body.dataset.api || 'http://<this control plane>:8080'}'\n` +
      `export KEEPTRUSTS_GATEWAY_TOKEN='${secret || '<a gateway token, from Keys>'}'\n` +
      `kt gateway run --listen 0.0.0.0:41002 --policy-config policy-config.yaml\n` +
      `# or with the config that is deployed to it from here: kt run --managed --listen 0.0.0.0:41002`,
  );

const none = () =>
  h(
    'section',
    { class: 'card' },
    empty({
      icon: 'server',
      title: 'No gateway yet',
      text: 'Run this where your gateway should live. It shows here within ten seconds.',
      action: [
        connectCommands(),
        may('tokens:write') ? h('a', { class: 'btn primary', href: '/keys?create=gateway_runtime' }, icon('key'), 'Create a gateway token') : null,
      ],
    }),
  );

/** @param {import('../router.js').Place} place @returns {import('../router.js').View} */
export function gateways({ rest: opened, signal }) {
  const table = dataTable('Gateways', [
    ['Name', ''],
    ['Status', ''],
    ['Version', 'opt-s'],
    ['Config', ''],
    ['Last beat', 'opt-s'],
    ['Address', 'opt'],
    ['In flight', 'r opt'],
    ['Spool', 'r opt'],
  ]);
  const state = h('div', null, loading('gateways'));
  const card = h('section', { class: 'card table-card', hidden: true }, table.scroll);
  const split = h('div', { class: 'split' }, card);
  const panelBody = h('div', { class: 'scroll' }, loading('the gateway'));
  const title = h('span', null, opened);
  if (opened) {
    const panel = drawer({ title, label: 'Gateway details', actions: null, close: () => go('/gateways') }, panelBody);
    split.classList.add('open');
    split.append(panel.element);
  }

  /** @param {Gateway[]} list */
  const paint = (list) => {
    card.hidden = !list.length;
    fill(state, list.length ? null : none());
    // Every cell may have changed, so rows are told apart by what they show.
    const key = (/** @type {Gateway} */ gateway) => JSON.stringify([gateway, Math.floor(Date.now() / BEAT)]);
    patch(table.rows, list, key, row);
    for (const [i, gateway] of list.entries()) {
      table.rows.children[i].setAttribute('aria-selected', String(gateway.id === opened));
    }
    if (!opened) return;
    const one = list.find(({ id }) => id === opened);
    title.textContent = one?.name || opened;
    fill(panelBody, one ? [notLoaded(one), details(one)] : h('p', null, 'There is no gateway with this ID.'));
  };
  const ask = async () => paint((await api('gateways?limit=100', { signal })).gateways);
  const fail = (/** @type {unknown} */ error) => fill(state, failed(error, () => ask().catch(fail)));
  poll(BEAT, signal, ask, fail);

  const text = 'Each gateway dials in, reports every ten seconds and sends its decisions here.';
  return { title: 'Gateways', nav: '/gateways', wide: true, body: [pageHead('Gateways', text), state, split] };
}
