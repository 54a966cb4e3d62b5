// A draft: one text that every view of the editor shows and changes, what it began from, and the way back.
import { batch, computed, effect, type ReadonlySignal, signal, type Signal } from "@preact/signals";
import type { PolicyAnswer } from "../../parts/policies.ts";
import { rootOf } from "../../policy/document.ts";
import { nodeAt } from "../../policy/json_text.ts";
import { blockState, ownBlock, setState, type State, toolState } from "../../policy/tool_state.ts";

/** What is published, as it was read; `tag` makes a change fail where somebody else made one meanwhile. */
export interface Base extends PolicyAnswer {
  tag: string;
}

interface Kept {
  text: string;
  base: Base;
}

function kept(key: string): Kept | undefined {
  try {
    const value = sessionStorage.getItem(key);
    return value === null ? undefined : (JSON.parse(value) as Kept);
  } catch {
    return undefined;
  }
}

function keep(key: string, value: Kept | undefined): void {
  try {
    if (value) sessionStorage.setItem(key, JSON.stringify(value));
    else sessionStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing loses the draft with the page, and asks before that.
  }
}

const mostSteps = 200;

export class Draft {
  readonly text: Signal<string>;
  /** What the draft began from. */
  readonly base: Signal<Base>;
  /** What is in force now, where that is another one by now. */
  readonly newer: Signal<Base | undefined> = signal(undefined);
  readonly changed: ReadonlySignal<boolean>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  private readonly past = signal<string[]>([]);
  private readonly future = signal<string[]>([]);
  private readonly remembered = new Map<string, string | null>();
  private readonly key: string;
  readonly stop: () => void;

  constructor(server: string, name: string, live: Base) {
    this.key = `doorward.draft:${server}/${name}`;
    const old = kept(this.key);
    this.text = signal(old?.text ?? live.text);
    this.base = signal(old?.base ?? live);
    if (old && old.base.policy.sha256 !== live.policy.sha256) this.newer.value = live;
    this.changed = computed(() => this.text.value !== this.base.value.text);
    this.canUndo = computed(() => this.past.value.length > 0);
    this.canRedo = computed(() => this.future.value.length > 0);
    this.stop = effect(() => keep(this.key, this.changed.value ? { text: this.text.value, base: this.base.value } : undefined));
  }

  set(text: string): void {
    if (text === this.text.value) return;
    this.past.value = [...this.past.value, this.text.value].slice(-mostSteps);
    this.future.value = [];
    this.text.value = text;
  }

  /** A change while somebody types: part of the step before it. */
  type(text: string, first: boolean): void {
    if (first) this.set(text);
    else this.text.value = text;
  }

  undo(): void {
    const before = this.past.value.at(-1);
    if (before === undefined) return;
    this.past.value = this.past.value.slice(0, -1);
    this.future.value = [...this.future.value, this.text.value];
    this.text.value = before;
  }

  redo(): void {
    const after = this.future.value.at(-1);
    if (after === undefined) return;
    this.future.value = this.future.value.slice(0, -1);
    this.past.value = [...this.past.value, this.text.value];
    this.text.value = after;
  }

  /** Sets a tool's state; rules that this takes away come back with the state that they stood for. */
  setTool(tool: string, state: State, category: string | undefined): void {
    this.set(this.withTool(this.text.value, tool, state, category));
  }

  /** The same for several tools in one step. */
  setTools(tools: { tool: string; category: string | undefined }[], state: State): void {
    this.set(tools.reduce((text, one) => this.withTool(text, one.tool, state, one.category), this.text.value));
  }

  private withTool(text: string, tool: string, state: State, category: string | undefined): string {
    const root = rootOf(text);
    const block = nodeAt(root, ["tools", tool]);
    if (block) this.remembered.set(`${blockState(block)} ${tool}`, ownBlock(text, tool)!);
    else this.remembered.set(`${toolState(root, tool, category).state} ${tool}`, null);
    return setState(text, rootOf, tool, state, category, this.remembered.get(`${state} ${tool}`));
  }

  discard(): void {
    this.set(this.newer.value?.text ?? this.base.value.text);
    if (this.newer.value) this.rebase(this.newer.value);
  }

  /** The draft is in force: nothing of it is left to publish. */
  publish(text: string, base: Base): void {
    batch(() => {
      this.rebase(base);
      this.text.value = text;
      this.past.value = [];
      this.future.value = [];
    });
  }

  /** Makes another version the one that the draft is compared with, and would replace. */
  rebase(base: Base): void {
    this.base.value = base;
    this.newer.value = undefined;
  }
}
