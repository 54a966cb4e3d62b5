// The browser of bench/page: page.mjs MODULES CHROMIUM, the task as JSON on standard input, times in ms as JSON on standard output.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(pathToFileURL(join(modules, "package.json")))("playwright-core");
const task = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await (await browser.newContext({ viewport: { width: 1360, height: 900 } })).newPage();

// In the page: the moment of the first frame after the list is another one. `told` is what the list says of itself.
await page.addInitScript(() => {
  window.told = () => {
    const main = document.querySelector("main");
    const row = main?.querySelector(".calls tbody tr");
    if (!row) return main?.querySelector(".empty p")?.textContent ?? "";
    return main.querySelector(".count-line strong")?.textContent + (row.querySelector("a")?.pathname ?? row.textContent);
  };
  window.frame = () => new Promise((then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0); // after this frame is drawn
  }));
  window.drawn = (done) => new Promise((then, fail) => {
    setTimeout(() => fail(new Error(`no other list within 10 s at ${location.search}: ${window.told()}`)), 10_000);
    if (done()) return then(window.frame());
    const seen = new MutationObserver(() => { if (done()) { seen.disconnect(); then(window.frame()); } });
    seen.observe(document, { childList: true, subtree: true, characterData: true });
  });
  window.loaded = window.drawn(() => window.told() !== "");
});

const audit = (filter) => "/audit" + (filter ? "?" + filter : "");
const times = {};
const note = (what, took) => (times[what] ??= []).push(took);
await page.goto(`${task.origin}/login?to=%2Fabout#code=${task.code}`);
await page.locator("nav").waitFor({ state: "attached" });
for (let round = 0; round < task.rounds + 1; round += 1) {
  const kept = round > 0; // the first fills the caches
  for (const filter of task.filters) {
    await page.goto(task.origin + audit(filter), { waitUntil: "commit" });
    const took = await page.evaluate(() => window.loaded);
    if (kept) note(`load    ${filter || "everything"}`, took);
  }
  for (const filter of task.filters) {
    await page.waitForTimeout(50);
    const took = await page.evaluate(async (to) => {
      const before = window.told();
      const begin = performance.now();
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
      return await window.drawn(() => window.told() !== "" && window.told() !== before) - begin;
    }, audit(filter));
    if (kept) note(`change  ${filter || "everything"}`, took);
  }
  await page.goto(task.origin + audit("decision=denied"), { waitUntil: "load" });
  await page.evaluate(() => window.loaded);
  for (let older = 0; older < 3; older += 1) {
    const took = await page.evaluate(async () => {
      const rows = () => document.querySelectorAll(".calls tbody tr").length;
      const before = rows();
      const begin = performance.now();
      [...document.querySelectorAll("button")].find((one) => one.textContent === "Show older").click();
      return await window.drawn(() => rows() > before) - begin;
    });
    if (kept) note(`older   page ${older + 2} of decision=denied`, took);
  }
}
await browser.close();
console.log(JSON.stringify(times));
