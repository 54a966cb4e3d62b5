import assert from "node:assert/strict";
import { test } from "node:test";
import { mostSaved, queryOf, readSaved, withSaved } from "../src/pages/audit/saved.ts";

test("a filter has one query, in whatever order it was made", () => {
  assert.equal(queryOf({ tool: "t", agent: "a", decision: "denied" }), queryOf({ decision: "denied", agent: "a", tool: "t" }));
  assert.equal(queryOf({}), "");
});

test("what a browser kept is read, and what is no saved filter is passed over", () => {
  assert.deepEqual(readSaved(null), []);
  assert.deepEqual(readSaved("{"), []);
  assert.deepEqual(readSaved('{"name":"a"}'), []);
  assert.deepEqual(readSaved('[{"name":"a","query":"tool=t"},{"name":1},null,"x",{"name":"","query":""}]'), [{ name: "a", query: "tool=t" }]);
  assert.deepEqual(readSaved(JSON.stringify([{ name: "x".repeat(61), query: "" }])), []);
});

test("a name is kept once, and no more than the most", () => {
  const two = withSaved([{ name: "b", query: "tool=t" }], { name: "a", query: "agent=x" })!;
  assert.deepEqual(two.map((one) => one.name), ["a", "b"]);
  assert.deepEqual(withSaved(two, { name: "b", query: "tool=u" }), [{ name: "a", query: "agent=x" }, { name: "b", query: "tool=u" }]);
  const full = Array.from({ length: mostSaved }, (_, i) => ({ name: String(i), query: "" }));
  assert.equal(withSaved(full, { name: "one more", query: "" }), undefined);
  assert.equal(withSaved(full, { name: "3", query: "tool=t" })?.length, mostSaved);
});
