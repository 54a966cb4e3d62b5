// What a document says of one tool in one word, and how to make it say another one. The engine judges calls; this reads
// only what is said of every call of a tool, by policy.md 2 and 3, so that the radio buttons show it.
import { append, removeAt, setAt, textAt, Written } from "./edit.ts";
import { isGlob, matches } from "./glob.ts";
import { memberOf, type Node, nodeAt, type Path, pointerOf } from "./json_text.ts";

export const states = ["allow", "deny", "hide", "ask", "custom"] as const;
export type State = (typeof states)[number];

// Deny beats approve beats allow; rules of a tool's own are shown before what asks for every call of it.
const strictness: Record<State, number> = { allow: 0, ask: 1, custom: 2, deny: 3, hide: 4 };

/** Where a state comes from. */
export interface Said {
  state: State;
  /** Path of what says so; empty: the document's `default`. */
  path: Path;
}

export interface ToolState extends Said {
  /** Whether the tool's own entries say it, rather than a pattern, its risk, `all_tools` or the default. */
  own: boolean;
  /** Other blocks with rules that apply to its calls as well. */
  also: Path[];
  /** States that nothing said of this tool alone can reach, since no block rescues a call from another. */
  unreachable: State[];
}

function texts(node: Node | undefined): string[] {
  return node?.kind === "array" ? node.items.map((item) => (item.kind === "string" ? item.value : "")) : [];
}

/** An entry of `deny_if` or `approve_if` that holds for every call. */
function holdsAlways(entry: Node): boolean {
  const conditions = memberOf(entry, "conditions")?.value;
  return conditions?.kind === "array" && conditions.items.length === 0;
}

function entries(block: Node, list: string): Node[] {
  const found = memberOf(block, list)?.value;
  return found?.kind === "array" ? found.items : [];
}

/** What one block says of every call: hide, deny and ask, else custom where it has rules, else allow. */
export function blockState(block: Node): State {
  if (block.kind !== "object") return "custom";
  const action = memberOf(block, "action")?.value;
  const word = action?.kind === "string" ? action.value : undefined;
  if (word === "hide") return "hide";
  if (word === "deny") return "deny";
  const lists = block.members.filter((member) => !(member.value.kind === "array" && member.value.items.length === 0));
  const only = (names: string[]) => lists.every((member) => names.includes(member.key));
  if (only(["deny_if"]) && entries(block, "deny_if").length === 1 && entries(block, "deny_if").every(holdsAlways)) return "deny";
  if (word === "approve" && only(["action", "approvers", "expires", "on_pending"])) return "ask";
  if (only(["approve_if"]) && entries(block, "approve_if").length === 1 && entries(block, "approve_if").every(holdsAlways)) return "ask";
  return only(["action"]) ? "allow" : "custom";
}

/** The least that another block says of every call of a tool that it applies to, whatever rules stand beside it. */
function floorOf(block: Node): State {
  const state = blockState(block);
  if (state !== "custom") return state;
  if (entries(block, "deny_if").some(holdsAlways)) return "deny";
  const action = memberOf(block, "action")?.value;
  if (action?.kind === "string" && action.value === "approve") return "ask";
  if (entries(block, "approve_if").some(holdsAlways)) return "ask";
  return "allow";
}

function hasRules(block: Node): boolean {
  return block.kind === "object" && block.members.some((member) => member.key !== "action");
}

/** What a document says of a tool. `category`: of its risk, where it is known. */
export function toolState(root: Node, tool: string, category?: string): ToolState {
  const hide = texts(nodeAt(root, ["hide"]));
  const exact = isGlob(tool) ? -1 : hide.indexOf(tool);
  const block = isGlob(tool) ? undefined : nodeAt(root, ["tools", tool]);
  let own: Said | undefined;
  if (block) own = { state: blockState(block), path: ["tools", tool] };
  if (exact >= 0) own = { state: "hide", path: ["hide", exact] };

  // What the tool would have, did its own entries not stand.
  const others: Said[] = [];
  const also: Path[] = [];
  let named = false;
  const pattern = hide.findIndex((name) => isGlob(name) && matches(name, tool));
  if (pattern >= 0) others.push({ state: "hide", path: ["hide", pattern] });
  const take = (path: Path, inner: Node) => {
    others.push({ state: floorOf(inner), path });
    if (hasRules(inner)) also.push(path);
  };
  const tools = nodeAt(root, ["tools"]);
  for (const member of tools?.kind === "object" ? tools.members : []) {
    if (!isGlob(member.key) || !matches(member.key, tool)) continue;
    named = true;
    take(["tools", member.key], member.value);
  }
  const risk = category === undefined ? undefined : nodeAt(root, ["risk", category]);
  if (risk) {
    named = true;
    take(["risk", category!], risk);
  }
  const all = nodeAt(root, ["all_tools"]);
  if (all && floorOf(all) !== "allow") others.push({ state: floorOf(all), path: ["all_tools"] });
  if (all && hasRules(all)) also.push(["all_tools"]);
  const fallback = memberOf(root, "default")?.value;
  const byDefault: Said = { state: fallback?.kind === "string" && fallback.value === "allow" ? "allow" : "deny", path: [] };

  const strictest = (from: Said[]) => from.reduce<Said | undefined>((best, one) =>
    (best === undefined || strictness[one.state] > strictness[best.state] ? one : best), undefined);
  const floor = strictest(others);
  const withOwn = strictest([...(own ? [own] : []), ...others]);
  const unnamed = named || own?.path[0] === "tools" ? undefined : byDefault;
  // The default speaks before `all_tools` does, and after what hides.
  const refused = unnamed?.state === "deny" && withOwn?.state !== "hide";
  const said = refused ? byDefault : withOwn && (!unnamed || strictness[withOwn.state] > strictness[unnamed.state]) ? withOwn : unnamed ?? byDefault;
  const least = floor ? strictness[floor.state] : 0;
  return {
    ...said,
    own: own !== undefined && said.path === own.path,
    also: also.filter((path) => pointerOf(path) !== pointerOf(said.path)),
    unreachable: isGlob(tool) ? [...states] : states.filter((state) => strictness[state] < least),
  };
}

/** The tool's own block, as it is spelled: what `setState(..., "custom", block)` brings back. */
export function ownBlock(text: string, tool: string): string | undefined {
  return textAt(text, ["tools", tool]);
}

/**
 * Makes a document say of one tool what `state` says, in as few bytes as that takes, all of them the tool's own: its names
 * in `hide` and its block in `tools`. `remembered`: a block of it that said so before; null: it said so without one.
 */
export function setState(text: string, read: (text: string) => Node, tool: string, state: State, category?: string,
                         remembered?: string | null): string {
  const said = (of: string) => toolState(read(of), tool, category);
  const now = said(text);
  if (now.unreachable.includes(state) || now.state === state) return text;
  const restores = typeof remembered === "string" && blockState(read(remembered)) === state;
  // The block keeps its rules for the day on which the tool is shown again.
  if (state === "hide" && !restores) return append(text, ["hide"], tool);
  const path = ["tools", tool];
  const out = unhide(text, read, tool);
  if (said(out).state === state) return out;
  if (restores) return setAt(out, path, new Written(remembered));
  const block = nodeAt(read(out), path);
  if (remembered === null && block) {
    const without = removeAt(out, path);
    if (said(without).state === state) return without;
  }
  switch (state) {
    case "deny": return setAt(out, path, { action: "deny" });
    case "ask": return setAt(out, path, { action: "approve" });
    // Custom begins with a block that allows, and its rules are added to it.
    default: return block && blockState(block) === "allow" ? out : setAt(out, path, {});
  }
}

function unhide(text: string, read: (text: string) => Node, tool: string): string {
  let out = text;
  for (;;) {
    const at = texts(nodeAt(read(out), ["hide"])).indexOf(tool);
    if (at < 0) return out;
    out = removeAt(out, ["hide", at]);
  }
}
