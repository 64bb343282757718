// Asking again and again, politely: not while nobody looks, and less often while the server is away.

const LONGEST = 15_000;

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
const wait = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** @param {AbortSignal} signal @returns {Promise<void>} */
const visible = (signal) =>
  new Promise((resolve) => {
    if (!document.hidden || signal.aborted) return resolve();
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
  });

/**
 * Calls `ask` now and then every `ms` milliseconds until the signal says to stop. After a failure it waits longer each
 * time, and goes back to the beat after the first success.
 *
 * @param {number} ms
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} ask
 * @param {(error: unknown) => void} fail
 */
export async function poll(ms, signal, ask, fail) {
  let pause = ms;
  while (!signal.aborted) {
    try {
      await ask();
      pause = ms;
    } catch (error) {
      if (signal.aborted) return;
      fail(error);
      pause = Math.min(LONGEST, pause * 2);
    }
    await wait(pause, signal);
    await visible(signal);
  }
}
