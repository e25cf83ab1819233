// Buttons, links, texts and selectors; and the one way to look for any target in a document.

const picturesIn = (element) => [...element.querySelectorAll('img[alt], svg title')].map((one) => one.getAttribute('alt') || one.textContent);
function namesOfButton(element) {
  const own = tag(element) === 'input' ? [element.type === 'image' ? element.alt : element.value || { submit: 'Submit', reset: 'Reset' }[element.type]] : [textOf(element), element.textContent];
  return [element.getAttribute('aria-label'), byIds(element, element.getAttribute('aria-labelledby')), ...own, ...picturesIn(element), element.getAttribute('title')];
}
const findButtons = (target) => outermost(all(BUTTON).filter(visible).filter((one) => namesOfButton(one).some((name) => says(name, target))));
const findLinks = (target) => outermost(all(LINK).filter(visible).filter((one) => [...namesOfButton(one), one.getAttribute('alt')].some((name) => says(name, target))));
// The smallest elements that say it. Whole branches without the letters are passed over: to ask each element for the
// text that it shows would lay out the page thousands of times.
function findTexts(target) {
  const letters = squeeze(plain(target.name));
  const hits = [];
  const visit = (element) => {
    if (/^(script|style|noscript|template|head|option)$/.test(tag(element))) return false;
    if (!squeeze(element.textContent).includes(letters)) return false;
    const inner = childrenOf(element).map(visit).some(Boolean);
    if (inner || !saysElement(element, target)) return inner;
    hits.push(element);
    return true;
  };
  within.flatMap((root) => [...root.children]).forEach(visit);
  return hits.filter(visible);
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
