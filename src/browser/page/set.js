// Sets fields as a person's hand would: with the browser's own setter and the events that pages listen to.

const same = (a, b) => {
  const bare = (text) => norm(text).replace(/\s/g, '').replace(/(.)-/g, '$1');
  return bare(a) === bare(b);
};
function fire(element, type, init) {
  const view = element.ownerDocument.defaultView;
  const Kind = type === 'input' && view.InputEvent ? view.InputEvent : view.Event;
  element.dispatchEvent(new Kind(type, { bubbles: true, composed: true, ...init }));
}
function write(element, value) {
  const view = element.ownerDocument.defaultView;
  const kind = { input: 'HTMLInputElement', textarea: 'HTMLTextAreaElement', select: 'HTMLSelectElement' }[tag(element)];
  if (!kind) { element.textContent = value; return; }
  // The setter of the browser itself: frameworks put their own on the element and would take the value for their own.
  Object.getOwnPropertyDescriptor(view[kind].prototype, 'value').set.call(element, value);
}
function fill(element, value) {
  if (tag(element) === 'select') return { wrong: 'det är en lista; använd select' };
  if (choice(element)) return { wrong: 'det är en kryssruta; använd check' };
  if (element.type === 'file') return { wrong: 'det är ett filfält; använd upload' };
  if (!element.matches('input, textarea') && !element.isContentEditable) return { wrong: 'det går inte att skriva i' };
  if (element.maxLength >= 0 && value.length > element.maxLength) return { refused: true };
  element.focus();
  write(element, value);
  fire(element, 'input', { inputType: 'insertText', data: value });
  fire(element, 'change');
  element.blur();
  const now = element.matches('input, textarea') ? element.value : element.textContent;
  return same(now, value) ? {} : { refused: true };
}
function select(element, value) {
  if (tag(element) !== 'select') return { wrong: 'det är ingen lista; klicka på alternativen i stället' };
  const options = [...element.options];
  const labelled = options.filter((option) => plain(option.label || option.text) === plain(value));
  const hits = labelled.length ? labelled : options.filter((option) => option.value === value);
  if (hits.length > 1) return { wrong: 'flera alternativ i listan har samma namn' };
  if (!hits.length) return { waiting: 'alternativet finns inte i listan' };
  if (hits[0].disabled) return { waiting: 'alternativet är avstängt' };
  element.focus();
  if (element.multiple) hits[0].selected = true;
  else element.selectedIndex = options.indexOf(hits[0]);
  fire(element, 'input');
  fire(element, 'change');
  element.blur();
  return hits[0].selected || !hits[0].isConnected ? {} : { refused: true };
}
function check(element, wanted) {
  const now = () => valueOf(element) === 'true';
  if (!choice(element) && !/^(checkbox|radio|switch)$/.test(element.getAttribute('role') || '')) return { wrong: 'det är ingen kryssruta' };
  if (!wanted && element.type === 'radio') return { wrong: 'en radioknapp kan inte bockas ur; välj en annan' };
  if (now() === wanted) return {};
  element.focus();
  element.click();
  return now() === wanted ? {} : { refused: true };
}
const SETTERS = { fill, select, check: (element) => check(element, true), uncheck: (element) => check(element, false) };
// Sets one after the other, each found anew: a change may redraw the rest of the form.
function set() {
  const done = [];
  for (let at = request.from; at < request.items.length; at += 1) {
    const item = request.items[at];
    const found = resolve(item.targets, 'set');
    if (found.state !== 'found') return { done, at, ...without(found) };
    const result = SETTERS[item.kind](found.element, item.value);
    if (result.waiting) return { done, at, state: 'waiting', why: result.waiting };
    if (result.wrong) return { done, at, state: 'wrong', why: result.wrong };
    if (result.refused) return { done, at, state: 'refused' };
    done.push(found.index);
  }
  return { done, at: request.items.length, state: 'done' };
}
operations.set = set;
