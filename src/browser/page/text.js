// What a page says and what was asked for, made comparable.

const request = arguments[0];
// What can be asked for; each part adds its own.
const operations = {};

const norm = (text) => (text || '').normalize('NFC').replace(/[\u00AD\u200B-\u200D\u2060\uFEFF]/g, '').replace(/\s+/g, ' ').trim();
const plain = (text) => norm(text).replace(/^[*\s]+/, '').replace(/[\s:*]+$/, '');
const squeeze = (text) => norm(text).replace(/\s/g, '').toLowerCase();
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
