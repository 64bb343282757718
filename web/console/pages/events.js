// Every exchange, the decision and the reason. Filters, range and the opened event live in the address.
import { api, withQuery } from '../../shared/api.js';
import { fill, h, patch } from '../../shared/dom.js';
import { icon } from '../../shared/icons.js';
import { say } from '../../shared/live.js';
import { poll } from '../../shared/poll.js';
import { empty, failed, loading } from '../../shared/states.js';
import { NAMES, OUTCOMES } from '../../shared/verdicts.js';
import * as format from '../../shared/format.js';
import { EventFeed } from '../event-feed.js';
import { eventRow, eventTable } from '../event-table.js';
import { pageHead, segments } from '../parts.js';
import { RANGES, choices, rangeIn, since } from '../ranges.js';
import { go, mark, note } from '../router.js';
import { readSummary } from '../summary.js';
import { openEvent } from '../event-drawer.js';
import { eventPage } from './event.js';

/** Sums over many events may take longer than a list (seconds). */
const SLOW = 20;

/** New exchanges must show within two seconds. */
const BEAT = 1000;

/** @param {import('../router.js').Place} place @returns {import('../router.js').View} */
export function events(place) {
  if (place.rest) return eventPage(place);
  const page = new EventsPage(place);
  return { title: 'Events', nav: '/events', wide: true, body: page.body };
}

class EventsPage {
  /** @param {import('../router.js').Place} place */
  constructor({ query, signal }) {
    this.signal = signal;
    this.range = rangeIn(query);
    this.outcomes = new Set((query.get('outcome') || '').split(',').filter((name) => name in OUTCOMES));
    this.model = query.get('model') || '';
    this.text = query.get('q') || '';
    this.opened = query.get('event') || '';
    this.live = true;
    this.stalled = false;
    this.loaded = false;
    this.feed = new EventFeed(() => this.filter(), signal);
    this.build();
    this.start();
  }

  filter() {
    return { since: since(this.range), outcomes: [...this.outcomes].join(','), model: this.model, text: this.text };
  }

  build() {
    this.table = eventTable('Events, newest first');
    this.state = h('div', null, loading('events', 8));
    this.pager = h('div', { class: 'pager', hidden: true });
    this.stale = h('div', { hidden: true });
    this.chips = h('div', { class: 'row wrap', role: 'group', 'aria-label': 'Filter by decision' });
    this.pill = h('button', { class: 'btn sm newpill', type: 'button', hidden: true, on: { click: () => this.takeNew(true) } });
    const card = h(
      'section',
      { class: 'card table-card', 'aria-label': 'Events' },
      this.pill,
      this.state,
      this.table.scroll,
      this.pager,
    );
    this.table.scroll.hidden = true;
    this.split = h('div', { class: 'split' }, card);
    this.liveButton = h('button', { class: 'btn', type: 'button', on: { click: () => this.switchLive() } });
    this.showLive();
    this.showChips({});
    const text = `Every exchange, the decision and the reason. Times are in your time zone (${format.zone}).`;
    const ranges = segments('Time range', choices(Object.keys(RANGES)), this.range, (range) => {
      this.range = range;
      this.chosen();
    });
    this.body = [pageHead('Events', text, this.liveButton, ranges), this.filters(), this.stale, this.split];
  }

  filters() {
    let timer = 0;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.reload(), 250);
    };
    const search = h('input', {
      type: 'search',
      placeholder: 'Event, request or key ID, reason code',
      value: this.text,
      'aria-label': 'Search events',
      on: {
        input: (/** @type {any} */ { target }) => {
          this.text = target.value.trim();
          later();
        },
      },
    });
    const model = h('input', {
      type: 'text',
      placeholder: 'Any model',
      value: this.model,
      'aria-label': 'Model',
      on: {
        input: (/** @type {any} */ { target }) => {
          this.model = target.value.trim();
          later();
        },
      },
    });
    this.inputs = [search, model];
    return h(
      'div',
      { class: 'filters' },
      h('div', { class: 'field' }, icon('search'), search),
      h('div', { class: 'field narrow' }, icon('spark'), model),
      this.chips,
    );
  }

  /** @param {Record<string, number>} counts */
  showChips(counts) {
    fill(
      this.chips,
      NAMES.map((name) =>
        h(
          'button',
          { class: 'chip', type: 'button', 'aria-pressed': this.outcomes.has(name), on: { click: () => this.toggle(name) } },
          OUTCOMES[name].word,
          counts[name] === undefined ? null : h('span', { class: 'n' }, format.count(counts[name])),
        ),
      ),
    );
    this.counts = counts;
  }

  /** @param {string} name */
  toggle(name) {
    if (!this.outcomes.delete(name)) this.outcomes.add(name);
    const place = NAMES.indexOf(/** @type {any} */ (name));
    this.showChips(this.counts || {});
    /** @type {HTMLElement} */ (this.chips.children[place]).focus();
    this.chosen();
  }

  /** Something else is asked for; Back leads to what was before. */
  chosen() {
    mark(this.address());
    this.reload();
  }

  switchLive() {
    this.live = !this.live;
    this.showLive();
    say(this.live ? 'Live updates on' : 'Live updates off');
    if (this.live) this.takeNew(false);
  }

  showLive() {
    const words = this.stalled ? 'No answer' : 'Live';
    this.liveButton.setAttribute('aria-pressed', String(this.live));
    fill(this.liveButton, this.live ? h('span', { class: `dot ${this.stalled ? 'bad' : 'live'}` }) : icon('play'), this.live ? words : 'Go live');
  }

  /** Notes whether answers come, so that nothing looks live which is not. @param {boolean} stalled */
  stall(stalled) {
    if (this.stalled === stalled) return;
    this.stalled = stalled;
    this.showLive();
  }

  async start() {
    await this.reload();
    let beats = 0;
    await poll(
      BEAT,
      this.signal,
      async () => {
        if (!this.loaded) return void (await this.reload());
        if (!this.live) return;
        await this.feed.look();
        this.stall(false);
        this.stale.hidden = true;
        this.announceNew();
        if (beats++ % 4 === 0) await this.count();
      },
      (error) => {
        if (!this.loaded) return;
        this.stall(true);
        this.stale.hidden = false;
        fill(this.stale, failed(error, () => this.reload()));
      },
    );
  }

  async reload() {
    this.remember();
    try {
      if (!(await this.feed.load())) return;
      this.loaded = true;
      this.stall(false);
      this.stale.hidden = true;
      this.paint();
      if (this.opened) this.open(this.opened, false);
      await this.count();
    } catch (error) {
      if (this.signal.aborted) return;
      this.loaded = false;
      this.stall(true);
      this.table.scroll.hidden = true;
      this.pager.hidden = true;
      fill(this.state, failed(error, () => this.reload()));
    }
  }

  async count() {
    const { since, model, text } = this.filter();
    const summary = await api(withQuery('events/summary', { since, model, q: text }), { signal: this.signal, seconds: SLOW });
    const counts = readSummary(summary).outcomes;
    if (JSON.stringify(counts) !== JSON.stringify(this.counts)) this.showChips(counts);
  }

  /** New rows come in by themselves while nobody reads further down; else they wait behind a button. */
  announceNew() {
    const { waiting } = this.feed;
    const busy = this.table.scroll.scrollTop > 0 || this.opened || this.table.rows.matches(':hover, :focus-within');
    if (waiting.length && !busy) return this.takeNew(false);
    this.pill.hidden = !waiting.length;
    fill(this.pill, icon('uparr'), format.plural(waiting.length, 'new event'));
  }

  /** @param {boolean} up Whether to scroll to them. */
  takeNew(up) {
    const fresh = this.feed.take();
    this.pill.hidden = true;
    if (up) this.table.scroll.scrollTop = 0;
    this.paint(fresh);
  }

  paint(fresh = new Set()) {
    const { rows } = this.feed;
    const open = (/** @type {any} */ event) => this.open(event.id, true);
    patch(this.table.rows, rows, ({ id }) => id, (event) => {
      const row = eventRow(event, open);
      if (fresh.has(event.id)) row.classList.add('fresh');
      return row;
    });
    for (const row of this.table.rows.children) {
      row.setAttribute('aria-selected', String(row.dataset.id === this.opened));
    }
    this.table.scroll.hidden = !rows.length;
    this.pager.hidden = !rows.length;
    fill(this.state, rows.length ? null : this.nothing());
    const more = h('button', { class: 'btn sm', type: 'button', on: { click: () => this.more() } }, 'Load more');
    fill(
      this.pager,
      h('span', null, `${format.plural(rows.length, 'event')} shown`),
      h('span', { class: 'end' }, this.feed.canLoadMore ? more : null),
    );
  }

  async more() {
    try {
      const before = this.feed.rows.length;
      await this.feed.more();
      this.paint();
      // The button may be gone.
      const next = this.table.rows.children[before]?.querySelector('a') || this.table.scroll;
      /** @type {HTMLElement} */ (next).focus();
    } catch (error) {
      if (!this.signal.aborted) fill(this.pager, failed(error, () => this.more()));
    }
  }

  nothing() {
    const filtered = this.outcomes.size || this.model || this.text;
    if (!filtered) {
      return empty({
        icon: 'list',
        title: `No exchange in the ${RANGES[this.range].words}`,
        text: 'Send a request through a gateway and it shows here at once.',
        action: h('a', { class: 'btn', href: '/overview' }, icon('grid'), 'See how'),
      });
    }
    const clear = () => {
      this.outcomes.clear();
      this.model = this.text = '';
      for (const input of this.inputs || []) input.value = '';
      this.showChips(this.counts || {});
      this.reload();
    };
    return empty({
      icon: 'search',
      title: 'No event matches',
      text: 'Widen the time range or clear the filters.',
      action: h('button', { class: 'btn', type: 'button', on: { click: clear } }, 'Clear filters'),
    });
  }

  /** @param {string} id @param {boolean} focus */
  async open(id, focus) {
    this.opened = id;
    this.remember();
    this.split.classList.add('open');
    const step = (/** @type {number} */ by) => {
      const next = this.feed.rows[this.feed.rows.findIndex((row) => row.id === id) + by];
      if (next) this.open(next.id, true);
    };
    const panel = openEvent(id, { signal: this.signal, close: () => this.close(), step, page: () => go(`/events/${id}`) });
    this.split.querySelector('.drawer')?.remove();
    this.split.append(panel.element);
    for (const row of this.table.rows.children) row.setAttribute('aria-selected', String(row.dataset.id === id));
    if (focus) panel.heading.focus();
  }

  close() {
    const id = this.opened;
    this.opened = '';
    this.split.classList.remove('open');
    this.split.querySelector('.drawer')?.remove();
    this.remember();
    this.paint();
    this.table.rows.querySelector(`[data-id="${CSS.escape(id)}"] a`)?.focus();
  }

  address() {
    const outcome = [...this.outcomes].join(',');
    const range = this.range === '24h' ? '' : this.range;
    return withQuery('/events', { outcome, range, model: this.model, q: this.text, event: this.opened });
  }

  remember() {
    note(this.address());
  }
}
