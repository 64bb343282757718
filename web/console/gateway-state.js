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
export function stateOf(gateway) {
  if (gateway.config_failure && isConnected(gateway)) return ['warn', 'Config not loaded'];
  return STATES[gateway.status] || ['', gateway.status];
}

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

/**
 * Where callers reach a gateway, as a URL: what it advertises, with the host by which this page was reached in place of
 * "every address". Without a scheme of its own it is HTTP, but for port 443.
 *
 * @param {Gateway|undefined} gateway
 */
export function urlOf(gateway) {
  const [, scheme, address] = /^(https?:\/\/)?(.*)$/.exec(gateway?.advertise_addr || '') || [];
  if (!address) return null;
  try {
    const url = new URL(`${scheme || (/:443$/.test(address) ? 'https://' : 'http://')}${address}`);
    if (['0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = location.hostname;
    return url.origin;
  } catch {
    return null;
  }
}

/** A request to try, at the first gateway that is connected. @param {Gateway[]} gateways @param {string} key @param {string} model */
export const tryCommand = (gateways, key, model) =>
  `curl -s ${urlOf(gateways.find(isConnected)) || 'http://<a gateway>:41002'}/v1/chat/completions \\\n` +
  `  -H "Authorization: Bearer ${key}" \\\n  -H "Content-Type: application/json" \\\n` +
  `  -d '{"model":"${model}","messages":[{"role":"user","content":"ping"}]}'`;

/** Whether gateways run different texts. @param {Gateway[]} gateways */
export const differ = (gateways) => new Set(gateways.map((gateway) => gateway.config?.digest)).size > 1;
