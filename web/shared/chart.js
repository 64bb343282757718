// Stacked bars over time, in SVG. For the keyboard: focus the chart, then use the arrow keys. For screen readers: a table.
import { h, s, fill } from './dom.js';
import * as format from './format.js';

const LEFT = 44;
const TOP = 18;
const BOTTOM = 24;

/** @typedef {{key: string, label: string, cls: string}} Series */
/** @typedef {{time: Date} & Record<string, any>} Row */
/** @typedef {{rows: Row[], series: Series[], label: string, axis: (time: Date) => string}} Chart */

/** The next larger round number. @param {number} x */
function round(x) {
  const power = 10 ** Math.floor(Math.log10(x || 1));
  const rest = x / power;
  return (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10) * power;
}

/** Where things stand in a chart of this size. @param {Chart} chart @param {number} width @param {number} height */
function layout(chart, width, height) {
  const count = chart.rows.length;
  const floor = height - BOTTOM;
  const highest = Math.max(1, ...chart.rows.map((row) => chart.series.reduce((sum, one) => sum + row[one.key], 0)));
  const step = Math.max(1, round(highest / 3.2));
  const top = Math.ceil((highest * 1.02) / step) * step;
  const bar = (width - LEFT) / count;
  return {
    width,
    height,
    floor,
    step,
    top,
    bar,
    x: (/** @type {number} */ i) => LEFT + i * bar,
    y: (/** @type {number} */ value) => floor - (value / top) * (floor - TOP),
  };
}

/** @param {Chart} chart @param {ReturnType<typeof layout>} at */
function grid(chart, at) {
  const marks = [];
  for (let value = 0; value <= at.top; value += at.step) {
    const y = at.y(value);
    marks.push(
      s('line', { class: 'grid', x1: LEFT, x2: at.width, y1: y, y2: y }),
      s('text', { class: 'ax', x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, format.count(value)),
    );
  }
  const every = Math.ceil(chart.rows.length / Math.max(2, Math.floor(at.width / 120)));
  chart.rows.forEach((row, i) => {
    if (i % every === 0 && at.x(i) < at.width - 30) {
      marks.push(s('text', { class: 'ax', x: at.x(i), y: at.height - 6 }, chart.axis(row.time)));
    }
  });
  return marks;
}

/** @param {Chart} chart @param {ReturnType<typeof layout>} at */
function bars(chart, at) {
  const gap = at.bar > 6 ? 1.5 : 0.5;
  return chart.rows.flatMap((row, i) => {
    let base = 0;
    return chart.series.map(({ key, cls }) => {
      if (!row[key]) return null;
      const y = at.y(base + row[key]);
      const height = Math.max(at.y(base) - y, 0.6);
      base += row[key];
      return s('rect', { class: `bar ${cls}`, x: at.x(i) + gap / 2, y, width: Math.max(at.bar - gap, 1), height });
    });
  });
}

/** @param {Chart} chart */
const table = (chart) =>
  h(
    'div',
    { class: 'sr' },
    h(
      'table',
      null,
      h('caption', null, chart.label),
      h(
        'thead',
        null,
        h('tr', null, h('th', { scope: 'col' }, 'Time'), chart.series.map(({ label }) => h('th', { scope: 'col' }, label))),
      ),
      h(
        'tbody',
        null,
        chart.rows.map((row) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, chart.axis(row.time)),
            chart.series.map(({ key }) => h('td', null, format.count(row[key]))),
          ),
        ),
      ),
    ),
  );

/**
 * A chart of stacked bars, one for each row.
 *
 * @param {Chart} chart
 * @returns {HTMLElement}
 */
export function timeChart(chart) {
  const svg = s('svg', { 'aria-hidden': 'true' });
  const tip = h('div', { class: 'tip', hidden: true });
  const live = h('span', { class: 'sr', 'aria-live': 'polite' });
  const label = `${chart.label}. Use the left and right arrow keys to read values.`;
  const element = h('div', { class: 'chart', tabindex: '0', role: 'group', 'aria-label': label }, svg, tip, live, table(chart));
  let at = layout(chart, 600, 236);
  let selected = -1;

  function draw() {
    at = layout(chart, element.clientWidth || 600, svg.clientHeight || 236);
    svg.setAttribute('viewBox', `0 0 ${at.width} ${at.height}`);
    const cross = s('line', { class: 'cross', visibility: 'hidden', y1: TOP, y2: at.floor });
    fill(svg, grid(chart, at), bars(chart, at), cross);
  }

  function hide() {
    tip.hidden = true;
    selected = -1;
    svg.lastChild?.setAttribute('visibility', 'hidden');
  }

  /** @param {number} i */
  function show(i) {
    if (i < 0 || i >= chart.rows.length) return hide();
    selected = i;
    const row = chart.rows[i];
    const x = at.x(i) + at.bar / 2;
    for (const end of ['x1', 'x2']) svg.lastChild.setAttribute(end, String(x));
    svg.lastChild.setAttribute('visibility', 'visible');
    const values = chart.series.map(({ key, label, cls }) =>
      h('div', null, h('span', { class: `sw ${cls}` }), label, h('span', { class: 'num' }, format.count(row[key]))),
    );
    fill(tip, h('b', null, chart.axis(row.time)), values);
    tip.hidden = false;
    const right = x > at.width * 0.6;
    tip.style.left = right ? 'auto' : `${x + 12}px`;
    tip.style.right = right ? `${at.width - x + 12}px` : 'auto';
    const words = chart.series.map(({ key, label }) => `${label} ${format.count(row[key])}`);
    live.textContent = `${chart.axis(row.time)}: ${words.join(', ')}`;
  }

  element.addEventListener('pointermove', (/** @type {PointerEvent} */ event) => {
    const i = Math.floor((event.clientX - element.getBoundingClientRect().left - LEFT) / at.bar);
    if (i !== selected) show(i);
  });
  element.addEventListener('pointerleave', hide);
  element.addEventListener('blur', hide);
  element.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Escape') hide();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const last = chart.rows.length - 1;
    show(selected < 0 ? last : Math.min(last, Math.max(0, selected + step)));
  });
  new ResizeObserver(() => {
    draw();
    hide();
  }).observe(element);
  return element;
}

/** @param {Series[]} series */
export const legend = (series) =>
  h(
    'div',
    { class: 'legend' },
    series.map(({ cls, label }) => h('span', { class: 'key' }, h('span', { class: `sw ${cls}` }), label)),
  );

/**
 * A small line without axes, as decoration beside its number.
 *
 * @param {number[]} values
 * @param {string} [cls]
 */
export function spark(values, cls = '') {
  const highest = Math.max(...values, 1);
  const last = Math.max(1, values.length - 1);
  const point = (/** @type {number} */ value, /** @type {number} */ i) =>
    `${i ? 'L' : 'M'}${((i / last) * 100).toFixed(2)} ${(28 - (value / highest) * 25).toFixed(2)}`;
  const line = values.map(point).join('');
  return s(
    'svg',
    { class: `spark ${cls}`, viewBox: '0 0 100 30', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('path', { class: 'ar', d: `${line}L100 30L0 30Z` }),
    s('path', { class: 'ln', d: line }),
  );
}
