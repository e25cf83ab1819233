// Where in the picture something personal stands.

const PERSONAL_NUMBER = /(?<!\d)(?:18|19|20)?\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]|[6-8]\d|9[01])[-+\u2010-\u2013\u2212 \u00a0]?[\dPTRSUWXJKLMN]\d{3}(?!\d)/;
function coveredIn(doc, values) {
  const holds = (value) => { const have = squeeze(value); return values.some((one) => (one.length < 3 ? have === one : have.includes(one))); };
  const found = [];
  const visit = (element) => {
    if (!holds(element.textContent)) return;
    const children = childrenOf(element).filter((child) => holds(child.textContent));
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
  // A personal number is covered wherever it stands, whoever's it is.
  for (const root of roots(doc)) {
    const walker = doc.createTreeWalker(root, 4);
    while (walker.nextNode()) if (walker.currentNode.parentElement && PERSONAL_NUMBER.test(walker.currentNode.data)) found.push(walker.currentNode.parentElement);
    for (const control of root.querySelectorAll('input, textarea, select, output')) if (PERSONAL_NUMBER.test(valueOf(control))) found.push(control);
  }
  for (const target of request.targets) found.push(...matchesIn(doc, target));
  return found;
}
// What of an element is seen, text that flows over its edges too; a hidden dialog within it covers nothing.
function boxesOf(element) {
  const range = element.ownerDocument.createRange();
  const letters = (one) => [...one.childNodes].filter((node) => node.nodeType === 3).flatMap((node) => {
    range.selectNodeContents(node);
    return [...range.getClientRects()];
  });
  const seen = [...element.querySelectorAll('*')].filter(visible);
  return [...element.getClientRects(), ...letters(element), ...seen.flatMap((one) => [...one.getClientRects(), ...letters(one)])];
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
      for (const box of boxesOf(element)) add(box, x, y);
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
operations.masks = masks;
