// Dark and light. The system decides until somebody uses the switch.
const html = document.documentElement;

/** Switches between dark and light, and remembers it. */
export function toggleTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const next = (html.dataset.theme || system) === 'dark' ? 'light' : 'dark';
  html.dataset.theme = next;
  try {
    localStorage.setItem('kt-theme', next);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}
