// The view layer. Everything becomes a DOM node or a text node: there is no HTML string, so pages run under
// `require-trusted-types-for 'script'; trusted-types 'none'`.
const SVG = 'http://www.w3.org/2000/svg';

/** Properties that are set on the element itself, since their attributes only hold the first value. */
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'selected']);

/** @typedef {Node|string|number|null|undefined|false|any[]} Kid A child, a list of children, or nothing. */
/** @typedef {Record<string, any>|null} Props */

/**
 * Appends children to an element.
 *
 * @template {Element} E
 * @param {E} element
 * @param {...Kid} kids
 * @returns {E}
 */
export function append(element, ...kids) {
  for (const kid of kids.flat(Infinity)) {
    if (kid === null || kid === undefined || kid === false) continue;
    element.append(kid instanceof Node ? kid : document.createTextNode(String(kid)));
  }
  return element;
}

/** Sets one attribute, property, listener, style or data value. */
function setOne(/** @type {any} */ element, /** @type {string} */ name, /** @type {any} */ value) {
  if (name === 'on') {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (name === 'style') {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (name === 'data') {
    Object.assign(element.dataset, value);
  } else if (PROPERTIES.has(name)) {
    element[name] = value ?? '';
  } else if (name.startsWith('aria-') && typeof value === 'boolean') {
    element.setAttribute(name, String(value));
  } else if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * Sets properties of an element: attributes by their names, `on` listeners, `style` rules (through the CSSOM, which
 * the content policy allows), `data` values.
 *
 * @template {Element} E
 * @param {E} element
 * @param {Props} [props]
 * @returns {E}
 */
export function set(element, props) {
  for (const [name, value] of Object.entries(props || {})) setOne(element, name, value);
  return element;
}

/**
 * Makes an HTML element.
 *
 * @param {string} tag
 * @param {Props} [props]
 * @param {...Kid} kids
 * @returns {any}
 */
export const h = (tag, props, ...kids) => append(set(document.createElement(tag), props), ...kids);

/**
 * Makes an SVG element.
 *
 * @param {string} tag
 * @param {Props} [props]
 * @param {...Kid} kids
 * @returns {any}
 */
export const s = (tag, props, ...kids) => append(set(document.createElementNS(SVG, tag), props), ...kids);

/**
 * Replaces an element's children.
 *
 * @template {Element} E
 * @param {E} element
 * @param {...Kid} kids
 * @returns {E}
 */
export function fill(element, ...kids) {
  element.replaceChildren();
  return append(element, ...kids);
}

/**
 * Brings a list up to date by key. Rows that stay keep their nodes, so focus, selection and scrolling survive.
 *
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} make
 */
export function patch(parent, items, key, make) {
  const old = new Map([...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]));
  let place = parent.firstChild;
  for (const item of items) {
    const name = key(item);
    let element = old.get(name);
    if (element) {
      old.delete(name);
    } else {
      const made = make(item);
      made.dataset.key = name;
      element = made;
    }
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
  }
  for (const element of old.values()) element.remove();
}
