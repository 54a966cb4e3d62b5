// The one text that both tabs of the editor show.
import { type Node, type Reading, readJson } from "./json_text.ts";

let last: { text: string; reading: Reading } | undefined;

/** Reads a document; the last one is kept, since one draft is drawn by many parts. */
export function reading(text: string): Reading {
  if (last?.text !== text) last = { text, reading: readJson(text) };
  return last.reading;
}

export function rootOf(text: string): Node {
  return reading(text).root;
}

/** Why the visual view cannot be drawn, or nothing. */
export function obstacle(text: string): { message: string; line: number } | undefined {
  const { root, errors } = reading(text);
  const first = errors[0];
  if (first) return { message: first.message, line: lineOf(text, first.from) };
  return root.kind === "object" ? undefined : { message: "a policy is an object: { … }", line: 1 };
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) ++line;
  return line;
}
