// Changes to the text of a document that keep every byte that they are not about: order, indentation, line ends, spelling.
import { type ArrayNode, type Node, nodeAt, type ObjectNode, type Path, readJson } from "./json_text.ts";

/** A value as it is to stand in the text: JSON that is written out, so that 10000.0000000000000001 stays what it is. */
export class Written {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Value = string | number | boolean | null | Written | readonly Value[] | { readonly [key: string]: Value };

export interface Style {
  /** Line end of the document; empty where it has one line. */
  line: string;
  /** One level of indentation. */
  unit: string;
  /** Between a key and its value. */
  colon: string;
}

export function styleOf(text: string, root: Node): Style {
  const line = text.includes("\r\n") ? "\r\n" : text.includes("\n") ? "\n" : "";
  const first = root.kind === "object" ? root.members[0] : undefined;
  const colon = first ? text.slice(first.keyTo, first.value.from) : ": ";
  const before = first ? text.slice(root.from + 1, first.from) : "";
  const indent = before.slice(before.lastIndexOf("\n") + 1);
  return {
    line: line && before.includes("\n") ? line : "",
    unit: before.includes("\n") && indent !== "" ? indent.slice(indentOf(text, root.from).length) || "  " : "  ",
    colon: /^[ \t]*:[ \t]*$/.test(colon) ? colon : ": ",
  };
}

function indentOf(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))![0];
}

const widest = 88;

/** Writes a value: on one line where it is short, else a member a line. `indent`: of the line that it begins on. */
export function write(value: Value, style: Style, indent: string): string {
  const gap = style.line === "" && style.colon === ":" ? "" : " ";
  const flat = (one: Value): string => {
    if (one instanceof Written) return one.text;
    if (Array.isArray(one)) return "[" + one.map(flat).join("," + gap) + "]";
    if (one !== null && typeof one === "object") {
      return "{" + Object.entries(one).map(([key, inner]) => JSON.stringify(key) + style.colon + flat(inner)).join("," + gap) + "}";
    }
    return JSON.stringify(one);
  };
  const short = flat(value);
  const plainValue = value instanceof Written || value === null || typeof value !== "object";
  if (style.line === "" || plainValue || indent.length + short.length <= widest) return short;
  const inner = indent + style.unit;
  const wrap = (open: string, parts: string[], close: string) =>
    open + style.line + parts.map((part) => inner + part).join("," + style.line) + style.line + indent + close;
  if (Array.isArray(value)) return wrap("[", value.map((one) => write(one, style, inner)), "]");
  return wrap("{", Object.entries(value as Record<string, Value>).map(([key, one]) =>
    JSON.stringify(key) + style.colon + write(one, style, inner)), "}");
}

function splice(text: string, from: number, to: number, put: string): string {
  return text.slice(0, from) + put + text.slice(to);
}

/** Adds at the end of a container, spaced as what stands in it already. */
function add(text: string, container: ObjectNode | ArrayNode, style: Style, put: (indent: string, colon: string) => string): string {
  const parts = container.kind === "object" ? container.members : container.items;
  const last = parts[parts.length - 1];
  if (last) {
    const previous = parts[parts.length - 2];
    const before = previous ? text.slice(previous.to, last.from) : text.slice(container.from + 1, last.from);
    const space = before.replace(",", "");
    const indent = space.includes("\n") || space.includes("\r") ? /[ \t]*$/.exec(space)![0] : indentOf(text, last.from);
    let colon = style.colon;
    if (container.kind === "object") {
      const own = text.slice(container.members.at(-1)!.keyTo, container.members.at(-1)!.value.from);
      if (/^[ \t]*:[ \t]*$/.test(own)) colon = own;
    }
    const between = previous || space !== "" || style.colon === ":" ? space : " ";
    return splice(text, last.to, last.to, "," + between + put(indent, colon));
  }
  const indent = indentOf(text, container.from);
  const [open, close] = container.kind === "object" ? ["{", "}"] : ["[", "]"];
  // What is short stays on one line, as `{"limits": []}` and names of tools in a list do.
  const short = put(indent, style.colon);
  const oneLine = style.line === "" || (container.kind === "array" && !short.includes("\n") && indent.length + short.length < widest - 20);
  if (oneLine) return splice(text, container.from, container.to, open + short + close);
  const inner = indent + style.unit;
  return splice(text, container.from, container.to, open + style.line + inner + put(inner, style.colon) + style.line + indent + close);
}

function dropAt(text: string, container: ObjectNode | ArrayNode, index: number): string {
  const parts = container.kind === "object" ? container.members : container.items;
  const own = parts[index];
  if (!own) return text;
  const next = parts[index + 1];
  const previous = parts[index - 1];
  if (next) return splice(text, own.from, next.from, "");
  if (previous) return splice(text, previous.to, own.to, "");
  return splice(text, container.from + 1, container.to - 1, "");
}

/** Sets what stands at a path, making the objects on the way that are missing. The text must be JSON. */
export function setAt(text: string, path: Path, value: Value): string {
  const { root } = readJson(text);
  const style = styleOf(text, root);
  const found = nodeAt(root, path);
  if (found) return splice(text, found.from, found.to, write(value, style, indentOf(text, found.from)));
  let depth = path.length - 1;
  while (depth > 0 && !nodeAt(root, path.slice(0, depth))) --depth;
  const container = nodeAt(root, path.slice(0, depth));
  if (container?.kind !== "object") return text;
  // The rest of the path, as the value that holds the value.
  const rest = path.slice(depth + 1).reduceRight<Value>((inner, step) => ({ [String(step)]: inner }), value);
  const key = JSON.stringify(String(path[depth]));
  return add(text, container, style, (indent, colon) => key + colon + write(rest, style, indent));
}

/** Adds to the end of the list at a path, making it where it is missing. */
export function append(text: string, path: Path, value: Value): string {
  const { root } = readJson(text);
  const list = nodeAt(root, path);
  if (list === undefined) return setAt(text, path, [value]);
  if (list.kind !== "array") return text;
  const style = styleOf(text, root);
  return add(text, list, style, (indent) => write(value, style, indent));
}

/** Takes away what stands at a path: a member with its key, or an item of a list. */
export function removeAt(text: string, path: Path): string {
  const { root } = readJson(text);
  const container = nodeAt(root, path.slice(0, -1));
  const step = path[path.length - 1]!;
  if (container?.kind === "object") return dropAt(text, container, container.members.findIndex((member) => member.key === step));
  if (container?.kind === "array" && typeof step === "number") return dropAt(text, container, step);
  return text;
}

/** The text of what stands at a path, as it is spelled. */
export function textAt(text: string, path: Path): string | undefined {
  const node = nodeAt(readJson(text).root, path);
  return node && text.slice(node.from, node.to);
}

/** The one stretch in which two texts differ: what an editor has to change. */
export function change(before: string, after: string): { from: number; to: number; insert: string } | undefined {
  if (before === after) return undefined;
  let from = 0;
  const least = Math.min(before.length, after.length);
  while (from < least && before[from] === after[from]) ++from;
  let end = 0;
  while (end < least - from && before[before.length - 1 - end] === after[after.length - 1 - end]) ++end;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}
