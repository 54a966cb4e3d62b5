// The operators of conditions, in words, and which of them fit which type (policy.md 4).
import type { FieldType } from "./schema.ts";
import type { Node } from "./json_text.ts";
import { type Value, Written } from "./edit.ts";

/** How a value is entered. */
export type Entry = "same" | "number" | "list" | "present" | "text" | "texts" | "strings" | "length";

interface Operator {
  words: string;
  entry: Entry;
  types: FieldType[];
}

const any: FieldType[] = ["string", "number", "boolean", "array", "object", "unknown"];

export const operators: Record<string, Operator> = {
  eq: { words: "is", entry: "same", types: ["string", "number", "boolean", "unknown"] },
  neq: { words: "is not", entry: "same", types: ["string", "number", "boolean", "unknown"] },
  gt: { words: "is greater than", entry: "number", types: ["number", "unknown"] },
  gte: { words: "is at least", entry: "number", types: ["number", "unknown"] },
  lt: { words: "is less than", entry: "number", types: ["number", "unknown"] },
  lte: { words: "is at most", entry: "number", types: ["number", "unknown"] },
  in: { words: "is one of", entry: "list", types: ["string", "number", "unknown"] },
  not_in: { words: "is none of", entry: "list", types: ["string", "number", "unknown"] },
  exists: { words: "is present", entry: "present", types: any },
  contains: { words: "contains", entry: "text", types: ["string", "array", "unknown"] },
  starts_with: { words: "starts with", entry: "texts", types: ["string", "unknown"] },
  ends_with: { words: "ends with", entry: "texts", types: ["string", "unknown"] },
  regex: { words: "matches the pattern", entry: "text", types: ["string", "unknown"] },
  path_under: { words: "is a path under", entry: "strings", types: ["string", "unknown"] },
  url_host: { words: "is a URL of the host", entry: "strings", types: ["string", "unknown"] },
  email_domain: { words: "is an e-mail address at", entry: "strings", types: ["string", "unknown"] },
  cidr: { words: "is an IP address in", entry: "strings", types: ["string", "unknown"] },
  length: { words: "has a length", entry: "length", types: ["string", "array", "unknown"] },
};

export function operatorsFor(type: FieldType): string[] {
  return Object.keys(operators).filter((name) => operators[name]!.types.includes(type));
}

export const comparisons: Record<string, string> = { eq: "of", lt: "less than", lte: "at most", gt: "more than", gte: "at least" };

const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A number as a person types it, in JSON's spelling; nothing where it is none. */
export function numberOf(typed: string): Written | undefined {
  const text = typed.trim().replace(/^\+/, "").replace(/^(-?)\./, "$10.");
  return number.test(text) ? new Written(text) : undefined;
}

/** What a new condition compares with, until its author says. */
export function firstValue(op: string, type: FieldType, values?: readonly (string | number | boolean)[]): Value {
  const example: Record<string, Value> = { path_under: ["/srv"], url_host: ["example.com"], email_domain: ["example.com"], cidr: ["10.0.0.0/8"] };
  const own = values?.[0] ?? (type === "number" ? 0 : type === "boolean" ? true : "value");
  switch (operators[op]?.entry) {
    case "number": return 0;
    case "list": return [own];
    case "present": return true;
    case "text": return "value";
    case "texts": return "value";
    case "strings": return example[op] ?? ["value"];
    case "length": return { lte: 100 };
    default: return own;
  }
}

/** Whether a value is one that the visual view has a control for. */
export function isDrawable(op: string, value: Node): boolean {
  const strings = (node: Node) => node.kind === "array" && node.items.length > 0 && node.items.every((item) => item.kind === "string");
  switch (operators[op]?.entry) {
    case "same": return value.kind === "string" || value.kind === "number" || value.kind === "boolean";
    case "number": return value.kind === "number";
    case "list": return strings(value) || (value.kind === "array" && value.items.length > 0 && value.items.every((item) => item.kind === "number"));
    case "present": return value.kind === "boolean";
    case "text": return value.kind === "string";
    case "texts": return value.kind === "string" || strings(value);
    case "strings": return strings(value);
    case "length": return value.kind === "object" && value.members.length === 1 && value.members[0]!.key in comparisons &&
      value.members[0]!.value.kind === "number";
    default: return false;
  }
}
