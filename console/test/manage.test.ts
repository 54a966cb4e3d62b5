import assert from "node:assert/strict";
import test from "node:test";
import { serverName, wordsOfCommand } from "../src/pages/servers/words.ts";
import { compareLines, laidOut } from "../src/parts/compare.ts";

test("a command is split as a shell reads quotes, and nothing is expanded", () => {
  assert.deepEqual(wordsOfCommand("npx -y 'a b' \"c \\\"d\\\"\" e\\ f $HOME \"\""), ["npx", "-y", "a b", 'c "d"', "e f", "$HOME", ""]);
  assert.deepEqual(wordsOfCommand("   "), []);
});

test("names become names of servers", () => {
  assert.equal(serverName("My Files (prod)"), "my-files-prod");
  assert.equal(serverName("…"), "server");
  assert.equal(serverName("a".repeat(100)).length, 64);
});

test("lines that stayed are not told as changed, and far ones are left out", () => {
  const before = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const after = [...before.slice(0, 10), "new", ...before.slice(11)];
  const lines = compareLines(before.join("\n"), after.join("\n"));
  assert.deepEqual(lines.filter((one) => one.kind === "added" || one.kind === "removed"),
    [{ kind: "removed", text: "line 10" }, { kind: "added", text: "new" }]);
  assert.equal(lines.filter((one) => one.kind === "same").length, 6);
  assert.equal(lines.filter((one) => one.kind === "gap").length, 2);
});

test("what the lines say is the two texts", () => {
  for (const [before, after] of [["", "a\nb"], ["a\nb", ""], ["a\nb\nc", "c\na\nb"]] as const) {
    const lines = compareLines(before, after, 1000);
    assert.equal(lines.filter((one) => one.kind !== "added").map((one) => one.text).join("\n"), before);
    assert.equal(lines.filter((one) => one.kind !== "removed").map((one) => one.text).join("\n"), after);
  }
});

test("a document on one line is laid out, anything else stays", () => {
  assert.equal(laidOut('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}');
  assert.equal(laidOut("{ // no"), "{ // no");
});
