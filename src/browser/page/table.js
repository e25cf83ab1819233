// Tables as they stand on the screen: their names, headers, rows and cells.

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
const remembered = (kind, make) => (key) => {
  if (!kind.has(key)) kind.set(key, make(key));
  return kind.get(key);
};
let grids = new Map();
let columns = new Map();
const matrixOf = (table) => remembered(grids, drawMatrix)(table);
const columnNames = (grid) => remembered(columns, nameColumns)(grid);
// What is remembered of tables holds for one search: setting a field may redraw them.
function forgetTables() {
  grids = new Map();
  columns = new Map();
}
function drawMatrix(table) {
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
    if (!matrix[r].every((cell) => cell && (isHeader(cell) || (textOf(cell) === '' && !controlsIn(cell).length)))) break;
    found.push(r);
  }
  if (found.length) return found;
  const first = matrix.findIndex((line) => line.length > 0 && !spansAll(line, width));
  return first >= 0 && !matrix[first].some((cell) => cell && controlsIn(cell).length) ? [first] : [];
}
// A row to search in, with fields under the headers and the word for it: what stands there was asked for, not found.
const SEARCH = /^(filter|filtrera|filtrering|sök|sökning|search)$/i;
function isFilter(row) {
  if (!controlsIn(row).some((control) => !choice(control))) return false;
  const told = cellsOf(row).map((cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll('input, select, textarea, script, style').forEach((inner) => inner.remove());
    return plain(copy.textContent);
  });
  return told.filter(Boolean).length === 1 && told.some((text) => SEARCH.test(text));
}
function nameColumns(grid) {
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
    const named = columnNames(matrixOf(table));
    return wanted.every((name) => named.some((column) => column.names.includes(name)));
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
    const wanted = columnNames(grid).map((column, c) => (column.names.includes(want) ? c : -1)).filter((c) => c >= 0);
    if (!wanted.length) continue;
    const headers = headersOf(grid);
    const rows = grid.rows.filter((row, r) => visible(row) && !headers.includes(r) && (SEARCH.test(target.row) || !isFilter(row)));
    for (const row of rowsSaying(rows, target.row)) {
      const line = grid.matrix[grid.rows.indexOf(row)];
      for (const c of wanted) if (line[c]) found.push(line[c]);
    }
  }
  return innermost([...new Set(found)]);
}
