// The model of a policy document: reading, changing as little as possible, words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble, stepsOf } from "../src/policy/arguments.ts";
import { rootOf } from "../src/policy/document.ts";
import { append, change, removeAt, setAt, write, Written } from "../src/policy/edit.ts";
import { matches } from "../src/policy/glob.ts";
import { cursorAt, nodeAt, pathOfPointer, pointerOf, readJson } from "../src/policy/json_text.ts";
import { memberNames, textValues } from "../src/policy/members.ts";
import { fromBytes } from "../src/policy/offsets.ts";
import { isDrawable, numberOf, operatorsFor } from "../src/policy/operators.ts";
import { unifiedPatch } from "../src/policy/patch.ts";
import { fieldsOf, sampleOf } from "../src/policy/schema.ts";
import { entryParts, limitParts } from "../src/policy/sentence.ts";
import { setState, toolState } from "../src/policy/tool_state.ts";

const words = (parts: { text: string }[] | undefined) => parts?.map((part) => part.text).join("");

test("the reader knows where everything stands, and goes on after a mistake", () => {
  const text = "{\"a\": [1, {\"b\": \"x\\u0041\"}]}";
  const { root, errors } = readJson(text);
  assert.deepEqual(errors, []);
  const inner = nodeAt(root, ["a", 1, "b"])!;
  assert.equal(text.slice(inner.from, inner.to), "\"x\\u0041\"");
  assert.ok(inner.kind === "string" && inner.value === "xA");
  assert.deepEqual(pathOfPointer(pointerOf(["a", 1, "b/~"])), ["a", "1", "b/~"]);
  for (const [broken, message] of [["{\"a\": 1,}", /nothing follows/], ["{\"a\" 1}", /colon/], ["[1 2]", /comma/], ["{\"a\": 01}", /no JSON value/],
    ["{\"a\": 1, \"a\": 2}", /second time/], ["// x\n{}", /comments/], ["{\"a\": [1}", /wanted here/], ["\"a", /closing quote/], ["{} {}", /after the end/],
    ["{\"a\": \"\\q\"}", /escape/], ["", /missing/], ["[".repeat(100), /levels/], ["{a: 1}", /name in quotes/]] as const) {
    const found = readJson(broken).errors;
    assert.ok(found.some((one) => message.test(one.message)), `${broken}: ${JSON.stringify(found)}`);
  }
});

test("whatever is typed, the reader ends and its ranges lie in the text", () => {
  const letters = ["{", "}", "[", "]", ",", ":", "\"", "\\", "a", "1", "-", " ", "\n", "/", "*", "u", "true", "null", "😀"];
  let state = 7;
  for (let round = 0; round < 5000; ++round) {
    let text = "";
    for (let i = 0; i < 12; ++i) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      text += letters[(state >>> 16) % letters.length];
    }
    const { errors } = readJson(text);
    for (const error of errors) assert.ok(error.from >= 0 && error.from <= error.to && error.to <= text.length + 1, text);
    let valid = true;
    try { JSON.parse(text); } catch { valid = false; }
    if (valid && !errors.some((one) => one.message.includes("second time"))) assert.deepEqual(errors, [], text);
    if (!valid) assert.notDeepEqual(errors, [], text);
  }
});

test("a change looks like what stands beside it", () => {
  const pretty = "{\n    \"version\": \"1\",\n    \"default\": \"deny\"\n}\n";
  assert.equal(setAt(pretty, ["hide"], ["a"]), "{\n    \"version\": \"1\",\n    \"default\": \"deny\",\n    \"hide\": [\"a\"]\n}\n");
  assert.equal(setAt(pretty, ["tools", "x"], {}), "{\n    \"version\": \"1\",\n    \"default\": \"deny\",\n    \"tools\": {\"x\": {}}\n}\n");
  assert.equal(setAt("{\"version\":\"1\",\"default\":\"deny\"}", ["tools", "x"], { action: "deny" }),
    "{\"version\":\"1\",\"default\":\"deny\",\"tools\":{\"x\":{\"action\":\"deny\"}}}");
  assert.equal(append("{\r\n\t\"hide\": [\r\n\t\t\"a\"\r\n\t]\r\n}", ["hide"], "b"), "{\r\n\t\"hide\": [\r\n\t\t\"a\",\r\n\t\t\"b\"\r\n\t]\r\n}");
  assert.equal(removeAt("{\"a\": 1, \"b\": 2, \"c\": 3}", ["b"]), "{\"a\": 1, \"c\": 3}");
  assert.equal(removeAt("{\"a\": 1, \"b\": 2}", ["b"]), "{\"a\": 1}");
  assert.equal(removeAt("[ 1 ]", [0]), "[]");
  assert.equal(setAt("{\"max\": 10000.0000000000000001}", ["max"], numberOf("10000.0000000000000002")!), "{\"max\": 10000.0000000000000002}");
  assert.deepEqual(change("abc", "abXc"), { from: 2, to: 2, insert: "X" });
  assert.equal(change("a", "a"), undefined);
});

test("states of tools, and what lies below them", () => {
  const text = JSON.stringify({ version: "1", default: "deny", hide: ["h", "adm*"], risk: { Destructive: { action: "approve" }, Read: {} },
    tools: { a: {}, d: { deny_if: [{ conditions: [] }] }, q: { action: "approve" }, c: { limits: [{}] }, "read_*": {}, "kill_*": { action: "deny" } } });
  const state = (tool: string, category?: string) => toolState(rootOf(text), tool, category);
  assert.deepEqual([state("a").state, state("d").state, state("q").state, state("c").state, state("h").state, state("x").state],
    ["allow", "deny", "ask", "custom", "hide", "deny"]);
  assert.equal(state("adm1").state, "hide");
  assert.deepEqual(state("adm1").unreachable, ["allow", "deny", "ask", "custom"]);
  assert.deepEqual(state("kill_x"), { state: "deny", path: ["tools", "kill_*"], own: false, also: [], unreachable: ["allow", "ask", "custom"] });
  assert.equal(state("read_x").state, "allow");
  assert.deepEqual([state("new", "Destructive").state, state("a", "Destructive").unreachable, state("new", "Read").state], ["ask", ["allow"], "allow"]);
  assert.equal(state("constructor").state, "deny");
  assert.equal(state("__proto__").state, "deny");
  assert.equal(setState(text, rootOf, "kill_x", "allow"), text);
  assert.ok(JSON.parse(setState(text, rootOf, "a", "hide")).hide.includes("a"));
  assert.deepEqual(JSON.parse(setState(text, rootOf, "a", "deny")).tools.a, { action: "deny" });
  const admitted = setState(text, rootOf, "x", "allow");
  assert.equal(setState(admitted, rootOf, "x", "deny", undefined, null), text);
});

test("patterns match whole names by characters", () => {
  assert.ok(matches("read_*", "read_") && matches("*", "") && matches("a?c", "a😀c") && matches("*_f*e", "x_file"));
  assert.ok(!matches("read_*", "xread_") && !matches("?", "") && !matches("a", "A") && !matches("a.c", "abc"));
});

test("rules read like sentences, and what has no words stays as it is written", () => {
  const entry = (json: string, list = "deny_if") => words(entryParts(list, readJson(json).root));
  assert.equal(entry("{\"conditions\": [{\"path\": \"args.amount\", \"op\": \"gt\", \"value\": 10000}]}"), "Deny when amount is greater than 10000");
  assert.equal(entry("{\"conditions\": [{\"path\": \"args.to\", \"op\": \"email_domain\", \"value\": [\"a.example\", \"b.example\"]}, {\"path\": \"time.hour\", \"op\": \"gte\", \"value\": 18}]}"),
    "Deny when to is an e-mail address at a.example or b.example and time.hour is at least 18");
  assert.equal(entry("{\"conditions\": [{\"path\": \"args.reason\", \"op\": \"exists\", \"value\": true}]}", "require"), "Require that reason is present");
  assert.equal(entry("{\"conditions\": []}"), "Deny every call");
  assert.equal(entry("{\"conditions\": [{\"path\": \"args.text\", \"op\": \"length\", \"value\": {\"lte\": 5}}], \"approvers\": [\"x\"], \"expires\": \"5m\"}", "approve_if"),
    "Ask a person when text has a length at most 5, by x, within 5m");
  for (const odd of ["{\"conditions\": [{\"path\": \"args.a\", \"op\": \"eq\", \"value\": {\"x\": 1}}]}", "{\"conditions\": [{\"path\": \"args.a\", \"op\": \"toString\", \"value\": 1}]}",
    "{\"conditions\": [], \"x-note\": 1}", "{\"on_deny\": \"x\"}", "{\"conditions\": [{\"path\": \"args.a\", \"op\": \"length\", \"value\": {\"gt\": 1, \"lt\": 9}}]}", "7"]) assert.equal(entry(odd), undefined, odd);
  assert.equal(words(limitParts(readJson("{\"counter\": \"c\", \"window\": \"day\", \"max\": 500.5, \"scope\": \"grant\", \"amount\": \"args.amount\"}").root)),
    "At most 500.5 of amount per day for each agent");
  assert.equal(limitParts(readJson("{\"counter\": \"c\", \"window\": \"day\", \"max\": 5, \"scope\": \"planet\"}").root), undefined);
});

test("fields come from schemas, whatever a server writes into one", () => {
  const fields = fieldsOf({ type: "object", required: ["amount"], properties: {
    amount: { type: ["number", "null"] }, currency: { enum: ["eur", "usd"] }, "a.b": { type: "string" }, to: { type: "array", items: { type: "object", properties: { address: { type: "string" } } } },
    ref: { $ref: "#/$defs/x" }, loop: { $ref: "#/properties/loop" }, odd: 7 }, $defs: { x: { type: "boolean" } } });
  assert.deepEqual(fields.map((field) => [field.path, field.type]), [["args.amount", "number"], ["args.currency", "string"], ["args[\"a.b\"]", "string"],
    ["args.to", "array"], ["args.to[*]", "object"], ["args.to[*].address", "string"], ["args.ref", "boolean"], ["args.loop", "unknown"], ["args.odd", "unknown"]]);
  assert.equal(fields[0]!.required, true);
  assert.deepEqual(fields[1]!.values, ["eur", "usd"]);
  const deep = { properties: {} as Record<string, unknown> };
  deep.properties["self"] = deep;
  assert.ok(fieldsOf(deep).length < 200);
  for (const nothing of [undefined, null, 7, "x", [], { properties: [] }]) assert.deepEqual(fieldsOf(nothing), []);
  assert.deepEqual(sampleOf({ properties: { a: { type: "number" }, b: { enum: ["x"] }, c: {} }, required: ["a", "b"] }), { a: 0, b: "x" });
});

test("operators fit types, numbers keep their spelling", () => {
  assert.ok(operatorsFor("number").includes("gt") && !operatorsFor("number").includes("regex") && !operatorsFor("string").includes("gt"));
  assert.equal(numberOf(" 10000.0000000000000001 ")!.text, "10000.0000000000000001");
  assert.equal(numberOf(".5")!.text, "0.5");
  for (const none of ["", "1,5", "0x10", "1e", "Infinity", "--1", "01"]) assert.equal(numberOf(none), undefined, none);
  assert.ok(isDrawable("in", readJson("[1, 2]").root) && !isDrawable("in", readJson("[1, \"a\"]").root) && !isDrawable("gt", readJson("\"1\"").root));
});

test("a cursor knows the text that it is in, also of one that is being typed", () => {
  const at = (marked: string) => {
    const found = cursorAt(readJson(marked.replace("|", "")).root, marked.indexOf("|"));
    return found && [found.path.join("/"), found.name ? "name" : "value"];
  };
  assert.deepEqual(at("{\"to|ols\": {}}"), ["", "name"]);
  assert.deepEqual(at("{\"tools\": {\"|\"}}"), ["tools", "name"]);
  assert.deepEqual(at("{\"tools\": {\"x\": {\"deny_if\": [{\"conditions\": [{\"path\": \"args.|\"}]}]}}}"), ["tools/x/deny_if/*/conditions/*/path", "value"]);
  assert.deepEqual(at("{\"hide\": [\"a\", \"|"), ["hide/*", "value"]);
  assert.equal(at("{| \"a\": 1}"), undefined);
  assert.equal(at("{\"a\": 1|2}"), undefined);
});

test("completion offers what may stand in a place", () => {
  assert.ok(memberNames([], []).includes("all_tools"));
  assert.deepEqual(memberNames(["tools"], ["a", "b"]), ["a", "b"]);
  assert.ok(memberNames(["tools", "a"], []).includes("action") && !memberNames(["all_tools"], []).includes("action"));
  assert.deepEqual(memberNames(["tools", "a", "deny_if", "*", "conditions", "*"], []), ["path", "op", "value"]);
  assert.ok(textValues(["tools", "a", "deny_if", "*", "conditions", "*", "path"], [], ["args.x"]).includes("args.x"));
  assert.deepEqual(textValues(["hide", "*"], ["a"], []), ["a"]);
  assert.deepEqual(textValues(["description"], ["a"], []), []);
});

test("offsets in bytes become those of the text", () => {
  const text = "a\u00e4\u20ac😀b\u00e4";
  const bytes = fromBytes(text);
  const encoder = new TextEncoder();
  for (let i = 0; i <= text.length; ++i) {
    if (i > 0 && /[\ud800-\udbff]/.test(text[i - 1]!)) continue;
    assert.equal(bytes(encoder.encode(text.slice(0, i)).length), i, String(i));
  }
  assert.equal(bytes(1000), text.length);
});

test("stored arguments are put together with their spelling", () => {
  const value = assemble([{ path: "args.amount", value: "10000.0000000000000001" }, { path: "args.to[1].address", value: "\"x\"" }, { path: "args[\"a.b\"]", value: "not json" },
    { path: "args.__proto__", value: "1" }, { path: "grant.label", value: "1" }, { path: "args.amount.x", value: "1" }]);
  assert.equal(write(value, { line: "", unit: "", colon: ": " }, ""),
    "{\"amount\": 10000.0000000000000001, \"to\": [null, {\"address\": \"x\"}], \"a.b\": \"not json\", \"__proto__\": 1}");
  assert.deepEqual(stepsOf("args.a[0][\"x y\"]"), ["a", 0, "x y"]);
  assert.equal(stepsOf("args"), undefined);
  assert.ok(write(new Written("1.50"), { line: "\n", unit: " ", colon: ":" }, "") === "1.50");
});

test("a patch is one that patch takes", () => {
  const same = (text: string) => ({ kind: "same", text }) as const;
  const lines = [same("1"), same("2"), same("3"), same("4"), { kind: "removed", text: "5" } as const, { kind: "added", text: "five" } as const, same("6"), same("}")];
  assert.equal(unifiedPatch("p.json", lines, "1\n2\n3\n4\n5\n6\n}\n", "1\n2\n3\n4\nfive\n6\n}\n"),
    "--- a/p.json\n+++ b/p.json\n@@ -2,6 +2,6 @@\n 2\n 3\n 4\n-5\n+five\n 6\n }\n");
  assert.equal(unifiedPatch("p.json", [{ kind: "added", text: "x" }], "", "x"), "--- a/p.json\n+++ b/p.json\n@@ -0,0 +1,1 @@\n+x\n\\ No newline at end of file\n");
  assert.equal(unifiedPatch("p.json", [same("1")], "1", "1"), "");
});
