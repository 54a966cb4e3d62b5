import { useState } from "preact/hooks";
import { all, may, send, session } from "../../api.ts";
import { Confirm, useAct } from "../../parts/act.tsx";
import { Copy } from "../../parts/copy.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";

interface Session { id: string; person: string; method: string; address: string; agent: string; created: string; seen: string; current: boolean }
interface Token { id: string; user: string; label: string; roles: string[]; token_hint: string; created: string; expires: string }

export function OwnPassword() {
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const act = useAct();
  if (!session.value?.name.startsWith("user:")) return <p class="dim">You are not signed in by a password of this gateway.</p>;
  const change = () => act.run(async () => {
    await send("PUT", "/account/password", { old, password });
    session.value = null;
  });
  return (
    <form class="panel" onSubmit={(event) => { event.preventDefault(); if (password === again) void change(); }}>
      <label class="field"><span>Present password</span><input type="password" autocomplete="current-password" required value={old} onInput={(event) => setOld(event.currentTarget.value)} /></label>
      <label class="field"><span>New password, 12 characters or more</span><input type="password" autocomplete="new-password" minLength={12} required value={password} onInput={(event) => setPassword(event.currentTarget.value)} /></label>
      <label class="field"><span>The new one again</span><input type="password" autocomplete="new-password" required value={again} onInput={(event) => setAgain(event.currentTarget.value)} /></label>
      {again !== "" && again !== password && <p class="failed" role="alert">The two differ.</p>}
      {act.problem && <Problem of={act.problem} />}
      <p class="row"><button class="primary" disabled={act.busy || password !== again}>Change password</button><span class="dim">All of your sessions end; sign in again.</span></p>
    </form>
  );
}

export function Sessions() {
  const sessions = useLoad(() => all<Session>("/sessions", "sessions"), []);
  const act = useAct();
  return (
    <>
      {act.problem && <Problem of={act.problem} />}
      <Load from={sessions}>
        {(value) => (
          <table class="cards dense">
            <thead><tr><th>Person</th><th>By</th><th>From</th><th>Browser</th><th>Since</th><th>Last seen</th><th><span class="hidden-visually">Actions</span></th></tr></thead>
            <tbody>{[...value].sort((a, b) => Number(b.current) - Number(a.current) || b.seen.localeCompare(a.seen)).slice(0, 200).map((one) => (
              <tr key={one.id}>
                <td><Text of={one.person} />{one.current && <b> this one</b>}</td>
                <td data-label="By">{one.method === "code" ? "code of this machine" : one.method}</td>
                <td data-label="From"><Text of={one.address} /></td>
                <td data-label="Browser"><Text of={one.agent} /></td>
                <td data-label="Since"><Time of={one.created} /></td>
                <td data-label="Last seen"><Time of={one.seen} /></td>
                <td>{!one.current && <button type="button" disabled={act.busy} onClick={() => void act.run(async () => { await send("DELETE", `/sessions/${encodeURIComponent(one.id)}`); sessions.again(); say("The session has ended."); })}>End<span class="hidden-visually">{" the session of "}<Text of={one.person} /></span></button>}</td>
              </tr>
            ))}</tbody>
          </table>
        )}
      </Load>
    </>
  );
}

export function Tokens() {
  const tokens = useLoad(() => all<Token>("/tokens", "access_tokens"), []);
  const [open, setOpen] = useState(false);
  const [label, setLabel] = useState("");
  const [user, setUser] = useState("");
  const [expires, setExpires] = useState("90d");
  const [made, setMade] = useState<string>();
  const [ending, setEnding] = useState<Token>();
  const act = useAct();
  const make = () => act.run(async () => {
    const answer = await send<{ token: string }>("POST", "/tokens", { label, expires, ...(user ? { user } : {}) });
    setMade(answer.token);
    setOpen(false);
    tokens.again();
  });
  return (
    <>
      <p class="row">{!open && <button type="button" onClick={() => { setOpen(true); setMade(undefined); }}>Make an access token</button>}</p>
      {made && <><p class="banner good">This token is shown this once.</p><Copy text={made} label="Access token" secret /></>}
      {open && (
        <form class="panel" onSubmit={(event) => { event.preventDefault(); void make(); }}>
          <label class="field"><span>What it is for</span><input required value={label} onInput={(event) => setLabel(event.currentTarget.value)} /></label>
          {may() && <label class="field"><span>User it acts as (empty: you)</span><input value={user} onInput={(event) => setUser(event.currentTarget.value)} /></label>}
          <label class="field"><span>Ends after (at most 366d)</span><input required value={expires} onInput={(event) => setExpires(event.currentTarget.value)} /></label>
          {act.problem && <Problem of={act.problem} />}
          <p class="row"><button class="primary" disabled={act.busy}>Make token</button><button type="button" onClick={() => setOpen(false)}>Leave it</button></p>
        </form>
      )}
      <Load from={tokens}>
        {(value) => value.length === 0 ? <p class="dim">No access tokens.</p> : (
          <table class="cards dense">
            <thead><tr><th>For</th><th>User</th><th>Roles</th><th>Ends in</th><th>Made</th><th>Expires</th><th><span class="hidden-visually">Actions</span></th></tr></thead>
            <tbody>{value.map((one) => (
              <tr key={one.id}>
                <td><b><Text of={one.label} /></b></td><td data-label="User"><Text of={one.user} /></td><td data-label="Roles">{one.roles.join(", ")}</td>
                <td data-label="Ends in"><code>{one.token_hint}</code></td><td data-label="Made"><Time of={one.created} /></td><td data-label="Expires"><Time of={one.expires} exact /></td>
                <td><button type="button" class="danger" onClick={() => setEnding(one)}>Revoke<span class="hidden-visually">{" "}<Text of={one.label} /></span></button></td>
              </tr>
            ))}</tbody>
          </table>
        )}
      </Load>
      {ending && (
        <Confirm title="Revoke this access token" verb="Revoke token" danger onClose={() => setEnding(undefined)}
                 act={async () => { await send("DELETE", `/tokens/${encodeURIComponent(ending.id)}`); tokens.again(); say("The token is refused from now on."); }}>
          <p>{"Programs that use "}<b><Text of={ending.label} /></b>{" are refused from the next request on."}</p>
        </Confirm>
      )}
    </>
  );
}
