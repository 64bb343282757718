// Numbers, amounts and times, as people read them.
const two = (/** @type {number} */ x) => String(x).padStart(2, '0');

/** The reader's time zone, to be named where times stand. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'local';

/** @param {number} x */
export function count(x) {
  if (x >= 1e6) return `${(x / 1e6).toFixed(1)}M`;
  if (x >= 1e4) return `${(x / 1e3).toFixed(1)}k`;
  return Math.round(x).toLocaleString('en-US');
}

/** "1 event", "2 events". @param {number} x @param {string} one @param {string} [many] */
export const plural = (x, one, many = `${one}s`) => `${count(x)} ${x === 1 ? one : many}`;

/** Money in micro-units, as the API sends it. @param {{micros: number, currency: string}|null|undefined} money */
export function money(money) {
  if (!money) return 'unknown';
  const amount = money.micros / 1e6;
  const digits = amount === 0 ? 0 : amount < 1 ? 4 : 2;
  const less = amount > 0 && amount < 0.0001;
  const text = less ? '0.0001' : amount.toFixed(digits);
  return (less ? '<' : '') + (money.currency === 'USD' ? `$${text}` : `${text} ${money.currency}`);
}

/** A time that came in microseconds. @param {number|null|undefined} us */
export function span(us) {
  if (us === null || us === undefined) return '';
  if (us < 1000) return `${Math.round(us)} µs`;
  const ms = us / 1000;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/** @param {number} bytes */
export function bytes(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** @param {Date} date */
export const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** @param {Date} date */
export const hourMinute = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

/** @param {Date} date */
export const day = (date) => date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** @param {Date} date */
export const dayAndTime = (date) => `${day(date)}, ${hourMinute(date)}`;

/** "4 s ago". @param {Date} date @param {number} [now] */
export function ago(date, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - date.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return day(date);
}
