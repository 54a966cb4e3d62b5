// What the gateway says of policies and of the tools that they are about, as docs/api.md spells it.
import { all, ApiError, get, send } from "../../api.ts";
import type { Bundle, Grant, PolicyItem } from "../../model.ts";

export interface Finding {
  severity: "error" | "warning";
  code: string;
  message: string;
  pointer: string;
  line: number;
  column: number;
  /** Offsets in bytes of UTF-8. */
  begin: number;
  end: number;
  suggestion?: string;
  fix?: string;
}

export interface TestResult {
  name: string;
  pointer: string;
  passed: boolean;
  expected: string;
  got: string;
}

export interface Tested {
  passed: number;
  failed: number;
  tests: TestResult[];
}

export interface CatalogueTool {
  tool: string;
  category: string;
  severity: string;
  description: string;
  gone?: boolean;
  outer?: string;
  reviewed?: boolean;
}

export const listPolicies = () => all<PolicyItem>("/policies", "policies");

export async function validate(text: string): Promise<{ valid: boolean; findings: Finding[] }> {
  const answer = await send<{ files: { valid: boolean; findings: Finding[] }[] }>("POST", "/policies/validate", { text });
  return answer.files[0] ?? { valid: false, findings: [] };
}

export const testPolicy = (subject: { text: string; server: string } | { policy: string; server: string }) =>
  send<Tested>("POST", "/policies/test", subject);

/** Grants in use, and bundles, whose members carry policies as well. */
export async function carriers(): Promise<{ grants: Grant[]; bundles: Bundle[] }> {
  const [grants, servers] = await Promise.all([
    all<Grant>("/grants", "grants"),
    get<{ bundles?: Bundle[] }>("/servers", { limit: 1000 }),
  ]);
  return { grants: grants.filter((grant) => grant.state === "active"), bundles: servers.bundles ?? [] };
}

/** The agents whose calls a policy decides. */
export function agentsOf(from: { grants: Grant[]; bundles: Bundle[] }, policy: { server: string; name: string }): Grant[] {
  return from.grants.filter((grant) => {
    const bundle = from.bundles.find((one) => one.name === grant.server);
    if (!bundle) return grant.server === policy.server && grant.policy === policy.name;
    return bundle.members.some((member) => member.server === policy.server && member.policy === policy.name);
  });
}

/** The tools of a server, riskiest first; none where the catalogue does not know it yet. */
export async function toolsOf(server: string, signal?: AbortSignal): Promise<CatalogueTool[]> {
  try {
    const answer = await get<{ tools: CatalogueTool[] }>(`/catalogue/servers/${encodeURIComponent(server)}`, {}, signal);
    return answer.tools.filter((tool) => !tool.gone);
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return [];
    throw error;
  }
}

export async function schemaOf(server: string, tool: string): Promise<unknown> {
  const answer = await get<{ tool: { definition?: { inputSchema?: unknown } } }>(
    `/catalogue/servers/${encodeURIComponent(server)}/tools/${encodeURIComponent(tool)}`);
  return answer.tool.definition?.inputSchema;
}

interface CallGroup {
  server?: string;
  tool?: string;
  policy?: string;
  calls: number;
  refused: number;
}

/** Calls of each tool of a server in the last 30 days. */
export async function callsOf(server: string): Promise<Map<string, number>> {
  const answer = await get<{ groups: CallGroup[] }>("/stats", { since: "30d", by: "tool", server, limit: 1000 });
  return new Map(answer.groups.map((group) => [group.tool ?? "", group.calls]));
}

/** Refusals of each policy in the last seven days, by `<server>/<name>`. */
export async function refusals(): Promise<Map<string, number>> {
  const answer = await get<{ groups: CallGroup[] }>("/stats", { since: "7d", by: "policy", limit: 1000 });
  return new Map(answer.groups.map((group) => [`${group.server}/${group.policy}`, group.refused]));
}

export interface PolicyDiff {
  changed: boolean;
  summary: string;
  widens: boolean;
  tools: { tool: string; before: string; after: string; before_rule: string; rule: string; line: number }[];
  limits: { rule: string; change: string; before: string; after: string }[];
  settings: { name: string; before: string; after: string }[];
}

export const diffPolicy = (text: string, server: string, policy: string) => send<PolicyDiff>("POST", "/policies/diff", { text, server, policy });
