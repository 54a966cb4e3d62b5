// Counts of calls, made from the log by the gateway (docs/api.md, stats).
import { ApiError, get } from "../api.ts";

export interface Counts { allowed: number; denied: number; hidden: number; rate_limited: number; needs_approval: number; would_deny: number; error: number;
  calls: number; refused: number; refused_percent: number }
export interface Group extends Counts { server?: string; tool?: string; agent?: string; grant?: string; policy?: string; rule?: string; last?: string; main_rule?: string }

export async function stats(query: { since: string; by?: "tool" | "server" | "agent" | "rule" | "policy"; agent?: string; server?: string; tool?: string }, signal?: AbortSignal): Promise<Group[]> {
  try {
    return (await get<{ groups: Group[] }>("/stats", { limit: 1000, ...query }, signal)).groups;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return [];
    throw error;
  }
}
