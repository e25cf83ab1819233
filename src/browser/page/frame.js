// The documents in frames, and frames by name.

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
  forgetTables();
  const here = matchesIn(document, target).map((element) => ({ element, path: [] }));
  if (here.length || request.here) return here;
  return framesIn(document, []).flatMap(({ doc, path }) => matchesIn(doc, target).map((element) => ({ element, path })));
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
operations.frame = frame;
