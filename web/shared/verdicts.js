// The five outcomes that screens show. Each has a colour, an icon and a word, so that none has to carry it alone.
import { h } from './dom.js';
import { icon } from './icons.js';

/** @typedef {'allowed'|'redacted'|'flagged'|'escalated'|'blocked'} Outcome */

/** @type {Record<Outcome, {icon: string, word: string}>} */
export const OUTCOMES = {
  allowed: { icon: 'check', word: 'Allowed' },
  redacted: { icon: 'eraser', word: 'Redacted' },
  flagged: { icon: 'flag', word: 'Flagged' },
  escalated: { icon: 'up', word: 'Escalated' },
  blocked: { icon: 'ban', word: 'Blocked' },
};

/** Their names, in the order of charts and chips. */
export const NAMES = /** @type {Outcome[]} */ (Object.keys(OUTCOMES));

/** @type {Record<string, Outcome>} */
const BY_VERDICT = { allow: 'allowed', redact: 'redacted', escalate: 'escalated', block: 'blocked' };

/**
 * The outcome of a verdict: an exchange that was allowed, but flagged, is the fifth one.
 *
 * @param {{verdict?: string, flagged?: boolean}} event
 * @returns {Outcome}
 */
export function outcomeOf(event) {
  const outcome = BY_VERDICT[event.verdict || 'allow'] || 'allowed';
  return outcome === 'allowed' && event.flagged ? 'flagged' : outcome;
}

/** @param {Outcome} outcome */
export const badge = (outcome) =>
  h('span', { class: `badge v-${outcome}` }, icon(OUTCOMES[outcome].icon), OUTCOMES[outcome].word);
