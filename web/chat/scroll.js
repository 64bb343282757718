// Follows the conversation until the reader goes up, and never pulls the reader down again.

/** Nearer to the end than this counts as being there (CSS pixels). */
const NEAR = 60;

/** @param {HTMLElement} log @param {HTMLElement} content @param {HTMLElement} jump */
export function follow(log, content, jump) {
  let stick = true;
  /** Where this code has left the view. */
  let last = { top: 0, height: 0 };
  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  const toEnd = () => {
    log.scrollTop = log.scrollHeight;
    last = { top: log.scrollTop, height: log.scrollHeight };
  };
  // Only a reader goes up while the text has not become shorter; a distance to the end says nothing, for text that has
  // come since then makes one too.
  const look = () => {
    if (isAtEnd()) stick = true;
    else if (log.scrollTop < last.top - 1 && log.scrollHeight >= last.height) stick = false;
    last = { top: log.scrollTop, height: log.scrollHeight };
  };
  const observer = new ResizeObserver(() => {
    if (stick && log.scrollTop < last.top - NEAR) look();
    if (stick) toEnd();
    jump.hidden = isAtEnd();
  });
  log.addEventListener('scroll', () => {
    look();
    jump.hidden = isAtEnd();
  });
  observer.observe(content);
  observer.observe(log);
  jump.addEventListener('click', () => {
    stick = true;
    toEnd();
  });
  return {
    /** Goes to the end, because the reader has sent something. */
    now() {
      stick = true;
      toEnd();
    },
  };
}
