// The three ways to begin, and what each puts in force.
import { all, send } from "../../api.ts";
import type { PolicyItem } from "../../model.ts";
import { type Plan, recommended } from "../../parts/recommend.tsx";

export type Mode = "observe" | "recommended" | "lockdown";

export const modes: { id: Mode; title: string; says: string }[] = [
  { id: "observe", title: "Observe", says: "Nothing is refused. Every call is judged and recorded as it would have been, so that you can look before you decide." },
  { id: "recommended", title: "Recommended", says: "Reading runs. Writing is limited to 30 calls a minute. Money waits for a person. Tools that destroy are hidden." },
  { id: "lockdown", title: "Locked down", says: "Only plain reading runs. Everything that changes something waits for a person; what destroys or moves money is hidden." },
];

/** What a mode would put in force; changes nothing. */
export async function planOf(mode: Mode, servers: string[]): Promise<Plan> {
  const plan = await recommended(servers, mode === "lockdown" ? "strict" : "recommended");
  if (mode !== "observe") return plan;
  return { ...plan, policies: plan.policies.map((one) => ({ ...one, changed: true, text: JSON.stringify({ ...JSON.parse(one.text), mode: "observe" }, null, 2) + "\n" })) };
}

/** Puts a plan in force: by its digest where the gateway made it as it is, else as documents. */
export async function putInForce(mode: Mode, plan: Plan, servers: string[]): Promise<() => Promise<void>> {
  const before = new Map<string, PolicyItem>();
  for (const one of await all<PolicyItem>("/policies", "policies")) before.set(one.server + "/" + one.name, one);
  if (mode === "observe") {
    for (const one of plan.policies) await send("PUT", `/policies/${encodeURIComponent(one.policy)}`, { server: one.server, text: one.text, comment: "first run: observe" });
  } else {
    await send("POST", "/catalogue/apply", { servers, posture: mode === "lockdown" ? "strict" : "recommended", digest: plan.digest, comment: `first run: ${mode}` });
  }
  return async () => {
    for (const one of plan.policies.filter((each) => each.changed)) {
      const path = `/policies/${encodeURIComponent(one.policy)}`;
      const old = before.get(one.server + "/" + one.policy);
      if (old) await send("POST", path + "/revert", { server: one.server, version: old.version });
      else await send("DELETE", path, { server: one.server });
    }
  };
}
