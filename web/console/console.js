// The console: wires the shell that the server has rendered, then shows pages.
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { toggleTheme } from '../shared/theme.js';
import { empty, failed, notAllowed } from '../shared/states.js';
import { learnAccess, may } from './access.js';
import { start } from './router.js';
import { openPalette } from './palette.js';
import { pageHead } from './parts.js';
import { watchHealth } from './health.js';
import { overview } from './pages/overview.js';
import { events } from './pages/events.js';
import { gateways } from './pages/gateways.js';
import { keys } from './pages/keys.js';
import { account } from './pages/account.js';

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const main = part('main');
const side = part('side');
const menu = part('menu');

/** Opens or closes the side bar, where there is no room for it. @param {boolean} open */
function openMenu(open) {
  side.classList.toggle('open', open);
  menu.setAttribute('aria-expanded', String(open));
  if (open) side.querySelector('a')?.focus();
}

menu.addEventListener('click', () => openMenu(!side.classList.contains('open')));
part('theme').addEventListener('click', toggleTheme);
part('search').addEventListener('click', openPalette);
part('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openPalette();
  } else if (event.key === 'Escape' && side.classList.contains('open')) {
    openMenu(false);
    menu.focus();
  }
});

const missing = () => ({
  title: 'Not found',
  nav: '',
  body: [
    pageHead('Not found', ''),
    h(
      'section',
      { class: 'card' },
      empty({
        icon: 'search',
        title: 'There is no such page',
        text: 'The address may be old, or mistyped.',
        action: h('a', { class: 'btn', href: '/overview' }, icon('grid'), 'Go to the overview'),
      }),
    ),
  ],
});

/** A page that asks nothing of whoever may not have it. @param {string} needs @param {string} title @param {import('./router.js').Page} page */
const needing = (needs, title, page) => (/** @type {import('./router.js').Place} */ place) =>
  may(needs) ? page(place) : { title, nav: place.path, body: [pageHead(title, ''), notAllowed(`This needs the permission '${needs}'.`)] };

/** How long to wait before it is asked again what the reader may do (ms). */
const PAUSE = 3000;

let timer = 0;

async function arrive() {
  clearTimeout(timer);
  try {
    await learnAccess();
  } catch (error) {
    fill(main, pageHead('Keeptrusts', ''), failed(error, arrive));
    timer = setTimeout(arrive, PAUSE);
    return;
  }
  start({
    main,
    pages: {
      '/overview': overview,
      '/events': needing('events:read', 'Events', events),
      '/gateways': needing('gateways:read', 'Gateways', gateways),
      '/keys': needing('tokens:read', 'Keys', keys),
      '/account': account,
    },
    missing,
    arrived: () => openMenu(false),
  });
  watchHealth(part('health'));
}

arrive();
