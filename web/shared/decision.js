// How a decision reads: its reason, the chain of policies, what they found. Used by the console and the chat.
import { h } from './dom.js';
import { icon } from './icons.js';
import { OUTCOMES, outcomeOf } from './verdicts.js';
import { counted, distinct, words } from './categories.js';
import { plural } from './format.js';

export { words } from './categories.js';

/** @typedef {Record<string, any>} DecisionEvent The JSON of `/v1/events/{id}`. */

/** @type {Record<string, string>} */
const PHASES = { request: 'request', response: 'answer', tool_call: 'tool call', tool_result: 'tool result' };

/** @type {Record<string, string>} */
const TONES = { flagged: 'mod', redacted: 'mod', escalated: 'esc', blocked: 'blk' };

/** @type {Record<string, string>} */
const ENDS = {
  failed: 'The provider could not answer.',
  cancelled: 'The caller left before the end.',
  refused: 'The gateway refused the request.',
};

/** What the codes of frequent errors mean. @type {Record<string, string>} */
const CODES = {
  body_too_large: 'The request was too large.',
  draining: 'The gateway was shutting down.',
  keys_unavailable: 'The gateway could not ask whether keys are good.',
  model_not_allowed: 'The key may not use this model.',
  model_not_found: 'No model of this name is configured.',
  no_target_available: 'No provider of this model was ready.',
  overloaded: 'The gateway was at its limit of concurrent exchanges.',
  'request.field_not_allowed': 'A field of the request is not allowed.',
  'request.invalid_value': 'A field of the request has a value that it cannot have.',
  'request.missing_field': 'A field of the request is missing.',
  'request.too_many_texts': 'The request had too many texts.',
  'request.wrong_type': 'A field of the request is of the wrong type.',
  request_timeout: 'The request did not arrive in time.',
  spool_full: 'The gateway could not record one more exchange.',
  upstream_timeout: 'The provider did not answer in time.',
  upstream_tls_failed: 'The certificate of the provider cannot be trusted.',
  upstream_unreachable: 'The provider could not be reached.',
};

/** What was found, by category: `[["email", 2], ["iban", 1]]`. @param {DecisionEvent} event */
export function findingCounts(event) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { category } of distinct(event.findings || [])) counts.set(category, (counts.get(category) || 0) + 1);
  return [...counts];
}

/** What was found, in words; of one policy, or of all. @param {DecisionEvent} event @param {string} [policy] */
export const foundWords = (event, policy) =>
  findingCounts(policy ? { findings: (event.findings || []).filter((/** @type {any} */ one) => one.policy === policy) } : event)
    .map(([category, count]) => counted(category, count))
    .join(', ');

/** How an exchange ended without an answer; a code without a sentence of its own speaks for itself. @param {string} outcome @param {string|undefined} code */
const endOf = (outcome, code) =>
  (code && CODES[code]) || (code ? `${ENDS[outcome].slice(0, -1)}: ${words(code)}.` : ENDS[outcome]);

/** One sentence on why the decision came out as it did. @param {DecisionEvent} event */
export function reasonOf(event) {
  const outcome = outcomeOf(event);
  // What ends an exchange is the findings of one policy, whatever others saw beside.
  const what = foundWords(event, outcome === 'blocked' ? event.policy : undefined);
  if (event.error_code === 'check_unavailable') return `${event.policy || 'A policy'} could not judge it: its service failed.`;
  if (outcome === 'blocked') return `${event.policy || 'A policy'} stopped it${what ? `: ${what}` : ''}.`;
  if (outcome === 'redacted') return what ? `Replaced: ${what}.` : 'Values were replaced.';
  if (outcome === 'escalated') return `${event.policy || 'A policy'} asks for a reviewer.`;
  if (event.error_code === 'model_not_found' && event.route) return `The route ${event.route} leads to no model of this name, or there is none.`;
  if (ENDS[outcome]) return `${endOf(outcome, event.error_code)}${event.verdict === 'redact' && what ? ` Replaced before: ${what}.` : ''}`;
  if (outcome === 'flagged') return what ? `Found, and passed on: ${what}.` : 'Passed on, with a mark.';
  const results = event.policies || [];
  if (!results.some((/** @type {any} */ one) => one.left_out)) return 'Every policy let it pass.';
  return results.every((/** @type {any} */ one) => one.skipped)
    ? 'No policy judged it: its group or its route leaves them out.'
    : 'Every policy that judged it let it pass; its group or its route leaves others out.';
}

/** Whether a policy ended the chain before another had its turn. @param {any} result @param {DecisionEvent} event */
const isAfterEnd = (result, event) =>
  event.policies
    .slice(0, event.policies.indexOf(result))
    .some((/** @type {any} */ one) => one.verdict === 'block' || one.verdict === 'escalate');

/** @param {any} result @param {DecisionEvent} event */
function policyWords(result, event) {
  if (result.left_out) return 'left out by the group or the route';
  if (result.skipped) return isAfterEnd(result, event) ? 'not reached' : 'does not look at this';
  const mine = (/** @type {any} */ one) => one.policy === result.id && one.phase === result.phase;
  const count = distinct((event.findings || []).filter(mine)).length;
  const found = count ? plural(count, 'finding') : '';
  const verdict = { redact: 'replaced', block: 'blocked', escalate: 'escalated' }[/** @type {string} */ (result.verdict)];
  return [verdict || (found ? 'noted' : 'pass'), found, result.reason_code].filter(Boolean).join(', ');
}

/** The chain of policies, each with what it decided. @param {DecisionEvent} event */
export const policyChain = (event) =>
  h(
    'ul',
    { class: 'chain' },
    (event.policies || []).map((/** @type {any} */ result) => {
      const outcome = outcomeOf(result);
      const tone = result.skipped ? 'off' : outcome === 'allowed' ? '' : TONES[outcome];
      const name = result.id === result.kind ? result.id : `${result.id} (${result.kind})`;
      return h(
        'li',
        null,
        h('span', { class: `pt ${tone}` }, icon(result.skipped ? 'dots' : OUTCOMES[outcome].icon)),
        h('span', null, name, h('small', null, policyWords(result, event))),
        h('span', { class: 'muted' }, PHASES[result.phase] || result.phase),
      );
    }),
  );

/** The phase in words. @param {string} phase */
export const phaseWords = (phase) => PHASES[phase] || phase;
