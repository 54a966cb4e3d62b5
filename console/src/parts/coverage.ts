// What agents can use without a person, and what attacks that leaves open (docs/coverage.md).
import { get } from "../api.ts";

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
