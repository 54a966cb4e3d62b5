import { get, may, send } from "../../api.ts";
import { useAct } from "../../parts/act.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";

interface Channel { name: string; type: string; events: string[] }
interface Delivery { number: number; event: string; request: string; channel: string; attempt: number; time: string; state: string; status: number; detail: string }

export function Notifications() {
  const channels = useLoad((signal) => get<{ channels: Channel[] }>("/notifications/channels", {}, signal), []);
  const deliveries = useLoad((signal) => get<{ deliveries: Delivery[] }>("/notifications/deliveries", { limit: 20 }, signal), []);
  const act = useAct();
  const test = (name: string) => act.run(async () => {
    await send("POST", `/notifications/channels/${encodeURIComponent(name)}/test`);
    say(`The test through ${name} was delivered.`);
    deliveries.again();
  });
  return (
    <>
      {act.problem && <Problem of={act.problem} />}
      <Load from={channels}>
        {(value) => value.channels.length === 0 ? <p class="dim">{"No channel is configured, so people see what waits here and on the command line only. Channels stand in the configuration file under "}<code>notifications</code>.</p> : (
          <table class="cards dense">
            <thead><tr><th>Channel</th><th>Type</th><th>Tells of</th><th><span class="hidden-visually">Actions</span></th></tr></thead>
            <tbody>{value.channels.map((one) => (
              <tr key={one.name}><td><b><Text of={one.name} /></b></td><td data-label="Type">{one.type}</td><td data-label="Tells of">{one.events.length ? one.events.join(", ") : "everything"}</td>
                <td>{may() && <button type="button" disabled={act.busy} onClick={() => void test(one.name)}>Send a test<span class="hidden-visually">{" through "}<Text of={one.name} /></span></button>}</td></tr>
            ))}</tbody>
          </table>
        )}
      </Load>
      <h3>Deliveries</h3>
      <Load from={deliveries}>
        {(value) => value.deliveries.length === 0 ? <p class="dim">0 messages were sent.</p> : (
          <table class="cards dense">
            <thead><tr><th>Time</th><th>Channel</th><th>Event</th><th>Try</th><th>State</th></tr></thead>
            <tbody>{value.deliveries.map((one) => (
              <tr key={one.number}><td><Time of={one.time} /></td><td data-label="Channel"><Text of={one.channel} /></td><td data-label="Event">{one.event}</td><td data-label="Try">{one.attempt}</td>
                <td data-label="State"><span class={one.state === "delivered" ? "" : "failed"}>{one.state}</span>{one.status > 0 && ` (${one.status})`}{one.detail && <>{" "}<Text of={one.detail} /></>}</td></tr>
            ))}</tbody>
          </table>
        )}
      </Load>
    </>
  );
}
