// Rules in words, as the visual view reads them out. Pieces keep apart what is ours and what the author wrote.
import { type Node, memberOf, nodeAt } from "./json_text.ts";
import { comparisons, isDrawable, operators } from "./operators.ts";

/** `code`: a field, a value: the author's own, shown as written. */
export interface Part {
  text: string;
  code?: boolean;
}

const plain = (text: string): Part => ({ text });
const code = (text: string): Part => ({ text, code: true });

function onlyMembers(node: Node, names: string[]): boolean {
  return node.kind === "object" && node.members.every((member) => names.includes(member.key));
}

function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "string" ? node.value : undefined;
}

/** A value as people read it: texts without quotes where that is clear. */
function valueParts(node: Node): Part[] {
  if (node.kind === "string") return [code(node.value === "" || node.value !== node.value.trim() ? JSON.stringify(node.value) : node.value)];
  if (node.kind === "number") return [code(node.spelled)];
  if (node.kind === "boolean") return [code(String(node.value))];
  if (node.kind === "array") return node.items.flatMap((item, index) => (index > 0 ? [plain(index === node.items.length - 1 ? " or " : ", ")] : []).concat(valueParts(item)));
  return [code("?")];
}

/** A condition in words, or nothing where there are none for it. */
export function conditionParts(node: Node): Part[] | undefined {
  const path = textOf(memberOf(node, "path")?.value);
  const op = textOf(memberOf(node, "op")?.value);
  const value = memberOf(node, "value")?.value;
  if (path === undefined || op === undefined || value === undefined || !Object.hasOwn(operators, op)) return undefined;
  if (!onlyMembers(node, ["path", "op", "value"]) || !isDrawable(op, value)) return undefined;
  const field = code(path.startsWith("args.") ? path.slice(5) : path);
  if (op === "exists") return [field, plain(value.kind === "boolean" && !value.value ? " is absent" : " is present")];
  if (op === "length" && value.kind === "object") {
    const own = value.members[0]!;
    return [field, plain(` has a length ${comparisons[own.key]} `), ...valueParts(own.value)];
  }
  return [field, plain(` ${operators[op]!.words} `), ...valueParts(value)];
}

export const entryMembers: Record<string, string[]> = {
  deny_if: ["conditions", "on_deny"],
  require: ["conditions", "on_deny"],
  approve_if: ["conditions", "approvers", "approvals", "self_confirm", "expires", "on_pending"],
};

const beginnings: Record<string, string> = { deny_if: "Deny when ", require: "Require that ", approve_if: "Ask a person when " };

/** An entry of `deny_if`, `require` or `approve_if` in words; nothing where the visual view cannot draw it. */
export function entryParts(list: string, node: Node): Part[] | undefined {
  const conditions = memberOf(node, "conditions")?.value;
  if (conditions?.kind !== "array" || !onlyMembers(node, entryMembers[list] ?? [])) return undefined;
  for (const name of ["on_deny", "on_pending", "expires"]) {
    const member = memberOf(node, name);
    if (member && member.value.kind !== "string") return undefined;
  }
  const out: Part[] = [];
  if (conditions.items.length === 0) {
    out.push(plain(list === "deny_if" ? "Deny every call" : list === "require" ? "Require nothing" : "Ask a person for every call"));
  } else {
    out.push(plain(beginnings[list]!));
    for (const [index, item] of conditions.items.entries()) {
      const parts = conditionParts(item);
      if (!parts) return undefined;
      if (index > 0) out.push(plain(" and "));
      out.push(...parts);
    }
  }
  const approvers = memberOf(node, "approvers")?.value;
  if (approvers) out.push(plain(", by "), ...valueParts(approvers));
  const count = memberOf(node, "approvals")?.value;
  if (count) out.push(plain(", with "), ...valueParts(count), plain(" approvals"));
  const expires = textOf(memberOf(node, "expires")?.value);
  if (expires !== undefined) out.push(plain(", within "), code(expires));
  return out;
}

export const scopes: Record<string, string> = {
  grant: "each agent", session: "each session", identity: "each identity", server: "the server, all agents together",
  organisation: "the organisation, all servers together",
};
export const windows = ["minute", "hour", "day", "week", "month"];

/** A limit in words. */
export function limitParts(node: Node): Part[] | undefined {
  if (!onlyMembers(node, ["counter", "window", "max", "scope", "amount", "on_deny", "on_store_error"])) return undefined;
  const max = memberOf(node, "max")?.value;
  const window = memberOf(node, "window")?.value;
  const scope = textOf(memberOf(node, "scope")?.value);
  const counter = textOf(memberOf(node, "counter")?.value);
  const amount = memberOf(node, "amount")?.value;
  if (max?.kind !== "number" || scope === undefined || counter === undefined || !Object.hasOwn(scopes, scope)) return undefined;
  if (window?.kind !== "string" && window?.kind !== "number") return undefined;
  if (amount && amount.kind !== "string") return undefined;
  const out = [plain("At most "), code(max.spelled)];
  if (amount?.kind === "string") out.push(plain(" of "), code(amount.value.replace(/^args\./, "")));
  else out.push(plain(max.spelled === "1" ? " call" : " calls"));
  if (window.kind === "string") out.push(plain(" per "), code(window.value));
  else out.push(plain(" in "), code(window.spelled), plain(" seconds"));
  out.push(plain(" for "), plain(scopes[scope]!));
  return out;
}

export function rateLimitParts(node: Node): Part[] | undefined {
  const max = memberOf(node, "max")?.value;
  const window = memberOf(node, "window")?.value;
  if (!onlyMembers(node, ["max", "window"]) || max?.kind !== "number" || (window?.kind !== "number" && window?.kind !== "string")) return undefined;
  return [plain("At most "), code(max.spelled), plain(max.spelled === "1" ? " call" : " calls"), plain(window.kind === "number" ? " in any " : " per "),
    code(window.kind === "number" ? window.spelled : window.value), plain(window.kind === "number" ? " seconds, in each session" : ", in each session")];
}

/** What an action says, with what stands beside it. */
export function actionParts(block: Node): Part[] | undefined {
  const action = textOf(nodeAt(block, ["action"]));
  const words: Record<string, string> = { allow: "Names the tool and nothing more", deny: "Deny every call", hide: "Hide from the list",
    approve: "Ask a person for every call" };
  if (action === undefined || !Object.hasOwn(words, action)) return undefined;
  const out = [plain(words[action]!)];
  const reason = textOf(nodeAt(block, ["reason"]));
  if (reason !== undefined) out.push(plain(" and say "), code(reason));
  const approvers = nodeAt(block, ["approvers"]);
  if (approvers?.kind === "array") out.push(plain(", by "), ...valueParts(approvers));
  const expires = textOf(nodeAt(block, ["expires"]));
  if (expires !== undefined) out.push(plain(", within "), code(expires));
  return out;
}
