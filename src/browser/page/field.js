// Fields by what a person takes to be their names.

// With `letters`, labels that can't say them are passed over. To ask each label for the text that it shows would lay out
// the page once for each; only one without elements of its own shows what its letters say, whatever their case.
const capitals = (text) => squeeze(text).toUpperCase();
const maySay = (label, letters) => label.firstElementChild !== null || capitals(label.textContent).includes(letters);
function labelsOf(control, letters = '') {
  const named = [control.getAttribute('aria-label'), byIds(control, control.getAttribute('aria-labelledby'))];
  const labels = [...(control.labels || [])].filter((label) => maySay(label, letters));
  // A label may wrap its control: what counts is its text without the control's own.
  const own = labels.map((label) => {
    if (label.firstElementChild === null) return label.textContent;
    const copy = label.cloneNode(true);
    copy.querySelectorAll('input, select, textarea, script, style').forEach((inner) => inner.remove());
    return copy.textContent;
  });
  return [...named, ...own, ...labels.map((label) => textOf(label))];
}
const BLOCK = /^(td|th|tr|table|tbody|form|fieldset|body|div|p|li|dd|section|article|main)$/;
const isControl = (node) => node.nodeType === 1 && (node.matches(CONTROL) || node.querySelector(CONTROL));
function besideText(control, step) {
  for (let at = control; at && !BLOCK.test(tag(at)); at = parent(at)) {
    let text = '';
    for (let node = at[step]; node; node = node[step]) {
      if (node.nodeType === 8) continue;
      if (node.nodeType === 1 && (isControl(node) || /^(br|hr|table|div|p)$/.test(tag(node)))) break;
      text = step === 'previousSibling' ? node.textContent + text : text + node.textContent;
    }
    if (plain(text)) return text;
  }
  return '';
}
function cellBefore(control) {
  const row = rowOf(control);
  if (!row) return '';
  const cells = cellsOf(row);
  const own = cells.findIndex((cell) => cell.contains(control));
  for (let c = own - 1; c >= 0; c -= 1) {
    if (controlsIn(cells[c]).length) continue;
    const text = plain(textOf(cells[c]));
    if (text) return text;
  }
  return '';
}
function cellAbove(control) {
  const table = tableOf(control);
  if (!table) return [];
  const grid = matrixOf(table);
  const r = grid.matrix.findIndex((line) => line.some((cell) => cell && cell.contains(control)));
  if (r < 0) return [];
  const c = grid.matrix[r].findIndex((cell) => cell && cell.contains(control));
  const names = headersOf(grid).includes(r) ? [] : [...columnNames(grid)[c].names];
  const above = r > 0 ? grid.matrix[r - 1][c] : null;
  if (above && !above.contains(control) && !controlsIn(above).length && !spansAll(grid.matrix[r - 1], grid.width)) names.push(textOf(above));
  return names;
}
function termBefore(control) {
  const item = closest(control, 'dd');
  let at = item && item.previousElementSibling;
  while (at && tag(at) === 'dd') at = at.previousElementSibling;
  return at && tag(at) === 'dt' ? textOf(at) : '';
}
// The block before the one that the control has to itself: forms laid out in `div`s, without labels.
function blockBefore(control) {
  for (let at = control; at && !/^(form|fieldset|body|dl|th|li)$/.test(tag(at)); at = parent(at)) {
    if (at !== control && controlsIn(at).some((other) => other !== control)) return '';
    for (let before = at.previousElementSibling; before; before = before.previousElementSibling) {
      if (isControl(before)) return '';
      const text = visible(before) ? plain(textOf(before)) : '';
      if (text) return text;
    }
  }
  return '';
}
const choice = (control) => /^(checkbox|radio)$/.test(control.type || '');
// What a person takes to be the field's name where no label says it, the strongest first: only the first kind that matches counts.
const TIERS = [
  (control) => [control.getAttribute('placeholder'), control.getAttribute('title')],
  (control) => (choice(control) ? [besideText(control, 'nextSibling')] : [besideText(control, 'previousSibling'), termBefore(control)]),
  (control) => [cellBefore(control)],
  cellAbove,
  (control) => [blockBefore(control)],
];
// A choice behind a drawn label is often hidden itself: then its label is what is seen.
const shown = (control) => visible(control) || (choice(control) && [...(control.labels || [])].some(visible)) || control.type === 'file';
function findFields(target) {
  const every = all(CONTROL);
  const letters = capitals(plain(target.name));
  // Whether a control is shown is asked last where names are cheap: it lays out the page after each field that was set.
  const labelled = every.filter((control) => labelsOf(control, letters).some((name) => says(name, target))).filter(shown);
  if (labelled.length) return outermost(labelled);
  const controls = every.filter(shown);
  for (const names of TIERS) {
    const hits = controls.filter((control) => names(control).some((name) => says(name, target)));
    if (hits.length) return outermost(hits);
  }
  return request.op === 'set' || request.op === 'act' ? [] : shownValues(target);
}
const outermost = (elements) => elements.filter((one) => !elements.some((other) => other !== one && other.contains(one)));
// A value that is only shown: the cell after its name, the description after its term, or what is labelled by it.
function shownValues(target) {
  const terms = all('dt').filter(visible).filter((term) => saysElement(term, target));
  const described = terms.map((term) => term.nextElementSibling).filter((next) => next && tag(next) === 'dd');
  if (described.length) return described;
  const labelled = all('output, span[aria-labelledby], span[aria-label], p[aria-labelledby], p[aria-label]').filter(visible)
    .filter((one) => labelsOf(one).some((name) => says(name, target)));
  if (labelled.length) return labelled;
  const named = all('td, th').filter(visible).filter((cell) => !cell.querySelector('table') && saysElement(cell, target));
  const after = named.map((cell) => cell.nextElementSibling).filter((next) => next && /^(td|th)$/.test(tag(next)) && !isHeader(next));
  return after.filter((next) => !next.querySelector('table'));
}
