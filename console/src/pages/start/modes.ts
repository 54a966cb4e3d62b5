// The three ways to begin, and what each puts in force.
import { all, get, send } from "../../api.ts";
import type { PolicyItem } from "../../model.ts";
import type { ServerPermissions } from "../../parts/permission.tsx";
import { putPolicy, takeBack } from "../../parts/policies.ts";
import { type Plan, recommended } from "../../parts/recommend.tsx";

export type Mode = "observe" | "recommended" | "lockdown";

export const modes: { id: Mode; title: string; says: string }[] = [
  { id: "observe", title: "Observe", says: "Nothing is refused. Every call is judged and recorded as it would have been, so that you can look before you decide." },
  { id: "recommended", title: "Recommended", says: "Reading runs. Writing is limited to 30 calls a minute. Money waits for a person. Tools that destroy are hidden." },
  { id: "lockdown", title: "Locked down", says: "Only plain reading runs. Everything that changes something waits for a person; what destroys or moves money is hidden." },
];

/** What a mode would put in force, on which servers, and which it leaves alone for what reason. */
export interface ModePlan extends Plan { servers: string[]; left: { server: string; why: string }[] }

const postureOf = (mode: Mode) => (mode === "lockdown" ? "strict" : "recommended");

/** Changes nothing. */
export async function planOf(mode: Mode, servers: string[], policies: PolicyItem[]): Promise<ModePlan> {
  const left: ModePlan["left"] = [];
  // One after another: the gateway judges a few at once and refuses more.
  for (const server of servers) {
    const { tools } = await get<ServerPermissions>(`/servers/${encodeURIComponent(server)}/permissions`);
    if (tools.length === 0) left.push({ server, why: "Its tools are not known yet. The step before asks it for them." });
    else if (policies.filter((one) => one.server === server).length > 1) left.push({ server, why: "It has several policies. Change each on its own page." });
  }
  const able = servers.filter((server) => left.every((each) => each.server !== server));
  const plan: ModePlan = { ...(able.length ? await recommended(able, postureOf(mode)) : { digest: "", policies: [] }), servers: able, left };
  if (mode !== "observe") return plan;
  return { ...plan, policies: plan.policies.map((one) => ({ ...one, changed: true, text: JSON.stringify({ ...JSON.parse(one.text), mode: "observe" }, null, 2) + "\n" })) };
}

/** Puts a plan in force: by its digest where the gateway made it as it is, else as documents. */
export async function putInForce(mode: Mode, plan: ModePlan): Promise<() => Promise<void>> {
  const before = new Map<string, PolicyItem>();
  for (const one of await all<PolicyItem>("/policies", "policies")) before.set(one.server + "/" + one.name, one);
  if (mode === "observe") {
    for (const one of plan.policies) await putPolicy(one.server, one.policy, one.text, "first run: observe");
  } else {
    await send("POST", "/catalogue/apply", { servers: plan.servers, posture: postureOf(mode), digest: plan.digest, comment: `first run: ${mode}` });
  }
  return async () => {
    for (const one of plan.policies.filter((each) => each.changed)) {
      await takeBack(one.server, one.policy, before.get(one.server + "/" + one.policy)?.version);
    }
  };
}
