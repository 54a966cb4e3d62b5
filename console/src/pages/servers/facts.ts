// What a server's settings mean, in a few words.
import type { Grant, Server, ServerSettings } from "../../model.ts";

export function wayTo(settings: ServerSettings): string {
  if (settings.builtin) return "part of the gateway";
  if (settings.command) return settings.command.join(" ");
  return settings.url ?? "";
}

export function transportOf(settings: ServerSettings): string {
  if (settings.builtin) return "built in";
  if (settings.command) return settings.sandbox && settings.sandbox !== "none" ? "command, in a sandbox" : "command";
  return settings.transport === "sse" ? "HTTP with SSE" : "HTTP";
}

export function eraOf(settings: ServerSettings): string {
  return settings.era && settings.era !== "auto" ? settings.era : "found by asking";
}

export function authOf(settings: ServerSettings): string {
  if (settings.oauth) return "OAuth account";
  const names = [...Object.keys(settings.headers ?? {}), ...Object.keys(settings.env ?? {})];
  if (names.length === 0) return "none";
  return names.join(", ");
}

export function grantsOf(server: Server, grants: Grant[], bundles: { name: string; members: { server: string }[] }[]): Grant[] {
  const through = bundles.filter((one) => one.members.some((member) => member.server === server.name)).map((one) => one.name);
  return grants.filter((one) => one.state === "active" && (one.server === server.name || through.includes(one.server)));
}

export interface Drift { server: string; since: string; tools: number; drifts: { tool: string; kind: string; severity: string; says: string }[] }

export function changedTools(drift: Drift | undefined): number {
  return new Set((drift?.drifts ?? []).map((one) => one.tool)).size;
}

const outcomes: Record<string, string> = {
  upstream_error: "The server could not be reached or broke off",
  timeout: "The server did not answer in time",
  tool_error: "The last call ended with an error of the tool",
  error: "The last call ended with a protocol error",
  cancelled: "The last call was cancelled",
};

/** How the newest call that reached a server ended, in words; undefined when it went well. */
export function wordsOf(result: string | undefined, reason: string | undefined): string | undefined {
  if (!result || result === "ok") return undefined;
  return reason || outcomes[result] || result;
}
