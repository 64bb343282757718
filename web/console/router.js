// Real paths through the History API. A page is a function of its place; leaving it aborts the place's signal.
import { fill } from '../shared/dom.js';

/**
 * Where the reader is.
 * @typedef {{path: string, rest: string, query: URLSearchParams, signal: AbortSignal}} Place
 *
 * What a page shows. `nav` is the path of its entry in the side bar; `wide` pages use the whole width.
 * @typedef {{title: string, nav: string, wide?: boolean, body: import('../shared/dom.js').Kid}} View
 *
 * @typedef {(place: Place) => View} Page
 */

/** @type {Record<string, Page>} */
let pages = {};
/** @type {Page} */
let missing;
/** @type {HTMLElement} */
let main;
let leave = new AbortController();
/** @type {() => void} */
let arrived = () => {};

/** The page's first segment, `/events`, and what follows it. @param {string} pathname */
function split(pathname) {
  const path = `/${pathname.split('/')[1] || 'overview'}`;
  return { path, rest: decodeURIComponent(pathname.slice(path.length + 1)) };
}

function show() {
  leave.abort();
  leave = new AbortController();
  let where;
  try {
    where = split(location.pathname);
  } catch {
    where = { path: '', rest: '' };
  }
  const place = { ...where, query: new URLSearchParams(location.search), signal: leave.signal };
  const view = (pages[place.path] || missing)(place);
  for (const link of document.querySelectorAll('.nav a')) {
    if (link.getAttribute('href') === view.nav) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  main.classList.toggle('full', Boolean(view.wide));
  fill(main, view.body);
  document.title = `${view.title} · Keeptrusts`;
  arrived();
}

/** Goes to another page. @param {string} url */
export function go(url) {
  history.pushState(null, '', url);
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Shows the current page anew. */
export const reload = () => show();

/** Writes the page's state into the address, without a new entry in the history. @param {string} url */
export const note = (url) => history.replaceState(null, '', url);

/** The same with an entry, so that Back undoes what was chosen. @param {string} url */
export const mark = (url) => history.pushState(null, '', url);

/** Follows a link inside the app. @param {MouseEvent} event */
function follow(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const href = link?.getAttribute('href');
  if (!link || !href?.startsWith('/') || link.target || !pages[split(href.split('?')[0]).path]) return;
  event.preventDefault();
  go(href);
}

/**
 * Starts showing pages.
 *
 * @param {{main: HTMLElement, pages: Record<string, Page>, missing: Page, arrived: () => void}} app
 */
export function start(app) {
  ({ main, pages, missing, arrived } = app);
  document.addEventListener('click', follow);
  addEventListener('popstate', show);
  show();
}
