// What a tool's input schema (JSON Schema, written by a server: anything may stand in it) tells an author of rules.

export type FieldType = "string" | "number" | "boolean" | "array" | "object" | "unknown";

export interface Field {
  /** As a condition names it: `args.customer.email`. */
  path: string;
  type: FieldType;
  required: boolean;
  /** The values that the schema allows, as JSON. */
  values?: (string | number | boolean)[];
  description?: string;
}

const most = 200;
const deepest = 4;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A path with one more step (policy.md 4). */
export function step(path: string, key: string): string {
  return /^[^\s.[\]"'\u0000-\u001f]+$/u.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function typeOf(schema: Record<string, unknown>): FieldType {
  const named = Array.isArray(schema.type) ? schema.type.filter((one) => one !== "null") : [schema.type];
  if (named.length === 1) {
    switch (named[0]) {
      case "string":
      case "boolean":
      case "array":
      case "object": return named[0];
      case "number":
      case "integer": return "number";
    }
  }
  if (Array.isArray(schema.enum) && schema.enum.length > 0) {
    if (schema.enum.every((one) => typeof one === "string")) return "string";
    if (schema.enum.every((one) => typeof one === "number")) return "number";
  }
  if (isObject(schema.properties)) return "object";
  return schema.items === undefined ? "unknown" : "array";
}

/** What stands behind a local reference; other references tell nothing. */
function resolve(schema: unknown, root: unknown): Record<string, unknown> {
  let at = schema;
  for (let hops = 0; hops < 8 && isObject(at) && typeof at.$ref === "string"; ++hops) {
    const steps = at.$ref.startsWith("#/") ? at.$ref.slice(2).split("/").map((one) => one.replaceAll("~1", "/").replaceAll("~0", "~")) : undefined;
    if (!steps) return {};
    at = steps.reduce<unknown>((inner, one) => (isObject(inner) && Object.hasOwn(inner, one) ? inner[one] : undefined), root);
  }
  return isObject(at) ? at : {};
}

/** The arguments that a schema names, with those inside of objects and lists, in its order. */
export function fieldsOf(schema: unknown): Field[] {
  const out: Field[] = [];
  const visit = (given: unknown, path: string, required: boolean, depth: number) => {
    if (out.length >= most || depth > deepest) return;
    const own = resolve(given, schema);
    const type = typeOf(own);
    if (path !== "args") {
      const field: Field = { path, type, required };
      const values = Array.isArray(own.enum) ? own.enum : own.const !== undefined ? [own.const] : undefined;
      const simple = values?.filter((one) => ["string", "number", "boolean"].includes(typeof one));
      if (simple && simple.length > 0 && simple.length <= 100) field.values = simple;
      if (typeof own.description === "string") field.description = own.description;
      out.push(field);
    }
    if (isObject(own.properties)) {
      const wanted = Array.isArray(own.required) ? own.required : [];
      for (const [key, inner] of Object.entries(own.properties)) visit(inner, step(path, key), wanted.includes(key), depth + 1);
    }
    if (type === "array" && isObject(own.items)) visit(own.items, path + "[*]", false, depth + 1);
  };
  visit(schema, "args", true, 0);
  return out;
}

/** What conditions may ask of beside arguments. */
export const otherFields: Field[] = [
  { path: "tool.name", type: "string", required: true },
  { path: "tool.category", type: "string", required: true, values: ["Read", "Write", "Execute", "Destructive", "Financial", "Other"] },
  { path: "grant.label", type: "string", required: true },
  { path: "time.hour", type: "number", required: true, description: "0 to 23" },
  { path: "time.weekday", type: "string", required: true, values: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
];

/** An example of the arguments, for a call to try. */
export function sampleOf(schema: unknown): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of fieldsOf(schema)) {
    const name = /^args\.([^.[]+)$/.exec(field.path)?.[1];
    if (!name || !field.required) continue;
    const blank: Record<FieldType, unknown> = { string: "", number: 0, boolean: false, array: [], object: {}, unknown: "" };
    out[name] = field.values?.[0] ?? blank[field.type];
  }
  return out;
}
