// Journeys of those who watch: a denial explained, calls decided, the log exported, signing in; and the same by keyboard alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { axe, callTool, openTab, settle, shoot, task, visit } from "./browser.mjs";

const at = (page) => page.url().slice(task.origin.length);

/** From the call to its reason: the live page, the explanation, the rule. */
export async function denyAndExplain() {
  const page = await openTab({ name: "deny and explain" });
  await visit(page, "/live?agent=support-agent");
  await page.getByText("Connected.").waitFor();
  const answer = await callTool("support-agent", "create_refund", { charge: "ch_77", amount: 4321, reason: "asked" });
  assert.match(answer.result.content[0].text, /Refunds stop at 1000/);
  const row = page.locator(".stream li").filter({ hasText: "create_refund" }).filter({ hasText: "Refunds stop at 1000" }).first();
  await row.waitFor();
  // Paused, the page keeps still and counts.
  await page.getByRole("button", { name: "Pause" }).click();
  await callTool("support-agent", "list_charges", { customer: "cus_9" });
  await page.getByRole("button", { name: /Resume: \d+ new/ }).click();
  const id = answer.result._meta["io.doorward/decision"].id;
  await page.locator(`a[href="/audit/${id}"]`).click();
  const explanation = page.getByRole("region", { name: "Explanation" });
  await explanation.waitFor();
  const text = await explanation.innerText();
  for (const part of ["Denied", "payments.create_refund", "support-agent", "alice", "did not reach payments", "/tools/create_refund/deny_if", "4321"]) {
    assert.ok(text.includes(part), `the explanation does not say "${part}": ${text}`);
  }
  await axe(page);
  const rule = await page.getByRole("link", { name: "Open rule" }).getAttribute("href");
  assert.match(rule, /^\/policies\/support\?/);
  await page.getByRole("button", { name: "Copy link" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${task.origin}/audit/${id}`);
  await page.goBack();
  await page.getByRole("heading", { name: "Live" }).waitFor();
  return id;
}

/** The log by its filters: what is counted is what is shown, and the address holds all of it. */
export async function filterTheLog() {
  const page = await openTab({ name: "filter" });
  await visit(page, "/audit");
  await page.getByRole("searchbox").fill("agent:nightly-report decision:rate-limited");
  await page.keyboard.press("Enter");
  await page.waitForURL(/agent=nightly-report/);
  assert.match(at(page), /decision=rate_limited/);
  await page.locator(".count-line strong").filter({ hasText: "3 calls" }).waitFor();
  assert.equal(await page.locator(".calls tbody tr").count(), 3);
  await page.getByRole("button", { name: "Remove the filter agent" }).click();
  await page.waitForURL((url) => !url.search.includes("agent"));
  await page.goBack();
  await page.waitForURL(/agent=nightly-report/);
  // As clients call a tool; and what no call fits.
  await page.getByRole("searchbox").fill("mcp__payments__get_customer");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/tool=get_customer/);
  await page.getByText("No call fits all of these filters.").waitFor();
  await page.getByRole("link", { name: /Without decision|Without agent|Without tool/ }).first().click();
  await page.locator(".calls tbody tr").first().waitFor();
}

export async function approveAndDeny() {
  const page = await openTab({ name: "approve" });
  await visit(page, "/approvals");
  assert.match(await page.title(), /^\(3\) /);
  const refund = page.getByRole("article", { name: "create_refund for support-agent" });
  await refund.getByText("ch_9").waitFor();
  await refund.getByRole("button", { name: "Approve once" }).click();
  await page.getByText("Approved create_refund for support-agent.").waitFor();
  await refund.waitFor({ state: "detached" });
  // What cannot be undone wants the tool's name.
  const remove = page.getByRole("article", { name: "delete_customer for support-agent" }).filter({ hasText: "cus_4" });
  await remove.getByRole("button", { name: "Approve once" }).click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Approve once" }).isDisabled());
  await dialog.getByRole("textbox").first().fill("delete_customer");
  await dialog.getByRole("button", { name: "Approve once" }).click();
  await remove.waitFor({ state: "detached" });
  const other = page.getByRole("article", { name: "delete_customer for support-agent" });
  await other.getByRole("button", { name: "Deny with reason…" }).click();
  await dialog.getByRole("textbox").fill("Customers stay.");
  await dialog.getByRole("button", { name: "Deny the call" }).click();
  await page.getByText("Nothing waits.").waitFor();
  await page.waitForFunction(() => document.title.startsWith("Approvals"));
  await page.getByRole("link", { name: "History" }).click();
  await page.getByText("Customers stay.").waitFor();
}

export async function exportAndVerify() {
  const page = await openTab({ name: "export" });
  await visit(page, "/audit?of=records");
  await page.getByRole("button", { name: "Verify the log" }).click();
  await page.getByText(/The log is whole: [\d,]+ records/).waitFor();
  await page.getByRole("button", { name: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "Export records" }).click();
  const file = await (await download).path();
  return readFileSync(file, "utf8");
}

/** A grant ends while its agent is at work: the page says what that cuts off, and every worker refuses the token. */
export async function revokeGrant() {
  const page = await openTab({ name: "revoke" });
  await visit(page, "/agents/nightly-report");
  await page.getByRole("button", { name: "Revoke nightly-report" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/calls? in the last hour/).waitFor();
  await axe(page);
  await shoot(page, "revoke");
  const revoke = dialog.getByRole("button", { name: "Revoke grant" });
  assert.ok(await revoke.isDisabled(), "an agent at work is revoked by its name only");
  await dialog.getByRole("textbox").fill("nightly-report");
  await revoke.click();
  await page.getByText("nightly-report is revoked.").waitFor();
  await page.waitForURL(/\/agents\?ended=1/);
}

/** No pointer: the skip link, keys and Tab alone. */
export async function byKeyboard() {
  const page = await openTab({ name: "keyboard" });
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await visit(page, "/");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await axe(page);
  await shoot(page, "keys");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.locator("[data-row]").first().waitFor();
  await page.locator(".request .args").nth(1).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  assert.equal(await focused(), "delete_customer");
  await page.keyboard.press("j");
  assert.equal(await focused(), "create_refund");
  await page.keyboard.press("d");
  await page.getByRole("dialog", { name: "Deny create_refund" }).waitFor();
  await axe(page);
  await shoot(page, "deny");
  await page.keyboard.type("Not by keyboard either");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Deny the call");
  await page.keyboard.press("Enter");
  await page.getByText("Denied create_refund for support-agent.").waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  // The key is for the request that is left, once the list without the denied one is drawn.
  await page.waitForFunction(() => document.querySelectorAll("[data-row]").length > 0 &&
    ![...document.querySelectorAll("[data-row]")].some((row) => row.textContent.includes("create_refund")));
  const approve = page.getByRole("dialog", { name: "Approve delete_customer once" });
  for (let tries = 0; tries < 50 && !(await approve.isVisible()); tries += 1) {
    await page.keyboard.press("a");
    await page.waitForTimeout(300);
  }
  await approve.waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await page.locator("[data-row]").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("decision:denied tool:create_refund");
  await page.keyboard.press("Enter");
  await page.waitForURL(/decision=denied/);
  await page.locator(".count-line").waitFor();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Explanation" }).waitFor();
  assert.match(at(page), /^\/audit\/dec_\w+\?.*decision=denied/);
}

/** A session ends while somebody fills in a form: the form waits, and another tab that signs in lets it go on. */
export async function endOfSession() {
  const page = await openTab({ name: "end of session" });
  page.expected.push(/401/);
  await visit(page, "/agents?create=1");
  await page.getByLabel("Name of the agent").fill("typed-before");
  await page.context().clearCookies();
  // Whatever asks first finds out, and then the dialog lies over the button.
  await page.getByRole("button", { name: "Create grant" }).dispatchEvent("click");
  const over = page.getByRole("dialog", { name: "Your session has ended" });
  await over.waitFor();
  await axe(page);
  await shoot(page, "end-of-session");
  const other = await page.context().newPage();
  await other.goto(`${task.origin}/login#code=${task.again}`);
  await other.getByRole("heading", { name: "Overview" }).waitFor();
  await page.bringToFront();
  await over.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Name of the agent").inputValue(), "typed-before");
  await page.getByRole("button", { name: "Create grant" }).click();
  await page.getByText(/The token of typed-before is shown this once/).waitFor();
}

/** A filter is saved by a name, and the chart's keys and pointer choose a time of it; Back undoes each. */
export async function saveAndBrush() {
  const page = await openTab({ name: "saved filters" });
  await visit(page, "/audit?decision=denied");
  await page.getByRole("button", { name: "Save this filter…" }).click();
  await page.getByLabel("Name of the filter").fill("<b>refunds</b>");
  await page.keyboard.press("Enter");
  const saved = page.getByRole("list", { name: "Saved filters" });
  await saved.getByRole("link", { name: "<b>refunds</b>" }).waitFor();
  await axe(page);
  const chart = page.getByRole("slider");
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  assert.match(await chart.getAttribute("aria-valuetext"), / to /);
  await axe(page);
  await shoot(page, "brush");
  await page.keyboard.press("Enter");
  await page.waitForURL(/since=.*until=/);
  const asked = new URL(page.url()).searchParams;
  assert.equal(Date.parse(asked.get("until")) - Date.parse(asked.get("since")), 3 * 30 * 60_000);
  assert.equal(asked.get("decision"), "denied");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("since"));
  const box = await page.locator(".brush").boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 10, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.999, box.y + 10, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/since=.*until=/);
  await page.locator(".calls tbody tr").first().waitFor();
  await saved.getByRole("link", { name: "<b>refunds</b>" }).click();
  await page.waitForURL((url) => url.search === "?decision=denied");
  await saved.getByRole("button", { name: "Forget the filter <b>refunds</b>" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await saved.getByRole("link", { name: "<b>refunds</b>" }).waitFor();
}

/** A link to an approval survives the login, and the end of the session. */
export async function signIn() {
  const page = await openTab({ name: "sign in", anonymous: true });
  await page.goto(`${task.origin}/approvals/${task.ids.approval}`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  page.expected.push(/401/);
  await page.getByLabel("Name").fill("vera");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password").fill(task.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("create_refund").first().waitFor();
  assert.equal(at(page), `/approvals/${task.ids.approval}`);
  // A viewer may look: nothing to decide, no arguments, no export.
  await page.getByText("Deciding is for people with the role approver.").waitFor();
  assert.equal(await page.getByRole("button", { name: /Approve|Deny/ }).count(), 0);
  await page.getByRole("link", { name: "Audit log" }).first().click();
  await page.locator(".calls tbody tr").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /Export|Verify/ }).count(), 0);
  await page.getByRole("searchbox").fill("refund");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=refund/);
  await page.locator(".count-line").waitFor();
  await page.waitForTimeout(500);
  await page.context().clearCookies();
  await page.getByRole("searchbox").fill("tool:create_refund");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
  await axe(page);
  assert.equal(await page.getByLabel("Name").inputValue(), "vera");
  await page.getByLabel("Password").fill(task.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".calls tbody tr").first().waitFor();
  assert.match(at(page), /q=refund&tool=create_refund|tool=create_refund/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  // Who signs in again is told of what began to observe meanwhile.
  const looked = page.waitForRequest((request) => new URL(request.url()).pathname === "/api/v1/policies");
  await page.getByLabel("Name").fill("vera");
  await page.getByLabel("Password").fill(task.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await looked;
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  // Codes are good once.
  await page.goto(`${task.origin}/login?to=%2Faudit%3Fdecision%3Ddenied#code=${task.spent}`);
  await page.getByRole("alert").waitFor();
  assert.equal(at(page), "/audit?decision=denied");
}
