// The panel beside the conversation: what governs it, and what it has used.
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { distinct } from '../shared/categories.js';
import { outcomeOf } from '../shared/verdicts.js';
import * as format from '../shared/format.js';

/** @typedef {import('../shared/decision.js').DecisionEvent} DecisionEvent */

/** @type {Record<string, string>} */
const PHASES = { request: 'messages', response: 'answers', tool_call: 'tool calls', tool_result: 'tool results' };

/** @param {any[]} policies */
function chain(policies) {
  /** @type {Map<string, Set<string>>} */
  const phases = new Map();
  for (const { id, phase } of policies) phases.set(id, (phases.get(id) || new Set()).add(PHASES[phase] || phase));
  return h(
    'ul',
    { class: 'pol' },
    [...phases].map(([id, on]) => h('li', null, icon('check'), h('span', { class: 'grow' }, id), h('small', null, [...on].join(', ')))),
  );
}

/** How much was found in what is new in an exchange: the message and its answer. @param {any} event */
const fresh = (event) =>
  distinct(event.findings || []).filter((/** @type {any} */ one) => one.phase !== 'request' || one.segment >= event.segment).length;

/** @param {string} value @param {string} name */
const figure = (value, name) => h('div', null, h('b', null, value), h('small', null, name));

/** @param {HTMLElement} element */
export function inspector(element) {
  /** Each exchange; null while its record is not known. @type {Map<string, (DecisionEvent & {segment: number})|null>} */
  let exchanges = new Map();

  function paint() {
    const all = /** @type {(DecisionEvent & {segment: number})[]} */ ([...exchanges.values()].filter(Boolean));
    const missing = exchanges.size - all.length;
    const latest = all.at(-1);
    const sum = (/** @type {(event: any) => number} */ of) => all.reduce((total, event) => total + of(event), 0);
    // A sum that leaves something out is a lower bound, and with nothing in it no sum at all.
    const bound = (/** @type {string} */ text, out = missing, of = all.length) => (!out ? text : of ? `≥ ${text}` : '–');
    const micros = sum((event) => event.cost?.micros || 0);
    const currency = all.find((event) => event.cost)?.cost.currency || 'USD';
    const unpriced = all.filter((event) => event.usage && !event.cost).length;
    const redacted = sum((event) => (event.verdict === 'redact' ? fresh(event) : 0));
    const config = latest?.config;
    fill(
      element,
      h(
        'section',
        null,
        h('h2', null, icon('shieldok'), 'Governed by', config ? h('span', { class: 'end muted' }, `${config.name} ${config.version}`) : null),
        latest?.policies?.length
          ? chain(latest.policies)
          : h('p', { class: 'muted' }, exchanges.size ? 'Which policies were applied is not known yet.' : 'The policies that were applied show here after the first answer.'),
      ),
      h(
        'section',
        null,
        h('h2', null, 'This conversation'),
        h(
          'div',
          { class: 'stat' },
          figure(bound(format.money({ micros, currency }), missing + unpriced, all.length - unpriced), 'cost'),
          figure(bound(format.count(sum((event) => (event.usage?.input_tokens || 0) + (event.usage?.output_tokens || 0)))), 'tokens'),
          figure(bound(format.count(redacted)), redacted === 1 ? 'value redacted' : 'values redacted'),
          figure(bound(format.count(all.filter((event) => outcomeOf(event) === 'blocked').length)), 'blocked'),
        ),
        missing ? h('p', { class: 'muted' }, `The details of ${format.plural(missing, 'exchange')} are not known.`) : null,
      ),
    );
  }

  paint();
  return {
    /** There is an exchange, of which nothing is known yet. @param {string} id The request's id. */
    expect(id) {
      if (exchanges.has(id)) return;
      exchanges.set(id, null);
      paint();
    },
    /** @param {string} id The request's id. @param {DecisionEvent} event @param {number} segment */
    add(id, event, segment) {
      exchanges.set(id, /** @type {any} */ ({ ...event, segment }));
      paint();
    },
    clear() {
      exchanges = new Map();
      paint();
    },
  };
}
