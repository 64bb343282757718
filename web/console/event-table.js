// The rows of event lists.
import { h } from '../shared/dom.js';
import { badge, outcomeOf } from '../shared/verdicts.js';
import { reasonOf } from '../shared/decision.js';
import * as format from '../shared/format.js';
import { whoOf } from './names.js';
import { dataTable } from './parts.js';

/** @typedef {Record<string, any>} EventSummary An item of `/v1/events`. */

/** @type {[string, string][]} */
const COLUMNS = [
  ['Time', ''],
  ['Decision', ''],
  ['Reason', 'opt-s'],
  ['Who', 'opt-s'],
  ['Model', ''],
  ['Provider', 'opt spacious'],
  ['Tokens', 'r opt spacious'],
  ['Cost', 'r opt roomy'],
  ['Duration', 'r opt'],
];

/** @param {string} caption */
export const eventTable = (caption) => dataTable(caption, COLUMNS);

/** Where the arrow keys (and j, k) lead. @param {KeyboardEvent} event */
function walk(event) {
  const row = event.currentTarget instanceof Element ? event.currentTarget.closest('tr') : null;
  const down = event.key === 'ArrowDown' || event.key === 'j';
  const up = event.key === 'ArrowUp' || event.key === 'k';
  if (!row || (!down && !up)) return;
  event.preventDefault();
  (down ? row.nextElementSibling : row.previousElementSibling)?.querySelector('a')?.focus();
}

/** @param {string} time */
function when(time) {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  return today ? format.clock(date) : `${date.getDate()} ${date.toLocaleString('en-GB', { month: 'short' })} ${format.hourMinute(date)}`;
}

/**
 * @param {EventSummary} event
 * @param {(event: EventSummary) => void} open
 */
export function eventRow(event, open) {
  const link = h(
    'a',
    {
      class: 'row-link',
      href: `/events/${encodeURIComponent(event.id)}`,
      title: event.time,
      on: {
        keydown: walk,
        click: (/** @type {MouseEvent} */ click) => {
          if (click.metaKey || click.ctrlKey || click.shiftKey) return;
          click.preventDefault();
          click.stopPropagation();
          open(event);
        },
      },
    },
    when(event.time),
    h('span', { class: 'sr' }, `, event ${event.id}`),
  );
  const usage = event.usage;
  const who = whoOf(event);
  const reason = reasonOf(event);
  return h(
    'tr',
    { data: { id: event.id }, on: { click: () => open(event) } },
    h('td', null, link),
    h('td', null, badge(outcomeOf(event))),
    h('td', { class: 'reason trunc opt-s', title: event.reason_code ? `${reason} (${event.reason_code})` : reason }, reason),
    h('td', { class: 'trunc who opt-s', title: who.full }, who.text),
    h('td', { class: 'trunc model' }, event.model || ''),
    h('td', { class: 'opt spacious' }, event.provider || ''),
    h('td', { class: 'r opt spacious' }, usage ? `${format.count(usage.input_tokens || 0)} / ${format.count(usage.output_tokens || 0)}` : ''),
    h('td', { class: 'r opt roomy' }, event.cost ? format.money(event.cost) : ''),
    h('td', { class: 'r opt' }, format.span(event.timings?.total_us)),
  );
}
