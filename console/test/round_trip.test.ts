import assert from "node:assert/strict";
import { test } from "node:test";
import { reading, rootOf } from "../src/policy/document.ts";
import { memberOf, nodeAt, plain, type Range } from "../src/policy/json_text.ts";
import { isGlob } from "../src/policy/glob.ts";
import { blockState, ownBlock, setState, states, toolState } from "../src/policy/tool_state.ts";
import { categories, Chance, policyDocument, toolNames } from "./policy_documents.ts";

/** Takes one part of a container away, with the comma that is its own; an empty container goes with its member. */
function without(text: string, parts: Range[], index: number): string {
  const own = parts[index]!;
  if (index + 1 < parts.length) return text.slice(0, own.from) + text.slice(parts[index + 1]!.from);
  if (index > 0) return text.slice(0, parts[index - 1]!.to) + text.slice(own.to);
  return text.slice(0, own.from) + text.slice(own.to);
}

/** The document without what is a tool's own: its names in `hide`, its block in `tools`, and either where nothing else is in it. */
function stripped(text: string, tool: string): string {
  for (const name of ["hide", "tools"]) {
    for (;;) {
      const list = nodeAt(rootOf(text), [name]);
      const parts: Range[] = list?.kind === "array" ? list.items : list?.kind === "object" ? list.members : [];
      const index = list?.kind === "array" ? list.items.findIndex((item) => item.kind === "string" && item.value === tool)
        : list?.kind === "object" ? list.members.findIndex((member) => member.key === tool) : -1;
      if (index < 0) break;
      text = without(text, parts, index);
    }
    const root = rootOf(text);
    const member = memberOf(root, name);
    const left = member?.value.kind === "array" ? member.value.items : member?.value.kind === "object" ? member.value.members : undefined;
    if (left?.length === 0 && root.kind === "object") text = without(text, root.members, root.members.indexOf(member!));
  }
  return text;
}

test("10,000 documents: one tool's state changes that tool's bytes alone, means what it says, and goes back", () => {
  const c = new Chance(20260722);
  const seen = new Map<string, number>();
  let changed = 0;
  for (let round = 0; round < 10000; ++round) {
    const { text } = policyDocument(c);
    assert.deepEqual(reading(text).errors, [], text);
    const tool = c.of(toolNames);
    const category = c.yes(0.7) ? c.of(categories) : undefined;
    const before = toolState(rootOf(text), tool, category);
    const target = c.of(states);
    const after = setState(text, rootOf, tool, target, category);
    const say = () => `${JSON.stringify(tool)} ${category} ${before.state} -> ${target}\n${text}\n----\n${after}`;

    assert.deepEqual(reading(after).errors, [], say());
    assert.doesNotThrow(() => JSON.parse(after), say());
    assert.equal(stripped(after, tool), stripped(text, tool), say());
    if (before.unreachable.includes(target) || before.state === target) {
      assert.equal(after, text, say());
      continue;
    }
    ++changed;
    const then = toolState(rootOf(after), tool, category);
    // A custom block without rules allows, until its first rule is added.
    const meant = target === "custom" && blockOf(after, tool) === "allow" ? ["allow", "ask"] : [target];
    assert.ok(meant.includes(then.state), say());
    seen.set(`${before.state} -> ${target}`, (seen.get(`${before.state} -> ${target}`) ?? 0) + 1);

    const back = setState(after, rootOf, tool, before.state, category, ownBlock(text, tool));
    assert.deepEqual(reading(back).errors, [], say());
    assert.equal(stripped(back, tool), stripped(text, tool), say());
    const restored = toolState(rootOf(back), tool, category);
    assert.equal(restored.state, before.state, say() + "\n----\n" + back);
    if (before.own && restored.own && before.path[0] === "tools" && restored.path[0] === "tools") assert.equal(ownBlock(back, tool), ownBlock(text, tool), say());
    // Everything else means what it meant.
    assert.deepEqual(elsewhere(back, tool), elsewhere(text, tool), say());
  }
  assert.ok(changed > 5000, `${changed} changes`);
  for (const from of states) {
    for (const to of states) {
      if (from !== to) assert.ok((seen.get(`${from} -> ${to}`) ?? 0) > 10, `${from} -> ${to}: ${seen.get(`${from} -> ${to}`)}`);
    }
  }
});

function blockOf(text: string, tool: string): string | undefined {
  const block = nodeAt(rootOf(text), ["tools", tool]);
  return block && blockState(block);
}

function elsewhere(text: string, tool: string): unknown {
  return plain(rootOf(stripped(text, tool)));
}

test("a tool whose name reads as a pattern is not set alone", () => {
  const text = "{\"version\": \"1\", \"default\": \"deny\"}";
  assert.ok(isGlob("a*"));
  assert.equal(setState(text, rootOf, "a*", "allow"), text);
});
