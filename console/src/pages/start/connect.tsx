import { useEffect, useState } from "preact/hooks";
import { get, may, send } from "../../api.ts";
import { onRecord } from "../../live.ts";
import type { Grant, PolicyItem, Server } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { clients, endpoint } from "../../parts/connect.tsx";
import { Copy } from "../../parts/copy.tsx";
import { Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { agentOf, type LogRecord } from "../../record.ts";
import { address, place, setQuery } from "../../router.ts";

type Client = (typeof clients)[number];

/** Whether a grant's first request has come; looks at the log once and then listens. */
function useArrived(label: string | undefined): boolean {
  const [arrived, setArrived] = useState(false);
  useEffect(() => {
    setArrived(false);
    if (!label) return;
    let listening = true;
    get<{ records: LogRecord[] }>("/records", { agent: label, event: "call.*", limit: 1 })
      .then((found) => { if (listening && found.records.length > 0) setArrived(true); }, () => undefined);
    const end = onRecord((record) => { if (agentOf(record) === label) setArrived(true); });
    return () => { listening = false; end(); };
  }, [label]);
  return arrived;
}

function Tile(props: { client: Client; server: string; policy: string | undefined; grant: Grant | undefined; gateway: string | undefined; changed: () => void }) {
  const { client, server, grant } = props;
  const label = `${client.id}-${server}`;
  const [token, setToken] = useState<string>();
  const arrived = useArrived(grant?.label);
  const act = useAct();
  const make = () => act.run(async () => {
    const made = grant ? await send<{ token: string }>("POST", `/grants/${encodeURIComponent(label)}/rotate`)
      : await send<{ token: string }>("POST", "/grants", { label, server, ...(props.policy ? { policy: props.policy } : {}) });
    setToken(made.token);
    props.changed();
  });
  return (
    <article class="panel tile" aria-label={client.label}>
      <div class="row spread"><h3>{client.label}</h3>
        <span role="status">{arrived ? <b class="ok">✓ its first request has arrived</b> : grant ? <span class="dim">waiting for its first request…</span> : ""}</span></div>
      {act.problem && <Problem of={act.problem} />}
      {token ? (
        <>
          <Copy text={client.text(server, endpoint(props.gateway, server), token)} label={client.file} secret />
          <p class="dim">{client.after}{" The token is shown this once."}</p>
        </>
      ) : grant ? (
        <p class="row"><a href={address(["agents", label])}><Text of={label} /></a>{may() && !arrived && <button type="button" disabled={act.busy} onClick={make}>Show a new token</button>}</p>
      ) : may() ? <p><button type="button" disabled={act.busy} onClick={make}>{`Connect ${client.label}`}</button></p>
        : <p class="dim">An admin creates its grant.</p>}
    </article>
  );
}

export function ConnectClients(props: { servers: Server[]; policies: PolicyItem[]; grants: Grant[]; changed: () => void }) {
  const server = place.value.query.get("server") ?? props.servers[0]?.name ?? "";
  const policy = props.policies.find((one) => one.server === server)?.name;
  const status = useLoad((signal) => get<{ url?: string }>("/status", {}, signal), []);
  return (
    <>
      <p class="lead">Each client gets a grant of its own, so that it can be told apart, limited and cut off alone.</p>
      <p>{"On this computer, "}<code>doorward init</code>{" edits the clients' files for you. Or copy what a client needs:"}</p>
      {props.servers.length > 1 && (
        <label class="row">{"Server "}<select value={server} onChange={(event) => setQuery({ server: event.currentTarget.value })}>{props.servers.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}</select></label>
      )}
      {!policy && <p class="banner warn">{"No policy is in force for "}<Text of={server} />{", so every call is refused. Choose a mode first."}</p>}
      <div class="grid tiles">
        {clients.filter((one) => one.id !== "claude-desktop").map((client) => (
          <Tile key={client.id + server} client={client} server={server} policy={policy} gateway={status.value?.url} changed={props.changed}
                grant={props.grants.find((one) => one.label === `${client.id}-${server}` && one.state === "active")} />
        ))}
      </div>
      <p class="dim">{"A client that starts its servers as commands, such as Claude Desktop, takes "}<code>{`doorward connect ${server}`}</code>{" as the command."}</p>
    </>
  );
}
