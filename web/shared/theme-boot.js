// A classic script in <head>: sets the theme before the first paint. The pages allow no inline script.
(function () {
  try {
    const theme = localStorage.getItem('kt-theme');
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage is switched off: the system's theme counts.
  }
})();
