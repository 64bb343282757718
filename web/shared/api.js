// Calls to the page's own server, which passes them on with the session's credential. No token is ever here.

/** @typedef {{status: number, code: string, message: string, hint?: string, requestID?: string, param?: string}} Problem `param` names the field that is wrong. */

/** A call that did not succeed, with what the reader can do about it. */
export class Failure extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

const COPY = {
  offline: 'The server did not answer.',
  late: 'The server did not answer in time.',
  unsure: 'It may have been done all the same: look before you try again.',
  garbled: 'The server answered with something this page cannot read.',
};

/** Reads an answer that says no. @param {Response} response @returns {Promise<Problem>} */
export async function problemOf(response) {
  const requestID = response.headers.get('x-request-id') || undefined;
  try {
    const { error } = await response.json();
    return {
      status: response.status,
      code: error.code,
      message: error.message,
      hint: error.hint,
      requestID: error.request_id || requestID,
      param: error.param || undefined,
    };
  } catch {
    return { status: response.status, code: 'http', message: `The server answered ${response.status}.`, requestID };
  }
}

/** Leaves for the sign-in page; signing in leads back here. */
export function signInAgain() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/**
 * Sends a request to the page's own server. An expired session leads to the sign-in page.
 *
 * @param {string} path
 * @param {{method?: string, body?: any, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>}
 */
export async function send(path, { method = 'GET', body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json', 'x-keeptrusts-request': '1' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: 'same-origin',
      redirect: 'error',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure({ status: 0, code: 'offline', message: COPY.offline });
  }
  if (response.status === 401) signInAgain();
  return response;
}

/** How long an answer may take (seconds): to what only reads, and to what changes something. */
const PATIENCE = { read: 6, change: 30 };

/**
 * Sends a request and reads the JSON of its answer, which must not take longer than `seconds`.
 *
 * @param {string} path Below `/api/`.
 * @param {{method?: string, body?: any, signal?: AbortSignal, seconds?: number}} [options]
 * @returns {Promise<any>}
 */
export async function api(path, { method, body, signal, seconds } = {}) {
  const late = AbortSignal.timeout(1000 * (seconds || (method ? PATIENCE.change : PATIENCE.read)));
  try {
    return await answerTo(path, { method, body, signal: signal ? AbortSignal.any([signal, late]) : late });
  } catch (error) {
    if (!late.aborted || signal?.aborted || error instanceof Failure) throw error;
    throw new Failure({ status: 0, code: 'late', message: COPY.late, hint: method && COPY.unsure });
  }
}

/** @param {string} path @param {{method?: string, body?: any, signal: AbortSignal}} options */
async function answerTo(path, options) {
  const response = await send(`/api/${path}`, options);
  if (!response.ok) throw new Failure(await problemOf(response));
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (options.signal.aborted) throw error;
    throw new Failure({ status: response.status, code: 'garbled', message: COPY.garbled });
  }
}

/** A path with a query; empty values are left out. @param {string} path @param {Record<string, any>} query */
export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}
