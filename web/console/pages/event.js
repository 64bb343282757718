// One event on a page of its own, so that it can be linked to.
import { h } from '../../shared/dom.js';
import { icon } from '../../shared/icons.js';
import { failed, loading } from '../../shared/states.js';
import { copyLink, eventTabs, loadEvent } from '../event-view.js';
import { pageHead } from '../parts.js';

/** @param {import('../router.js').Place} place @returns {import('../router.js').View} */
export function eventPage({ rest: id, signal }) {
  const box = h('section', { class: 'card detail' }, loading('the event'));
  const back = h('a', { class: 'btn', href: '/events' }, icon('left'), 'All events');
  const link = h('button', { class: 'btn', type: 'button', on: { click: () => copyLink(id) } }, icon('copy'), 'Copy link');
  const load = async () => {
    try {
      box.replaceChildren(...eventTabs(await loadEvent(id, signal)));
    } catch (error) {
      if (!signal.aborted) box.replaceChildren(failed(error, load));
    }
  };
  load();
  return {
    title: 'Event',
    nav: '/events',
    body: [pageHead('Event', h('code', null, id), back, link), box],
  };
}
