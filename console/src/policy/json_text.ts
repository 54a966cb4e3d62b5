// A reader of JSON that keeps where everything stands. It goes on after a mistake, so that an editor can still help in a
// document that is being typed; whoever edits by its ranges wants `errors` to be empty.

export interface Range {
  /** Offsets in UTF-16 units, `to` exclusive. */
  from: number;
  to: number;
}

export interface Member extends Range {
  key: string;
  /** Of the key with its quotes. */
  keyTo: number;
  value: Node;
}

export type Node = Range & (
  | { kind: "object"; members: Member[] }
  | { kind: "array"; items: Node[] }
  | { kind: "string"; value: string }
  /** As spelled: 1e400 and 10000.0000000000000001 are no numbers of this language. */
  | { kind: "number"; spelled: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "null" }
  | { kind: "broken" });

export type ObjectNode = Extract<Node, { kind: "object" }>;
export type ArrayNode = Extract<Node, { kind: "array" }>;

export interface Mistake extends Range {
  message: string;
}

export interface Reading {
  root: Node;
  errors: Mistake[];
}

// What the gateway's own reader takes at most.
const deepest = 64;
const simple: Record<string, string> = { "\"": "\"", "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class Reader {
  readonly errors: Mistake[] = [];
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): Node {
    const root = this.value(1);
    this.space();
    if (this.at < this.text.length) this.fail(this.at, this.text.length, "text after the end of the document");
    return root;
  }

  private fail(from: number, to: number, message: string): void {
    this.errors.push({ from, to: Math.max(to, from), message });
  }

  private space(): void {
    for (;;) {
      const one = this.text[this.at];
      if (one === " " || one === "\t" || one === "\n" || one === "\r") {
        ++this.at;
      } else if (one === "/" && (this.text[this.at + 1] === "/" || this.text[this.at + 1] === "*")) {
        const from = this.at;
        const line = this.text[this.at + 1] === "/";
        const end = this.text.indexOf(line ? "\n" : "*/", from + 2);
        this.at = end < 0 ? this.text.length : line ? end : end + 2;
        this.fail(from, this.at, "JSON has no comments");
      } else {
        return;
      }
    }
  }

  private value(depth: number): Node {
    this.space();
    const from = this.at;
    const one = this.text[from];
    if (depth > deepest) {
      this.fail(from, this.text.length, `more than ${deepest} levels`);
      this.at = this.text.length;
      return { kind: "broken", from, to: this.at };
    }
    if (one === "{") return this.object(depth);
    if (one === "[") return this.array(depth);
    if (one === "\"") return { kind: "string", value: this.string(), from, to: this.at };
    const word = /[^\s,:{}[\]"]*/y;
    word.lastIndex = from;
    const spelled = word.exec(this.text)![0];
    this.at = from + spelled.length;
    const to = this.at;
    if (spelled === "true" || spelled === "false") return { kind: "boolean", value: spelled === "true", from, to };
    if (spelled === "null") return { kind: "null", from, to };
    if (/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(spelled)) return { kind: "number", spelled, from, to };
    this.fail(from, to, spelled === "" ? "a value is missing" : "this is no JSON value");
    return { kind: "broken", from, to };
  }

  private string(): string {
    const from = this.at++;
    let out = "";
    for (;;) {
      const one = this.text[this.at];
      if (one === undefined || one === "\n" || one === "\r") {
        this.fail(from, this.at, "the text has no closing quote");
        return out;
      }
      ++this.at;
      if (one === "\"") return out;
      if (one !== "\\") {
        if (one < " ") this.fail(this.at - 1, this.at, "a control character must be escaped");
        out += one;
        continue;
      }
      const next = this.text[this.at++] ?? "";
      const hex = this.text.slice(this.at, this.at + 4);
      if (next === "u" && /^[0-9a-fA-F]{4}$/.test(hex)) {
        out += String.fromCharCode(parseInt(hex, 16));
        this.at += 4;
      } else if (next in simple) {
        out += simple[next];
      } else {
        this.fail(this.at - 2, this.at, "no such escape");
        this.at = Math.min(this.at, this.text.length);
      }
    }
  }

  private object(depth: number): ObjectNode {
    const from = this.at++;
    const members: Member[] = [];
    const known = new Set<string>();
    for (let first = true; ; first = false) {
      if (this.closes("}", from, first)) break;
      const start = this.at;
      if (this.text[start] !== "\"") {
        this.fail(start, start + 1, "a member's name in quotes is wanted");
        this.at = start;
        this.value(depth + 1);
        this.space();
        if (this.text[this.at] === ":") { ++this.at; this.value(depth + 1); }
        if (this.at === start) ++this.at;
        continue;
      }
      const key = this.string();
      const keyTo = this.at;
      if (known.has(key)) this.fail(start, keyTo, `${JSON.stringify(key)} stands here a second time`);
      known.add(key);
      this.space();
      if (this.text[this.at] === ":") ++this.at;
      else this.fail(this.at, this.at, "a colon is wanted");
      const value = this.value(depth + 1);
      members.push({ key, keyTo, value, from: start, to: value.to });
    }
    return { kind: "object", members, from, to: this.at };
  }

  private array(depth: number): ArrayNode {
    const from = this.at++;
    const items: Node[] = [];
    for (let first = true; ; first = false) {
      if (this.closes("]", from, first)) break;
      const start = this.at;
      items.push(this.value(depth + 1));
      if (this.at === start) ++this.at;
    }
    return { kind: "array", items, from, to: this.at };
  }

  /** Takes the comma before the next item, or the end of the container. */
  private closes(bracket: string, from: number, first: boolean): boolean {
    this.space();
    if (this.text[this.at] === bracket) {
      ++this.at;
      return true;
    }
    if (this.at >= this.text.length) {
      this.fail(from, from + 1, "this is not closed");
      return true;
    }
    // The other kind of bracket ends what is around this one.
    if (this.text[this.at] === (bracket === "}" ? "]" : "}")) {
      this.fail(this.at, this.at + 1, `${bracket} is wanted here`);
      return true;
    }
    if (first) return false;
    if (this.text[this.at] !== ",") {
      this.fail(this.at, this.at, "a comma is wanted");
      return false;
    }
    const comma = this.at++;
    this.space();
    if (this.text[this.at] !== bracket) return false;
    this.fail(comma, comma + 1, "nothing follows this comma");
    ++this.at;
    return true;
  }
}

export function readJson(text: string): Reading {
  const reader = new Reader(text);
  const root = reader.document();
  return { root, errors: reader.errors };
}

export function memberOf(node: Node | undefined, key: string): Member | undefined {
  return node?.kind === "object" ? node.members.find((member) => member.key === key) : undefined;
}

export type Path = readonly (string | number)[];

/** The value of a string, empty for anything else. */
export function textOf(node: Node | undefined): string {
  return node?.kind === "string" ? node.value : "";
}

/** What stands at a path of keys and indices. */
export function nodeAt(root: Node | undefined, path: Path): Node | undefined {
  let node = root;
  for (const step of path) {
    if (typeof step === "number") node = node?.kind === "array" ? node.items[step] : undefined;
    else node = memberOf(node, step)?.value;
  }
  return node;
}

/** The text that an offset is in: a member's name or a value, without its quotes; `path` has `*` for an index. */
export interface Cursor extends Range {
  path: string[];
  name: boolean;
}

export function cursorAt(root: Node, offset: number): Cursor | undefined {
  const path: string[] = [];
  for (let node: Node | undefined = root; node;) {
    if (node.kind === "string") return node.from < offset && offset <= node.to ? { path, name: false, from: node.from, to: node.to } : undefined;
    if (node.kind === "object") {
      const member: Member | undefined = node.members.find((one) => one.from < offset && offset <= Math.max(one.to, one.keyTo));
      if (!member) return undefined;
      if (offset <= member.keyTo) return { path, name: true, from: member.from, to: member.keyTo };
      path.push(member.key);
      node = member.value;
    } else {
      node = node.kind === "array" ? node.items.find((one) => one.from < offset && offset <= one.to) : undefined;
      path.push("*");
    }
  }
  return undefined;
}

/** Calls `take` for every value and, with its member, for every name, in the order of the text. */
export function walk(node: Node, take: (node: Node, member?: Member) => void): void {
  take(node);
  if (node.kind === "array") for (const item of node.items) walk(item, take);
  if (node.kind !== "object") return;
  for (const member of node.members) {
    take(member.value, member);
    walk(member.value, take);
  }
}

/** RFC 6901. */
export function pathOfPointer(pointer: string): string[] {
  return pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function pointerOf(path: Path): string {
  return path.map((step) => "/" + String(step).replaceAll("~", "~0").replaceAll("/", "~1")).join("");
}

/** The value as JavaScript has it; numbers lose digits that it does not hold, so compare `spelled` where that counts. */
export function plain(node: Node): unknown {
  switch (node.kind) {
    case "object": {
      const out: Record<string, unknown> = Object.create(null);
      for (const member of node.members) out[member.key] = plain(member.value);
      return out;
    }
    case "array": return node.items.map(plain);
    case "string":
    case "boolean": return node.value;
    case "number": return Number(node.spelled);
    default: return null;
  }
}
