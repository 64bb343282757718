// How the state of a gateway reads.
import { plural } from '../shared/format.js';

/** @typedef {Record<string, any>} Gateway An item of `/v1/gateways`. */

/** A gateway beats every ten seconds; after three missed beats it counts as lost. */
const LOST_AFTER = 35_000;

/** When it last reported. @param {Gateway} gateway */
export const lastBeat = (gateway) => (gateway.last_seen_at ? new Date(gateway.last_seen_at) : null);

/** @param {Gateway} gateway */
export function isConnected(gateway) {
  const beat = lastBeat(gateway);
  return Boolean(beat) && Date.now() - Number(beat) < LOST_AFTER;
}

/** Whether it runs another configuration than it should. @param {Gateway} gateway */
export const drifts = (gateway) =>
  Boolean(gateway.desired_config_digest) && gateway.desired_config_digest !== gateway.config?.digest;

/** A dot's colour and a word. @param {Gateway} gateway @returns {[string, string]} */
export function stateOf(gateway) {
  if (!isConnected(gateway)) return ['bad', 'Not connected'];
  if (drifts(gateway)) return ['warn', 'Drift'];
  return ['ok', 'Connected'];
}

/** "care-prod v12". @param {Gateway} gateway */
export function configName(gateway) {
  const { name, version } = gateway.config || {};
  return name ? [name, version].filter(Boolean).join(' ') : '';
}

/** What all gateways run, in a few words. @param {Gateway[]} gateways */
export function configsOf(gateways) {
  const names = [...new Set(gateways.map(configName).filter(Boolean))];
  if (!names.length) return 'No configuration reported';
  return names.length === 1 ? `All on ${names[0]}` : plural(names.length, 'configuration');
}
