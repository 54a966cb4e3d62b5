import assert from "node:assert/strict";
import { test } from "node:test";
import { type Approval, inWords, statsOf } from "../src/pages/approvals/approval.ts";

function request(state: Approval["state"], answered?: number, rule = "/tools/x/approve_if/a"): Approval {
  const created = "2026-01-01T00:00:00Z";
  return { id: "apr_1", state, open: false, server: "s", tool: "x", grant: "g", rule, policy: "p", groups: [], asked: 1, created,
    expires: created, left_s: 0, repeats: false,
    decided: answered === undefined ? undefined : new Date(Date.parse(created) + answered * 1000).toISOString() };
}

test("what waits is not counted, and what nobody answered is expired", () => {
  const [stats] = statsOf([request("pending"), request("used", 10), request("approved", 30), request("denied", 20), request("expired"),
    request("expired", 5)]);
  assert.deepEqual(stats, { policy: "p", server: "s", rule: "/tools/x/approve_if/a", asked: 5, approved: 3, denied: 1, expired: 1, median_s: 15 });
});

test("the rule that asks most comes first", () => {
  assert.deepEqual(statsOf([request("used", 1, "/a"), request("used", 1, "/b"), request("used", 1, "/b")]).map((one) => one.rule), ["/b", "/a"]);
});

test("spans in words", () => {
  assert.deepEqual([0.2, 42, 90, 7200].map(inWords), ["1 s", "42 s", "2 min", "2.0 h"]);
});
