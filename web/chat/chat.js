// The chat: one conversation with a model, every message of it judged by the gateway.
import { api, Failure } from '../shared/api.js';
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { say, toast } from '../shared/live.js';
import { failed } from '../shared/states.js';
import { toggleTheme } from '../shared/theme.js';
import { outcomeOf } from '../shared/verdicts.js';
import { composer } from './composer.js';
import { inspector } from './inspector.js';
import { answer, halt, haltKind, ownMessage } from './messages.js';
import { follow } from './scroll.js';
import { turn } from './turns.js';

/** @param {string} id @returns {any} */
const part = (id) => document.getElementById(id);

const messages = part('messages');
const models = part('model');
const list = part('list');
const menu = part('menu');
const box = part('message');
const panel = inspector(part('inspector'));
const scroll = follow(part('log'), messages, part('jump'));
const write = composer(
  { form: part('composer'), box, send: part('send'), stop: part('stop'), warning: part('warning') },
  { submit: (text) => ask(text), abort: () => running?.abort() },
);

/** @type {AbortController|null} */
let running = null;

/** The conversation's name: the beginning of what was asked first. @param {string} text */
function entitle(text) {
  const line = text.split('\n')[0];
  const title = (line.length > 60 ? `${line.slice(0, 60)}…` : line) || 'New conversation';
  part('title').textContent = title;
  part('entry').textContent = title;
}

const welcome = () =>
  h(
    'div',
    { class: 'empty welcome' },
    icon('shieldok'),
    h('h2', null, 'What would you like to know?'),
    h('p', null, 'Your message is checked before it leaves, and the answer before you see it. Each shows its verdict.'),
  );

/** @param {any} element */
function show(element) {
  messages.querySelector('.welcome')?.remove();
  messages.append(element);
}

/** What is said about an answer that did not end by itself. @param {string} reason */
const stateWords = (reason) => ({ stopped: 'stopped, kept so far', length: 'cut at the longest length', cut: 'the line broke' })[reason] || '';

/**
 * Sends a message and draws what happens.
 *
 * @param {string} text
 */
async function ask(text) {
  if (running) return;
  const model = models.value;
  if (!messages.querySelector('.msg')) entitle(text);
  part('entry-model').textContent = model;
  const own = ownMessage(text, write.edit);
  const reply = answer(model, () => ask(text));
  show(own.element);
  show(reply.element);
  scroll.now();
  running = new AbortController();
  write.busy(true);
  reply.writing(true);
  say('Waiting for the answer');
  /** @type {{state: string, halted: ReturnType<typeof halt>|null, begun: boolean, requestID: string}} */
  const course = { state: 'cut', halted: null, begun: false, requestID: '' };
  try {
    for await (const news of turn({ text, model }, running.signal)) hear(news, course, own, reply, text);
  } catch (error) {
    course.state = running.signal.aborted ? 'stopped' : 'cut';
    if (!running.signal.aborted) broken(error, reply, text);
  }
  running = null;
  write.busy(false);
  if (course.halted || !reply.element.isConnected) return;
  if (course.state === 'stopped' || course.state === 'cut') {
    reply.done(stateWords(course.state));
    lookUp(course, own, reply);
  }
  say(course.state === 'stopped' ? 'Stopped' : `Answer complete. ${(reply.text.textContent || '').slice(0, 400)}`);
}

/** @param {import('./turns.js').News} news @param {any} course @param {any} own @param {any} reply @param {string} text */
function hear({ name, data }, course, own, reply, text) {
  if (name === 'started') {
    course.requestID = data.request_id;
    own.say(outcomeOf(data));
  } else if (name === 'delta') {
    course.begun = true;
    reply.add(data.text);
  } else if (name === 'refused') {
    refuse(data, course, own, reply, text);
  } else if (name === 'ended') {
    course.state = data.reason;
    if (!course.halted) reply.done(stateWords(data.reason));
  } else if (name === 'decision') {
    const { event, segment } = data;
    panel.add(event, segment);
    own.decide(event, segment);
    if (course.halted) course.halted.decide(event);
    else reply.decide(event, stateWords(course.state));
  }
}

/** Asks what was decided about a turn that was left before its end. @param {any} course @param {any} own @param {any} reply */
async function lookUp(course, own, reply) {
  if (!course.requestID) return;
  try {
    const decided = await api(`chat/decisions/${encodeURIComponent(course.requestID)}`);
    if (decided) hear({ name: 'decision', data: decided }, course, own, reply, '');
  } catch {
    // The verdict of the message is shown already; the record will be in the console.
  }
}

/** @param {any} refusal @param {any} course @param {any} own @param {any} reply @param {string} text */
function refuse(refusal, course, own, reply, text) {
  const kind = haltKind(refusal, course.begun);
  course.halted = halt(refusal, kind, { edit: () => write.edit(text), again: () => ask(text) });
  reply.element.replaceWith(course.halted.element);
  if (kind === 'request') own.say('blocked');
  if (kind === 'escalated') own.say('escalated');
  if (refusal.status === 429) write.wait(refusal.retry_after || 10);
  say(`${course.halted.element.querySelector('h2')?.textContent}. ${refusal.message}`);
}

/** @param {unknown} error @param {any} reply @param {string} text */
function broken(error, reply, text) {
  if (error instanceof Failure && error.problem.status === 401) return;
  const again = () => {
    box.value = '';
    ask(text);
  };
  reply.element.replaceWith(failed(error instanceof Failure ? error : new Failure({ status: 0, code: 'cut', message: 'The connection broke. Your message is kept.' }), again));
}

/** Draws a turn that was there before the page was loaded. @param {any} past */
function recall(past) {
  if (!messages.querySelector('.msg')) entitle(past.text);
  part('entry-model').textContent = past.model;
  const own = ownMessage(past.text, write.edit);
  show(own.element);
  if (past.decision) {
    own.decide(past.decision, past.segment);
    panel.add(past.decision, past.segment);
  }
  if (past.refusal) {
    const ways = { edit: () => write.edit(past.text), again: () => ask(past.text) };
    const halted = halt(past.refusal, haltKind(past.refusal, false), ways);
    show(halted.element);
    if (past.decision) halted.decide(past.decision);
    return;
  }
  const reply = answer(past.model, () => ask(past.text));
  show(reply.element);
  reply.add(past.answer);
  reply.done(stateWords(past.state));
  if (past.decision) reply.decide(past.decision, stateWords(past.state));
}

async function startAnew() {
  running?.abort();
  try {
    await api('chat/conversation', { method: 'DELETE' });
    fill(messages, welcome());
    panel.clear();
    entitle('');
    box.focus();
  } catch (error) {
    toast(error instanceof Error ? error.message : 'That did not work');
  }
}

async function loadModels() {
  const { models: names } = await api('chat/models');
  fill(models, names.map((/** @type {string} */ name) => h('option', { value: name }, name)));
  models.disabled = !names.length;
  part('send').disabled = !names.length;
}

/** Shows what was said before; only then can more be said. */
async function load() {
  try {
    const { turns } = await api('chat/conversation');
    if (turns.length) turns.forEach(recall);
    else if (!messages.children.length) fill(messages, welcome());
    scroll.now();
    await loadModels();
  } catch (error) {
    fill(models, h('option', { value: '' }, 'No models'));
    show(failed(error, () => location.reload()));
  }
}

/** @param {boolean} open */
function openMenu(open) {
  list.classList.toggle('open', open);
  menu.setAttribute('aria-expanded', String(open));
  if (open) list.querySelector('a').focus();
}

menu.addEventListener('click', () => openMenu(!list.classList.contains('open')));
part('theme').addEventListener('click', toggleTheme);
part('new').addEventListener('click', () => {
  openMenu(false);
  startAnew();
});
part('panel').addEventListener('click', () => part('chat').classList.toggle(innerWidth > 1180 ? 'no-insp' : 'insp-open'));
part('skip').addEventListener('click', (/** @type {Event} */ event) => {
  event.preventDefault();
  box.focus();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !list.classList.contains('open')) return;
  openMenu(false);
  menu.focus();
});
load();
