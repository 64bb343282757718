// The chat: conversations with models, every message of them judged by the gateway.
import { api, Failure } from '../shared/api.js';
import { fill, h } from '../shared/dom.js';
import { icon } from '../shared/icons.js';
import { say, toast } from '../shared/live.js';
import { failed } from '../shared/states.js';
import { toggleTheme } from '../shared/theme.js';
import { outcomeOf } from '../shared/verdicts.js';
import { composer, TOO_LONG } from './composer.js';
import { addressed, addressOf, conversations } from './conversations.js';
import { drawer } from './drawer.js';
import { inspector } from './inspector.js';
import { answer, halt, haltKind, ownMessage } from './messages.js';
import { modelMenu } from './models.js';
import { follow } from './scroll.js';
import { turn } from './turns.js';

/** @param {string} id @returns {any} */
const part = (id) => document.getElementById(id);

const messages = part('messages');
const menu = drawer(part('list'), part('menu'));
const box = part('message');
const panel = inspector(part('inspector'));
const scroll = follow(part('log'), messages, part('jump'));
const write = composer(
  { form: part('composer'), box, send: part('send'), stop: part('stop'), warning: part('warning') },
  { submit: (text) => ask(text), abort: () => running?.abort() },
);
const sessions = conversations(part('conversations'), { deleted: (id) => id === current && go('') });

/** @type {AbortController|null} */
let running = null;

/** The conversation that is shown; '' for one that has not begun. */
let current = '';

const models = modelMenu(part('model'), () => current);

/** How much of it is drawn, and whether its last answer was still being written somewhere else then. */
let drawn = { turns: 0, running: false, hasGap: false };

/** The last turn that was drawn from the server's record. @type {Course|undefined} */
let lastRecalled;

/** Counts what was opened: an answer of the server that comes after the reader has gone on is not shown. */
let opened = 0;

/** How often an answer that is written for another tab is looked at (milliseconds). */
const PEEK = 1500;

/** How many turns without a record are looked up when a conversation is opened. */
const LOOK_UPS = 5;

/** The conversation's name: the beginning of what was asked first. @param {string} text */
function entitle(text) {
  const line = text.split('\n')[0];
  part('title').textContent = (line.length > 60 ? `${line.slice(0, 60)}…` : line) || 'New conversation';
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
  const own = ownMessage(text, write.edit);
  const reply = answer(model, () => ask(text));
  show(own.element);
  show(reply.element);
  scroll.now();
  const signal = (running = new AbortController()).signal;
  write.busy(true);
  reply.writing(true);
  say('Waiting for the answer');
  /** @type {Course} */
  const course = { text, model, own, reply, state: 'cut', halted: null, begun: false, requestID: '', decided: false, over: false };
  try {
    for await (const news of turn({ text, model, conversation: current || undefined }, signal)) hear(news, course);
  } catch (error) {
    if (!course.over) {
      course.state = signal.aborted ? 'stopped' : 'cut';
      if (!signal.aborted) broken(error, course);
    }
  }
  settle(course);
  if (!course.decided) lookUp(course);
  if (drawn.hasGap) refresh();
}

/**
 * A turn while it runs.
 *
 * @typedef {{text: string, model: string, own: any, reply: any, state: string, halted: ReturnType<typeof halt>|null,
 *   begun: boolean, requestID: string, decided: boolean, over: boolean}} Course
 */

/** The answer has ended; its record may still come, and nobody waits for it. @param {Course} course */
function settle(course) {
  if (course.over) return;
  course.over = true;
  running = null;
  write.busy(false);
  if (course.halted || !course.reply.element.isConnected) return;
  course.reply.done(stateWords(course.state));
  say(course.state === 'stopped' ? 'Stopped' : `Answer complete. ${(course.reply.text.textContent || '').slice(0, 400)}`);
}

/** @param {import('./turns.js').News} news @param {Course} course */
function hear({ name, data }, course) {
  const { own, reply } = course;
  if (name === 'conversation') {
    begin(data, course);
  } else if (name === 'started') {
    course.requestID = data.request_id;
    panel.expect(data.request_id);
    verdictAtFirst(data, own);
  } else if (name === 'delta') {
    course.begun = true;
    reply.add(data.text);
  } else if (name === 'refused') {
    refuse(data, course);
    settle(course);
  } else if (name === 'ended') {
    course.state = data.reason;
    settle(course);
  } else if (name === 'decision') {
    decide(data, course);
  } else if (name === 'undecided') {
    undecided(data.request_id, course);
  }
}

/** @param {{id: string, turn: number}} place @param {Course} course */
function begin({ id, turn }, { text, model }) {
  if (id !== current) {
    history.replaceState(null, '', addressOf(id));
    drawn.turns = 0;
  }
  current = id;
  // Another tab may have said something before.
  drawn = { turns: turn + 1, running: false, hasGap: drawn.hasGap || turn > drawn.turns };
  sessions.mark(id, { id, title: text.split('\n')[0].slice(0, 80), model });
}

/** The verdict on all texts of the request; which message it is about shows once the record is there. @param {any} told @param {any} own */
function verdictAtFirst(told, own) {
  const outcome = outcomeOf(told);
  if (outcome === 'allowed' || told.segment === 0) own.say(outcome);
}

/** @param {{event: any, segment: number}} decided @param {Course} course */
function decide({ event, segment }, course) {
  course.decided = true;
  if (!course.own.element.isConnected) return;
  panel.add(event.request_id, event, segment);
  course.own.decide(event, segment);
  if (course.halted) course.halted.decide(event);
  if (course.reply?.element.isConnected) course.reply.decide(event, stateWords(course.state));
}

/** @param {string} requestID @param {Course} course */
function undecided(requestID, course) {
  course.decided = true;
  if (!course.own.element.isConnected) return;
  if (requestID && course.halted?.kind !== 'ended') panel.expect(requestID);
  course.own.undecided();
  if (course.reply?.element.isConnected) course.reply.undecided(stateWords(course.state));
}

/** Asks what was decided about a turn that was left before that was told. @param {Course} course @returns {Promise<boolean>} */
async function lookUp(course) {
  if (!course.requestID) return false;
  try {
    const decided = await api(`chat/decisions/${encodeURIComponent(course.requestID)}`);
    if (decided) decide(decided, course);
  } catch {
    // The record will be in the console; here it is shown as not available.
  }
  if (!course.decided) undecided(course.requestID, course);
  return course.decided;
}

/** @param {any} refusal @param {Course} course */
function refuse(refusal, course) {
  const kind = haltKind(refusal, course.begun);
  course.halted = halt(refusal, kind, { edit: () => write.edit(course.text), again: () => ask(course.text) });
  if (kind === 'broken') {
    course.reply.done(stateWords(course.state));
    course.reply.broken(course.halted.element);
  } else {
    course.reply.element.replaceWith(course.halted.element);
  }
  if (kind === 'request') course.own.say('blocked');
  if (kind === 'escalated') course.own.say('escalated');
  if (refusal.status === 429) write.wait(refusal.retry_after || 10);
  say(`${course.halted.element.querySelector('h2')?.textContent}. ${refusal.message}`);
}

/** @param {unknown} error @param {Course} course */
function broken(error, { text, reply, begun }) {
  const problem = error instanceof Failure ? error.problem : { status: 0, code: 'cut', message: 'The connection broke. Your message is kept.' };
  if (problem.status === 401) return;
  if (problem.code === 'chat.no_such_conversation') leave();
  if (problem.status === 413) problem.message = TOO_LONG;
  const isFinal = [400, 413, 422].includes(problem.status);
  if (isFinal && !box.value) write.edit(text);
  const again = () => {
    box.value = '';
    ask(text);
  };
  const notice = failed(new Failure(problem), isFinal ? undefined : again);
  if (begun) reply.broken(notice);
  else reply.element.replaceWith(notice);
}

/** The conversation is there no more: what is shown stays, and the next message begins another. */
function leave() {
  current = '';
  history.replaceState(null, '', addressOf());
  sessions.load().catch(() => {});
  sessions.mark('');
}

/** Draws a turn that was there before. @param {any} past @returns {Course} */
function recall(past) {
  if (!messages.querySelector('.msg')) entitle(past.text);
  const own = ownMessage(past.text, write.edit);
  /** @type {Course} */
  const course = {
    text: past.text, model: past.model, own, reply: null, state: past.state, halted: null,
    begun: Boolean(past.answer), requestID: past.request_id || '', decided: Boolean(past.decision), over: true,
  };
  show(own.element);
  if (past.verdict) verdictAtFirst(past, own);
  const kind = past.refusal ? haltKind(past.refusal, course.begun) : '';
  if (kind) course.halted = halt(past.refusal, kind, { edit: () => write.edit(past.text), again: () => ask(past.text) });
  if (kind === 'request') own.say('blocked');
  if (kind === 'escalated') own.say('escalated');
  if (course.halted && kind !== 'broken') {
    show(course.halted.element);
  } else {
    course.reply = answer(past.model, () => ask(past.text));
    show(course.reply.element);
    course.reply.add(past.answer);
    course.reply.done(stateWords(past.state));
    if (course.halted) course.reply.broken(course.halted.element);
  }
  if (course.requestID && kind !== 'ended') panel.expect(course.requestID);
  if (past.decision) decide({ event: past.decision, segment: past.segment }, course);
  return course;
}

/** Draws what was said from a turn on. @param {any} record @param {number} from */
function draw(record, from) {
  /** @type {Course[]} */
  const courses = record.turns.slice(from).map(recall);
  lastRecalled = courses.at(-1);
  drawn = { turns: record.turns.length, running: record.running, hasGap: false };
  if (record.running) {
    courses.at(-1)?.reply?.writing(true);
    setTimeout(refresh, PEEK);
    courses.pop();
  }
  completed(courses.filter((one) => !one.decided));
}

/** Looks up the records that had not come when the turns were left, the newest first. @param {Course[]} courses */
async function completed(courses) {
  const recent = courses.slice(-LOOK_UPS).reverse();
  for (const one of courses.slice(0, -LOOK_UPS)) undecided(one.requestID, one);
  let isThere = true;
  for (const one of recent) {
    if (!one.own.element.isConnected) return;
    if (isThere && one.requestID) isThere = await lookUp(one);
    else undecided(one.requestID, one);
  }
}

/** Opens a conversation, '' for a new one. @param {string} id */
async function open(id) {
  if (running) {
    running.abort();
    toast('The answer was stopped. What was written is kept.');
  }
  const mine = ++opened;
  const record = id ? await api(`chat/conversations/${encodeURIComponent(id)}`) : { turns: [], running: false };
  if (mine !== opened) return;
  current = id;
  messages.replaceChildren();
  panel.clear();
  entitle('');
  sessions.mark(id);
  if (!record.turns.length) fill(messages, welcome());
  draw(record, 0);
  models.choose(record.turns.at(-1)?.model);
  scroll.now();
}

/** Goes to a conversation, '' for a new one. @param {string} id */
function go(id) {
  if (location.hash !== addressOf(id)) history.pushState(null, '', addressOf(id));
  turnTo(id).then(() => box.focus());
}

/** @param {string} id */
async function turnTo(id) {
  try {
    await open(id);
  } catch (error) {
    toast(error instanceof Error ? error.message : 'That did not work');
    history.replaceState(null, '', addressOf(current));
  }
}

/** Takes up what another tab has added. */
async function refresh() {
  if (running || document.hidden) return;
  const id = current;
  try {
    await sessions.load();
    if (!id) return;
    const record = await api(`chat/conversations/${encodeURIComponent(id)}`);
    if (running || id !== current) return;
    if (drawn.hasGap) {
      messages.replaceChildren();
      draw(record, 0);
    } else if (drawn.running) {
      lastRecalled?.own.element.remove();
      (lastRecalled?.reply || lastRecalled?.halted)?.element.remove();
      draw(record, drawn.turns - 1);
    } else if (record.turns.length > drawn.turns) {
      draw(record, drawn.turns);
    }
  } catch (error) {
    if (error instanceof Failure && error.problem.code === 'chat.no_such_conversation' && id === current) {
      toast('This conversation was deleted in another window.');
      leave();
    } else if (drawn.hasGap) {
      setTimeout(refresh, PEEK);
    }
  }
}

/** Shows what was said before; only then can more be said. */
async function load() {
  try {
    const entries = await sessions.load();
    const wanted = addressed() ?? entries[0]?.id ?? '';
    const id = entries.some((/** @type {any} */ one) => one.id === wanted) ? wanted : '';
    if (id !== wanted || id) history.replaceState(null, '', id ? addressOf(id) : '/');
    await open(id);
    part('send').disabled = !(await models.load());
    const last = entries.find((/** @type {any} */ one) => one.id === id);
    models.choose(last?.model);
  } catch (error) {
    models.fail();
    show(failed(error, () => location.reload()));
  }
}

part('theme').addEventListener('click', toggleTheme);
part('new').addEventListener('click', () => {
  menu.close();
  go('');
});
part('panel').addEventListener('click', () => part('chat').classList.toggle(innerWidth > 1180 ? 'no-insp' : 'insp-open'));
part('skip').addEventListener('click', (/** @type {Event} */ event) => {
  event.preventDefault();
  box.focus();
});
addEventListener('hashchange', () => {
  menu.close();
  const id = addressed();
  if (id !== null && id !== current) turnTo(id);
});
document.addEventListener('visibilitychange', refresh);
addEventListener('focus', refresh);
load();
