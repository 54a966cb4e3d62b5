// What may stand where in a policy document, for completion. The gateway judges; this only offers.
import { operators } from "./operators.ts";
import { scopes, windows } from "./sentence.ts";

/** A path of the document with `*` for an index. */
export type Steps = readonly string[];

const block = ["deny_if", "require", "approve_if", "limits", "rate_limit"];
const ruled = ["action", "reason", "approvers", "expires", "on_pending"];
const section = ["default", "hide", "deny_if", "require", "limits"];
const categories = ["Read", "Write", "Execute", "Destructive", "Financial", "Other"];

const inList: Record<string, string[]> = {
  deny_if: ["conditions", "on_deny"],
  require: ["conditions", "on_deny"],
  approve_if: ["conditions", "approvers", "approvals", "self_confirm", "expires", "on_pending"],
  limits: ["counter", "window", "max", "scope", "amount", "on_deny", "on_store_error"],
  conditions: ["path", "op", "value"],
  tests: ["name", "tool", "args", "expect", "rule", "grant", "identity", "category", "at"],
};

/** Names of members of the object at a path. `tools`: names of the server's tools. */
export function memberNames(path: Steps, tools: readonly string[]): string[] {
  const last = path[path.length - 1];
  if (path.length === 0) {
    return ["version", "description", "mode", "default", "hide", "all_tools", "risk", "tools", "tests", "resources", "prompts", "detail", "timezone", "$schema"];
  }
  if (last === "*") return inList[path[path.length - 2] ?? ""] ?? [];
  if (path.length === 1) {
    switch (last) {
      case "tools": return [...tools];
      case "risk": return categories;
      case "all_tools": return block;
      case "resources":
      case "prompts": return section;
    }
  }
  if (path.length === 2 && (path[0] === "tools" || path[0] === "risk")) return [...ruled.slice(0, 1), ...block, ...ruled.slice(1)];
  if (last === "rate_limit") return ["max", "window"];
  return [];
}

/** Texts that may be the value at a path. `fields`: paths of arguments. */
export function textValues(path: Steps, tools: readonly string[], fields: readonly string[]): string[] {
  const last = path[path.length - 1] ?? "";
  if (last === "*" && path[path.length - 2] === "hide" && path.length === 2) return [...tools];
  switch (last) {
    case "version": return path.length === 1 ? ["1"] : [];
    case "mode": return ["enforce", "observe"];
    case "default": return ["allow", "deny"];
    case "detail": return ["full", "reason", "minimal"];
    case "action": return ["allow", "deny", "hide", "approve"];
    case "op": return Object.keys(operators);
    case "path": return [...fields, "tool.name", "tool.category", "tool.server", "grant.label", "time.hour", "time.weekday"];
    case "amount": return fields.filter((field) => !field.includes("[*]"));
    case "window": return windows;
    case "scope": return Object.keys(scopes);
    case "on_store_error": return ["deny", "local", "allow"];
    case "expires": return ["10m", "30m", "2h", "1d"];
    case "expect": return ["allow", "deny", "hide", "approve"];
    case "category": return categories;
    case "tool": return path[0] === "tests" ? [...tools] : [];
    default: return [];
  }
}
