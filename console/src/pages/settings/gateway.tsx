import { get, session } from "../../api.ts";
import type { PolicyItem } from "../../model.ts";
import { plural } from "../../model.ts";
import { Facts } from "../../parts/facts.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { duration } from "../../parts/time.tsx";
import { address } from "../../router.ts";

interface Status {
  version: string; url?: string; admin?: string; state?: string; config?: string; durability?: string; log_accepting?: boolean; connections?: number;
  uptime_s?: number; anchors?: { name: string; place: string; ok: boolean; pending: number; failure?: string }[];
}

/** Mode, version, health, and who is signed in. */
export function Gateway() {
  const loaded = useLoad(async (signal) => {
    const [status, policies] = await Promise.all([get<Status>("/status", {}, signal), get<{ policies: PolicyItem[] }>("/policies", { limit: 1000 }, signal)]);
    return { status, policies: policies.policies };
  }, []);
  return (
    <Load from={loaded}>
      {({ status, policies }) => {
        const observing = policies.filter((one) => one.mode === "observe").length;
        return (
          <>
            <p class="lead">
              {policies.length === 0 ? "No policy is in force: every call is refused." : observing === 0 ? `${plural(policies.length, "policy", "policies")} ${policies.length === 1 ? "is" : "are"} enforced.` : `${observing} of ${plural(policies.length, "policy", "policies")} only ${observing === 1 ? "observes" : "observe"}.`}
              {" "}{status.log_accepting ? "The log takes records." : <b class="failed">The log takes no records, so no call is forwarded.</b>}
            </p>
            <Facts of={[
              ["Version", status.version],
              ["Running for", duration(status.uptime_s ?? 0)],
              ["Agents reach it at", status.url && <code>{status.url}</code>],
              ["Admin API and console", status.admin && <code>{status.admin}</code>],
              ["Open connections", status.connections?.toLocaleString()],
              ["Durability", status.durability === "power" ? "survives power loss" : "survives the death of the process"],
              ["Configuration", status.config ? <code><Text of={status.config} /></code> : "none: everything comes from commands and this console"],
              ["State directory", status.state && <code><Text of={status.state} /></code>],
              ["Signed in", <><Text of={session.value?.name} />{`, ${session.value?.roles.join(", ")}`}</>],
            ]} />
            {(status.anchors ?? []).map((one) => <p key={one.name}>{"Checkpoints to "}<b><Text of={one.name} /></b>{" "}{one.ok ? <span class="ok">arrive</span> : <span class="failed">{"do not arrive: "}<Text of={one.failure} /></span>}{one.pending > 0 && `, ${one.pending} wait`}</p>)}
            <p><a href={address(["audit"], { event: "config.*", of: "records" })}>Changes of the configuration in the log</a></p>
          </>
        );
      }}
    </Load>
  );
}
