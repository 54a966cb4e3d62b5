// Records of the log (docs/audit-format.md) and what people call the decision that one tells of.
import type { DecisionWord } from "./parts/decision.tsx";

export interface LogRecord {
  event: string;
  time: string;
  seq: number;
  writer?: string;
  epoch?: number;
  id?: string;
  verdict?: "allow" | "deny" | "hide" | "approve";
  enforced?: boolean;
  code?: string;
  rule?: string;
  policy?: { name: string; version: string; sha256: string };
  grant?: { id: string; label?: string; owner?: string } | string;
  label?: string;
  client?: { address?: string; name?: string };
  identity?: { issuer?: string; subject?: string };
  server?: string;
  method?: string;
  tool?: string;
  target?: string;
  category?: string;
  approval?: string;
  request?: unknown;
  reason?: string;
  result?: string;
  duration_us?: number;
  actor?: string;
  [member: string]: unknown;
}

const limited = ["rate_limited", "budget_exceeded"];
const failed = ["error", "tool_error", "upstream_error", "timeout"];

/** The word for a record as it comes from the stream; the list of the log tells it itself (`about`). */
export function wordOf(record: LogRecord): DecisionWord | undefined {
  if (record.event === "call.outcome") return failed.includes(record.result ?? "") ? "error" : undefined;
  if (record.event === "request.rejected") return "error";
  if (record.event !== "call.intent" && record.event !== "call.denied") return undefined;
  if (record.verdict !== "allow" && record.enforced === false) return "would_deny";
  if (record.event === "call.intent") return "allowed";
  if (record.verdict === "hide") return "hidden";
  if (limited.includes(record.code ?? "")) return "rate_limited";
  return ["approval_pending", "approval_expired", "approval_refused"].includes(record.code ?? "") ? "needs_approval" : "denied";
}

/** Who called: the label of the grant, else what is known of them. */
export function agentOf(record: LogRecord): string {
  if (typeof record.grant === "object") return record.grant.label || record.identity?.subject || record.grant.id;
  return record.label ?? record.grant ?? "";
}

/** What was called: the tool, else the target or the method. */
export function targetOf(record: LogRecord): string {
  return record.tool || record.target || record.method || record.event;
}

/** A rule in few letters: its last two segments; the whole pointer stands in the detail. */
export function shortRule(rule: string | undefined): string {
  if (!rule) return "";
  const parts = rule.split("/").filter(Boolean);
  return parts.length > 2 ? "…/" + parts.slice(-2).join("/") : rule;
}

export function milliseconds(us: number | undefined): string {
  if (us === undefined) return "";
  return us < 1000 ? `${us} µs` : us < 100_000 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us / 1000).toLocaleString()} ms`;
}
