// What an agent can do with a tool, as the engine answers generated calls (grant.can, server.can of docs/api.md).
import { address } from "../router.ts";
import { Decision } from "./decision.tsx";
import { Text } from "./text.tsx";

export interface PermissionPolicy { name: string; version: number; sha256: string; mode: "enforce" | "observe" }

export interface Permission {
  decision: "allowed" | "denied" | "hidden" | "rate_limited" | "needs_approval" | "depends";
  decided: boolean;
  /** Of a policy that observes: the same, if it enforced. */
  would?: Permission["decision"];
  rule: string; pointer: string; line: number; note: string; why: string;
  passes?: string; stopped?: string;
}

export interface ToolPermission extends Permission { tool: string; category: string; severity: string; outer?: string }

export interface GrantPermissions {
  grant: string; owner: string; whole: boolean;
  servers: { server: string; policy: PermissionPolicy | null; tools: ToolPermission[] }[];
}

export interface ServerPermissions {
  server: string; whole: boolean;
  tools: { tool: string; category: string; severity: string; outer?: string }[];
  agents: { grant: string; owner: string; column: number }[];
  columns: { policy: PermissionPolicy | null; cells: Permission[] }[];
}

export const permissionWords = [["allowed", "Allowed"], ["depends", "Depends on arguments"], ["rate_limited", "Rate-limited"],
  ["needs_approval", "Needs approval"], ["denied", "Denied"], ["hidden", "Hidden"]] as const;

/** `severity` of the tool: what may be called freely stands out only where the tool is risky. */
export function Can(props: { of: Permission; severity?: string }) {
  const { of } = props;
  const undecided = !of.decided && <span title="Not told for all arguments">{" ?"}<span class="hidden-visually">, not told for all arguments</span></span>;
  if (of.would === "denied") return <span class="can"><Decision of="would_deny" /></span>;
  if (of.would && of.would !== "allowed") {
    return <span><Can of={{ ...of, decision: of.would, would: undefined }} /><span class="dim"> if it enforced</span></span>;
  }
  if (of.decision === "depends") return <span class="can depends"><span aria-hidden="true">◐ </span>Depends{undecided}</span>;
  const open = of.decision === "allowed" && (props.severity === "critical" || props.severity === "high");
  return <span class={"can" + (open ? " open" : "")}><Decision of={of.decision} />{undecided}</span>;
}

/** The rule that says so, with its line, as a link to its place in the editor. */
export function RuleLink(props: { server: string; policy: PermissionPolicy | null; of: Permission }) {
  const { server, policy, of } = props;
  if (!policy) return <span class="dim">the grant carries no policy</span>;
  const where = address(["policies", policy.name], { server, at: of.pointer || undefined });
  return (
    <span>
      <a href={where}>{of.rule && of.line ? `line ${of.line}` : <Text of={policy.name} />}</a>
      {of.rule && <>{" "}<span class="mono dim"><Text of={of.rule} /></span></>}
      {of.note && <>{" "}<q><Text of={of.note} /></q></>}
    </span>
  );
}
