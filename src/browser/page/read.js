// Reads values, tables and whole pages, and counts what matches.

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
  const rows = grid.rows.map((row, r) => r).filter((r) => !headers.includes(r) && visible(grid.rows[r]) && !isFilter(grid.rows[r]) && !closest(grid.rows[r], 'tfoot'))
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
const text = () => [document, ...framesIn(document, []).map((one) => one.doc)].map((doc) => (doc.body ? doc.body.innerText : '')).join('\n');
Object.assign(operations, { read, table: readTable, exists, text: () => ({ state: 'found', text: text() }) });
