// Does what was asked.

// The browser's own page about an address that did not answer is not the page that was asked for.
if (location.protocol === 'chrome-error:' || document.documentURI.startsWith('about:neterror')) return { state: 'unfetched' };
try {
  return operations[request.op]();
} catch (error) {
  if (error.name === 'SyntaxError') return { state: 'wrong', why: `uttrycket går inte att tolka (${error.name})` };
  return { state: 'fault', why: String(error.name) };
}
