// The form by Playwright: `fill`, `selectOption`, `check`, `click`, by the ids of the fields, its quickest way to find them.
// Usage: node playwright.mjs FOLDER-OF-NODE-MODULES TASK.json
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { chromium } = createRequire(process.argv[2] + '/')('playwright-core');
const { browser: executablePath, arguments: args, site, rows } = JSON.parse(readFileSync(process.argv[3], 'utf8'));

const browser = await chromium.launch({ executablePath, args });
const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
for (const row of rows) {
  await page.goto(`${site}/formular/${row.nr}`);
  for (const name of ['namn', 'gata', 'postnummer', 'ort', 'telefon', 'epost', 'meddelande']) await page.fill(`#${name}`, row[name]);
  for (const name of ['boende', 'hushall']) await page.selectOption(`#${name}`, { label: row[name] });
  await page.check('#samtycke');
  await page.click('#spara');
  await page.getByText(`Sparat ${row.nr}`, { exact: true }).waitFor();
}
await browser.close();
