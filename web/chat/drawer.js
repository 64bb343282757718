// The list of conversations where it lies over the page, for it has no room beside.

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} button Opens and closes it.
 */
export function drawer(list, button) {
  /** @param {boolean} open */
  function turn(open) {
    list.classList.toggle('open', open);
    button.setAttribute('aria-expanded', String(open));
    if (open) list.querySelector('a')?.focus();
  }
  button.addEventListener('click', () => turn(!list.classList.contains('open')));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !list.classList.contains('open')) return;
    turn(false);
    button.focus();
  });
  return { close: () => turn(false) };
}
