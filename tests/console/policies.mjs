// The pages of policies: a rule is changed until an agent's call passes, and the text keeps every byte beside it.
import { axe, callTool, eventually, noSidewaysScroll, openTab, shoot, task, visit } from "./browser.mjs";

const editor = "/policies/payments/refunds";

function check(page, holds, what) {
  if (!holds) page.wrong(what);
}

/** The draft as the browser keeps it; undefined where nothing differs from what is published. */
function draftOf(page, policy = "refunds") {
  return page.evaluate((name) => {
    const kept = sessionStorage.getItem(`doorward.draft:payments/${name}`);
    return kept === null ? undefined : JSON.parse(kept).text;
  }, policy);
}

function toolRow(page, name) {
  return page.locator("li.tool").filter({ has: page.locator(".tool-name strong", { hasText: new RegExp(`^${name}$`) }) });
}

async function choose(page, tool, state) {
  const radio = page.getByRole("radiogroup", { name: `What happens to ${tool}`, exact: true }).getByRole("radio", { name: state });
  await radio.click();
  await eventually(page, () => radio.isChecked(), `${tool} is not shown as ${state}`);
}

const refund = { charge: "ch_1", amount: 300, reason: "late" };
const isRefused = (answer) => answer.result?.content?.[0]?.text?.startsWith("[POLICY DENIED]") ?? false;

/** Refused, explained, the rule changed, tried, its effect looked at, published; the call passes; taken back, it does not. */
export async function journey() {
  const page = await openTab({ name: "journey" });
  const first = await callTool("refund-agent", "create_refund", refund);
  check(page, isRefused(first), `the first call is ${JSON.stringify(first)}`);
  const id = first.result._meta["io.doorward/decision"].id;
  await page.waitForTimeout(300);

  await visit(page, `/audit/${id}`);
  await page.getByText("args.amount is 300").first().waitFor();
  await page.getByRole("link", { name: "Open rule" }).click();
  await page.waitForURL(/\/policies\/payments\/refunds/);
  const row = toolRow(page, "create_refund");
  await row.waitFor();

  await row.getByRole("button", { name: "Change deny_if 1" }).click();
  await row.getByLabel("Value", { exact: true }).fill("5000");
  await row.getByLabel("Value", { exact: true }).press("Enter");
  await row.getByText("Deny when amount is greater than 5000").waitFor();
  const effect = page.getByRole("region", { name: "Effect on past traffic" });
  await effect.getByText("1 of 1 calls change their answer.").waitFor();
  await effect.getByRole("button", { name: /Denied → allowed\s*1/ }).waitFor();
  await shoot(page, "policy-draft");

  // The draft outlives this, and the page says so before it goes.
  page.removeAllListeners("dialog");
  page.on("dialog", (dialog) => { check(page, dialog.type() === "beforeunload", "a script opened a dialog"); void dialog.accept(); });
  await page.goto(`${task.origin}${editor}?try=${id}`);
  const attempt = page.getByRole("region", { name: "Try a call" });
  await attempt.getByText(`From ${id}`).waitFor();
  await eventually(page, async () => (await attempt.getByLabel("Arguments").inputValue()).includes("300"), "the stored arguments are not taken over");
  await attempt.getByText("create_refund is allowed").waitFor();
  await attempt.getByRole("button", { name: "Save as a test" }).click();
  await page.getByRole("region", { name: "Tests" }).getByText("1 hold").waitFor();
  await axe(page);

  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  const publish = dialog.getByRole("button", { name: "Publish version 2" });
  await dialog.getByText("create_refund").first().waitFor();
  await dialog.getByText("1 of 1 calls change their answer.").waitFor();
  check(page, await publish.isDisabled(), "a change without a comment can be published");
  await dialog.getByLabel("What this changes, and why").fill("Refunds up to 5000 need nobody");
  await shoot(page, "policy-publish");
  await axe(page);
  await publish.click();
  await page.getByText("Version 2 is in force since").waitFor();
  await eventually(page, async () => await draftOf(page) === undefined, "the draft is still there after publishing");
  const second = await callTool("refund-agent", "create_refund", refund);
  check(page, !second.error && !second.result.isError, `the second call is ${JSON.stringify(second)}`);

  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByText("Refunds up to 5000 need nobody").waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Undo: back to version 1" }).click();
  await page.getByText("Version 1 is in force again.").waitFor();
  check(page, isRefused(await callTool("refund-agent", "create_refund", refund)), "the call still passes after the change was taken back");
  await page.context().close();
  return { versions: 3 };
}

/** In the real page, a tool's state changes that tool's bytes and nothing else; the draft outlives a reload. */
export async function roundTrip() {
  const page = await openTab({ name: "round trip" });
  const published = task.text;
  await visit(page, editor);
  await toolRow(page, "list_charges").waitFor();
  check(page, await draftOf(page) === undefined, "opening the page makes a draft");
  const seen = [];
  for (const state of ["Hide", "Deny", "Ask", "Allow"]) {
    await choose(page, "list_charges", state);
    seen.push(await draftOf(page) ?? published);
  }
  check(page, seen[3] === published, `set back, the text is\n${seen[3]}`);
  check(page, seen[0] === published.replace("\"hide\": [\"rotate_api_key\"]", "\"hide\": [\"rotate_api_key\", \"list_charges\"]"), `hidden, the text is\n${seen[0]}`);
  check(page, seen[2] === published.replace("\"list_charges\"  :  {}", "\"list_charges\"  :  {\"action\": \"approve\"}"), `asked about, the text is\n${seen[2]}`);

  await choose(page, "create_refund", "Deny");
  await choose(page, "create_refund", "Custom");
  await eventually(page, async () => (await draftOf(page) ?? published) === published, "the rules of a tool do not come back as they were");

  await page.getByText("kept as written").first().waitFor();
  await choose(page, "create_charge", "Allow");
  const draft = await draftOf(page);
  page.removeAllListeners("dialog");
  let warned = false;
  page.on("dialog", (dialog) => { warned = dialog.type() === "beforeunload"; void dialog.accept(); });
  await page.reload();
  await toolRow(page, "create_charge").waitFor();
  check(page, warned, "leaving with a draft does not warn");
  check(page, await draftOf(page) === draft, "the draft does not outlive a reload");
  await page.getByRole("tab", { name: "JSON" }).click();
  await page.locator(".code .cm-content").waitFor();
  check(page, await draftOf(page) === draft, "opening the text changes it");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await eventually(page, async () => await draftOf(page) === undefined, "a discarded draft is kept");
  await page.context().close();
}

/** The text: a mistake is marked with its mend, names are completed, failing tests block, a second editor conflicts. */
export async function text() {
  const page = await openTab({ name: "text" });
  page.expected.push(/412/);
  await visit(page, editor + "?tab=json");
  const content = page.locator(".code .cm-content");
  await content.waitFor();
  await content.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("End");
  // A member that the language does not know.
  await page.keyboard.insertText(",\n  \"detial\": \"full\"");
  await page.getByText("the draft cannot be published").waitFor();
  check(page, await page.getByRole("button", { name: "Publish…" }).isDisabled(), "a draft with a mistake can be published");
  await page.locator(".code .cm-lint-marker-error").first().waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("the draft cannot be published").waitFor({ state: "detached" });

  await page.getByRole("tab", { name: "Visual" }).click();
  await choose(page, "get_customer", "Ask");
  await page.getByRole("tab", { name: "Changes" }).click();
  await page.locator(".lines .added").first().waitFor();
  await axe(page);
  const other = await page.evaluate(async ({ text }) => {
    const session = await (await fetch("/api/v1/session")).json();
    const put = await fetch("/api/v1/policies/refunds", { method: "PUT", headers: { "Content-Type": "application/json", "X-Doorward-CSRF": session.csrf },
      body: JSON.stringify({ server: "payments", text, comment: "Somebody else" }) });
    return put.status;
  }, { text: task.text.replace("stop at 100", "end at 100") });
  check(page, other === 200, `the other editor got ${other}`);
  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What this changes, and why").fill("Ask first");
  await dialog.getByRole("button", { name: /^Publish version/ }).click();
  await dialog.getByRole("button", { name: "See what changed meanwhile" }).click();
  await page.getByText("was published since this draft began").waitFor();
  await page.getByRole("button", { name: "Compare the draft with it" }).click();
  await page.locator(".lines .removed").first().waitFor();
  await page.getByRole("button", { name: "Discard changes" }).click();

  // A test that fails blocks, until somebody says why it may.
  await page.getByRole("tab", { name: "JSON" }).click();
  await content.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("End");
  await page.keyboard.insertText(",\n  \"tests\": [{\"name\": \"nothing passes\", \"tool\": \"get_customer\", \"args\": {\"customer\": \"c\"}, \"expect\": \"deny\"}]");
  await page.getByRole("region", { name: "Tests" }).getByText("1 of 1 fail").waitFor();
  await page.getByRole("button", { name: "Publish…" }).click();
  await dialog.getByText("nothing passes").waitFor();
  await dialog.getByLabel("What this changes, and why").fill("A test of what comes next");
  const publish = dialog.getByRole("button", { name: /^Publish version/ });
  check(page, await publish.isDisabled(), "a failing test does not block");
  await dialog.getByLabel(/say why it is published all the same/).fill("The rule comes with the next change");
  await axe(page);
  await publish.click();
  await page.getByText(/^Version \d+ is in force since/).waitFor();
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByText("A test of what comes next (published over 1 failing test: The rule comes with the next change)").waitFor();
  await page.context().close();
}

/** Rules are built from the tool's own fields, for many tools at once, and the text is what they say; a policy begins from nothing. */
export async function builder() {
  const page = await openTab({ name: "builder" });
  await visit(page, "/policies/new?server=payments");
  await page.getByRole("textbox", { name: "Name" }).fill("built");
  await page.getByRole("radio", { name: /^Read-only/ }).check();
  await page.getByRole("button", { name: "Make the policy" }).click();
  await page.waitForURL(/\/policies\/payments\/built$/);
  const row = toolRow(page, "create_charge");
  await row.waitFor();
  await eventually(page, () => toolRow(page, "list_charges").getByRole("radio", { name: "Allow" }).isChecked(), "a read-only policy does not allow a tool that reads");

  await choose(page, "create_charge", "Custom");
  await row.getByRole("button", { name: "Deny when…" }).click();
  await row.getByLabel("Field").fill("currency");
  await row.getByLabel("Field").press("Enter");
  const offered = await row.getByLabel("Operator").locator("option").allTextContents();
  check(page, offered.includes("is") && !offered.includes("is greater than"), `a text is compared by ${offered}`);
  await row.getByLabel("Value", { exact: true }).selectOption({ label: "usd" });
  await row.getByLabel("The agent is told").last().fill("Euro only.");
  await row.getByLabel("The agent is told").last().press("Enter");
  await row.getByText("Deny when currency is usd").waitFor();

  await row.getByRole("button", { name: "Limit…" }).click();
  await row.getByLabel("What is counted").selectOption("args.amount");
  await row.getByLabel("Maximum").fill("1000.50");
  await row.getByLabel("Maximum").press("Enter");
  await row.getByLabel("Window").fill("day");
  await row.getByLabel("Window").press("Enter");
  await row.getByText("At most 1000.50 of amount per day for each agent").waitFor();
  await row.getByLabel("Maximum").fill("many");
  await row.getByLabel("Maximum").press("Enter");
  await eventually(page, async () => await row.getByLabel("Maximum").getAttribute("aria-invalid") === "true", "what is no number is taken for one");

  await page.getByRole("button", { name: /^Hide all destructive/ }).click();
  await page.getByLabel("Add a rule for a risk category").selectOption("Financial");
  await page.getByLabel("A pattern of tool names").fill("exec_*");
  await page.getByRole("button", { name: "Add pattern" }).click();
  await page.getByLabel("Mode").selectOption("observe");
  await eventually(page, async () => /"mode": *"observe"/.test(await draftOf(page, "built") ?? ""), "the chosen mode is not in the draft");
  const built = JSON.parse(await draftOf(page, "built"));
  await axe(page);
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.context().close();
  return built;
}

/** Without a mouse: a tab, a tool's state, a rule, publishing's dialog. */
export async function keyboard() {
  const page = await openTab({ name: "keyboard" });
  await visit(page, editor);
  await toolRow(page, "get_customer").waitFor();
  await page.getByRole("tab", { name: "Visual" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.locator(".code .cm-content").waitFor();
  await page.keyboard.press("ArrowLeft");
  await toolRow(page, "get_customer").waitFor();
  await page.getByRole("radiogroup", { name: "What happens to get_customer" }).getByRole("radio", { name: "Allow" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await eventually(page, async () => JSON.parse(await draftOf(page) ?? "{}").hide?.includes("get_customer"), "the arrow keys do not choose a state");
  await eventually(page, async () => await page.evaluate(() => document.activeElement?.getAttribute("value")) === "hide", "the chosen state has lost the focus");
  await page.getByRole("button", { name: "Publish…" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Publish…");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.context().close();
}

/** A policy, tools and comments that want to be more than text. */
export async function hostile() {
  for (const width of [1360, 390]) {
    const page = await openTab({ name: "hostile", width });
    await visit(page, "/policies");
    await noSidewaysScroll(page);
    for (const tab of ["", "?tab=json", "?tab=changes", "?tab=versions"]) {
      await visit(page, "/policies/files/hostile" + tab);
      await (tab === "" ? page.locator("li.tool").first() : tab === "?tab=versions" ? page.locator("table").first() : page.locator("#policy-view > *").first()).waitFor();
      await page.waitForTimeout(300);
      await noSidewaysScroll(page);
      await axe(page);
      await shoot(page, `policy-hostile${tab.replace("?tab=", "-")}-${width}`);
      check(page, await page.evaluate(() => window.doorwardHurt === undefined && document.querySelectorAll("main img, main iframe, main script").length === 0), "markup of a policy became markup of the page");
    }
    await visit(page, "/policies/files/hostile");
    await page.locator(".token:visible", { hasText: "U+202E" }).first().waitFor();
    await page.context().close();
  }
}

/** Each view of the editor in both themes and widths, with a draft of every construct. */
export async function views() {
  for (const width of [1360, 390]) {
    for (const theme of ["light", "dark"]) {
      const page = await openTab({ name: "views", width, theme });
      // What is made of the same parts as other pages is looked at once in each theme and width.
      const tabs = (width === 1360) === (theme === "light") ? ["visual", "json", "changes", "versions"] : ["visual", "json"];
      for (const tab of tabs) {
        await visit(page, `/policies/files/everything?tab=${tab}`);
        await (tab === "visual" ? page.locator("li.tool").first() : tab === "versions" ? page.locator("table").first() : page.locator(".code .cm-content, #policy-view > *").first()).waitFor();
        await page.waitForTimeout(700);
        if (tab === "visual") {
          // One rule of each block, so that every control is drawn.
          for (const block of await page.locator(".rules").all()) {
            const change = block.getByRole("button", { name: /^Change / });
            if (await change.count() > 0) await change.last().click();
          }
        }
        await noSidewaysScroll(page);
        await axe(page);
        await shoot(page, `policy-${tab}-${width}-${theme}`);
      }
      await page.context().close();
    }
  }
}
