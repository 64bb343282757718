// The panel beside the conversation: what governs it, and what it has used.
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
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
  (event.findings || []).filter((/** @type {any} */ one) => one.phase !== 'request' || one.segment >= event.segment).length;

/** @param {string} value @param {string} name */
const figure = (value, name) => h('div', null, h('b', null, value), h('small', null, name));

/** @param {HTMLElement} element */
export function inspector(element) {
  /** @type {Map<string, DecisionEvent & {segment: number}>} */
  let decisions = new Map();

  function paint() {
    const all = [...decisions.values()];
    const latest = all.at(-1);
    const sum = (/** @type {(event: any) => number} */ of) => all.reduce((total, event) => total + of(event), 0);
    const micros = sum((event) => event.cost?.micros || 0);
    const currency = all.find((event) => event.cost)?.cost.currency || 'USD';
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
          : h('p', { class: 'muted' }, 'The policies that were applied show here after the first answer.'),
      ),
      h(
        'section',
        null,
        h('h2', null, 'This conversation'),
        h(
          'div',
          { class: 'stat' },
          figure(format.money({ micros, currency }), 'cost'),
          figure(format.count(sum((event) => (event.usage?.input_tokens || 0) + (event.usage?.output_tokens || 0))), 'tokens'),
          figure(format.count(redacted), redacted === 1 ? 'value redacted' : 'values redacted'),
          figure(format.count(all.filter((event) => outcomeOf(event) === 'blocked').length), 'blocked'),
        ),
      ),
    );
  }

  paint();
  return {
    /** @param {DecisionEvent} event @param {number} segment */
    add(event, segment) {
      decisions.set(event.id, { ...event, segment });
      paint();
    },
    clear() {
      decisions = new Map();
      paint();
    },
  };
}
