// What screens show of an exchange in one word. Each has a colour, an icon and a word, so that none has to carry it alone.
import { h } from './dom.js';
import { icon } from './icons.js';

/** @typedef {'allowed'|'redacted'|'flagged'|'escalated'|'blocked'|'refused'|'failed'|'cancelled'} Outcome */

/** @type {Record<Outcome, {icon: string, word: string}>} */
export const OUTCOMES = {
  allowed: { icon: 'check', word: 'Allowed' },
  redacted: { icon: 'eraser', word: 'Redacted' },
  flagged: { icon: 'flag', word: 'Flagged' },
  escalated: { icon: 'up', word: 'Escalated' },
  blocked: { icon: 'ban', word: 'Blocked' },
  refused: { icon: 'x', word: 'Refused' },
  failed: { icon: 'warn', word: 'Failed' },
  cancelled: { icon: 'stop', word: 'Cancelled' },
};

/** Their names, in the order of charts and chips. */
export const NAMES = /** @type {Outcome[]} */ (Object.keys(OUTCOMES));

/** @type {Record<string, Outcome>} */
const BY_VERDICT = { allow: 'allowed', redact: 'redacted', escalate: 'escalated', block: 'blocked' };

/** What ends an exchange beside policies. */
const ENDINGS = /** @type {Outcome[]} */ (['blocked', 'refused', 'failed', 'cancelled']);

/**
 * The word for an exchange, as `decision` of the API counts it: what a policy stopped comes first, then how the exchange
 * ended otherwise, then what policies did to one that was served. A single policy's result has a verdict only.
 *
 * @param {{verdict?: string, flagged?: boolean, outcome?: string}} event
 * @returns {Outcome}
 */
export function outcomeOf(event) {
  const verdict = BY_VERDICT[event.verdict || 'allow'] || 'allowed';
  if (verdict === 'blocked' || verdict === 'escalated') return verdict;
  const ending = ENDINGS.find((name) => name === event.outcome);
  if (ending) return ending;
  return verdict === 'allowed' && event.flagged ? 'flagged' : verdict;
}

/** @param {Outcome} outcome */
export const badge = (outcome) =>
  h('span', { class: `badge v-${outcome}` }, icon(OUTCOMES[outcome].icon), OUTCOMES[outcome].word);
