// A classic script in <head>, for what cannot wait for the modules: the theme before the first paint, and what the page says
// when they do not load. The pages allow no inline script.
(function () {
  try {
    const theme = localStorage.getItem('kt-theme');
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage is switched off: the system's theme counts.
  }

  /** Says that the page will not work, in place of what it would show once it does. */
  function giveUp() {
    for (const late of document.querySelectorAll('[data-late]')) late.hidden = true;
    for (const word of document.querySelectorAll('[data-otherwise]')) word.textContent = word.dataset.otherwise;
    const alert = document.getElementById('not-loaded');
    if (alert) alert.hidden = false;
  }

  // One that is not there is told to its element, one that does not fit the others (a SyntaxError) to the window.
  addEventListener(
    'error',
    (event) => {
      if (!(event.target instanceof HTMLScriptElement) && !(event.error instanceof SyntaxError)) return;
      if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', giveUp);
      else giveUp();
    },
    true,
  );
})();
