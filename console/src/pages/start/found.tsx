import { get, may, send } from "../../api.ts";
import { plural, type Server } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { address } from "../../router.ts";
import { transportOf, wayTo } from "../servers/facts.ts";

interface ClientFile { client: string; label: string; path: string; error?: string; servers: { name: string; state: "behind" | "edited" | "bypasses" | "disabled" | "broken" }[] }

/** The clients of the gateway's machine, for those who may look at their files. */
async function clientFiles(signal: AbortSignal): Promise<ClientFile[]> {
  if (!may()) return [];
  return (await get<{ files: ClientFile[] }>("/clients", {}, signal)).files;
}

/** How many servers each client has, and how many of them go around the gateway. */
function Clients(props: { of: ClientFile[] }) {
  const named = props.of.filter((one) => one.servers.length > 0);
  if (named.length === 0) return null;
  const servers = named.reduce((sum, one) => sum + one.servers.length, 0);
  const around = named.reduce((sum, one) => sum + one.servers.filter((each) => each.state === "bypasses").length, 0);
  return (
    <section>
      <h2>{`Found ${plural(servers, "server")} in ${plural(new Set(named.map((one) => one.client)).size, "client")}`}</h2>
      <table class="cards dense">
        <thead><tr><th>Client</th><th>File</th><th>Servers</th></tr></thead>
        <tbody>{named.map((one) => (
          <tr key={one.path}><td><Text of={one.label} /></td><td data-label="File" class="mono"><Text of={one.path} /></td>
            <td data-label="Servers">{one.servers.map((each, index) => <span key={index}>{index > 0 && ", "}<Text of={each.name} />{each.state === "behind" ? " (behind the gateway)" : each.state === "bypasses" ? "" : ` (${each.state})`}</span>)}</td></tr>
        ))}</tbody>
      </table>
      {around > 0 && <p>{`${around} of them ${around === 1 ? "goes" : "go"} around the gateway. `}<code>doorward init</code>{" takes them over, shows each change first, and undoes itself by "}<code>doorward uninit</code>.</p>}
    </section>
  );
}

export function Found(props: { servers: Server[]; changed: () => void }) {
  const { servers } = props;
  const clients = useLoad(clientFiles, []);
  const act = useAct();
  const demo = () => act.run(async () => {
    await send("POST", "/servers", { name: "demo", settings: { command: ["/proc/self/exe", "demo-server"] } });
    say("The demo server is added: notes and refunds, all in memory.");
    props.changed();
  });
  return (
    <>
      {servers.length > 0 ? (
        <>
          <p class="lead">{`${plural(servers.length, "server")} ${servers.length === 1 ? "stands" : "stand"} behind this gateway.`}</p>
          <table class="cards dense">
            <thead><tr><th>Server</th><th>Transport</th><th>Reached by</th></tr></thead>
            <tbody>{servers.map((one) => (
              <tr key={one.name}><td><a href={address(["servers", one.name])}><Text of={one.name} /></a></td><td data-label="Transport">{transportOf(one.settings)}</td><td data-label="Reached by" class="mono"><Text of={wayTo(one.settings)} /></td></tr>
            ))}</tbody>
          </table>
        </>
      ) : <p class="lead">No server stands behind this gateway yet. Add one that you use, or begin with the demo server.</p>}
      <Load from={clients}>{(value) => <Clients of={value} />}</Load>
      {act.problem && <Problem of={act.problem} />}
      {may() && (
        <p class="row">
          {!servers.some((one) => one.name === "demo") && <button type="button" class={servers.length === 0 ? "primary" : ""} disabled={act.busy} onClick={demo}>Add the demo server</button>}
          <a class="button" href="/servers?add=import">From a client's configuration</a>
          <a class="button" href="/servers?add=url">By URL</a>
          <a class="button" href="/servers?add=command">By command</a>
        </p>
      )}
    </>
  );
}
