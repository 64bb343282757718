// What this tab keeps over a reload. Without storage it keeps nothing, and works.

/** @param {string} key */
export function kept(key) {
  try {
    return sessionStorage.getItem(key) || '';
  } catch {
    return '';
  }
}

/** @param {string} key @param {string} text An empty one is forgotten. */
export function keep(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Storage is switched off.
  }
}
