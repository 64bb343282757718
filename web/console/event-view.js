// One decision event: verdict, policies, findings (where, never what), tokens, cost, times.
import { api, withQuery } from '../shared/api.js';
import { categoryWords, distinct } from '../shared/categories.js';
import { h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { json } from '../shared/json.js';
import { copy } from '../shared/live.js';
import { empty } from '../shared/states.js';
import { OUTCOMES, outcomeOf } from '../shared/verdicts.js';
import { phaseWords, policyChain, reasonOf, words } from '../shared/decision.js';
import * as format from '../shared/format.js';
import { may } from './access.js';
import { learnNames, nameOf } from './names.js';
import { facts, tabs } from './parts.js';

/** @typedef {import('../shared/decision.js').DecisionEvent} DecisionEvent */

/** @param {DecisionEvent} event */
function verdictBox(event) {
  const outcome = outcomeOf(event);
  return h(
    'div',
    { class: `verdict-box v-${outcome}` },
    h('b', null, icon(OUTCOMES[outcome].icon), OUTCOMES[outcome].word),
    h('p', null, reasonOf(event)),
    event.reason_code ? h('small', null, h('code', null, event.reason_code)) : null,
    event.degraded ? h('small', null, 'A policy could not run (degraded).') : null,
  );
}

/** One bar of the times; all numbers are parts of the whole, from 0 to 1. @typedef {{name: string, us: number, cls: string, at: number}} Bar */

/**
 * When what ran. One after the other, unless policies judged a stream while the provider sent it: then what is known is
 * how long each took, and that the provider was the last to begin.
 *
 * @param {number} total @param {{policy: number, checks: number, upstream: number}} us
 * @param {boolean} overlaps
 * @returns {Bar[]}
 */
function bars(total, { policy, checks, upstream }, overlaps) {
  const provider = { name: 'Provider', us: upstream, cls: 'f-allowed', at: overlaps ? total - upstream : policy + checks };
  const known = [{ name: 'Policies', us: policy, cls: 'f-accent', at: 0 }, { name: 'Services asked', us: checks, cls: 'f-redacted', at: policy }, provider];
  const spent = policy + checks + upstream;
  const rest = { name: 'Gateway', us: total - spent, cls: 'f-info', at: spent };
  return [...known, ...(overlaps ? [] : [rest])].filter(({ us }, i) => us || i === 0);
}

/** @param {DecisionEvent} event */
function times(event) {
  const { total_us: total, upstream_us: upstream = 0, policy_us: policy = 0, checks_us: checks = 0 } = event.timings || {};
  // Nor is there anything to show when only the whole is known.
  if (!total || !(upstream || policy || checks)) return null;
  const overlaps = policy + checks + upstream > total || Boolean(event.stream && upstream);
  const share = (/** @type {number} */ us) => Math.min(1, Math.max(0, us / total));
  const lines = bars(total, { policy, checks, upstream }, overlaps).map(({ name, us, cls, at }) => {
    const width = Math.max(share(us), 0.006);
    const left = Math.min(share(at), 1 - width);
    const bar = h('i', { class: cls, style: { left: `${left * 100}%`, width: `${width * 100}%` } });
    return h('div', null, h('span', { class: 'sub' }, name), h('span', { class: 'track' }, bar), h('span', { class: 'num muted end' }, format.span(us)));
  });
  const note = overlaps && upstream ? h('p', { class: 'sub' }, 'Policies judge a stream while the provider sends it, so these times overlap.') : null;
  return h('section', null, h('h3', null, 'Where the time went'), h('div', { class: 'fall' }, lines), note);
}

/** @param {DecisionEvent} event */
function tokens(event) {
  if (!event.usage) return event.attempts?.length ? 'not reported' : 'none: nothing reached a provider';
  const { input_tokens: input = 0, output_tokens: output = 0, cached_input_tokens: cached } = event.usage;
  return `${format.count(input)} in, ${format.count(output)} out${cached ? `, ${format.count(cached)} from cache` : ''}`;
}

/** An id with the name behind it. @param {string|null|undefined} id @param {string} [href] */
function named(id, href) {
  if (!id) return '';
  const name = nameOf(id);
  const words = name ? [name, ' ', h('code', null, id)] : h('code', null, id);
  return href ? h('a', { href }, words) : words;
}

/** For whom an escalated answer waits, and until when. @param {DecisionEvent} event */
function waiting({ escalation }) {
  if (!escalation) return '';
  const end = new Date(escalation.expires_at);
  return `${escalation.assignee || 'a reviewer'}, until ${format.day(end)}, ${format.clock(end)}; then it is blocked`;
}

/** @param {DecisionEvent} event */
function details(event) {
  const time = new Date(event.time);
  const first = event.timings?.first_byte_us;
  const model = event.response_model && event.response_model !== event.model ? `, answered by ${event.response_model}` : '';
  const unknown = event.model?.startsWith('unknown:') ? ' (a name that no config knows, and so is not kept)' : '';
  const config = event.config || {};
  return facts([
    ['Time', h('time', { datetime: event.time, title: event.time }, `${format.day(time)}, ${format.clock(time)}`)],
    ['Waits for', waiting(event)],
    ['Outcome', `${event.outcome}, status ${event.status}${event.error_code ? `, ${event.error_code}` : ''}`],
    ['Model', event.model ? `${event.model}${unknown}${model}` : ''],
    ['Provider', [event.provider, event.target].filter(Boolean).join(', ')],
    ['Tokens', tokens(event)],
    ['Cost', event.cost || event.attempts?.length ? format.money(event.cost) : 'none'],
    ['Took', `${format.span(event.timings?.total_us)}${first ? `, first byte after ${format.span(first)}` : ''}`],
    ['Surface', `${words(event.surface || '')}${event.stream ? ', streamed' : ''}`],
    ['Route', event.route],
    ['Key', event.key_id ? named(event.key_id, withQuery('/events', { q: event.key_id })) : 'anonymous'],
    ['Consumer group', event.consumer_group],
    ['User', named(event.user_id)],
    ['Team', event.team_id ? h('code', null, event.team_id) : ''],
    ['Gateway', named(event.gateway_id, may('gateways:read') ? `/gateways/${encodeURIComponent(event.gateway_id)}` : undefined)],
    ['Config', config.name ? `${config.name} ${config.version}` : ''],
    ['Config digest', config.digest ? h('code', null, config.digest.slice(0, 19)) : ''],
    ['Request ID', h('code', null, event.request_id)],
    ['Sequence', String(event.sequence ?? '')],
    ['Kept until', event.retained_until ? format.day(new Date(event.retained_until)) : ''],
  ]);
}

/** @param {DecisionEvent} event */
const attempts = (event) =>
  event.attempts?.length
    ? h(
        'section',
        null,
        h('h3', null, 'Attempts'),
        h(
          'ul',
          { class: 'plain' },
          event.attempts.map((/** @type {any} */ one) =>
            h(
              'li',
              null,
              h('span', { class: `dot ${one.error ? 'bad' : 'ok'}` }),
              h('span', { class: 'grow' }, one.target, one.error ? h('small', null, ` ${one.error}`) : null),
              h('span', { class: 'muted num' }, [one.status, format.span(one.duration_us)].filter(Boolean).join(', ')),
            ),
          ),
        ),
      )
    : null;

/** @param {DecisionEvent} event */
const summary = (event) => [
  verdictBox(event),
  event.policies?.length ? h('section', null, h('h3', null, 'Policy chain'), policyChain(event)) : null,
  times(event),
  attempts(event),
  h('section', null, h('h3', null, 'Details'), details(event)),
];

/** @param {DecisionEvent} event */
function findings(event) {
  if (!event.findings?.length) {
    return empty({ icon: 'check', title: 'Nothing found', text: 'No policy found anything in this exchange.' });
  }
  const row = (/** @type {any} */ one) =>
    h(
      'tr',
      null,
      h('td', { class: 'wraps' }, categoryWords(one.category)),
      h('td', { class: 'wraps' }, one.policy),
      h('td', null, phaseWords(one.phase)),
      h('td', { class: 'r' }, `${one.start}–${one.end}`),
      h('td', { class: 'r' }, one.confidence === undefined ? '' : `${Math.round(one.confidence * 100)}%`),
    );
  return [
    h('p', { class: 'sub' }, 'Where something was found, in bytes of its text. What was found is never stored.'),
    h(
      'div',
      { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Findings' },
      h(
        'table',
        { class: 'data still' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['What', 'Policy', 'Where'].map((title) => h('th', { scope: 'col' }, title)),
            ['Bytes', 'Sure'].map((title) => h('th', { scope: 'col', class: 'r' }, title)),
          ),
        ),
        h('tbody', null, distinct(event.findings).map(row)),
      ),
    ),
  ];
}

/** An event, with the names of those in it. @param {string} id @param {AbortSignal} signal @returns {Promise<DecisionEvent>} */
export async function loadEvent(id, signal) {
  const event = await api(`events/${encodeURIComponent(id)}`, { signal });
  await learnNames([event]);
  return event;
}

/** The event's tabs and their panel. @param {DecisionEvent} event */
export const eventTabs = (event) =>
  tabs('Event detail', {
    Summary: () => summary(event),
    Findings: () => findings(event),
    JSON: () => h('pre', { class: 'code', tabindex: '0', 'aria-label': 'The event as JSON' }, json(event)),
  });

/** Copies the address of an event's own page. @param {string} id */
export const copyLink = (id) => copy(`${location.origin}/events/${encodeURIComponent(id)}`, 'Link copied');
