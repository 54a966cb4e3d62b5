// A console full of hostile text: nothing runs, nothing is loaded, everything is shown, and the page can be used.
import assert from "node:assert/strict";
import { axe, noSidewaysScroll, openTab, settle, shoot, task, visit } from "./browser.mjs";

async function nothingRan(page, where) {
  assert.equal(await page.evaluate(() => window.pwned), undefined, `${where}: a script ran`);
  const made = await page.evaluate(() => [...document.querySelectorAll("main *")].filter((one) =>
    ["SCRIPT", "IFRAME", "OBJECT", "EMBED", "MARQUEE", "META", "BASE", "LINK", "STYLE", "VIDEO", "AUDIO", "IMG"].includes(one.tagName) ||
    [...one.attributes].some((own) => /^on/i.test(own.name) || /^\s*(javascript|data|vbscript):/i.test(own.value))).map((one) => one.outerHTML.slice(0, 200)));
  assert.deepEqual(made, [], `${where}: elements were made of text`);
}

/** As a page shows a text: what is invisible stands there by name, and white space may be one space. */
const shownAs = (text) => text.replace(/\s+/g, "");
async function textOf(page) {
  return shownAs(await page.locator("main").evaluate((main) => main.innerText));
}

export async function everywhere() {
  const page = await openTab({ name: "hostile" });
  for (const path of task.paths) {
    page.about = `hostile ${path}`;
    await visit(page, path);
    await nothingRan(page, path);
    await noSidewaysScroll(page);
  }
  await page.setViewportSize({ width: 390, height: 900 });
  for (const path of task.narrow) {
    page.about = `hostile ${path} 390`;
    await visit(page, path);
    await noSidewaysScroll(page);
  }
  await shoot(page, "hostile-390");
  await axe(page);
}

/** Every request shows all its payloads as text. */
export async function approvals() {
  const page = await openTab({ name: "hostile approvals" });
  await visit(page, "/approvals");
  await page.waitForFunction((count) => document.querySelectorAll(".request .args tbody tr").length >= count, task.payloads.length);
  await nothingRan(page, "/approvals");
  const text = await textOf(page);
  for (const payload of task.payloads.filter((one) => !/[\x00-\x08\x0b-\x1f]/.test(one))) {
    assert.ok(text.includes(shownAs(payload)), `not shown as it is: ${payload}`);
  }
  await shoot(page, "hostile-approvals");
  // The page still does its work.
  await page.getByRole("button", { name: "Deny with reason…" }).first().click();
  await page.getByRole("dialog").getByRole("textbox").fill("<img src=x onerror=window.pwned=1>");
  await page.getByRole("button", { name: "Deny the call" }).click();
  await page.locator(".toast").waitFor();
  await visit(page, "/approvals?tab=history");
  await nothingRan(page, "history");
  assert.ok((await textOf(page)).includes("<imgsrc=xonerror=window.pwned=1>"));
}

/** Names that an issuer gave, browsers' names of themselves, and reasons of decisions. */
export async function people() {
  const page = await openTab({ name: "hostile people" });
  const plain = task.payloads.filter((one) => !/[\x00-\x1f]/.test(one));
  for (const [path, shown] of [["/settings/you", plain], ["/approvals?tab=history", plain.slice(0, 20)], ["/servers/words", []], ["/servers", []]]) {
    page.about = `hostile people ${path}`;
    await visit(page, path);
    await nothingRan(page, path);
    const text = await textOf(page);
    for (const payload of shown) assert.ok(text.includes(shownAs(payload)), `${path} does not show as it is: ${payload}`);
    await noSidewaysScroll(page);
    await shoot(page, "hostile-people");
  }
}

/** Every call of the log, opened by its link. */
export async function log() {
  const page = await openTab({ name: "hostile log" });
  await visit(page, "/audit");
  while (await page.getByRole("button", { name: "Show older" }).count() > 0) {
    const before = await page.locator("a[data-row]").count();
    await page.getByRole("button", { name: "Show older" }).click();
    await page.waitForFunction((count) => document.querySelectorAll("a[data-row]").length > count, before);
  }
  const list = await textOf(page);
  for (const payload of task.payloads.filter((one) => !/[\x00-\x08\x0b-\x1f]/.test(one))) {
    assert.ok(list.includes(shownAs(payload)), `not in the list: ${payload}`);
  }
  await nothingRan(page, "/audit");
  await noSidewaysScroll(page);
  // Quickly, as a person could not: each call's explanation, related calls and JSON.
  await page.evaluate(async (ids) => {
    for (const id of ids) {
      document.querySelector(`a[data-row][href^="/audit/${id}"]`).click();
      const from = Date.now();
      const shown = () => document.querySelector(".detail h2")?.textContent === id && document.querySelector(".detail .explanation") &&
        document.querySelectorAll(".detail .related").length > 0;
      while (!shown()) {
        if (Date.now() - from > 10000) throw new Error(`${id} is not shown`);
        await new Promise((then) => setTimeout(then, 5));
      }
      document.querySelector(".detail details").open = true;
    }
  }, task.opened);
  await nothingRan(page, "a call");
  await noSidewaysScroll(page);
  await shoot(page, "hostile-log");
}

/** Payloads in the address: path, query and fragment. */
export async function addresses() {
  const page = await openTab({ name: "hostile address" });
  page.expected.push(/Failed to load resource/);
  await visit(page, "/audit");
  for (const payload of task.payloads) {
    const text = encodeURIComponent(payload);
    const addresses = [`/audit?agent=${text}`, `/audit?q=${text}&since=${text}`, `/audit/${text}`, `/approvals/${text}`, `/live?agent=${text}`,
      `/${text}`, `/policies/${text}?server=${text}`, `/?span=${text}#${text}`, `/approvals?tab=${text}`];
    await page.evaluate(async (all) => {
      for (const to of all) {
        history.pushState(null, "", to);
        dispatchEvent(new PopStateEvent("popstate"));
        await new Promise((then) => setTimeout(then, 5));
      }
    }, addresses);
  }
  await settle(page);
  await nothingRan(page, "addresses");
  for (const payload of task.payloads.slice(0, 4)) {
    await page.goto(`${task.origin}/login?to=${encodeURIComponent(payload)}#code=${encodeURIComponent(payload)}`);
    await settle(page);
    await nothingRan(page, "login");
    assert.ok(page.url().startsWith(task.origin + "/"));
  }
}

/** Deceits are shown by name, and what is long has its end shown on demand. */
export async function deceits() {
  const page = await openTab({ name: "deceits" });
  for (const path of task.paths) {
    page.about = `deceits ${path}`;
    await visit(page, path);
    const text = await page.locator("main").evaluate((main) => main.innerText);
    assert.ok(!/[\u202a-\u202e\u2066-\u2069\u200b\u200d\u2060\ufeff\u{e0064}]/u.test(text), `${path} draws what is invisible`);
    await noSidewaysScroll(page);
  }
  await shoot(page, "deceits");
}

/** T277: no page of another site holds the console in a frame. */
export async function framed() {
  const page = await openTab({ name: "framed" });
  page.expected.push(/frame-ancestors|Refused to frame|Framing/, /asks for/);
  await page.goto("about:blank");
  await page.setContent(`<iframe src="${task.origin}/approvals" width="800" height="600"></iframe>`);
  await page.waitForTimeout(700);
  const frame = page.frames()[1];
  const shown = await frame.evaluate(() => document.body?.innerText ?? "").catch(() => "");
  assert.ok(!shown.includes("Approve"), "the console was shown in a frame");
  assert.equal(await page.frameLocator("iframe").getByRole("button", { name: /Approve/ }).count(), 0);
}
