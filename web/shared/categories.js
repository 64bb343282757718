// The names of what policies find, as a person would say them.
import { plural } from './format.js';

/** Words that are written in capitals. */
const CAPITALS = /^(iban|bic|ssn|vin|ip|mac|api|aws|gcp|id|url|us|uk|eu|ein|npi|jwt|mrn|phi|pii|sql|cvv|dea)$/;

/** `CREDIT_CARD` as a person would write it. @param {string} name */
export const words = (name) =>
  name
    .toLowerCase()
    .split(/[\s._-]+/)
    .map((word) => (CAPITALS.test(word) ? word.toUpperCase() : word))
    .join(' ');

/** Signs of an attack: what matters is that there are some, so they are not counted. @type {Record<string, string>} */
const ATTACKS = {
  boundary: 'a made-up end of the instructions',
  custom: 'a phrase that your config names as an attack',
  delimiter: 'marks that separate instructions from text',
  encoded: 'hidden or encoded instructions',
  exfiltration: 'an attempt to send data elsewhere',
  indirect: 'instructions hidden in a document or a tool’s result',
  learned: 'wording that is typical of attacks',
  leak: 'an attempt to read out the hidden instructions',
  multilingual: 'an attack in another language than English',
  override: 'an attempt to override the instructions',
  role: 'an attempt to give the model another role',
};

/** Secrets whose second half does not say it alone. @type {Record<string, [string, string]>} */
const SECRETS = {
  assignment: ['secret in an assignment', 'secrets in assignments'],
  authorization: ['credential in a header', 'credentials in headers'],
  jwt: ['signed token (JWT)', 'signed tokens (JWT)'],
  model_provider: ['API key of a model provider', 'API keys of model providers'],
  password: ['password', 'passwords'],
  private_key: ['private key', 'private keys'],
  query: ['secret in an address', 'secrets in addresses'],
  seed_phrase: ['seed phrase of a wallet', 'seed phrases of wallets'],
  token: ['access token', 'access tokens'],
  url: ['password in an address', 'passwords in addresses'],
};

/** Secrets that a word beside them tells, from the surest to the least: what a secret is called by its own looks is preferred. */
const TOLD = ['secret.vendor', 'secret.authorization', 'secret.url', 'secret.query', 'secret.password', 'secret.assignment', 'secret.token'];

/** Personal data of which several are called otherwise than by an `s` at the end. @type {Record<string, string>} */
const SEVERAL = {
  ADDRESS: 'addresses',
  BIOMETRIC: 'biometrics',
  CREDIT: 'credit',
  CRYPTO: 'crypto addresses',
  DATE_OF_BIRTH: 'dates of birth',
  IP_ADDRESS: 'IP addresses',
  MAC_ADDRESS: 'MAC addresses',
  PERSON: 'persons',
  PLACE_OF_BIRTH: 'places of birth',
};

/** What the first half of other names stands for. @type {Record<string, string>} */
const FAMILIES = {
  advice: 'advice',
  article_5: 'practice that the EU AI Act forbids',
  bias: 'bias',
  case: 'court case',
  classification: 'classification mark',
  code: 'dangerous code',
  content: 'content',
  embedding: 'likeness to a named text',
  export_control: 'export-controlled matter',
  mnpi: 'inside information',
  moderation: 'moderated topic',
  privilege: 'legal privilege',
  quality: 'weak answer',
  safety: 'safety topic',
  sensitive: 'sensitive personal detail',
  student: 'student',
  tool: 'tool call',
};

/** @param {string} category */
function parts(category) {
  const dot = category.indexOf('.');
  return dot < 0 ? ['', category] : [category.slice(0, dot).toLowerCase(), category.slice(dot + 1)];
}

/** What a category stands for, without a number. @param {string} category */
export function categoryWords(category) {
  const [family, name] = parts(category);
  if (family === 'injection') return ATTACKS[name] || `an attack (${words(name)})`;
  if (family === 'secret') return SECRETS[name]?.[0] || `${words(name)} secret`;
  return FAMILIES[family] ? `${FAMILIES[family]} (${words(name)})` : words(category);
}

/** What was found, and how often: "2 passwords". @param {string} category @param {number} count */
export function counted(category, count) {
  const [family, name] = parts(category);
  if (family === 'injection') return categoryWords(category);
  if (family === 'secret') return plural(count, categoryWords(category), SECRETS[name]?.[1]);
  // "2 safety topics (weapons)" would be wrong: what is between the brackets is what there are two of.
  if (FAMILIES[family]) return plural(count, categoryWords(category), categoryWords(category));
  return plural(count, categoryWords(category), SEVERAL[category.toUpperCase()]);
}

/** @param {any} one @param {any} other Whether two findings of a policy are of one place. */
const isSamePlace = (one, other) =>
  ['policy', 'phase', 'segment', 'start', 'end'].every((key) => one[key] === other[key]);

/**
 * Findings without those that call a secret by the word beside it where the same policy calls it by its own looks, too.
 *
 * @param {any[]} findings
 */
export const distinct = (findings) =>
  findings.filter((one, index) => {
    if (!one.category.startsWith('secret.')) return true;
    const rank = TOLD.indexOf(one.category);
    return !findings.some((other, place) => {
      if (place === index || !other.category.startsWith('secret.') || !isSamePlace(one, other)) return false;
      const otherRank = TOLD.indexOf(other.category);
      return otherRank === rank ? place < index : otherRank < rank;
    });
  });
