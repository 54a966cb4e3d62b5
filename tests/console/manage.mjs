// Journeys of those who run the gateway: the first run, a recommended policy, a revoked grant, servers, people, what is open.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { axe, callTool, noSidewaysScroll, openTab, settle, shoot, task, visit } from "./browser.mjs";

const at = (page) => page.url().slice(task.origin.length);

async function post(url, token, session, body) {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", authorization: `Bearer ${token}`, ...session };
  return fetch(url, { method: "POST", headers, body: JSON.stringify({ jsonrpc: "2.0", ...body }) });
}

/** Nothing is there; five steps later a call was refused and explained. */
export async function firstRun() {
  const page = await openTab({ name: "first run" });
  await visit(page, "/start");
  await page.getByText("No server stands behind this gateway yet").waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Add the demo server" }).click();
  await page.getByText("1 server stands behind this gateway.").waitFor();
  await page.getByRole("link", { name: "Next: What it can do" }).click();
  await page.getByRole("button", { name: "Ask it for its tools" }).click();
  await page.getByText(/Agents could call \d+ tools/).waitFor();
  await page.getByRole("link", { name: "delete_note" }).first().waitFor();
  await axe(page);
  await page.getByRole("link", { name: "Next: Choose a mode" }).click();
  await page.getByRole("radio", { name: /^Recommended/ }).check();
  await page.waitForURL(/mode=recommended/);
  await page.getByText(/are hidden|is hidden/).first().waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Put this policy in force" }).click();
  await page.getByText("The policies are in force.").waitFor();
  await page.getByRole("link", { name: "Next: Connect" }).click();
  // The choices stand in the address: after a reload the path goes on where it was.
  await page.reload();
  await settle(page);
  assert.match(at(page), /step=4/);
  const tile = page.getByRole("article", { name: "Claude Code" });
  await tile.getByRole("button", { name: "Connect Claude Code" }).click();
  const command = await tile.locator("pre").textContent();
  const [, url, token] = /(http\S+) --header "Authorization: Bearer (\S+)"/.exec(command);
  await tile.getByText("waiting for its first request").waitFor();
  await axe(page);
  await noSidewaysScroll(page);
  const hello = await post(url, token, {}, { id: 1, method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "claude-code", version: "1" } } });
  await hello.text();
  await tile.getByText("its first request has arrived").waitFor();
  await page.getByRole("link", { name: "Next: Prove it" }).click();
  await page.getByRole("button", { name: "Send a call that must be blocked" }).click();
  const explanation = page.getByRole("region", { name: "Explanation" });
  await explanation.waitFor();
  const text = await explanation.innerText();
  for (const part of ["demo.", "doorward-test", "did not reach demo"]) assert.ok(text.includes(part), `not explained: "${part}" in ${text}`);
  await axe(page);
  await shoot(page, "first-run-proof");
  const id = new URL(page.url()).searchParams.get("proof");
  assert.match(id, /^dec_/);
  await page.getByRole("link", { name: "Finish" }).click();
  await page.getByText("To undo").waitFor();
  await axe(page);
  await page.setViewportSize({ width: 390, height: 900 });
  for (let step = 1; step <= 6; step++) {
    await visit(page, `/start?step=${step}&mode=recommended`);
    await noSidewaysScroll(page);
  }
  return id;
}

/** A server of which no list was met is named and left alone, and so is one with several policies; the others can begin. */
export async function modeLeavesServers() {
  const page = await openTab({ name: "mode" });
  await visit(page, "/start?step=3&mode=recommended");
  await page.getByText("unmet: Its tools are not known yet.").waitFor();
  await page.getByText("files: It has several policies.").waitFor();
  await page.getByRole("article", { name: "solo" }).waitFor();
  await page.getByRole("button", { name: /^Put (this policy|these \d policies) in force$/ }).waitFor();
  await axe(page);
}

/** The calls of the last hour are told, the name has to be typed, and the token is refused from then on. */
export async function revokeGrant() {
  const page = await openTab({ name: "revoke" });
  await visit(page, "/agents");
  await page.getByRole("link", { name: "coding-agent" }).first().click();
  await page.getByRole("heading", { name: "What it can do" }).waitFor();
  await page.getByRole("button", { name: /^Revoke/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/\d+ calls? in the last hour/).waitFor();
  await axe(page);
  const go = dialog.getByRole("button", { name: "Revoke grant" });
  assert.ok(await go.isDisabled(), "a busy agent is revoked without its name");
  await dialog.getByRole("textbox").fill("coding-agent");
  await go.click();
  await page.getByText("coding-agent is revoked.").waitFor();
  const { url, token } = task.agents["coding-agent"];
  const answer = await post(url, token, {}, { id: 1, method: "ping" });
  assert.equal(answer.status, 401);
  await visit(page, "/agents");
  assert.equal(await page.getByRole("link", { name: "coding-agent" }).count(), 0);
  await page.getByRole("checkbox", { name: /revoked or expired/ }).check();
  await page.getByRole("link", { name: "coding-agent" }).waitFor();
}

/** Three fields; the token is shown once, in what a client needs. */
export async function createGrant() {
  const page = await openTab({ name: "create grant" });
  await visit(page, "/agents?create=1");
  await page.getByLabel("Name of the agent").fill("new-agent");
  await page.getByLabel(/^Owner/).fill("bob");
  await page.getByLabel("Policy").selectOption({ label: "support, for payments" });
  await page.getByRole("button", { name: "Create grant" }).click();
  await page.getByText("is shown this once").waitFor();
  const token = await page.locator("pre[aria-label=Token]").textContent();
  assert.match(token, /^dwg?_|^dw/);
  assert.ok((await page.locator("pre").nth(1).textContent()).includes(token), "the snippet does not hold the token");
  await axe(page);
  await page.getByLabel("Client").selectOption({ label: "Codex" });
  await page.getByText("[mcp_servers.payments]").waitFor();
  await page.getByRole("link", { name: /What new-agent can do/ }).click();
  await page.getByRole("link", { name: "create_refund" }).waitFor();
  assert.ok(!(await page.locator("main").innerText()).includes(token), "the token is shown again");
}

/** Recommend, look at the difference, apply, undo. */
export async function applyRecommended() {
  const page = await openTab({ name: "apply" });
  await visit(page, "/tools/solo?apply=recommended");
  const planned = page.getByRole("article").first();
  await planned.getByText("v1 now").waitFor();
  await planned.getByText("Lines that change in the document").click();
  await page.getByRole("region", { name: "Changes of alone" }).waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Put this policy in force" }).click();
  await page.getByText("alone v2 is in force.").waitFor();
  await page.getByText("It is in force already.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("The policies are as they were.").waitFor();
}

/** The matrix and the page of a tool; a person's word in place of the rules. */
export async function classify() {
  const page = await openTab({ name: "classify" });
  await visit(page, "/tools?server=payments&least=critical");
  const row = page.getByRole("row").filter({ hasText: "delete_customer" });
  await row.getByText("Needs approval").first().waitFor();
  await page.getByRole("link", { name: "Show as list" }).click();
  await page.waitForURL(/view=list/);
  await page.getByRole("link", { name: "line 1" }).first().waitFor();
  await page.getByRole("link", { name: "delete_customer" }).first().click();
  await page.getByRole("heading", { name: "Why it needs a policy" }).waitFor();
  await page.getByRole("heading", { name: "Questions and answers" }).waitFor();
  await page.getByRole("button", { name: "Say otherwise" }).click();
  await page.getByLabel("Severity").selectOption("high");
  await page.getByLabel(/^Reason/).fill("Customers are restored from the backup");
  await page.getByRole("button", { name: "Classify tool" }).click();
  await page.getByText("Customers are restored from the backup").first().waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Go back to the rules" }).click();
  await page.getByText("Classified by the rules of the catalogue").waitFor();
  await visit(page, "/tools?view=catalogue");
  await page.getByRole("searchbox").fill("refund");
  await page.waitForURL(/q=refund/);
  await page.getByRole("link", { name: "create_refund" }).waitFor();
}

/** A server: tested step by step, its changed tool looked at and accepted. */
export async function reviewServer() {
  const page = await openTab({ name: "review" });
  await visit(page, "/servers");
  await page.getByRole("link", { name: /1 changed/ }).click();
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.getByText("List its tools").waitFor();
  const changed = page.getByRole("article", { name: "search_files" });
  await changed.locator("ins").getByText("by a pattern or a word").or(changed.locator("ins").first()).first().waitFor();
  await axe(page);
  await changed.getByRole("button", { name: /^Accept/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Accept definition" }).click();
  await page.getByText("policies decide on it again").waitFor();
  await page.getByText("are as they were reviewed").waitFor();
}

/** Servers out of a client's file, the secret sealed; and taken away again. */
export async function importServers() {
  const page = await openTab({ name: "import" });
  await visit(page, "/servers?add=import");
  await page.getByLabel("Configuration text").fill(`{
    // what a client holds
    "mcpServers": {"Weather API": {"url": "https://weather.example.com/mcp", "headers": {"X-Key": "s3cret-value"}},
                   "broken": {}}}`);
  await page.getByRole("button", { name: "Read it" }).click();
  const found = page.getByRole("article", { name: "Weather API" });
  await found.getByText("https://weather.example.com/mcp").waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Add the chosen servers" }).click();
  await found.getByRole("link", { name: "added" }).click();
  await page.getByRole("heading", { name: "weather-api" }).waitFor();
  await page.getByText("Settings as the gateway holds them").click();
  const text = await page.locator("main").innerText();
  assert.ok(text.includes("sealed") && !text.includes("s3cret-value"), "the secret stands in the settings");
  await page.getByRole("button", { name: /^Remove/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("weather-api");
  await dialog.getByRole("button", { name: "Remove server" }).click();
  await page.waitForURL(`${task.origin}/servers`);
  await visit(page, "/servers?secrets=1");
  await page.getByText("no server").waitFor();
}

/** A user with a hostile address, her role changed, and removed. */
export async function people() {
  const page = await openTab({ name: "people" });
  await visit(page, "/settings/people");
  await page.getByRole("button", { name: "Add a user" }).click();
  await page.getByLabel("Name", { exact: true }).fill("mallory");
  await page.getByLabel(/^Groups of approvers/).fill("finance");
  await page.getByLabel(/^Password/).fill("correct horse battery");
  await axe(page);
  await page.getByRole("button", { name: "Add user" }).click();
  const row = page.getByRole("row").filter({ hasText: "mallory" });
  await row.getByText("finance").waitFor();
  await row.getByRole("button", { name: /^Change/ }).click();
  await page.getByRole("checkbox", { name: /auditor/ }).check();
  await page.getByRole("button", { name: "Save user" }).click();
  await row.getByText("viewer, auditor").waitFor();
  await row.getByRole("button", { name: /^Remove/ }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("mallory");
  await page.getByRole("dialog").getByRole("button", { name: "Remove user" }).click();
  await row.waitFor({ state: "detached" });
}

/** What is open, and its evidence. */
export async function openAttacks() {
  const page = await openTab({ name: "coverage" });
  await visit(page, "/coverage");
  const open = page.locator("details.attack").filter({ hasText: "Destructive action without a human" });
  await open.locator("summary").first().click();
  await open.getByRole("link", { name: "run_command" }).first().waitFor();
  await axe(page);
  await page.getByRole("link", { name: /^Blocked/ }).click();
  await page.waitForURL(/state=blocked/);
  await open.waitFor({ state: "detached" });
  await page.goBack();
  await visit(page, "/settings/configuration");
  await page.getByText("log.retention").waitFor();
}

/** Nothing moves under somebody's pointer: what stands above is known before what stands below is drawn. */
export async function nothingMoves() {
  const page = await openTab({ name: "nothing moves" });
  const hold = async (path) => {
    let release;
    const released = new Promise((done) => { release = done; });
    const asked = new Promise((done) => page.route((url) => url.pathname === path, async (route) => { done(); await released; await route.continue(); }));
    return { asked, release };
  };
  const policies = await hold("/api/v1/policies");
  await page.goto(task.origin + "/coverage");
  await policies.asked;
  assert.equal(await page.locator("h1").count(), 0, "a page is drawn before it is known what stands above it");
  policies.release();
  await page.locator("h1").waitFor();
  assert.ok(await page.getByText("Observe mode:").isVisible(), "the banner comes after the page");
  const tools = await hold("/api/v1/catalogue/servers/payments");
  await page.goto(task.origin + "/policies/payments/support");
  await tools.asked;
  await page.getByRole("heading", { name: "Tools of this server" }).waitFor();
  assert.equal(await page.locator("li.tool").count(), 0, "rows of tools are drawn before all are known");
  tools.release();
  await page.locator("li.tool").first().waitFor();
}

/** A backup is made, and saved by the browser once. */
export async function downloadBackup() {
  const page = await openTab({ name: "backup" });
  await visit(page, "/settings/backup");
  await page.getByRole("button", { name: "Make a backup to download" }).click();
  const link = page.getByRole("link", { name: /^Save doorward-\d{4}-\d\d-\d\d\.backup, [\d,]+ bytes/ });
  await link.waitFor();
  await axe(page);
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  await link.waitFor({ state: "detached" });
  assert.match(download.suggestedFilename(), /^doorward-.*\.backup$/);
  const { size } = statSync(await download.path());
  assert.ok(size > 100_000, `it has ${size} bytes`);
  return size;
}

/** Agents of a policy that observes: what enforcing would change for each is told first; it is done for one, and taken back. */
export async function movePolicy() {
  const page = await openTab({ name: "move policy" });
  await visit(page, "/agents?policy=trial");
  await page.getByRole("checkbox", { name: "Choose trial-agent" }).check();
  await page.getByText("1 agent chosen").waitFor();
  await page.getByRole("button", { name: "Change policy" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("run_command: Allowed → Denied").waitFor();
  await dialog.getByText("write_file: Allowed → Depends on arguments").waitFor();
  await dialog.getByText(/Last 7 days: 3 calls, 2 of them newly denied \(2 had succeeded\)/).waitFor();
  await axe(page);
  await noSidewaysScroll(page);
  await shoot(page, "agent-policy");
  const run = () => callTool("trial-agent", "run_command", { command: "uname -a" });
  assert.ok(!(await run()).result.isError, "what is only observed is refused");
  await dialog.getByRole("button", { name: "Change policy" }).click();
  await page.getByText("trial-agent under trial-enforced from the next call on.").waitFor();
  assert.match((await run()).result.content[0].text, /^\[POLICY DENIED\]/);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("1 agent under the policy of before.").waitFor();
  assert.ok(!(await run()).result.isError, "the policy of before is not in force again");

  await visit(page, "/agents/unused-agent");
  await page.getByRole("button", { name: "Change policy" }).click();
  await dialog.getByLabel(/it is judged by/).selectOption({ label: "trial (observes only)" });
  await dialog.getByText("refuses nothing").waitFor();
  await dialog.getByRole("button", { name: "Change policy" }).click();
  await page.locator(".facts").getByRole("link", { name: "trial", exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.locator(".facts").getByRole("link", { name: "coding", exact: true }).waitFor();
}
