import { useState } from "preact/hooks";
import { all, send } from "../../api.ts";
import { plural } from "../../model.ts";
import { Confirm, useAct } from "../../parts/act.tsx";
import { Trail } from "../../parts/facts.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { address } from "../../router.ts";

interface Secret { name: string; version: number; created: string; updated: string; servers: string[] }

function Value(props: { name?: string; done: () => void; leave: () => void }) {
  const [name, setName] = useState(props.name ?? "");
  const [value, setValue] = useState("");
  const act = useAct();
  const store = async () => {
    const path = `/secrets/${encodeURIComponent(name)}`;
    if (await act.run(() => (props.name ? send("POST", path + "/rotate", { value }) : send("PUT", path, { value, version: 0 })))) {
      say(props.name ? `${name} has another value from the next call on.` : `${name} is stored.`);
      props.done();
    }
  };
  return (
    <form class="panel" onSubmit={(event) => { event.preventDefault(); void store(); }}>
      {!props.name && <label class="field"><span>Name</span><input required pattern="[A-Za-z0-9._\-]{1,64}" value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>}
      <label class="field"><span>{props.name ? `New value of ${props.name}` : "Value"}</span>
        <input required type="password" autocomplete="new-password" value={value} onInput={(event) => setValue(event.currentTarget.value)} /></label>
      {act.problem && <Problem of={act.problem} />}
      <p class="row"><button class="primary" disabled={act.busy}>Store secret</button><button type="button" onClick={props.leave}>Leave it</button></p>
    </form>
  );
}

export function Secrets() {
  const secrets = useLoad(() => all<Secret>("/secrets", "secrets"), []);
  const [storing, setStoring] = useState<string>();
  const [removing, setRemoving] = useState<Secret>();
  const done = () => { setStoring(undefined); secrets.again(); };
  return (
    <>
      <Trail to="/servers">Servers</Trail>
      <div class="head"><h1>Secrets</h1><button type="button" class="primary" onClick={() => setStoring("")}>Store a secret</button></div>
      <p>Credentials that the gateway gives to servers. They are sealed here, no agent sees them, and no value ever comes back.</p>
      {storing !== undefined && <Value key={storing} name={storing || undefined} done={done} leave={() => setStoring(undefined)} />}
      <Load from={secrets}>
        {(value) => value.length === 0 ? <p class="empty">No secrets. Servers refer to one as <code>{'{"sealed": "name"}'}</code>.</p> : (
          <table class="cards">
            <thead><tr><th>Name</th><th>Used by</th><th class="number">Version</th><th>Changed</th><th><span class="hidden-visually">Actions</span></th></tr></thead>
            <tbody>
              {value.map((one) => (
                <tr key={one.name}>
                  <td><b><Text of={one.name} /></b></td>
                  <td data-label="Used by">{one.servers.length === 0 ? <span class="dim">no server</span> : one.servers.map((server) => <a key={server} class="chip" href={address(["servers", server])}><Text of={server} /></a>)}</td>
                  <td data-label="Version" class="number">{one.version}</td>
                  <td data-label="Changed"><Time of={one.updated} /></td>
                  <td class="row"><button type="button" onClick={() => setStoring(one.name)}>Rotate<span class="hidden-visually">{" " + one.name}</span></button>
                    <button type="button" class="danger" onClick={() => setRemoving(one)}>Remove<span class="hidden-visually">{" " + one.name}</span></button></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Load>
      {removing && (
        <Confirm title={`Remove ${removing.name}`} verb="Remove secret" danger typed={removing.servers.length ? removing.name : undefined} onClose={() => setRemoving(undefined)}
                 act={async () => { await send("DELETE", `/secrets/${encodeURIComponent(removing.name)}`); say(`${removing.name} is removed.`); secrets.again(); }}>
          <p>{removing.servers.length ? `${plural(removing.servers.length, "server")} (${removing.servers.join(", ")}) ${removing.servers.length === 1 ? "is" : "are"} given nothing from then on, and calls to ${removing.servers.length === 1 ? "it" : "them"} fail.` : "No server refers to it."}</p>
        </Confirm>
      )}
    </>
  );
}
