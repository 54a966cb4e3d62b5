// The arguments of a recorded call, put together from the values that are stored by path.

import { type Value, Written } from "./edit.ts";
import { readJson } from "./json_text.ts";

type Tree = Record<string, unknown> | unknown[];

/** The steps of a path under `args` (policy.md 4), or nothing where it is none. */
export function stepsOf(path: string): (string | number)[] | undefined {
  const out: (string | number)[] = [];
  let rest = path;
  if (!rest.startsWith("args")) return undefined;
  rest = rest.slice(4);
  while (rest !== "") {
    const name = /^\.([^\s.[\]"']+)/.exec(rest);
    const index = /^\[(0|[1-9][0-9]*)\]/.exec(rest);
    const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(rest);
    if (name) out.push(name[1]!);
    else if (index) out.push(Number(index[1]));
    else if (quoted) {
      try {
        out.push(JSON.parse(quoted[1]!) as string);
      } catch {
        return undefined;
      }
    } else return undefined;
    rest = rest.slice((name ?? index ?? quoted)![0].length);
  }
  return out.length > 0 ? out : undefined;
}

/** Values are JSON as spelled; what is none is taken for text. A path that does not fit is left out. */
export function assemble(values: { path: string; value: string }[]): Value {
  const root: Record<string, unknown> = Object.create(null);
  for (const { path, value } of values) {
    const steps = stepsOf(path);
    if (!steps || typeof steps[0] !== "string") continue;
    let at: Tree = root;
    for (const [depth, step] of steps.entries()) {
      const own = at as Record<string | number, unknown>;
      if (Array.isArray(at) !== (typeof step === "number") || (typeof step === "number" && step > 10000)) break;
      if (depth === steps.length - 1) {
        own[step] = readJson(value).errors.length === 0 ? new Written(value) : value;
        break;
      }
      if (own[step] === undefined) own[step] = typeof steps[depth + 1] === "number" ? [] : Object.create(null);
      if (typeof own[step] !== "object" || own[step] === null || own[step] instanceof Written) break;
      at = own[step] as Tree;
    }
  }
  return holeless(root) as Value;
}

/** A list of which some elements are not stored has null there, so that the others keep their index. */
function holeless(value: unknown): unknown {
  if (value instanceof Written || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, (one) => (one === undefined ? null : holeless(one)));
  for (const key of Object.keys(value)) (value as Record<string, unknown>)[key] = holeless((value as Record<string, unknown>)[key]);
  return value;
}
