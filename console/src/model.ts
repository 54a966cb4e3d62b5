// What several pages know of the gateway's objects, as docs/api.md spells them.

export interface Server {
  name: string;
  id?: string;
  /** `store`, or file and line of the configuration that owns it. */
  owner: string;
  settings: ServerSettings;
}

export interface ServerSettings {
  url?: string;
  command?: string[];
  builtin?: string;
  headers?: Record<string, SecretReference>;
  env?: Record<string, SecretReference>;
  oauth?: { type?: string };
  transport?: string;
  era?: string;
  sandbox?: unknown;
  [setting: string]: unknown;
}

export interface SecretReference {
  env?: string;
  file?: string;
  value?: string;
  credential?: string;
  sealed?: string;
  prefix?: string;
}

export interface Bundle {
  name: string;
  owner: string;
  names: string;
  members: { server: string; policy: string; prefix: string }[];
}

export interface Grant {
  label: string;
  id: string;
  state: "active" | "expired" | "revoked";
  holder?: "token" | "identity" | "certificate";
  server: string;
  policy: string;
  grant_owner: string;
  labels: Record<string, string>;
  token_hint: string;
  created: string;
  expires?: string;
  owner: string;
}

export interface PolicyItem {
  name: string;
  server: string;
  version: number;
  sha256: string;
  mode: "enforce" | "observe";
  description: string;
  owner: string;
}

export const severities = ["critical", "high", "medium", "low"] as const;
export const categories = ["Financial", "Destructive", "Execute", "Write", "Read", "Other"] as const;

/** Whether a configuration file owns an object, so that nothing here changes it. */
export function isLocked(owner: string): boolean {
  return owner !== "store";
}

export function plural(count: number, one: string, several = one + "s"): string {
  return `${count.toLocaleString()} ${count === 1 ? one : several}`;
}

/** The least risky last. */
export function bySeverity(a: string, b: string): number {
  return severities.indexOf(a as never) - severities.indexOf(b as never);
}
