import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, decisionWord, parseSearch } from "../src/pages/audit/filter.ts";

test("known names become filters and the rest is searched for", () => {
  assert.deepEqual(parseSearch('agent:ci tool:"two words" refund unknown:x late'),
    { agent: "ci", tool: "two words", q: "refund unknown:x late" });
  assert.deepEqual(parseSearch(""), {});
});

test("a tool as clients call it is the server's tool", () => {
  assert.deepEqual(parseSearch("mcp__github__create_issue"), { server: "github", tool: "create_issue" });
});

test("decisions may be spelled as they are shown", () => {
  assert.equal(decisionWord("Rate-limited"), "rate_limited");
  assert.equal(parseSearch("decision:would-deny").decision, "would_deny");
});

test("calls are asked for unless records are", () => {
  assert.equal(asked({ tool: "x" }).of, "calls");
  assert.equal(asked({ of: "records" }).of, "records");
  assert.equal(asked({ event: "policy.*" }).of, "records");
});
