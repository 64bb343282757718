// The time ranges that pages offer.
const HOUR = 3_600_000;

/** @type {Record<string, {ms: number, words: string}>} */
export const RANGES = {
  '1h': { ms: HOUR, words: 'last hour' },
  '6h': { ms: 6 * HOUR, words: 'last 6 hours' },
  '24h': { ms: 24 * HOUR, words: 'last 24 hours' },
  '7d': { ms: 7 * 24 * HOUR, words: 'last 7 days' },
  '30d': { ms: 30 * 24 * HOUR, words: 'last 30 days' },
};

/** The range that the address asks for. @param {URLSearchParams} query */
export function rangeIn(query) {
  const range = query.get('range') || '24h';
  return range in RANGES ? range : '24h';
}

/** Where a range begins, as the API takes it. @param {string} range */
export const since = (range) => new Date(Date.now() - RANGES[range].ms).toISOString();

/** The choices, for `segments`. @param {string[]} names */
export const choices = (names) => Object.fromEntries(names.map((name) => [name, name]));
