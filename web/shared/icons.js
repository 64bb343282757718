// Our own 16-pixel stroke icons: each is a list of paths.
import { s } from './dom.js';

/** @type {Record<string, string[]>} */
const PATHS = {
  ban: ['M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z', 'M3.8 3.8l8.4 8.4'],
  chat: ['M2.5 3.5h11v7.5H7l-3 2.5V11H2.5z'],
  check: ['M3.5 8.5l3 3 6-7'],
  copy: ['M5.5 5.5h8v8h-8z', 'M10.5 5.5v-3h-8v8h3'],
  dots: ['M3.5 8h.01M8 8h.01M12.5 8h.01'],
  down: ['M4 6l4 4 4-4'],
  edit: ['M3 13l.6-2.7L11 2.9l2.1 2.1-7.4 7.4z'],
  eraser: ['M6.2 12.5 2.8 9.1l6-6 4.2 4.2-5.2 5.2z', 'M5.8 6.1l4.2 4.2M6 13.5h7.5'],
  ext: ['M9 2.5h4.5V7M13.3 2.7 7.5 8.5', 'M11.5 9.5v4h-9v-9h4'],
  flag: ['M3.5 14V2.5h8L9.8 5.3l1.7 2.8h-8'],
  grid: ['M2.5 2.5h4v4h-4z', 'M9.5 2.5h4v4h-4z', 'M2.5 9.5h4v4h-4z', 'M9.5 9.5h4v4h-4z'],
  image: ['M2.5 3h11v10h-11z', 'M2.5 11l3.2-3.2 2.5 2.5 2-2 3.3 3.2', 'M10.5 6h.01'],
  key: ['M6 10.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z', 'M8.8 8.4 13.5 13M11.2 10.8l1.5-1.5'],
  left: ['M10 4 6 8l4 4'],
  list: ['M5.5 4h8M5.5 8h8M5.5 12h8', 'M2.5 4h.01M2.5 8h.01M2.5 12h.01'],
  lock: ['M3.5 7.5h9v6h-9z', 'M5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5'],
  menu: ['M2.5 4.5h11M2.5 8h11M2.5 11.5h11'],
  out: ['M6.5 2.5h-4v11h4', 'M6.5 8h7M10.8 5.2 13.5 8l-2.7 2.8'],
  panel: ['M2.5 3h11v10h-11z', 'M9.8 3v10'],
  pause: ['M5 3v10M11 3v10'],
  play: ['M5 3l8 5-8 5z'],
  plus: ['M8 3v10M3 8h10'],
  refresh: [
    'M13 7a5 5 0 0 0-9-2.5L2.5 6M3 9a5 5 0 0 0 9 2.5l1.5-1.5',
    'M2.5 2.8V6h3.2M13.5 13.2V10h-3.2',
  ],
  right: ['M6 4l4 4-4 4'],
  search: ['M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9z', 'M10.4 10.4l3.1 3.1'],
  server: ['M2.5 3h11v4h-11z', 'M2.5 9h11v4h-11z', 'M5 5h.01M5 11h.01'],
  shieldok: ['M8 1.8 13 3.6v4c0 3.2-2.1 5.4-5 6.6-2.9-1.2-5-3.4-5-6.6v-4z', 'M5.8 7.9l1.6 1.6 2.9-3.1'],
  spark: ['M8 2l1.3 4.2L13.5 8l-4.2 1.6L8 14l-1.3-4.4L2.5 8l4.2-1.8z'],
  stop: ['M4.5 4.5h7v7h-7z'],
  sun: [
    'M8 10.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4z',
    'M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  ],
  up: ['M8 13V3.5M4.2 7 8 3.2 11.8 7'],
  uparr: ['M4 10l4-4 4 4'],
  user: ['M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8z', 'M2.8 13.8c.3-2.6 2.2-4.1 5.2-4.1s4.9 1.5 5.2 4.1'],
  warn: ['M8 2.2 14.3 13H1.7z', 'M8 6.5v3M8 11.3v.01'],
  x: ['M4 4l8 8M12 4l-8 8'],
};

/**
 * An icon for the eye only; what it means stands beside it, or in the button's name.
 *
 * @param {string} name
 * @returns {SVGElement}
 */
export const icon = (name) =>
  s(
    'svg',
    { class: 'ic', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' },
    (PATHS[name] || PATHS.dots).map((d) => s('path', { d })),
  );
