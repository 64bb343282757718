// How the state of a gateway reads.
import { plural } from '../shared/format.js';

/** @typedef {Record<string, any>} Gateway An item of `/v1/gateways`. */

/** @type {Record<string, [string, string]>} */
const STATES = {
  healthy: ['ok', 'Connected'],
  degraded: ['warn', 'Degraded'],
  offline: ['bad', 'Not connected'],
};

/** A dot's colour and a word. @param {Gateway} gateway @returns {[string, string]} */
export const stateOf = (gateway) => STATES[gateway.status] || ['', gateway.status];

/** @param {Gateway} gateway */
export const isConnected = (gateway) => gateway.status !== 'offline';

/** When it last reported. @param {Gateway} gateway */
export const lastBeat = (gateway) => new Date(gateway.last_seen);

/** "care-prod 1.12.0". @param {Gateway} gateway */
export function configName(gateway) {
  const { name, version } = gateway.config || {};
  return name ? [name, version].filter(Boolean).join(' ') : '';
}

/** What all gateways run, in a few words. @param {Gateway[]} gateways */
export function configsOf(gateways) {
  const names = [...new Set(gateways.map(configName).filter(Boolean))];
  if (!names.length) return 'No configuration reported';
  return names.length === 1 ? `All on ${names[0]}` : `${plural(names.length, 'configuration')} in use`;
}

/** Whether gateways run different texts. @param {Gateway[]} gateways */
export const differ = (gateways) => new Set(gateways.map((gateway) => gateway.config?.digest)).size > 1;
