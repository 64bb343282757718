// One event in a panel beside the list.
import { h } from '../shared/dom.js';
import { failed, loading } from '../shared/states.js';
import { copyLink, eventTabs, loadEvent } from './event-view.js';
import { drawer, iconButton } from './parts.js';

/**
 * Opens the panel and loads the event into it.
 *
 * @param {string} id
 * @param {{signal: AbortSignal, close: () => void, step: (by: number) => void, page: () => void}} o
 */
export function openEvent(id, { signal, close, step, page }) {
  const place = h('div', { class: 'fill' }, h('div', { class: 'scroll' }, loading('the event')));
  const actions = [
    iconButton('copy', 'Copy link', () => copyLink(id)),
    iconButton('ext', 'Open as a page', page),
    iconButton('uparr', 'Newer event', () => step(-1)),
    iconButton('down', 'Older event', () => step(1)),
  ];
  const panel = drawer({ title: h('span', { class: 'mono' }, id), label: 'Event details', actions, close }, place);
  const load = async () => {
    try {
      place.replaceChildren(...eventTabs(await loadEvent(id, signal)));
    } catch (error) {
      if (!signal.aborted) place.replaceChildren(h('div', { class: 'scroll' }, failed(error, load)));
    }
  };
  load();
  return panel;
}
