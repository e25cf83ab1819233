// The elements of a document, its open shadow roots included, and which of them a person sees.

const CONTROL = 'input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=reset]):not([type=image]), ' +
  'select, textarea, [contenteditable=""], [contenteditable=true], [role=textbox], [role=combobox], [role=searchbox], ' +
  '[role=spinbutton], [role=checkbox], [role=radio], [role=switch]';
const BUTTON = 'button, input[type=submit], input[type=button], input[type=reset], input[type=image], ' +
  '[role=button], [role=tab], [role=menuitem]';
const LINK = 'a[href], a[onclick], area[href], [role=link]';
const HEADING = 'h1, h2, h3, h4, h5, h6, legend, [role=heading]';
const tag = (element) => element.localName;
const isHeader = (cell) => tag(cell) === 'th' || cell.getAttribute('role') === 'columnheader';

function roots(root) {
  const found = [root];
  for (const element of root.querySelectorAll('*')) if (element.shadowRoot) found.push(...roots(element.shadowRoot));
  return found;
}
let within = null; // the roots of the document being searched
const all = (selector) => within.flatMap((root) => [...root.querySelectorAll(selector)]);
function visible(element) {
  if (element.checkVisibility && !element.checkVisibility({ checkVisibilityCSS: true, visibilityProperty: true })) return false;
  const box = element.getBoundingClientRect();
  if (box.width > 0 && box.height > 0) return true;
  return [...element.getClientRects()].some((rect) => rect.width > 0 && rect.height > 0) || tag(element) === 'area';
}
// Not `element.children` and `element.parentElement`: a form with a field of that name answers with the field.
const CHILDREN = Object.getOwnPropertyDescriptor(Element.prototype, 'children').get;
const PARENT = Object.getOwnPropertyDescriptor(Node.prototype, 'parentElement').get;
const childrenOf = (element) => [...CHILDREN.call(element)];
const parent = (element) => PARENT.call(element) || element.getRootNode().host || null;
function closest(element, selector) {
  for (let at = element; at; at = parent(at)) if (at.matches(selector)) return at;
  return null;
}
function byIds(element, ids) {
  const root = element.getRootNode();
  return norm((ids || '').split(/\s+/).filter(Boolean).map((id) => { const e = root.getElementById(id); return e ? e.textContent : ''; }).join(' '));
}
