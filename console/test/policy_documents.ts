// Policy documents by chance: every construct of the language, things that it does not know, and every way to space them.

export class Chance {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }
  /** mulberry32 */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(most: number): number {
    return Math.floor(this.next() * most);
  }
  yes(probability = 0.5): boolean {
    return this.next() < probability;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

/** A number as it is spelled. */
export interface Spelled { spelled: string }
export type Tree = string | boolean | null | Spelled | Tree[] | { members: [string, Tree][] };

export const categories = ["Read", "Write", "Execute", "Destructive", "Financial", "Other"] as const;
export const toolNames = ["create_refund", "delete_account", "read_file", "read_dir", "list", "a.b", "weird \"name\"", "späße", "tool\u202e",
  "admin_reset", "x/y~z", "__proto__", "constructor", "", " ", "emoji😀"];
const globs = ["read_*", "admin_?????", "*", "de?ete*", "*_file", "nothing_*"];

const n = (spelled: string): Spelled => ({ spelled });
const o = (...members: ([string, Tree] | false | undefined)[]): Tree => ({ members: members.filter((one) => Array.isArray(one)) as [string, Tree][] });

function shuffled(c: Chance, tree: Tree): Tree {
  if (tree === null || typeof tree !== "object" || Array.isArray(tree) || "spelled" in tree) return tree;
  const members = [...tree.members];
  for (let i = members.length - 1; i > 0; --i) {
    const j = c.below(i + 1);
    [members[i], members[j]] = [members[j]!, members[i]!];
  }
  return { members };
}

function text(c: Chance): string {
  return c.of(["", "Refunds stop at 10000.", "two\nlines", "quote \" and \\ and \t", "‮evil", "<script>alert(1)</script>", "日本", "a/b", "ends with , ]}"]);
}

function condition(c: Chance): Tree {
  const path = c.of(["args.amount", "args.customer.email", "args[\"a.b\"]", "args.items[0]", "args.recipients[*].address", "tool.name", "tool.category",
    "grant.labels.team", "identity.sub", "time.hour", "grant.label"]);
  const strings: Tree = c.some(2, () => c.of(["example.com", "*.example.com", "h"]) as Tree).concat("one");
  const [op, value] = c.of<[string, Tree]>([
    ["eq", text(c)], ["neq", n("1.50")], ["lt", n("10000")], ["lte", n("1e3")], ["gt", n("10000.0000000000000001")], ["gte", n("-0.5E+2")],
    ["in", ["a", n("1")]], ["not_in", ["x"]], ["exists", c.yes()], ["regex", "^a+$"], ["contains", "x"], ["starts_with", "a"],
    ["starts_with", ["a", "b"]], ["ends_with", ".pdf"], ["path_under", ["/srv/data"]], ["url_host", strings], ["email_domain", ["example.com"]],
    ["cidr", ["10.0.0.0/8"]], ["length", o(["lte", n("10")], c.yes() && ["gt", n("0")])]]);
  return shuffled(c, o(["path", path], ["op", op], ["value", value]));
}

function denial(c: Chance): Tree {
  return shuffled(c, o(["conditions", c.some(3, () => condition(c))], c.yes() && ["on_deny", text(c)]));
}

function approval(c: Chance): Tree {
  return shuffled(c, o(["conditions", c.some(2, () => condition(c))], c.yes(0.4) && ["approvers", ["payments"]], c.yes(0.2) && ["approvals", n("2")],
    c.yes(0.2) && ["self_confirm", c.yes()], c.yes(0.3) && ["expires", c.of(["10m", "2h"])], c.yes(0.2) && ["on_pending", text(c)]));
}

function limit(c: Chance): Tree {
  const amount = c.yes(0.3);
  return shuffled(c, o(["counter", amount ? "spent" : c.of(["calls", "per-minute"])], ["window", c.of<Tree>(["minute", "hour", "day", "week", "month", n("90")])],
    ["max", n(amount ? "50000.25" : "60")], ["scope", c.of(["grant", "session", "identity", "server", "organisation"])],
    amount && ["amount", "args.amount"], c.yes(0.2) && ["on_deny", text(c)], c.yes(0.2) && ["on_store_error", c.of(["deny", "local", "allow"])]));
}

function rules(c: Chance): [string, Tree][] {
  const out: [string, Tree][] = [];
  if (c.yes(0.4)) out.push(["deny_if", c.some(2, () => denial(c))]);
  if (c.yes(0.3)) out.push(["require", c.some(2, () => denial(c))]);
  if (c.yes(0.3)) out.push(["approve_if", c.some(2, () => approval(c))]);
  if (c.yes(0.3)) out.push(["limits", c.some(2, () => limit(c))]);
  if (c.yes(0.1)) out.push(["rate_limit", o(["max", n("10")], ["window", n("60")])]);
  return out;
}

function block(c: Chance, unknown: boolean): Tree {
  const kind = c.below(10);
  let members: [string, Tree][];
  if (kind < 2) members = [];
  else if (kind === 2) members = [["action", "allow"]];
  else if (kind === 3) members = [["action", "deny"], ...(c.yes() ? [["reason", text(c)] as [string, Tree]] : [])];
  else if (kind === 4) members = [["action", "hide"]];
  else if (kind === 5) members = [["action", "approve"], ...(c.yes() ? [["approvers", ["payments"]] as [string, Tree]] : []), ...(c.yes(0.3) ? [["expires", "5m"] as [string, Tree]] : [])];
  else if (kind === 6) members = [["deny_if", [o(["conditions", []], c.yes() && ["on_deny", text(c)])]]];
  else members = rules(c);
  if (unknown && c.yes(0.2)) members.push([c.of(["x-note", "state", "evaluate", "Action"]), anything(c, 2)]);
  return shuffled(c, { members });
}

/** What no contract knows. */
function anything(c: Chance, depth: number): Tree {
  switch (c.below(depth > 0 ? 6 : 4)) {
    case 0: return text(c);
    case 1: return n(c.of(["0", "-0", "1e5", "123456789012345678901234567890", "0.10"]));
    case 2: return c.yes();
    case 3: return null;
    case 4: return c.some(3, () => anything(c, depth - 1));
    default: return { members: c.some(3, () => anything(c, depth - 1)).map((value, i) => [`k${i}`, value]) };
  }
}

function distinct<T>(list: T[]): T[] {
  return [...new Set(list)];
}

export interface Generated {
  text: string;
  /** Whether it holds what the language does not know, and so is refused by the gateway. */
  unknown: boolean;
}

/** A document, and how it is written. */
export function policyDocument(c: Chance): Generated {
  const unknown = c.yes(0.3);
  const names = (most: number) => distinct(c.some(most, () => (c.yes(0.7) ? c.of(toolNames) : c.of(globs))));
  const section = () => shuffled(c, o(c.yes() && ["default", c.of(["allow", "deny"])], c.yes() && ["hide", ["file:///secret*"]],
    c.yes(0.3) && ["deny_if", [denial(c)]], c.yes(0.3) && ["limits", [limit(c)]]));
  const members: ([string, Tree] | false)[] = [
    c.yes(0.2) && ["$schema", "https://doorward.io/schemas/policy/1"],
    ["version", "1"],
    c.yes() && ["description", text(c)],
    c.yes(0.4) && ["mode", c.of(["enforce", "observe"])],
    ["default", c.of(["allow", "deny"])],
    c.yes(0.6) && ["hide", names(4)],
    c.yes(0.4) && ["all_tools", { members: rules(c) }],
    c.yes(0.4) && ["risk", { members: distinct(c.some(3, () => c.of(categories))).map((key) => [key, block(c, unknown)] as [string, Tree]) }],
    c.yes(0.85) && ["tools", { members: names(6).map((key) => [key, block(c, unknown)] as [string, Tree]) }],
    c.yes(0.2) && ["resources", section()],
    c.yes(0.2) && ["prompts", section()],
    c.yes(0.3) && ["tests", c.some(2, () => o(["name", text(c)], ["tool", c.of(toolNames)], ["args", o(["amount", n("1")])], ["expect", c.of(["allow", "deny", "hide", "approve"])]))],
    c.yes(0.2) && ["detail", c.of(["full", "reason", "minimal"])],
    c.yes(0.1) && ["timezone", "Europe/Berlin"],
    unknown && c.yes() && ["x-owner", anything(c, 3)],
  ];
  const tree = shuffled(c, o(...members));
  return { text: print(c, tree), unknown };
}

/** A string, sometimes spelled in an odd way. */
function quoted(c: Chance, value: string, odd: boolean): string {
  if (!odd || !c.yes(0.3)) return JSON.stringify(value);
  return "\"" + [...value].map((one) => {
    if (one === "/" && c.yes()) return "\\/";
    if (one.length === 1 && c.yes(0.4)) return "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0");
    return JSON.stringify(one).slice(1, -1);
  }).join("") + "\"";
}

function print(c: Chance, tree: Tree): string {
  const line = c.of(["\n", "\n", "\r\n"]);
  const style = c.below(5);
  const unit = c.of(["  ", "    ", "\t", " ", "            "]);
  const odd = c.yes(0.3);
  const colon = style === 0 ? ":" : c.of([": ", ": ", " : ", ":"]);
  const space = () => (style === 4 ? c.of(["", "", " ", "  ", line, line + "\t ", "\t", line + line]) : "");
  const list = (open: string, parts: string[], close: string, indent: string): string => {
    if (style === 0) return open + parts.join(",") + close;
    if (style === 4) return open + space() + parts.map((part) => part + space()).join("," + space()) + close;
    if (parts.length === 0) return c.yes(0.8) ? open + close : open + " " + close;
    const flat = parts.join(", ");
    if (style === 2 || (style === 3 && flat.length < 60 && !flat.includes("\n"))) return open + flat + close;
    return open + line + parts.map((part) => indent + unit + part).join("," + line) + line + indent + close;
  };
  const value = (one: Tree, indent: string): string => {
    if (one === null || typeof one === "boolean") return String(one);
    if (typeof one === "string") return quoted(c, one, odd);
    if (Array.isArray(one)) return list("[", one.map((item) => value(item, indent + unit)), "]", indent);
    if ("spelled" in one) return one.spelled;
    return list("{", one.members.map(([key, inner]) => quoted(c, key, odd) + (style === 4 ? space() + ":" + space() : colon) + value(inner, indent + unit)), "}", indent);
  };
  const lead = c.yes(0.1) ? line : "";
  return lead + value(tree, "") + c.of(["", line, line + line, " "]);
}
