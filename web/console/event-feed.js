// The events that a filter selects, newest first: pages of them, and what is new.
import { api, withQuery } from '../shared/api.js';
import { learnNames } from './names.js';

/** @typedef {import('./event-table.js').EventSummary} EventSummary */
/** @typedef {{since: string, outcomes: string, model: string, text: string}} Filter */

const PAGE = 50;

/** No list in the page grows beyond this. */
const MOST = 500;

export class EventFeed {
  /** @type {EventSummary[]} */
  rows = [];
  /** New events that wait until the reader wants them. @type {EventSummary[]} */
  waiting = [];
  /** @type {string|null} */
  cursor = null;

  /** @param {() => Filter} filter @param {AbortSignal} signal */
  constructor(filter, signal) {
    this.filter = filter;
    this.signal = signal;
    this.asked = 0;
  }

  get canLoadMore() {
    return Boolean(this.cursor) && this.rows.length < MOST;
  }

  /** Loads the first page of the filter as it is now. */
  async load() {
    const mine = ++this.asked;
    const page = await this.#ask(null);
    if (mine !== this.asked) return false;
    this.rows = page.events;
    this.waiting = [];
    this.cursor = page.next_cursor || null;
    return true;
  }

  /** Loads the next, older page. */
  async more() {
    const mine = this.asked;
    const page = await this.#ask(this.cursor);
    if (mine !== this.asked) return;
    const known = new Set(this.rows.map(({ id }) => id));
    this.rows.push(...page.events.filter((/** @type {EventSummary} */ { id }) => !known.has(id)));
    this.cursor = page.next_cursor || null;
  }

  /** Looks for new events; they wait in `waiting`. */
  async look() {
    const mine = this.asked;
    const page = await this.#ask(null);
    if (mine !== this.asked) return;
    const known = new Set(this.rows.map(({ id }) => id));
    const fresh = page.events.filter((/** @type {EventSummary} */ { id }) => !known.has(id));
    if (fresh.length === PAGE) {
      // More came than a page holds: what lies between is not known, so the list starts anew from here.
      this.rows = [];
      this.cursor = page.next_cursor || null;
    }
    this.waiting = fresh;
  }

  /** Puts what waits on top. */
  take() {
    const ids = this.waiting.map(({ id }) => id);
    this.rows = [...this.waiting, ...this.rows].slice(0, MOST);
    this.waiting = [];
    return new Set(ids);
  }

  /** @param {string|null} cursor */
  async #ask(cursor) {
    const { since, outcomes, model, text } = this.filter();
    const query = { limit: PAGE, since, decision: outcomes, model, q: text, cursor };
    const page = await api(withQuery('events', query), { signal: this.signal });
    await learnNames(page.events);
    return page;
  }
}
