import { ApiError, get, may, send } from "../../api.ts";
import { plural, type Server } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { address } from "../../router.ts";
import { transportOf, wayTo } from "../servers/facts.ts";

interface ClientFile { label?: string; client?: string; path: string; servers?: { name: string }[]; entries?: { name: string }[] }

/** The clients of the gateway's machine, where it may look at their files. */
async function clientFiles(signal: AbortSignal): Promise<ClientFile[] | null> {
  try {
    return (await get<{ clients?: ClientFile[]; files?: ClientFile[] }>("/clients", {}, signal)).clients ?? [];
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.problem.status)) return null;
    throw error;
  }
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
  const inClients = (clients.value ?? []).map((one) => ({ name: one.label ?? one.client ?? one.path, count: (one.servers ?? one.entries ?? []).length })).filter((one) => one.count > 0);
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
      <Load from={clients}>
        {() => inClients.length > 0 && (
          <p>{`Clients on this computer name ${plural(inClients.reduce((sum, one) => sum + one.count, 0), "server")}: `}
            {inClients.map((one) => `${one.name} ${one.count}`).join(", ")}{". "}<code>doorward init</code>{" takes them over, shows each change first, and undoes itself."}</p>
        )}
      </Load>
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
