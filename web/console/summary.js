// The figures of a time range, ready for the page.
import { NAMES } from '../shared/verdicts.js';

/** @typedef {{time: Date} & Record<string, any>} Row */
/**
 * @typedef {{requests: number, failed: number, outcomes: Record<string, number>, inputTokens: number,
 *   outputTokens: number, cost: {micros: number, currency: string}|null, unpriced: number, rows: Row[]}} Summary
 */

/** @param {any} counts */
const outcomesOf = (counts) => Object.fromEntries(NAMES.map((name) => [name, counts?.[name] || 0]));

/**
 * Reads the JSON of `/v1/events/summary`. Buckets without an exchange may be missing in it; here none is.
 *
 * @param {any} json
 * @param {string} since
 * @returns {Summary}
 */
export function readSummary(json, since) {
  const start = new Date(json.since || since).getTime();
  const end = json.until ? new Date(json.until).getTime() : Date.now();
  const size = (json.bucket_seconds || 1800) * 1000;
  const first = Math.floor(start / size) * size;
  const counts = new Map((json.buckets || []).map((/** @type {any} */ one) => [Math.floor(new Date(one.start).getTime() / size), one]));
  const rows = [];
  for (let time = first; time < end && rows.length < 200; time += size) {
    rows.push({ time: new Date(time), ...outcomesOf(counts.get(Math.floor(time / size))?.outcomes) });
  }
  const cost = (json.costs || [])[0] || json.cost || null;
  return {
    requests: json.requests || 0,
    failed: json.failed || 0,
    outcomes: outcomesOf(json.outcomes),
    inputTokens: json.input_tokens || 0,
    outputTokens: json.output_tokens || 0,
    cost: cost || { micros: 0, currency: 'USD' },
    unpriced: json.unpriced || 0,
    rows,
  };
}
