// Keys and tokens: who may call what. A secret is shown once, when it is made.
import { api, withQuery } from '../../shared/api.js';
import { fill, h } from '../../shared/dom.js';
import { icon } from '../../shared/icons.js';
import { copy, toast } from '../../shared/live.js';
import { command, empty, failed, loading } from '../../shared/states.js';
import * as format from '../../shared/format.js';
import { may } from '../access.js';
import { field, formDialog, notice } from '../dialog.js';
import { tryCommand } from '../gateway-state.js';
import { dataTable, iconButton, pageHead, segments } from '../parts.js';
import { note } from '../router.js';
import { connectCommands } from './gateways.js';

/** @typedef {Record<string, any>} Token An item of `/v1/tokens`. */
/** @typedef {(id: string) => void} Done Told which key has changed. */

/** @type {Record<string, {word: string, what: string}>} */
const PURPOSES = {
  general: { word: 'Application', what: 'calls the gateway' },
  gateway_runtime: { word: 'Gateway', what: 'connects a gateway to this control plane' },
  integration: { word: 'Integration', what: 'calls this control plane’s API' },
};

/** Those that people make. */
const CREATED = ['general', 'gateway_runtime', 'integration'];

/** Roles that an integration may have. */
const ROLES = ['viewer', 'compliance', 'editor', 'admin'];

const DAY = 86_400_000;

/** How long the old secret of a rotated key stays good (hours). */
const OVERLAP = 24;

/** @type {Record<string, string>} */
const LIFETIMES = { 30: '30 days', 90: '90 days', 365: 'One year', '': 'No end' };

/** @param {Token} token @returns {[string, string]} */
function stateOf(token) {
  if (token.status === 'revoked') return ['', 'Revoked'];
  if (token.status === 'expired') return ['bad', 'Expired'];
  return ['ok', 'Active'];
}

/** @param {string|null|undefined} time @param {string} otherwise */
const date = (time, otherwise) => (time ? format.day(new Date(time)) : otherwise);

/** What a key may do beyond its purpose, in a few words. @param {Token} token */
function limits(token) {
  const models = token.allowed_models || [];
  const parts = [
    models.length ? `models: ${models.join(', ')}` : '',
    token.consumer_group ? `group ${token.consumer_group}` : '',
    token.team_id ? `team ${token.team_id}` : '',
    token.user_id ? `user ${token.user_id}` : '',
    token.may_assert_identity ? 'may name its users' : '',
  ];
  return parts.filter(Boolean).join('; ') || 'every model';
}

/** How a new secret is used. @param {Token} token @param {string} secret */
async function usage(token, secret) {
  if (token.purpose === 'gateway_runtime') {
    return [h('p', { class: 'sub' }, 'Run this where the gateway should live:'), connectCommands(secret)];
  }
  if (token.purpose !== 'general') return null;
  const known = may('gateways:read') ? await api('gateways?limit=100').catch(() => null) : null;
  const curl = tryCommand(known?.gateways || [], secret, token.allowed_models?.[0] || 'demo');
  return [h('p', { class: 'sub' }, 'Try it:'), command(curl)];
}

/** What shows a new secret, once. @param {string} title @param {Token} token @param {string} secret @param {Done} done */
async function showing(title, token, secret, done) {
  const how = await usage(token, secret);
  let isCopied = false;
  const copyIt = () => {
    isCopied = true;
    copy(secret, 'Secret copied');
  };
  const body = [
    h('p', null, 'Copy the secret now. It is stored as a hash only, so nobody can show it again.'),
    h(
      'div',
      { class: 'secret' },
      h('code', { tabindex: '0', 'aria-label': 'Secret' }, secret),
      h('button', { class: 'btn sm', type: 'button', on: { click: copyIt } }, icon('copy'), 'Copy'),
    ),
    how,
  ];
  return () => {
    notice({
      title,
      body,
      isSafe: () => isCopied,
      question: 'The secret is not copied yet. When this closes, nobody can show it again.',
      closed: () => done(token.id),
    });
    done(token.id);
  };
}

/** @param {string} purpose @param {Done} done */
function create(purpose, done) {
  const kind = h(
    'select',
    { class: 'input', name: 'purpose' },
    CREATED.map((value) => [value, PURPOSES[value]]).map(([value, { word, what }]) =>
      h('option', { value, selected: value === purpose }, `${word}: ${what}`),
    ),
  );
  const general = h(
    'div',
    { class: 'stack' },
    field(
      'Models it may use',
      h('input', { class: 'input', name: 'models', placeholder: 'every model', autocomplete: 'off' }),
      'Names as callers write them, with commas between. Empty: every model.',
    ),
    field('Consumer group', h('input', { class: 'input', name: 'group', autocomplete: 'off' }), 'Optional.'),
  );
  const roles = ROLES.map((role) => h('option', { value: role }, role));
  const integration = field('Role', h('select', { class: 'input', name: 'role' }, roles), 'What it may do; never more than you may.');
  const show = () => {
    general.hidden = kind.value !== 'general';
    integration.hidden = kind.value !== 'integration';
  };
  kind.addEventListener('change', show);
  show();
  const lifetimes = Object.entries(LIFETIMES).map(([value, word]) => h('option', { value, selected: value === '90' }, word));
  formDialog({
    title: 'Create a key',
    action: 'Create',
    body: [
      field('Name', h('input', { class: 'input', name: 'name', required: true, maxlength: '100', autocomplete: 'off' }), 'Who or what will use it.'),
      field('Purpose', kind),
      field('Valid for', h('select', { class: 'input', name: 'days' }, lifetimes)),
      general,
      integration,
    ],
    submit: async (form) => {
      const text = (/** @type {string} */ name) => String(form.get(name) || '').trim();
      const isGeneral = text('purpose') === 'general';
      const models = isGeneral ? text('models').split(',').map((model) => model.trim()).filter(Boolean) : [];
      const body = {
        name: text('name'),
        purpose: text('purpose'),
        expires_at: text('days') ? new Date(Date.now() + Number(text('days')) * DAY).toISOString() : undefined,
        allowed_models: models.length ? models : undefined,
        consumer_group: (isGeneral && text('group')) || undefined,
        roles: text('purpose') === 'integration' ? [text('role')] : undefined,
      };
      const { token, secret } = await api('tokens', { method: 'POST', body });
      return showing(`Key “${token.name}” is ready`, token, secret, done);
    },
  });
}

/** @param {Token} token @param {Done} done */
const rotate = (token, done) =>
  formDialog({
    title: `Rotate “${token.name}”?`,
    action: 'Rotate',
    body: h('p', null, `You get a new secret. The old one keeps working for ${OVERLAP} hours, so that you can change it where it is used.`),
    submit: async () => {
      const answer = await api(`tokens/${encodeURIComponent(token.id)}/rotate`, { method: 'POST', body: { overlap_seconds: OVERLAP * 3600 } });
      return showing(`New secret for “${token.name}”`, answer.token, answer.secret, done);
    },
  });

/** @param {Token} token @param {Done} done */
function revoke(token, done) {
  const input = h('input', { class: 'input', name: 'confirm', autocomplete: 'off' });
  const { submit } = formDialog({
    title: `Revoke “${token.name}”?`,
    action: 'Revoke',
    danger: true,
    body: [
      h('p', null, 'Whoever uses it is refused within a second. This cannot be undone.'),
      field(['Type ', h('b', null, token.name), ' to confirm'], input),
    ],
    submit: async () => {
      await api(`tokens/${encodeURIComponent(token.id)}`, { method: 'DELETE' });
      return () => {
        toast(`“${token.name}” is revoked`);
        done(token.id);
      };
    },
  });
  const check = () => {
    submit.disabled = input.value.trim() !== token.name;
  };
  input.addEventListener('input', check);
  check();
}

/** A prefix is shown as the beginning that it is; some have the end of the secret in them. @param {string} prefix */
const withDots = (prefix) => (prefix.includes('…') ? prefix : `${prefix}…`);

/** Leads to what was asked with a key. @param {Token} token */
const eventsLink = (token) =>
  h(
    'a',
    { class: 'btn ghost sm icon', href: withQuery('/events', { q: token.id }), 'aria-label': `Events of ${token.name}`, title: `Events of ${token.name}` },
    icon('list'),
  );

/** @param {Token} token @param {Done} done */
function row(token, done) {
  const [tone, word] = stateOf(token);
  const active = word === 'Active' && may('tokens:write');
  const name = token.name || 'unnamed';
  return h(
    'tr',
    { data: { id: token.id } },
    h(
      'td',
      { class: 'name', title: name },
      h('b', { class: 'trunc' }, name),
      h('small', { class: 'under trunc' }, h('code', null, token.prefix ? withDots(token.prefix) : token.id)),
    ),
    h('td', { class: 'opt-s roomy' }, PURPOSES[token.purpose]?.word || token.purpose),
    h('td', null, h('span', { class: 'row' }, h('span', { class: `dot ${tone}` }), word)),
    h('td', { class: 'opt-s trunc limits', title: limits(token) }, token.purpose === 'general' ? limits(token) : ''),
    h('td', { class: 'opt spacious' }, date(token.created, '')),
    h('td', { class: 'opt-s' }, token.last_used ? format.ago(new Date(token.last_used)) : 'never'),
    h('td', { class: 'opt' }, date(token.expires_at, 'no end')),
    h(
      'td',
      { class: 'r acts' },
      h(
        'span',
        { class: 'row end' },
        token.purpose === 'general' && may('events:read') ? eventsLink(token) : null,
        active
          ? [
              iconButton('refresh', `Rotate ${token.name}`, () => rotate(token, done)),
              iconButton('ban', `Revoke ${token.name}`, () => revoke(token, done)),
            ]
          : null,
      ),
    ),
  );
}

/** @param {import('../router.js').Place} place @returns {import('../router.js').View} */
export function keys({ query, signal }) {
  let purpose = query.get('purpose') || '';
  /** @type {string|null} */
  let cursor = null;
  const table = dataTable('Keys and tokens', [
    ['Name', ''],
    ['Purpose', 'opt-s roomy'],
    ['Status', ''],
    ['Limits', 'opt-s'],
    ['Created', 'opt spacious'],
    ['Last used', 'opt-s'],
    ['Expires', 'opt'],
    ['Actions', 'r acts'],
  ]);
  table.scroll.firstElementChild?.classList.add('still');
  const pager = h('div', { class: 'pager', hidden: true });
  const card = h('section', { class: 'card table-card', hidden: true }, table.scroll, pager);
  const state = h('div', null, loading('keys'));
  const button = () =>
    may('tokens:write')
      ? h('button', { class: 'btn primary', type: 'button', on: { click: () => create(purpose || 'general', changed) } }, icon('plus'), 'Create a key')
      : null;
  const add = button();
  const none = () =>
    h(
      'section',
      { class: 'card' },
      empty({
        icon: 'key',
        title: purpose ? 'No key of this purpose' : 'No key yet',
        text: 'Applications need a key to call the gateway.',
        action: button(),
      }),
    );
  /** Brings the focus back to a key, whose row may be a new one. @param {string|undefined} id */
  const focusOn = (id) => {
    const row = id ? table.rows.querySelector(`[data-id="${CSS.escape(id)}"]`) : null;
    /** @type {HTMLElement} */ (row?.querySelector('a, button') || add || table.scroll).focus();
  };
  /** @type {Done} */
  const changed = (id) => {
    const settle = () => document.querySelector('dialog[open]') || focusOn(id);
    settle();
    load().then(settle);
  };
  const load = async (more = false) => {
    try {
      const page = await api(withQuery('tokens', { limit: 100, purpose: purpose || CREATED.join(','), cursor: more ? cursor : '' }), { signal });
      const rows = page.tokens.map((/** @type {Token} */ token) => row(token, changed));
      if (!more) table.rows.replaceChildren();
      table.rows.append(...rows);
      cursor = page.next_cursor || null;
      card.hidden = !table.rows.children.length;
      pager.hidden = !cursor;
      fill(pager, h('button', { class: 'btn sm', type: 'button', on: { click: () => load(true) } }, 'Load more'));
      fill(state, card.hidden ? none() : null);
      if (more) focusOn(page.tokens[0]?.id);
    } catch (error) {
      if (signal.aborted) return;
      card.hidden = true;
      fill(state, failed(error, () => load()));
    }
  };
  load();
  const wanted = query.get('create');
  if (wanted) {
    note('/keys');
    if (may('tokens:write')) queueMicrotask(() => create(CREATED.includes(wanted) ? wanted : 'general', changed));
  }
  const words = Object.fromEntries(CREATED.map((value) => [value, PURPOSES[value].word]));
  const filter = segments('Purpose', { '': 'All', ...words }, purpose, (value) => {
    purpose = value;
    note(withQuery('/keys', { purpose }));
    load();
  });
  const text = 'What applications, gateways and integrations sign their calls with.';
  return { title: 'Keys', nav: '/keys', body: [pageHead('Keys', text, filter, add), state, card] };
}
