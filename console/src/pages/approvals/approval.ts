// Requests for approval as the API tells of them, and what is counted of many.
export interface Approval {
  id: string;
  state: "pending" | "approved" | "denied" | "used" | "expired" | "cancelled";
  open: boolean;
  server: string;
  tool: string;
  category?: string;
  grant: string;
  grant_owner?: string;
  identity?: string;
  client?: string;
  policy?: string;
  policy_version?: number;
  rule: string;
  pointer?: string;
  note?: string;
  args_digest?: string;
  groups: { approvers: string[]; approvals: number; self_confirm: boolean }[];
  decision?: string;
  asked: number;
  created: string;
  expires: string;
  left_s: number;
  repeats: boolean;
  decided?: string;
  decided_by?: string;
  reason?: string;
  agreed?: { actor?: string; person?: string; name?: string }[];
  used?: number;
  arguments?: unknown;
  shown?: string;
}

export interface RuleStats {
  policy: string;
  server: string;
  rule: string;
  asked: number;
  approved: number;
  denied: number;
  expired: number;
  /** Of those that people answered. */
  median_s: number | undefined;
}

function median(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What became of the requests of each rule; the rule that asks most comes first. Those that still wait are not counted. */
export function statsOf(approvals: Approval[]): RuleStats[] {
  const rules = new Map<string, Approval[]>();
  for (const one of approvals) {
    if (one.state === "pending" || one.state === "cancelled") continue;
    const key = JSON.stringify([one.policy ?? "", one.server, one.rule]);
    rules.set(key, [...(rules.get(key) ?? []), one]);
  }
  return [...rules.entries()].map(([key, all]) => {
    const [policy, server, rule] = JSON.parse(key) as [string, string, string];
    const agreed = all.filter((one) => one.state === "approved" || one.state === "used" || (one.state === "expired" && one.decided));
    const answered = all.filter((one) => one.decided);
    return { policy, server, rule, asked: all.length, approved: agreed.length, denied: all.filter((one) => one.state === "denied").length,
      expired: all.filter((one) => one.state === "expired" && !one.decided).length,
      median_s: median(answered.map((one) => (Date.parse(one.decided!) - Date.parse(one.created)) / 1000)) };
  }).sort((a, b) => b.asked - a.asked);
}

/** How many approvals in a row make a rule one that asks for nothing. */
export const manyAgreed = 10;

export function inWords(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
