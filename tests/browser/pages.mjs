// Looks at pages of a static site in Chromium: pages.mjs SITE SCREENSHOTS CHROMIUM MODULES PAGE...
//
// Each page at 390 and 1360 pixels, in the light and the dark theme, under the strictest content security policy that
// the site promises. Prints a JSON array of what is wrong: {page, width, theme, problem}.
import { createReadStream, existsSync, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";

const [site, screenshots, executablePath, modules, ...pages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(modules, "package.json")));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
  ".svg": "image/svg+xml" };
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'";
const server = createServer((request, response) => {
  const path = join(site, normalize(decodeURIComponent(new URL(request.url, "http://x").pathname)));
  if (!path.startsWith(site) || !existsSync(path) || !statSync(path).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": types[extname(path)] ?? "text/plain", "content-security-policy": policy,
    "x-content-type-options": "nosniff" });
  createReadStream(path).pipe(response);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const problems = [];
if (screenshots) mkdirSync(screenshots, { recursive: true });

async function look(page, path, width, theme) {
  const wrong = (problem) => problems.push({ page: path, width, theme, problem });
  const onConsole = (message) => {
    if (["error", "warning"].includes(message.type())) wrong(`console: ${message.text()}`);
  };
  const onRequest = (request) => {
    if (!request.url().startsWith(origin)) wrong(`asks for ${request.url()}`);
  };
  const onError = (error) => wrong(`script: ${error.message}`);
  page.on("console", onConsole).on("request", onRequest).on("pageerror", onError);
  await page.goto(`${origin}/${path}`, { waitUntil: "load" });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (beyond > 0) {
    const widest = await page.evaluate(() => [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .slice(0, 3).map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`));
    wrong(`scrolls sideways by ${beyond}: ${widest.join("; ")}`);
  }
  // In a world of its own, so that the page's content security policy stays as it is.
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send("Page.getFrameTree");
  const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const source = (await import("node:fs")).readFileSync(axe, "utf8");
  await client.send("Runtime.evaluate", { expression: source, contextId: executionContextId });
  const { result } = await client.send("Runtime.evaluate", { contextId: executionContextId, awaitPromise: true, returnByValue: true,
    expression: "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations.map((one) => " +
      "`${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`))" });
  for (const found of result.value ?? ["axe did not run"]) wrong(`axe: ${found}`);
  await client.detach();
  if (screenshots) {
    const name = `${path.replace(/[^a-z0-9]+/gi, "-")}-${width}-${theme}.png`;
    await page.screenshot({ path: join(screenshots, name), fullPage: true });
  }
  page.off("console", onConsole).off("request", onRequest).off("pageerror", onError);
}

for (const width of [390, 1360]) {
  for (const theme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
    const page = await context.newPage();
    for (const path of pages) await look(page, path, width, theme);
    await context.close();
  }
}

// The search of the index, by keyboard alone, and what works without scripts.
const context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
const page = await context.newPage();
await page.goto(`${origin}/index.html`);
await page.getByRole("searchbox").focus();
await page.keyboard.type("delete api key");
await page.waitForFunction(() => /found/.test(document.querySelector(".found").textContent), null, { timeout: 10000 });
const search = { text: await page.locator(".found").textContent(), first: await page.locator(".results a").first().getAttribute("href") };
await page.keyboard.press("Tab");
search.focused = await page.evaluate(() => document.activeElement.getAttribute("href"));
await page.goto(`${origin}/${pages.find((one) => one.split("/").length === 3)}`);
search.copies = await page.locator("figure.code button").count() === await page.locator("figure.code").count();
await context.close();
const bare = await browser.newContext({ javaScriptEnabled: false });
const plain = await bare.newPage();
await plain.goto(`${origin}/index.html`);
search.form_without_scripts = await plain.locator("form.search").isVisible();
await bare.close();

await browser.close();
server.close();
console.log(JSON.stringify({ problems, search }));
