// A browser that uses the console, and notes whatever no page may do.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(modules, "package.json")));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const task = JSON.parse(readFileSync(0, "utf8"));

export const problems = [];
export const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let signedIn; // cookies of whoever the task's code signed in

/** A machine as slow as somebody wishes: DOORWARD_SLOWDOWN=6 has every tab take six times the processor time, which finds races. */
async function slowDown(page) {
  const rate = Number(process.env.DOORWARD_SLOWDOWN ?? 1);
  if (rate > 1) await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate });
}

/** Signs in as the user of the gateway's machine, for the tabs that follow. */
export async function signIn(code) {
  const page = await openTab({ anonymous: true, name: "sign in" });
  await page.goto(`${task.origin}/login?to=%2Fabout#code=${code}`, { waitUntil: "load" });
  await settle(page);
  await page.locator("nav").waitFor({ state: "attached" });
  signedIn = await page.context().storageState();
  await page.context().close();
}

/** A tab that reports whatever no page may do. `expected`: patterns of console messages that the test provokes. */
export async function openTab({ width = 1360, height = 900, theme = "light", anonymous = false, name = "" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: "en-GB", timezoneId: "UTC",
    storageState: anonymous ? undefined : signedIn, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  page.expected = [];
  page.about = `${name} ${width} ${theme}`;
  const wrong = (problem) => {
    if (!page.expected.some((pattern) => pattern.test(problem))) problems.push(`${page.about}: ${problem}`);
  };
  page.wrong = wrong;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong(`console: ${message.text()} ${message.location()?.url ?? ""}`);
  });
  page.on("pageerror", (error) => wrong(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(task.origin + "/")) wrong(`asks for ${request.url()}`);
  });
  page.on("dialog", (dialog) => { wrong(`a script opened a dialog: ${dialog.message()}`); void dialog.dismiss(); });
  await page.exposeFunction("doorwardViolation", (text) => wrong(`content security policy: ${text}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      window.doorwardViolation(`${event.violatedDirective} blocked ${event.blockedURI} ${event.sample}`));
  });
  page.setDefaultTimeout(30000);
  await slowDown(page);
  return page;
}

/** Waits until nothing of the page is on its way. */
export async function settle(page) {
  await page.locator("main h1").first().waitFor();
  await page.waitForFunction(() => ![...document.querySelectorAll("[role=status]")].some((one) => one.textContent === "Loading…"));
}

export async function visit(page, path) {
  await page.goto(task.origin + path, { waitUntil: "load" });
  await settle(page);
}

/** What axe finds, in a world of its own, so that the page's content security policy stays as it is. */
export async function axe(page) {
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send("Page.getFrameTree");
  const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await client.send("Runtime.evaluate", { expression: axeSource, contextId: executionContextId });
  const { result } = await client.send("Runtime.evaluate", { contextId: executionContextId, awaitPromise: true, returnByValue: true,
    expression: "axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', " +
      "'best-practice']}).then((found) => found.violations.map((one) => " +
      "`${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`))" });
  await client.detach();
  for (const found of result.value ?? ["axe did not run"]) page.wrong(`axe: ${found}`);
}

export async function noSidewaysScroll(page) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return null;
    return [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > room + 1)
      .slice(0, 3).map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`).join("; ");
  });
  if (wide !== null) page.wrong(`scrolls sideways: ${wide}`);
}

/** Waits until something holds, as a person would look again; `problem` is reported where it does not. */
export async function eventually(page, holds, problem) {
  for (const last = Date.now() + 30_000; !(await holds()); await page.waitForTimeout(50)) {
    if (Date.now() > last) return page.wrong(problem);
  }
}

/** Kept where a person asks for it, to be looked at. */
export async function shoot(page, name) {
  if (!task.screenshots) return;
  mkdirSync(task.screenshots, { recursive: true });
  await page.screenshot({ path: join(task.screenshots, name + ".png"), fullPage: true });
}

/** A call of an agent through the gateway; the JSON-RPC answer. */
export async function callTool(agent, tool, args = {}) {
  const { url, token } = task.agents[agent];
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", authorization: `Bearer ${token}` };
  const post = (body, more = {}) => fetch(url, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify({ jsonrpc: "2.0", ...body }) });
  const hello = await post({ id: 1, method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "claude-code", version: "1" } } });
  const session = { "mcp-session-id": hello.headers.get("mcp-session-id"), "mcp-protocol-version": "2025-11-25" };
  await hello.text();
  await (await post({ method: "notifications/initialized" }, session)).text();
  const text = await (await post({ id: 2, method: "tools/call", params: { name: tool, arguments: args } }, session)).text();
  const data = text.trimStart().startsWith("{") ? text : text.split("\n").filter((line) => line.startsWith("data:")).pop().slice(5);
  return JSON.parse(data);
}
