// One turn: the message goes out, the answer comes back as it is written.
import { problemOf, send, Failure } from '../shared/api.js';

/**
 * What happens in a turn, in this order: `conversation`, its id; `started`, then `delta` again and again or `refused`,
 * then `ended`. The turn is over then; once the record of the exchange is there comes `decision`: the event, and the
 * place of the message among the texts of the exchange (`segment`), by which findings name it; or `undecided`.
 *
 * @typedef {{name: string, data: any}} News
 */

/** The text of an event stream's event. @param {string} block @returns {News|null} */
function read(block) {
  let name = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  return data.length ? { name, data: JSON.parse(data.join('\n')) } : null;
}

/**
 * Sends a message and yields what happens.
 *
 * @param {{text: string, model: string, conversation?: string}} message Without a conversation it begins one.
 * @param {AbortSignal} signal Ends the turn; the server then stops the provider.
 * @returns {AsyncGenerator<News>}
 */
export async function* turn(message, signal) {
  const response = await send('/api/chat/turns', { method: 'POST', body: message, signal });
  if (!response.ok || !response.body) throw new Failure(await problemOf(response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const news = read(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (news) yield news;
    }
  }
}
