// Follows the conversation while the reader is at its end, and never pulls the reader there.

/** Nearer to the end than this counts as being there (CSS pixels). */
const NEAR = 60;

/** @param {HTMLElement} log @param {HTMLElement} content @param {HTMLElement} jump */
export function follow(log, content, jump) {
  let stick = true;
  let lastEnd = 0;
  const toEnd = () => {
    log.scrollTop = log.scrollHeight;
    lastEnd = log.scrollTop;
  };
  log.addEventListener('scroll', () => {
    stick = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    jump.hidden = stick;
  });
  const observer = new ResizeObserver(() => {
    // The text may grow before the scroll event of a reader who goes up has arrived.
    if (stick && log.scrollTop < lastEnd - NEAR) stick = false;
    if (stick) toEnd();
    else jump.hidden = false;
  });
  observer.observe(content);
  observer.observe(log);
  jump.addEventListener('click', toEnd);
  return {
    /** Goes to the end, because the reader has sent something. */
    now() {
      stick = true;
      toEnd();
    },
  };
}
