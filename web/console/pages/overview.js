// The first page: is traffic protected, is something broken, what was stopped, what does it cost, what comes next.
import { api, withQuery } from '../../shared/api.js';
import { legend, spark, timeChart } from '../../shared/chart.js';
import { fill, h } from '../../shared/dom.js';
import { icon } from '../../shared/icons.js';
import { poll } from '../../shared/poll.js';
import { command, empty, failed, loading } from '../../shared/states.js';
import { NAMES, OUTCOMES } from '../../shared/verdicts.js';
import * as format from '../../shared/format.js';
import { may } from '../access.js';
import { eventRow, eventTable } from '../event-table.js';
import { configsOf, differ, isConnected, lastBeat, tryCommand } from '../gateway-state.js';
import { card, pageHead, segments } from '../parts.js';
import { learnNames } from '../names.js';
import { RANGES, choices, rangeIn, since } from '../ranges.js';
import { go, note } from '../router.js';
import { readSummary } from '../summary.js';
import { connectCommands } from './gateways.js';

/** @typedef {import('../summary.js').Summary} Summary */
/** @typedef {import('../gateway-state.js').Gateway} Gateway */
/** What the reader may see; null where that is nothing. @typedef {{summary: Summary, gateways: Gateway[]|null, keys: any[]|null, stopped: any[]}} Data */

const BEAT = 5000;

/** Decisions that somebody should look at. */
const ATTENTION = 'blocked,escalated,failed';

/** Shown in the chart whether they occur or not. */
const ALWAYS = NAMES.slice(0, 5);

/** @param {Summary} summary */
const series = ({ outcomes }) =>
  NAMES.filter((key) => ALWAYS.includes(key) || outcomes[key]).map((key) => ({ key, label: OUTCOMES[key].word, cls: `f-${key}` }));

/** The filter of the events page, for a decision in a time range. @param {string} outcome @param {string} range */
const eventsOf = (outcome, range) => withQuery('/events', { outcome, range: range === '24h' ? '' : range });

/** @param {string} tone @param {string} title @param {string} text @param {string} href */
const fact = (tone, title, text, href) =>
  h('a', { href }, h('span', { class: `dot ${tone}` }), h('span', null, h('b', null, title), h('small', null, text)));

/** @param {Gateway[]} gateways */
function fleet(gateways) {
  const up = gateways.filter(isConnected);
  const latest = gateways.length ? format.ago(new Date(Math.max(...gateways.map((one) => Number(lastBeat(one)))))) : 'never';
  const differing = differ(up);
  const all = up.length === gateways.length;
  const stuck = up.filter((gateway) => gateway.config_failure);
  return [
    fact(
      all ? 'ok' : up.length ? 'warn' : 'bad',
      all ? `${format.plural(up.length, 'gateway')} connected` : `${up.length} of ${gateways.length} gateways connected`,
      `Last beat ${latest}`,
      '/gateways',
    ),
    stuck.length
      ? fact('warn', 'A config was not loaded', `${format.plural(stuck.length, 'gateway')} on the one before`, '/gateways')
      : fact(differing ? 'warn' : 'ok', differing ? 'Gateways differ' : 'Policies enforcing', configsOf(gateways), '/gateways'),
  ];
}

/** @param {Data} data @param {string} range */
function status({ gateways, summary }, range) {
  const { failed: failures, refused, escalated } = summary.outcomes;
  const { words } = RANGES[range];
  return h(
    'section',
    { class: 'status', 'aria-label': 'System status' },
    gateways ? fleet(gateways) : null,
    fact(
      failures ? 'warn' : summary.requests ? 'ok' : '',
      failures ? `${format.plural(failures, 'exchange')} failed` : summary.requests ? 'Providers answering' : 'No request yet',
      `${failures ? 'In' : 'No failure in'} the ${words}`,
      eventsOf('failed', range),
    ),
    refused ? fact('', `${format.plural(refused, 'request')} refused`, 'Before any policy saw them', eventsOf('refused', range)) : null,
    fact(
      escalated ? 'warn' : 'ok',
      escalated ? format.plural(escalated, 'escalation') : 'Nobody waits',
      escalated ? 'A reviewer was asked for' : 'No escalation in this time',
      eventsOf('escalated', range),
    ),
  );
}

/** @param {{label: string, value: string, small?: string, note: string, href: string, chart?: any, tone?: string}} o */
const figure = ({ label, value, small, note, href, chart, tone }) =>
  h(
    'a',
    { class: 'card kpi', href },
    h('span', { class: 'lab' }, label),
    h('span', { class: 'val' }, value, small ? h('small', null, small) : null),
    h('span', { class: `delta ${tone || ''}` }, note),
    chart,
  );

/** What stands below the cost: other currencies, or what an exchange costs. @param {Summary} summary @param {string} words */
function costNote({ cost, requests }, words) {
  if (cost.length > 1) return `and ${cost.slice(1).map(format.money).join(', ')}`;
  if (!cost.length || !requests) return words;
  return `${format.money({ ...cost[0], micros: cost[0].micros / requests })} for each request`;
}

/** @param {Summary} summary @param {string} range */
function figures(summary, range) {
  const { outcomes, requests, rows } = summary;
  const share = (/** @type {number} */ x) => (requests ? `${((x / requests) * 100).toFixed(1)}%` : '');
  const href = (/** @type {string} */ outcome) => eventsOf(outcome, range);
  const line = (/** @type {string} */ key, /** @type {string} */ cls) => spark(rows.map((row) => row[key]), cls);
  const total = rows.map((row) => NAMES.reduce((sum, name) => sum + row[name], 0));
  const { words } = RANGES[range];
  return h(
    'section',
    { class: 'kpis', 'aria-label': 'Key figures' },
    figure({ label: 'Requests', value: format.count(requests), note: words, href: href(''), chart: spark(total) }),
    figure({
      label: 'Blocked',
      value: format.count(outcomes.blocked),
      small: share(outcomes.blocked),
      note: outcomes.blocked ? 'stopped by a policy' : 'nothing stopped',
      tone: outcomes.blocked ? 'up' : '',
      href: href('blocked'),
      chart: line('blocked', 'bad'),
    }),
    figure({
      label: 'Redacted',
      value: format.count(outcomes.redacted),
      small: share(outcomes.redacted),
      note: 'had values replaced',
      href: href('redacted'),
      chart: line('redacted', ''),
    }),
    figure({
      label: 'Tokens',
      value: format.count(summary.inputTokens + summary.outputTokens),
      note: `${format.count(summary.inputTokens)} in, ${format.count(summary.outputTokens)} out`,
      href: href(''),
      chart: line('tokens', ''),
    }),
    figure({
      label: 'Cost',
      value: format.money(summary.cost[0] || { micros: 0, currency: 'USD' }),
      note: costNote(summary, words),
      href: href(''),
    }),
  );
}

/** What there is to do, as far as the reader can see and do it. @param {Data} data @returns {{done: boolean, text: string, href: string, action: string}[]} */
const steps = ({ gateways, keys, summary }) => [
  ...(gateways
    ? [
        { done: gateways.some(isConnected), text: 'Connect a gateway', href: '/gateways', action: 'How' },
        {
          done: gateways.some((gateway) => gateway.config?.name || gateway.config?.digest),
          text: 'Load a policy configuration',
          href: '/gateways',
          action: 'Look',
        },
      ]
    : []),
  ...(keys
    ? [
        { done: keys.length > 0, text: 'Create an application key', href: '/keys?create=general', action: 'Create' },
        { done: summary.requests > 0, text: 'Send a governed request', href: '/keys?create=general', action: 'How' },
      ]
    : []),
  {
    done: summary.outcomes.blocked + summary.outcomes.redacted > 0,
    text: 'See a policy at work',
    href: '/events?outcome=blocked,redacted',
    action: 'Look',
  },
];

/** What is left to do; nothing once all is done. @param {Data} data */
function nextSteps(data) {
  const list = steps(data);
  const done = list.filter((step) => step.done).length;
  if (done === list.length || !may('tokens:write')) return null;
  return h(
    'section',
    { class: 'card start' },
    h('header', null, h('h2', null, 'Next steps'), h('span', { class: 'end' }, `${done} of ${list.length}`)),
    h(
      'div',
      { class: 'body' },
      h(
        'ol',
        null,
        list.map((step) =>
          h(
            'li',
            { class: step.done ? 'done' : null },
            h('span', { class: 'tick' }, icon('check')),
            h('span', null, step.text, step.done ? h('span', { class: 'sr' }, ' (done)') : null),
            step.done ? null : h('a', { class: 'btn sm', href: step.href, 'aria-label': `${step.action}: ${step.text}` }, step.action),
          ),
        ),
      ),
      data.summary.requests ? null : [h('p', { class: 'sub' }, 'A request to try, with a key of yours:'), command(tryCommand(data.gateways || [], '$KEEPTRUSTS_KEY', 'demo'))],
    ),
  );
}

/** With nothing connected there is only one thing to do. */
const welcome = () =>
  h(
    'section',
    { class: 'card start' },
    h('header', null, h('h2', null, 'Connect your first gateway')),
    h(
      'div',
      { class: 'body stack' },
      h('p', null, 'Nothing is protected yet. A gateway stands between your applications and the providers; it dials in here.'),
      h('ol', { class: 'numbered' }, [
        h('li', null, h('a', { href: '/keys?create=gateway_runtime' }, 'Create a gateway token'), ', and copy its secret.'),
        h('li', null, 'Run this where the gateway should live:', connectCommands()),
        h('li', null, 'It shows here within ten seconds. Then ', h('a', { href: '/keys?create=general' }, 'create an application key'), ' and send a request.'),
      ]),
    ),
  );

/** @param {Summary} summary @param {string} range */
function traffic(summary, range) {
  const axis = RANGES[range].ms > 24 * 3_600_000 ? format.dayAndTime : format.hourMinute;
  const shown = series(summary);
  const chart = { rows: summary.rows, series: shown, label: 'Requests by decision', axis };
  return card('Requests by decision', legend(shown), timeChart(chart));
}

/** @param {HTMLElement} wide @param {HTMLElement|null} narrow */
const besides = (wide, narrow) => (narrow ? h('div', { class: 'cols-2' }, wide, narrow) : wide);

/** @param {any[]} rows */
function attention(rows) {
  const table = eventTable('Events that need attention');
  table.rows.append(...rows.map((event) => eventRow(event, ({ id }) => go(`/events?event=${encodeURIComponent(id)}`))));
  const none = h('p', { class: 'pad sub' }, 'Nothing was blocked or escalated, and nothing failed, in this time.');
  return h(
    'section',
    { class: 'card table-card' },
    h(
      'header',
      { class: 'pad-b' },
      h('h2', null, 'Needs attention'),
      h('span', { class: 'end' }, h('a', { href: `/events?outcome=${ATTENTION}` }, 'All of them')),
    ),
    rows.length ? table.scroll : none,
  );
}

/** Asks for something if the reader may have it. @param {string} action @param {string} path @param {AbortSignal} signal */
const ask = (action, path, signal) => (may(action) ? api(path, { signal }) : Promise.resolve({}));

/** Sums over many events may take longer than a list (seconds). */
const SLOW = 20;

/** @param {string} range @param {AbortSignal} signal @returns {Promise<Data>} */
async function load(range, signal) {
  const from = since(range);
  const sums = { since: from, bucket_seconds: Math.round(RANGES[range].ms / 48_000) };
  const [summary, { gateways = null }, { tokens = null }, { events: stopped }] = await Promise.all([
    api(withQuery('events/summary', sums), { signal, seconds: SLOW }),
    ask('gateways:read', 'gateways?limit=100', signal),
    ask('tokens:read', 'tokens?limit=1&purpose=general', signal),
    api(withQuery('events', { since: from, decision: ATTENTION, limit: 6 }), { signal }),
  ]);
  await learnNames(stopped);
  return { summary: readSummary(summary), gateways, keys: tokens, stopped };
}

/** What whoever may not read events finds here. */
const nothing = () =>
  h(
    'section',
    { class: 'card' },
    empty({
      icon: 'lock',
      title: 'There is nothing here for your role',
      text: may('chat:use') ? 'Your role uses the chat. An owner or an admin of your organisation can grant more.' : 'An owner or an admin of your organisation can grant more.',
    }),
  );

/** @param {import('../router.js').Place} place @returns {import('../router.js').View} */
export function overview({ query, signal }) {
  if (!may('events:read')) return { title: 'Overview', nav: '/overview', body: [pageHead('Overview', ''), nothing()] };
  let range = rangeIn(query);
  let shown = '';
  const box = h('div', { class: 'stack' }, loading('the overview', 8));
  const stale = h('div', { hidden: true });
  const text = h('p');
  const show = async () => {
    const data = await load(range, signal);
    stale.hidden = true;
    // The page is built anew only when something it shows has changed, so that focus and selection last.
    const now = JSON.stringify([range, data, Math.floor(Date.now() / 15_000)]);
    if (now === shown || (shown && box.contains(document.activeElement))) return;
    shown = now;
    const none = data.gateways?.length === 0 && !data.summary.requests && may('tokens:write');
    fill(
      box,
      none
        ? welcome()
        : [
            status(data, range),
            figures(data.summary, range),
            besides(traffic(data.summary, range), nextSteps(data)),
            attention(data.stopped),
          ],
    );
  };
  const fail = (/** @type {unknown} */ error) => {
    if (!shown) return void fill(box, failed(error, () => show().catch(fail)));
    stale.hidden = false;
    fill(stale, failed(error, () => show().catch(fail)));
  };
  const describe = () => {
    text.textContent = `All gateways, ${RANGES[range].words}. Times are in your time zone (${format.zone}).`;
  };
  const ranges = segments('Time range', choices(['1h', '24h', '7d', '30d']), range, (value) => {
    range = value;
    shown = '';
    note(withQuery('/overview', { range: range === '24h' ? '' : range }));
    describe();
    show().catch(fail);
  });
  describe();
  poll(BEAT, signal, show, fail);
  const head = pageHead('Overview', null, ranges);
  head.firstElementChild?.append(text);
  return { title: 'Overview', nav: '/overview', body: [head, stale, box] };
}
