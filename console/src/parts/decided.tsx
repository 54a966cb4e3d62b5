// What agents can do with tools, by asking the engine: one row for each tool under each policy (docs/coverage.md).
import { get } from "../api.ts";
import { address } from "../router.ts";
import { Text } from "./text.tsx";

export interface Decided {
  server: string; tool: string; category: string; severity: string; policy: string; version?: number; agents: string[];
  agents_left_out?: number; state: string; decided: boolean; observed: boolean; rule: string; why: string;
  passes?: Record<string, unknown>; stopped?: Record<string, unknown>; exposed_because?: string;
}

export interface Coverage {
  sentence: string; whole: boolean; decisions: number; servers: number; agents: number;
  severities: Record<string, number | string>[];
  patterns: Pattern[];
  tools?: Decided[]; tools_left_out?: number;
}

export interface Pattern {
  id: string; name: string; state: string; decided: boolean; why: string; rule: string; mitigation: string; exposed: number;
  counts: Record<string, number>; agents: string[]; tools: Decided[];
  fixes: { server: string; policy: string; closes: number; leaves: number; tools: string[]; note: string; text: string }[];
}

export function coverage(query: { server?: string; grant?: string; detail?: "tools" }, signal?: AbortSignal): Promise<Coverage> {
  return get<Coverage>("/coverage", query, signal);
}

/** Whether it is a place in a document, and not a sentence such as `(no policy)` or a fragment that would help. */
export function isPlace(rule: string): boolean {
  return rule.startsWith("/");
}

/** The rule that decided, as a link to its place in the policy. */
export function RuleOf(props: { server: string; policy: string; rule: string }) {
  const { server, policy, rule } = props;
  if (!policy) return <span class="dim">no policy</span>;
  const where = address(["policies", policy], { server, rule: isPlace(rule) ? rule : undefined });
  if (isPlace(rule)) return <a href={where} class="mono"><Text of={rule} /></a>;
  return <><span class="dim">{rule || "nothing stops it"}</span>{" in "}<a href={where}><Text of={policy} /></a></>;
}
