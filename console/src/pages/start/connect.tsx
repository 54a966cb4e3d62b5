import { useEffect, useState } from "preact/hooks";
import { get, may, send } from "../../api.ts";
import { onRecord } from "../../live.ts";
import type { Grant, PolicyItem, Server } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { type Snippet, SnippetOf, snippetsOf } from "../../parts/connect.tsx";
import { Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { agentOf, type LogRecord } from "../../record.ts";
import { address, place, setQuery } from "../../router.ts";

const clients = [["claude-code", "Claude Code"], ["cursor", "Cursor"], ["vscode", "VS Code"], ["codex", "Codex"], ["windsurf", "Windsurf"],
  ["gemini-cli", "Gemini CLI"], ["claude-desktop", "Claude Desktop"], ["other", "Anything else"]] as const;

/** Whether a grant's first request has come; looks at the log once and then listens. */
function useArrived(label: string | undefined): boolean {
  const [arrived, setArrived] = useState(false);
  useEffect(() => {
    setArrived(false);
    if (!label) return;
    let listening = true;
    get<{ records: LogRecord[] }>("/records", { agent: label, event: "call.*", limit: 1 })
      .then((found) => { if (listening && found.records.length > 0) setArrived(true); }, () => undefined);
    const end = onRecord((record) => { if (record.event.startsWith("call.") && agentOf(record) === label) setArrived(true); });
    return () => { listening = false; end(); };
  }, [label]);
  return arrived;
}

function Tile(props: { client: string; title: string; server: string; policy: string | undefined; grant: Grant | undefined; changed: () => void }) {
  const { client, title, server, grant } = props;
  const label = `${client}-${server}`;
  const [snippet, setSnippet] = useState<Snippet>();
  const arrived = useArrived(grant?.label);
  const act = useAct();
  const make = () => act.run(async () => {
    const made = grant ? await send<{ token: string }>("POST", `/grants/${encodeURIComponent(label)}/rotate`)
      : await send<{ token: string }>("POST", "/grants", { label, server, ...(props.policy ? { policy: props.policy } : {}) });
    setSnippet((await snippetsOf(label, made.token)).find((one) => one.client === client));
    props.changed();
  });
  return (
    <article class="panel" aria-label={title}>
      <div class="row spread"><h2>{title}</h2>
        <span role="status">{arrived ? <b class="ok">✓ its first request has arrived</b> : grant ? <span class="dim">waiting for its first request…</span> : ""}</span></div>
      {act.problem && <Problem of={act.problem} />}
      {snippet ? (
        <>
          <SnippetOf of={snippet} secret />
          <p class="dim">The token is shown this once.</p>
        </>
      ) : grant ? (
        <p class="row"><a href={address(["agents", label])}><Text of={label} /></a>{may() && !arrived && <button type="button" disabled={act.busy} onClick={make}>Show a new token</button>}</p>
      ) : may() ? <p><button type="button" disabled={act.busy} onClick={make}>{client === "other" ? "Connect another client" : `Connect ${title}`}</button></p>
        : <p class="dim">An admin creates its grant.</p>}
    </article>
  );
}

export function ConnectClients(props: { servers: Server[]; policies: PolicyItem[]; grants: Grant[]; changed: () => void }) {
  const server = place.value.query.get("server") ?? props.servers[0]?.name ?? "";
  const policy = props.policies.find((one) => one.server === server)?.name;
  return (
    <>
      <p class="lead">Each client gets a grant of its own, so that it can be told apart, limited and cut off alone.</p>
      <p>{"On this computer, "}<code>doorward init</code>{" edits the clients' files for you. Or copy what a client needs:"}</p>
      {props.servers.length > 1 && (
        <label class="row">{"Server "}<select value={server} onChange={(event) => setQuery({ server: event.currentTarget.value })}>{props.servers.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}</select></label>
      )}
      {!policy && <p class="banner warn">{"No policy is in force for "}<Text of={server} />{", so every call is refused. Choose a mode first."}</p>}
      <div class="grid">
        {clients.map(([client, title]) => (
          <Tile key={client + server} client={client} title={title} server={server} policy={policy} changed={props.changed}
                grant={props.grants.find((one) => one.label === `${client}-${server}` && one.state === "active")} />
        ))}
      </div>
    </>
  );
}
