// The figures of a time range, ready for the page.
import { NAMES } from '../shared/verdicts.js';

/** @typedef {{time: Date} & Record<string, any>} Row */
/**
 * @typedef {{requests: number, outcomes: Record<string, number>, inputTokens: number,
 *   outputTokens: number, cost: {micros: number, currency: string}[], rows: Row[]}} Summary
 */

/** A page draws no more bars than this. */
const MOST = 200;

/** @param {any} tally */
const outcomesOf = (tally) => Object.fromEntries(NAMES.map((name) => [name, tally?.[name] || 0]));

/** One row for each stretch of time, also for those that the answer leaves out because nothing happened. @param {any} json */
function rowsOf(json) {
  const size = json.bucket_seconds * 1000;
  const place = (/** @type {string} */ time) => Math.floor(new Date(time).getTime() / size);
  const tallies = new Map((json.buckets || []).map((/** @type {any} */ one) => [place(one.start), one.tally]));
  const rows = [];
  for (let i = place(json.since); i * size < new Date(json.until).getTime() && rows.length < MOST; i++) {
    const tally = tallies.get(i);
    const tokens = (tally?.input_tokens || 0) + (tally?.output_tokens || 0);
    rows.push({ time: new Date(i * size), tokens, ...outcomesOf(tally) });
  }
  return rows;
}

/** Reads the JSON of `/v1/events/summary`. @param {any} json @returns {Summary} */
export function readSummary(json) {
  const outcomes = outcomesOf(json.total);
  return {
    requests: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
    outcomes,
    inputTokens: json.total.input_tokens || 0,
    outputTokens: json.total.output_tokens || 0,
    cost: json.cost || [],
    rows: rowsOf(json),
  };
}
