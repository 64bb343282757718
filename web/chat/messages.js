// Messages as they stand in the conversation, each with its verdict.
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { copy } from '../shared/live.js';
import { distinct } from '../shared/categories.js';
import { OUTCOMES, outcomeOf } from '../shared/verdicts.js';
import { findingCounts, foundWords, policyChain, reasonOf } from '../shared/decision.js';
import * as format from '../shared/format.js';
import { grow } from './markdown.js';

/** @typedef {import('../shared/decision.js').DecisionEvent} DecisionEvent */
/** @typedef {import('../shared/verdicts.js').Outcome} Outcome */

const ORDER = ['allow', 'redact', 'escalate', 'block'];

/** As many findings as an event holds. */
const MOST_FINDINGS = 100;
let traces = 0;

/**
 * The part of a decision that one message saw. Earlier messages go along with each new one and are judged again; what
 * was found in them stands at their own place.
 *
 * @param {DecisionEvent} event
 * @param {'request'|'response'} side
 * @param {number} segment The place of the reader's message among the texts of the exchange.
 */
export function sideOf(event, side, segment) {
  const mine = (/** @type {any} */ one) => (side === 'request' ? ['request', 'tool_result'] : ['response', 'tool_call']).includes(one.phase);
  const said = (event.policies || []).filter(mine);
  const all = distinct((event.findings || []).filter(mine));
  const findings = side === 'request' ? all.filter((/** @type {any} */ one) => one.segment >= segment) : all;
  const found = ORDER[Math.max(0, ...said.map((/** @type {any} */ one) => ORDER.indexOf(one.verdict)))];
  const earlier = all.length - findings.length;
  // A full list leaves findings out, perhaps this message's own.
  const isElsewhere = earlier > 0 && !findings.length && (event.findings || []).length < MOST_FINDINGS;
  const verdict = found === 'redact' && isElsewhere ? 'allow' : found;
  const policies = said.map((/** @type {any} */ one) => (one.verdict === 'redact' && isElsewhere ? { ...one, verdict: 'allow', reason_code: undefined } : one));
  // How the exchange ended is said of its answer; of the reader's own message there is only what policies said.
  const outcome = side === 'request' ? undefined : event.outcome;
  return { ...event, policies, findings, verdict, outcome, flagged: Boolean(event.flagged && findings.length), earlier };
}

/** A verdict to press: it opens the chain of policies. @param {DecisionEvent} event */
function verdictButton(event) {
  const outcome = outcomeOf(event);
  const id = `trace-${++traces}`;
  const found = findingCounts(event).reduce((sum, [, count]) => sum + count, 0);
  const link = document.body.dataset.console;
  const trace = h(
    'div',
    { class: 'trace', id, hidden: true },
    h('p', null, reasonOf(event)),
    event.earlier ? h('p', { class: 'muted' }, `In earlier messages: ${format.plural(event.earlier, 'finding')}.`) : null,
    policyChain(event),
    link && event.id
      ? h('a', { href: `${link}/events/${encodeURIComponent(event.id)}`, target: '_blank', rel: 'noopener' }, `Event ${event.id}`)
      : null,
  );
  const button = h(
    'button',
    {
      class: `badge v-${outcome}`,
      type: 'button',
      'aria-expanded': 'false',
      'aria-controls': id,
      on: {
        click: () => {
          trace.hidden = !trace.hidden;
          button.setAttribute('aria-expanded', String(!trace.hidden));
        },
      },
    },
    icon(OUTCOMES[outcome].icon),
    OUTCOMES[outcome].word,
    outcome === 'redacted' && found ? ` ${format.plural(found, 'value')}` : null,
    icon('down'),
  );
  return [button, trace];
}

const NOT_KNOWN = 'details not available';

/** A verdict as long as only its word is known. @param {Outcome} outcome */
const plainVerdict = (outcome) =>
  h('span', { class: `badge v-${outcome}` }, icon(OUTCOMES[outcome].icon), OUTCOMES[outcome].word);

/** @param {string} name @param {string} label @param {() => void} click */
const action = (name, label, click) =>
  h('button', { class: 'btn ghost sm icon', type: 'button', 'aria-label': label, title: label, on: { click } }, icon(name));

/** The reader's own message. @param {string} text @param {(text: string) => void} edit */
export function ownMessage(text, edit) {
  const place = h('span', { class: 'place' });
  const trace = h('div', { class: 'place' });
  const lines = text.split('\n').flatMap((line, i) => (i ? [h('br'), line] : [line]));
  const element = h(
    'article',
    { class: 'msg user', 'aria-label': 'You' },
    h('div', { class: 'bub md' }, h('p', null, lines)),
    h(
      'div',
      { class: 'foot' },
      place,
      h('span', { class: 'acts' }, action('edit', 'Edit and resend', () => edit(text)), action('copy', 'Copy', () => copy(text))),
    ),
    trace,
  );
  return {
    element,
    /** @param {Outcome} outcome */
    say(outcome) {
      fill(place, plainVerdict(outcome));
    },
    /** Nothing more will be known. */
    undecided() {
      if (!place.childNodes.length) fill(place, NOT_KNOWN);
    },
    /** @param {DecisionEvent} event @param {number} segment */
    decide(event, segment) {
      const [button, more] = verdictButton(sideOf(event, 'request', segment));
      fill(place, button);
      fill(trace, more);
    },
  };
}

/** An answer, while and after it is written. @param {string} model @param {() => void} again */
export function answer(model, again) {
  const text = h('div', { class: 'md' });
  const note = h('small');
  const foot = h('div', { class: 'foot' });
  const trace = h('div', { class: 'place' });
  const writer = grow(text);
  const who = h('div', { class: 'who' }, h('span', { class: 'av', 'aria-hidden': 'true' }, icon('spark')), model, note);
  const element = h('article', { class: 'msg', 'aria-label': `Answer from ${model}` }, who, text, foot, trace);
  const acts = () =>
    h('span', { class: 'acts' }, action('copy', 'Copy answer', () => copy(writer.text)), action('refresh', 'Answer again', again));
  return {
    element,
    writer,
    text,
    /** @param {boolean} is */
    writing(is) {
      text.classList.toggle('caret', is);
      note.textContent = is ? 'checking policies' : '';
    },
    /** @param {string} piece */
    add(piece) {
      note.textContent = '';
      writer.push(piece);
    },
    /** @param {string} state How it ended, where that needs a word. */
    done(state) {
      writer.end();
      this.writing(false);
      fill(foot, h('span', null, state), acts());
    },
    /** Nothing more will be known. @param {string} state */
    undecided(state) {
      fill(foot, h('span', null, [state, NOT_KNOWN].filter(Boolean).join(', ')), acts());
    },
    /** Says below what has come why there is no more. @param {Element} notice */
    broken(notice) {
      element.append(notice);
    },
    /** @param {DecisionEvent} event @param {string} state */
    decide(event, state) {
      const [button, more] = verdictButton(sideOf(event, 'response', 0));
      const { input_tokens: input = 0, output_tokens: output = 0 } = event.usage || {};
      const facts = [
        state,
        event.usage ? `${format.count(input + output)} tokens` : '',
        event.cost ? format.money(event.cost) : '',
        format.span(event.timings?.total_us),
      ].filter(Boolean);
      fill(foot, button, h('span', { class: 'num' }, facts.join(', ')), acts());
      fill(trace, more);
    },
  };
}

/** @type {Record<string, {cls: string, icon: string, title: string}>} */
const HALTS = {
  request: { cls: '', icon: 'ban', title: 'This message was not sent' },
  response: { cls: '', icon: 'ban', title: 'The answer was withheld' },
  escalated: { cls: 'esc', icon: 'up', title: 'This waits for a reviewer' },
  error: { cls: 'plain', icon: 'warn', title: 'There is no answer' },
  broken: { cls: 'plain', icon: 'warn', title: 'The answer was cut off' },
  ended: { cls: 'plain', icon: 'lock', title: 'Your access has ended' },
};

/** What the same message can only meet again. */
const FINAL = [400, 404, 413, 422];

/** What helps beside what the refusal says. @param {any} refusal */
const advice = (refusal) =>
  refusal.hint || (refusal.status === 413 ? 'Shorten the message, or begin a new chat: what was said before goes along with it.' : '');

/** Which halt a refusal is. @param {any} refusal @param {boolean} begun Whether the answer had begun. */
export function haltKind(refusal, begun) {
  if (refusal.code === 'auth.access_ended') return 'ended';
  if (refusal.type === 'escalation_required' || refusal.code === 'escalation_required') return 'escalated';
  if (refusal.type === 'policy_violation') return begun || refusal.phase === 'response' ? 'response' : 'request';
  return begun ? 'broken' : 'error';
}

/**
 * What stands in place of an answer that does not come.
 *
 * @param {any} refusal
 * @param {string} kind
 * @param {{edit: () => void, again: () => void}} ways
 */
export function halt(refusal, kind, { edit, again }) {
  const { cls, icon: name, title } = HALTS[kind];
  const link = document.body.dataset.console;
  const place = h('span', { class: 'place' });
  const found = h('p', { class: 'sub', hidden: true });
  const isPolicy = ['request', 'response', 'escalated'].includes(kind);
  const button = (/** @type {() => void} */ click, /** @type {string} */ sign, /** @type {string} */ text) =>
    h('button', { class: 'btn sm', type: 'button', on: { click } }, icon(sign), text);
  const way =
    kind === 'ended'
      ? h('a', { class: 'btn sm', href: '/sign-in' }, 'Go to sign-in')
      : isPolicy || FINAL.includes(refusal.status)
        ? button(edit, 'edit', 'Edit message')
        : button(again, 'refresh', 'Try again');
  const element = h(
    'section',
    { class: `halt ${cls}`, 'aria-label': title },
    h('h2', null, icon(name), title),
    h('p', null, refusal.policy && isPolicy ? ['The policy ', h('b', null, refusal.policy), ' stopped it. '] : null, refusal.message, advice(refusal) ? ` ${advice(refusal)}` : null),
    found,
    kind === 'request' ? h('p', null, 'Nothing reached the provider.') : null,
    h('div', { class: 'row wrap' }, way, refusal.code ? h('code', null, refusal.code) : null, place),
  );
  return {
    element,
    kind,
    /** @param {DecisionEvent} event */
    decide(event) {
      fill(place, link ? h('a', { href: `${link}/events/${encodeURIComponent(event.id)}`, target: '_blank', rel: 'noopener' }, `Event ${event.id}`) : null);
      const what = foundWords(event);
      found.hidden = !what || !isPolicy;
      found.textContent = `Found: ${what}.`;
    },
  };
}
