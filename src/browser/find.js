// Finds what a person would point at, says whether it can be used, and sets or reads it.
//
// One function, run anew for each request in the page that the driver stands in; it keeps nothing in the page and adds
// nothing to its global object. It looks in that document, then in the documents of its same-origin frames. Its answer
// is plain data, with at most one element reference.
const request = arguments[0];

// ---- text -----------------------------------------------------------------------------------------------------------
const norm = (text) => (text || '').normalize('NFC').replace(/[\u00AD\u200B-\u200D\u2060\uFEFF]/g, '').replace(/\s+/g, ' ').trim();
const plain = (text) => norm(text).replace(/^[*\s]+/, '').replace(/[\s:*]+$/, '');
const wordly = (char) => char === undefined || /[\s,;:.()!?”"'–]/.test(char);
function containsWords(text, words) {
  if (!words) return false;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (wordly(text[at - 1]) && wordly(text[at + words.length])) return true;
  }
  return false;
}
const says = (text, target) => {
  const [have, want] = [plain(text), plain(target.name)];
  return want !== '' && (have === want || (target.exact === false && containsWords(have, want)));
};
const textOf = (element) => norm(element.innerText === undefined ? element.textContent : element.innerText);
const saysElement = (element, target) => says(textOf(element), target) || says(element.textContent, target);

// ---- elements -------------------------------------------------------------------------------------------------------
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
const parent = (element) => element.parentElement || (element.getRootNode().host || null);
function closest(element, selector) {
  for (let at = element; at; at = parent(at)) if (at.matches(selector)) return at;
  return null;
}
function byIds(element, ids) {
  const root = element.getRootNode();
  return norm((ids || '').split(/\s+/).filter(Boolean).map((id) => { const e = root.getElementById(id); return e ? e.textContent : ''; }).join(' '));
}

// ---- tables ---------------------------------------------------------------------------------------------------------
const tableOf = (element) => closest(element, 'table, [role=table], [role=grid]');
const rowOf = (element) => closest(element, 'tr, [role=row]');
function rowsOf(table) {
  if (tag(table) === 'table') return [...table.rows];
  return [...table.querySelectorAll('[role=row]')].filter((row) => tableOf(row) === table);
}
function cellsOf(row) {
  if (tag(row) === 'tr') return [...row.cells];
  return [...row.querySelectorAll('[role=cell], [role=gridcell], [role=columnheader], [role=rowheader]')].filter((cell) => rowOf(cell) === row);
}
// The cells as they stand on the screen: matrix[row][column], with spans filled in.
function matrixOf(table) {
  const rows = rowsOf(table);
  const matrix = rows.map(() => []);
  rows.forEach((row, r) => {
    let c = 0;
    for (const cell of cellsOf(row)) {
      while (matrix[r][c]) c += 1;
      const wide = cell.colSpan || 1;
      const high = cell.rowSpan === 0 ? rows.length - r : cell.rowSpan || 1;
      for (let y = r; y < Math.min(r + high, rows.length); y += 1) for (let x = c; x < c + wide; x += 1) matrix[y][x] = cell;
      c += wide;
    }
  });
  return { rows, matrix, width: Math.max(0, ...matrix.map((line) => line.length)) };
}
const controlsIn = (element) => [...element.querySelectorAll(CONTROL)].filter(visible);
const spansAll = (line, width) => width > 1 && line.length > 0 && line.every((cell) => cell === line[0]);
// Which rows are headers: those of thead; else the first ones of only header cells; else the first that is not a title.
function headersOf(grid) {
  const { rows, matrix, width } = grid;
  const inHead = rows.map((row, r) => r).filter((r) => closest(rows[r], 'thead'));
  if (inHead.length) return inHead;
  const found = [];
  for (let r = 0; r < rows.length; r += 1) {
    if (spansAll(matrix[r], width) || matrix[r].length === 0) continue;
    if (!matrix[r].every((cell) => cell && (isHeader(cell) || textOf(cell) === ''))) break;
    found.push(r);
  }
  if (found.length) return found;
  const first = matrix.findIndex((line) => line.length > 0 && !spansAll(line, width));
  return first >= 0 && !matrix[first].some((cell) => cell && controlsIn(cell).length) ? [first] : [];
}
function columnNames(grid) {
  const headers = headersOf(grid).filter((r) => !spansAll(grid.matrix[r], grid.width));
  return Array.from({ length: grid.width }, (_, c) => {
    const texts = headers.map((r) => grid.matrix[r][c]).filter((cell, i, cells) => cell && cells.indexOf(cell) === i).map((cell) => plain(textOf(cell)));
    return { names: [...texts, plain(texts.join(' '))].filter(Boolean), label: plain(texts.join(' ')) };
  });
}
// Texts that could be the name of a table, the strongest first.
function namesOfTable(table, headings) {
  const own = [table.caption && textOf(table.caption), table.getAttribute('aria-label'), byIds(table, table.getAttribute('aria-labelledby')), table.getAttribute('summary')];
  const grid = matrixOf(table);
  const title = grid.rows.length && spansAll(grid.matrix[0], grid.width) && grid.matrix[0][0].querySelector('table') === null ? textOf(grid.matrix[0][0]) : '';
  const before = headings.filter((one) => one.compareDocumentPosition(table) & 4 && !one.contains(table));
  const nearest = before.length ? textOf(before[before.length - 1]) : '';
  let sibling = table.previousElementSibling;
  while (sibling && (tag(sibling) === 'br' || textOf(sibling) === '')) sibling = sibling.previousElementSibling;
  const set = closest(table, 'fieldset');
  const legend = set && set.querySelector('legend');
  return [own, [title], [nearest], [legend ? textOf(legend) : '', sibling && tag(sibling) !== 'table' ? textOf(sibling) : '']].map((tier) => tier.filter(Boolean));
}
function findTables(target) {
  const tables = all('table, [role=table], [role=grid]').filter(visible);
  const headings = all(HEADING).filter(visible);
  const named = tables.map((table) => ({ table, tiers: namesOfTable(table, headings) }));
  for (let tier = 0; tier < 4; tier += 1) {
    let hits = named.filter((one) => one.tiers[tier].some((name) => says(name, target)));
    if (tier === 2) {
      // A heading names the first table after it, not all that follow.
      hits = hits.filter((one) => !hits.some((other) => other !== one && other.table.compareDocumentPosition(one.table) & 4));
    }
    if (hits.length) return innermost(hits.map((one) => one.table));
  }
  const wanted = target.name.split(',').map(plain).filter(Boolean);
  if (wanted.length < 2) return [];
  return innermost(tables.filter((table) => {
    const columns = columnNames(matrixOf(table));
    return wanted.every((name) => columns.some((column) => column.names.includes(name)));
  }));
}
const innermost = (elements) => elements.filter((one) => !elements.some((other) => other !== one && one.contains(other)));

// The rows with this text in a cell of their own: exactly, or else as words within the cell.
function rowsSaying(rows, text) {
  const want = plain(text);
  const words = (cell) => [plain(textOf(cell)), ...controlsIn(cell).filter((c) => !secret(c)).map((c) => plain(valueOf(c)))];
  const cells = rows.map((row) => ({ row, texts: cellsOf(row).flatMap(words) }));
  const exact = cells.filter((one) => one.texts.includes(want));
  const hits = exact.length ? exact : cells.filter((one) => one.texts.some((have) => containsWords(have, want)));
  return innermost(hits.map((one) => one.row));
}
function findRows(target) {
  const tables = target.table ? findTables({ name: target.table }) : null;
  const rows = all('tr, [role=row]').filter(visible).filter((row) => !tables || tables.includes(tableOf(row)));
  return rowsSaying(rows, target.row);
}
function findCells(target) {
  const tables = (target.table ? findTables({ name: target.table }) : all('table, [role=table], [role=grid]')).filter(visible);
  const found = [];
  for (const table of tables) {
    const grid = matrixOf(table);
    const want = plain(target.column);
    const columns = columnNames(grid).map((column, c) => (column.names.includes(want) ? c : -1)).filter((c) => c >= 0);
    if (!columns.length) continue;
    const headers = headersOf(grid);
    const rows = grid.rows.filter((row, r) => visible(row) && !headers.includes(r));
    for (const row of rowsSaying(rows, target.row)) {
      const line = grid.matrix[grid.rows.indexOf(row)];
      for (const c of columns) if (line[c]) found.push(line[c]);
    }
  }
  return innermost([...new Set(found)]);
}

// ---- fields ---------------------------------------------------------------------------------------------------------
function labelsOf(control) {
  const named = [control.getAttribute('aria-label'), byIds(control, control.getAttribute('aria-labelledby'))];
  // A label may wrap its control: what counts is its text without the control's own.
  const labels = [...(control.labels || [])].map((label) => {
    const copy = label.cloneNode(true);
    copy.querySelectorAll('input, select, textarea, script, style').forEach((inner) => inner.remove());
    return copy.textContent;
  });
  return [...named, ...labels, ...[...(control.labels || [])].map((label) => textOf(label))];
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
const choice = (control) => /^(checkbox|radio)$/.test(control.type || '');
// What a person takes to be the field's name, the strongest first: only the first kind that matches counts.
const TIERS = [
  labelsOf,
  (control) => [control.getAttribute('placeholder'), control.getAttribute('title')],
  (control) => (choice(control) ? [besideText(control, 'nextSibling')] : [besideText(control, 'previousSibling'), termBefore(control)]),
  (control) => [cellBefore(control)],
  cellAbove,
];
// A choice behind a drawn label is often hidden itself: then its label is what is seen.
const shown = (control) => visible(control) || (choice(control) && [...(control.labels || [])].some(visible)) || control.type === 'file';
function findFields(target) {
  const controls = all(CONTROL).filter(shown);
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

// ---- buttons, links, texts ------------------------------------------------------------------------------------------
const picturesIn = (element) => [...element.querySelectorAll('img[alt], svg title')].map((one) => one.getAttribute('alt') || one.textContent);
function namesOfButton(element) {
  const own = tag(element) === 'input' ? [element.type === 'image' ? element.alt : element.value || { submit: 'Submit', reset: 'Reset' }[element.type]] : [textOf(element), element.textContent];
  return [element.getAttribute('aria-label'), byIds(element, element.getAttribute('aria-labelledby')), ...own, ...picturesIn(element), element.getAttribute('title')];
}
const findButtons = (target) => outermost(all(BUTTON).filter(visible).filter((one) => namesOfButton(one).some((name) => says(name, target))));
const findLinks = (target) => outermost(all(LINK).filter(visible).filter((one) => [...namesOfButton(one), one.getAttribute('alt')].some((name) => says(name, target))));
function findTexts(target) {
  const skip = /^(script|style|noscript|template|head|title|option)$/;
  const hits = all('*').filter((one) => !skip.test(tag(one)) && one.textContent.length < 20000 && saysElement(one, target));
  return innermost(hits).filter(visible);
}
function findXpath(target) {
  const found = [];
  const doc = within[0];
  const result = doc.evaluate(target.name, doc, null, 7, null);
  for (let i = 0; i < result.snapshotLength; i += 1) found.push(result.snapshotItem(i));
  return found.filter((node) => node.nodeType === 1);
}
function findCss(target) {
  const parts = target.name.split('>>>').map((part) => part.trim());
  if (parts.length === 1) return all(target.name);
  let scopes = within;
  parts.forEach((part, i) => {
    const hits = scopes.flatMap((scope) => [...scope.querySelectorAll(part)]);
    scopes = i === parts.length - 1 ? hits : hits.map((host) => host.shadowRoot).filter(Boolean);
  });
  return scopes;
}
const FINDERS = { field: findFields, button: findButtons, link: findLinks, cell: findCells, table: findTables, text: findTexts, css: findCss, xpath: findXpath };

// All visible matches in one document.
function matchesIn(doc, target) {
  within = roots(doc);
  let hits = [...new Set(FINDERS[target.kind](target))];
  if (target.kind === 'css' || target.kind === 'xpath') hits = hits.filter((one) => visible(one) || one.type === 'file');
  if (target.kind !== 'cell') {
    if (target.row) {
      const rows = findRows(target);
      hits = hits.filter((one) => rows.some((row) => row.contains(one)));
    } else if (target.table) {
      const tables = findTables({ name: target.table });
      hits = hits.filter((one) => tables.some((table) => table.contains(one)));
    }
  }
  return hits;
}

// ---- frames ---------------------------------------------------------------------------------------------------------
function documentOf(frame) {
  try { return frame.contentDocument; } catch { return null; }
}
// The documents within this one, with the path of frame numbers that leads to each.
function framesIn(doc, path) {
  const view = doc.defaultView;
  const frames = roots(doc).flatMap((root) => [...root.querySelectorAll('iframe, frame')]);
  const found = [];
  for (let i = 0; i < view.length; i += 1) {
    const frame = frames.find((one) => one.contentWindow === view[i]);
    const inner = frame && documentOf(frame);
    if (inner && visible(frame)) {
      found.push({ doc: inner, path: [...path, i], frame });
      found.push(...framesIn(inner, [...path, i]));
    }
  }
  return found;
}
const loading = (doc) => doc.readyState !== 'complete';
function search(target) {
  const here = matchesIn(document, target).map((element) => ({ element, path: [] }));
  if (here.length || request.here) return here;
  return framesIn(document, []).flatMap(({ doc, path }) => matchesIn(doc, target).map((element) => ({ element, path })));
}

// ---- what an element is ---------------------------------------------------------------------------------------------
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
  return covered(element) ? 'något annat ligger över det' : null;
}
function covered(element) {
  if (tag(element) === 'area' || tag(element) === 'option') return false;
  let box = middleBox(element);
  const view = element.ownerDocument.defaultView;
  if (box.top < 0 || box.left < 0 || box.bottom > view.innerHeight || box.right > view.innerWidth) {
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    box = middleBox(element);
  }
  let root = element.getRootNode();
  if (!root.elementFromPoint) root = element.ownerDocument;
  const top = root.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (!top) return true;
  const labels = [...(element.labels || [])];
  return !(element.contains(top) || top.contains(element) || labels.some((label) => label.contains(top)) || (top.shadowRoot && top.shadowRoot.contains(element)));
}
const middleBox = (element) => element.getClientRects()[0] || element.getBoundingClientRect();

// ---- resolving ------------------------------------------------------------------------------------------------------
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

// ---- setting --------------------------------------------------------------------------------------------------------
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

// ---- reading --------------------------------------------------------------------------------------------------------
function read() {
  const found = resolve(request.targets, 'read');
  if (found.state !== 'found') return without(found);
  if (secret(found.element)) return { state: 'wrong', why: 'lösenord läses inte' };
  return { ...without(found), text: norm(valueOf(found.element)) };
}
function readTable() {
  const found = resolve(request.targets, 'table');
  if (found.state !== 'found') return without(found);
  const table = found.element.matches('table, [role=table], [role=grid]') ? found.element : tableOf(found.element);
  if (!table) return { state: 'wrong', why: 'det är ingen tabell' };
  const grid = matrixOf(table);
  const headers = headersOf(grid);
  const seen = {};
  const names = columnNames(grid).map((column, c) => {
    const name = column.label || `kolumn ${c + 1}`;
    seen[name] = (seen[name] || 0) + 1;
    return seen[name] > 1 ? `${name} (${seen[name]})` : name;
  });
  const rows = grid.rows.map((row, r) => r).filter((r) => !headers.includes(r) && visible(grid.rows[r]) && !closest(grid.rows[r], 'tfoot'))
    .filter((r) => grid.matrix[r].length > 0 && !spansAll(grid.matrix[r], grid.width) && r > Math.max(-1, ...headers));
  return { ...without(found), rows: rows.map((r) => names.map((name, c) => [name, grid.matrix[r][c] ? cellText(grid.matrix[r][c]) : ''])) };
}
function exists() {
  const busy = [document, ...framesIn(document, []).map((one) => one.doc)].some(loading);
  const count = request.fallback ? request.targets.length : 1;
  for (let index = 0; index < count; index += 1) {
    const hits = search(request.targets[index]).flatMap((hit) => within1(hit.element).map((element) => ({ ...hit, element })));
    if (hits.length) return { state: 'found', index, busy, equal: hits.filter((hit) => request.is === null || (!secret(hit.element) && norm(valueOf(hit.element)) === norm(request.is))).length, count: hits.length };
  }
  return { state: 'missing', busy, count: 0, equal: 0 };
}
function frame() {
  const want = plain(request.name);
  const frames = roots(document).flatMap((root) => [...root.querySelectorAll('iframe, frame')]);
  const hits = [];
  for (let i = 0; i < window.length; i += 1) {
    const element = frames.find((one) => one.contentWindow === window[i]);
    if (!element) continue;
    const inner = documentOf(element);
    const names = [element.getAttribute('name'), element.id, element.title, element.getAttribute('aria-label'), inner && inner.title];
    if (names.some((name) => plain(name) === want) || String(i + 1) === want) hits.push(i);
  }
  const named = hits.filter((i) => String(i + 1) !== want);
  const found = named.length ? named : hits;
  if (found.length > 1) return { state: 'ambiguous', matches: found.map((i) => `ram ${i + 1}`) };
  return found.length ? { state: 'found', number: found[0] } : { state: 'missing' };
}
function act() {
  const found = resolve(request.targets, request.use);
  if (found.state !== 'found') return without(found);
  const box = found.element.getBoundingClientRect();
  const answer = { ...without(found), box: [box.left, box.top, box.width, box.height].map(Math.round) };
  // An element of another document can't be used from here: the driver goes there and asks again.
  return found.path.length ? answer : { ...answer, element: found.element };
}
// ---- what to cover in a picture -------------------------------------------------------------------------------------
const squeeze = (value) => norm(value).replace(/[\s]/g, '').toLowerCase();
function coveredIn(doc, values) {
  const holds = (value) => { const have = squeeze(value); return values.some((one) => (one.length < 3 ? have === one : have.includes(one))); };
  const found = [];
  const visit = (element) => {
    if (!holds(element.textContent)) return;
    const children = [...element.children].filter((child) => holds(child.textContent));
    children.forEach(visit);
    const loose = [...element.childNodes].some((node) => node.nodeType === 3 && holds(node.textContent));
    if (loose || !children.length || tag(element) === 'select') found.push(element);
  };
  for (const root of roots(doc)) {
    [...root.children].forEach(visit);
    for (const control of root.querySelectorAll('input, textarea, select, output')) {
      if (holds(valueOf(control)) || (control.placeholder && holds(control.placeholder))) found.push(control);
    }
  }
  for (const target of request.targets) found.push(...matchesIn(doc, target));
  return found;
}
// Whole pixels of the window: left, top, right, bottom.
function masks() {
  const values = request.values.map(squeeze).filter(Boolean);
  const areas = [];
  const scale = window.devicePixelRatio || 1;
  const add = (box, x, y) => {
    if (box.width <= 0 || box.height <= 0) return;
    const edges = [Math.floor((box.left + x) * scale) - 2, Math.floor((box.top + y) * scale) - 2, Math.ceil((box.right + x) * scale) + 2, Math.ceil((box.bottom + y) * scale) + 2];
    areas.push(edges.map((edge) => Math.max(0, edge)));
  };
  const cover = (doc, x, y) => {
    for (const element of coveredIn(doc, values)) {
      const range = doc.createRange();
      range.selectNodeContents(element);
      for (const box of [...element.getClientRects(), ...range.getClientRects()]) add(box, x, y);
    }
    for (const frame of roots(doc).flatMap((root) => [...root.querySelectorAll('iframe, frame')])) {
      const box = frame.getBoundingClientRect();
      const inner = documentOf(frame);
      const style = frame.ownerDocument.defaultView.getComputedStyle(frame);
      if (inner) cover(inner, x + box.left + frame.clientLeft + parseFloat(style.paddingLeft || 0), y + box.top + frame.clientTop + parseFloat(style.paddingTop || 0));
      // What can't be looked into is covered whole.
      else if (values.length || request.targets.length) add(box, x, y);
    }
  };
  cover(document, 0, 0);
  return { state: 'found', areas: [...new Set(areas.map((area) => area.join()))].map((area) => area.split(',').map(Number)) };
}
const text = () => [document, ...framesIn(document, []).map((one) => one.doc)].map((doc) => (doc.body ? doc.body.innerText : '')).join('\n');

try {
  return { set, read, table: readTable, exists, frame, act, masks, text: () => ({ state: 'found', text: text() }) }[request.op]();
} catch (error) {
  if (error.name === 'SyntaxError') return { state: 'wrong', why: `uttrycket går inte att tolka (${error.name})` };
  return { state: 'fault', why: String(error.name) };
}
