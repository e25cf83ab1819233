// What an element holds, what it is called in a message, and whether it can be used now.

const secret = (control) => control.type === 'password';
function valueOf(element) {
  if (tag(element) === 'select') return [...element.selectedOptions].map((option) => norm(option.label || option.text)).join(', ');
  if (choice(element)) return element.checked ? 'true' : 'false';
  if (/^(checkbox|radio|switch)$/.test(element.getAttribute('role') || '')) return element.getAttribute('aria-checked') === 'true' ? 'true' : 'false';
  if (tag(element) === 'input' || tag(element) === 'textarea' || tag(element) === 'output') return element.value;
  return textOf(element);
}
// Reading and setting a cell means the one field in it.
function within1(element) {
  if (element.matches(CONTROL)) return [element];
  if (!/^(td|th|dd)$/.test(tag(element)) && !/cell$/.test(element.getAttribute('role') || '')) return [element];
  const controls = controlsIn(element);
  return controls.length ? controls : [element];
}
const cellText = (cell) => {
  const controls = controlsIn(cell).filter((one) => !secret(one));
  return norm(controls.length ? controls.map(valueOf).join(' ') : textOf(cell));
};
// Says what it is and where it stands, never what it holds.
function describe(hit) {
  const { element, path } = hit;
  const bits = [`<${tag(element)}${element.type && tag(element) === 'input' ? ` type=${element.type}` : ''}>`];
  const name = element.matches(CONTROL) ? labelsOf(element).map(plain).find(Boolean) || element.getAttribute('name') : '';
  if (name) bits.push(`”${plain(name).slice(0, 60)}”`);
  else if (element.matches(BUTTON + ',' + LINK)) bits.push(`”${plain(namesOfButton(element).find((one) => plain(one)) || '').slice(0, 60)}”`);
  const table = tableOf(element);
  if (table && rowOf(element)) bits.push(`rad ${rowsOf(table).indexOf(rowOf(element)) + 1} i en tabell`);
  const headings = [...element.getRootNode().querySelectorAll(HEADING)].filter((one) => one.compareDocumentPosition(element) & 4 && !one.contains(element));
  if (headings.length) bits.push(`under ”${plain(textOf(headings[headings.length - 1])).slice(0, 60)}”`);
  if (path.length) bits.push(`i ram ${path.map((i) => i + 1).join('.')}`);
  return bits.join(' ');
}
function disabled(element) {
  return element.matches(':disabled') || closest(element, '[aria-disabled=true]') !== null || closest(element, '[inert]') !== null;
}
// Why it can't be used now, or nothing.
function hindrance(element, use) {
  const doc = element.ownerDocument;
  if (loading(doc)) return 'sidan laddas fortfarande';
  if (closest(element, '[aria-busy=true]')) return 'den delen av sidan arbetar fortfarande';
  if (use === 'read' || use === 'table') return null;
  if (disabled(element)) return 'det är avstängt';
  if (use === 'set') return element.readOnly || element.getAttribute('aria-readonly') === 'true' ? 'fältet är skrivskyddat; använd sidans egen väljare' : null;
  if (use === 'upload') return null;
  if (moving(element)) return 'det rör sig';
  return covered(element) ? 'något annat ligger över det' : null;
}
// Whether the page is taking it somewhere: what never ends is no way to a place, and a colour is none either.
const PLACE = /^(all|transform|translate|scale|rotate|offset|left|right|top|bottom|inset|margin|padding|width|height|max|min)/i;
function moving(element) {
  return element.ownerDocument.getAnimations().some(({ playState, transitionProperty, effect }) => {
    if (playState !== 'running' || !effect || !effect.target || !effect.target.contains(element)) return false;
    if (!Number.isFinite(effect.getComputedTiming().endTime)) return false;
    return (transitionProperty ? [transitionProperty] : effect.getKeyframes().flatMap(Object.keys)).some((name) => PLACE.test(name));
  });
}
function covered(element) {
  if (tag(element) === 'area' || tag(element) === 'option') return false;
  let box = middleBox(element);
  const view = element.ownerDocument.defaultView;
  if (box.top < 0 || box.left < 0 || box.bottom > view.innerHeight || box.right > view.innerWidth) {
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    box = middleBox(element);
  }
  const top = topAt(element, [box.left + box.width / 2, box.top + box.height / 2]);
  return !top || !isOn(top, element);
}
// What is uppermost at a point, among what stands in the same root as the element.
function topAt(element, [x, y]) {
  const root = element.getRootNode();
  return (root.elementFromPoint ? root : element.ownerDocument).elementFromPoint(x, y);
}
// Whether what is pressed there reaches the element.
function isOn(top, element) {
  const labels = [...(element.labels || [])];
  return element.contains(top) || top.contains(element) || labels.some((label) => label.contains(top)) || Boolean(top.shadowRoot && top.shadowRoot.contains(element));
}
const middleBox = (element) => element.getClientRects()[0] || element.getBoundingClientRect();

// The one element that the first matching target means, or what stands in the way.
function resolve(targets, use) {
  if (loading(document)) return { state: 'waiting', why: 'sidan laddas fortfarande' };
  const count = request.fallback ? targets.length : 1;
  for (let index = 0; index < count; index += 1) {
    const hits = search(targets[index]);
    const inner = use === 'read' || use === 'set' || use === 'upload' ? hits.flatMap((hit) => within1(hit.element).map((element) => ({ ...hit, element }))) : hits;
    if (inner.length > 1) return { state: 'ambiguous', index, matches: inner.slice(0, 10).map(describe) };
    if (inner.length === 1) {
      const why = hindrance(inner[0].element, use);
      return why ? { state: 'waiting', index, why } : { state: 'found', index, ...inner[0] };
    }
  }
  return { state: 'missing' };
}
const without = ({ element, ...rest }) => rest;
// What is found, and where it stands.
function sighting(targets, use) {
  const found = resolve(targets, use);
  if (found.state !== 'found') return without(found);
  const box = found.element.getBoundingClientRect();
  const answer = { ...without(found), box: [box.left, box.top, box.width, box.height].map(Math.round) };
  // An element of another document can't be used from here: the driver goes there and asks again.
  if (found.path.length) return answer;
  const point = request.watch ? pointOf(found.element) : null;
  if (request.watch) window.dispatchEvent(new CustomEvent(request.watch, { detail: {} }));
  if (!point) return { ...answer, element: found.element };
  watch(found.element, topAt(found.element, point), box);
  return { ...answer, point };
}
// The next press of the mouse must reach the element where it was seen, or it is kept from the page: that may be in motion.
// It may also move between press and release, and is then not clicked: such a press was in vain where the page did nothing
// at it. An event that only we know the name of ends the watch and asks what came of it; nothing stays in the page.
function watch(element, top, seen) {
  let state = null;
  const atRest = () => {
    const now = element.getBoundingClientRect();
    return Math.abs(now.left - seen.left) < 1 && Math.abs(now.top - seen.top) < 1;
  };
  // What lets the mouse through to something around it is pressed there, as it was when it was looked at.
  const around = top && isOn(top, element) ? top : element;
  const reaches = (path) => path.includes(element) || path[0] === around || [...(element.labels || [])].some((label) => path.includes(label));
  const heard = () => { if (state === 'pressed') state = 'heard'; };
  const changes = new MutationObserver(heard);
  const look = (event) => {
    if (!event.isTrusted || state === 'clicked') return;
    const on = reaches(event.composedPath());
    if (state === null && /down$/.test(event.type)) {
      state = on && atRest() ? 'pressed' : 'missed';
      if (state === 'pressed') changes.observe(element.ownerDocument, { subtree: true, childList: true, attributes: true, characterData: true });
    }
    if (state === 'missed') {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (event.type === 'click' && on) state = 'clicked';
    else if (event.type === 'mouseup' && !on && state === 'pressed' && element.isConnected) state = 'slipped';
  };
  // The page has had its say about the press; what changes later is not an answer to it.
  const said = (event) => {
    if (event.defaultPrevented || changes.takeRecords().length) heard();
    changes.disconnect();
  };
  const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
  for (const kind of kinds) window.addEventListener(kind, look, true);
  window.addEventListener('mousedown', said);
  window.addEventListener(request.watch, (event) => {
    for (const kind of kinds) window.removeEventListener(kind, look, true);
    window.removeEventListener('mousedown', said);
    changes.disconnect();
    event.detail.state = state;
  }, { once: true });
}
// Where a hand would click it, in the window: not known inside a frame, nor for what has no place of its own.
function pointOf(element) {
  if (window.top !== window || /^(area|option|optgroup)$/.test(tag(element))) return null;
  const box = middleBox(element);
  const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
  const [right, bottom] = [Math.min(box.right, window.innerWidth), Math.min(box.bottom, window.innerHeight)];
  return right - left >= 1 && bottom - top >= 1 ? [(left + right) / 2, (top + bottom) / 2] : null;
}
operations.act = () => sighting(request.targets, request.use);
