import { useState } from "preact/hooks";
import { all, may, send } from "../../api.ts";
import { Confirm, useAct } from "../../parts/act.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { address } from "../../router.ts";

interface User { name: string; email: string; roles: string[]; groups: string[]; state: "active" | "disabled"; password: boolean; created: string; revision: number }

const roles: [string, string][] = [["viewer", "sees everything but secrets and stored arguments"], ["auditor", "also stored arguments; verifies and exports the log"],
  ["approver", "also decides calls that wait"], ["policy_manager", "also changes policies and reviews tools"], ["admin", "everything"]];

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** Adds a user, or changes one. */
function UserForm(props: { of?: User; done: () => void; leave: () => void }) {
  const { of } = props;
  const [name, setName] = useState("");
  const [email, setEmail] = useState(of?.email ?? "");
  const [chosen, setChosen] = useState(new Set(of?.roles ?? ["viewer"]));
  const [groups, setGroups] = useState((of?.groups ?? []).join(" "));
  const [password, setPassword] = useState("");
  const act = useAct();
  const save = async () => {
    const members = { roles: roles.map(([role]) => role).filter((role) => chosen.has(role)), groups: words(groups), email };
    const went = await act.run(async () => {
      if (of) await send("PATCH", `/users/${encodeURIComponent(of.name)}`, { ...members, revision: of.revision });
      else await send("POST", "/users", { name, ...members, ...(password ? { password } : {}) });
    });
    if (went) { say(`${of?.name ?? name} is saved.`); props.done(); }
  };
  const flip = (role: string) => { const next = new Set(chosen); if (!next.delete(role)) next.add(role); setChosen(next); };
  return (
    <form class="panel" onSubmit={(event) => { event.preventDefault(); void save(); }} aria-label={of ? `Change ${of.name}` : "Add a user"}>
      {!of && <label class="field"><span>Name</span><input required autocomplete="off" value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>}
      <fieldset><legend>Roles</legend>{roles.map(([role, says]) => (
        <label key={role} class="row"><input type="checkbox" checked={chosen.has(role)} onChange={() => flip(role)} /><b>{role}</b><span class="dim">{says}</span></label>
      ))}</fieldset>
      <label class="field"><span>Groups of approvers, as policies name them</span><input value={groups} onInput={(event) => setGroups(event.currentTarget.value)} /></label>
      <label class="field"><span>E-mail address</span><input type="email" value={email} onInput={(event) => setEmail(event.currentTarget.value)} /></label>
      {!of && <label class="field"><span>Password (12 characters or more; none: for programs with an access token)</span><input type="password" autocomplete="new-password" minLength={12} value={password} onInput={(event) => setPassword(event.currentTarget.value)} /></label>}
      {act.problem && <Problem of={act.problem} />}
      <p class="row"><button class="primary" disabled={act.busy}>{of ? "Save user" : "Add user"}</button><button type="button" onClick={props.leave}>Leave it</button></p>
    </form>
  );
}

function NewPassword(props: { of: User; onClose: () => void }) {
  const [password, setPassword] = useState("");
  return (
    <Confirm title={`Set the password of ${props.of.name}`} verb="Set password" onClose={props.onClose}
             act={async () => { await send("PUT", `/users/${encodeURIComponent(props.of.name)}/password`, { password }); say("The password is set; all of their sessions have ended."); }}>
      <label class="field"><span>New password</span><input type="password" autocomplete="new-password" minLength={12} value={password} onInput={(event) => setPassword(event.currentTarget.value)} /></label>
    </Confirm>
  );
}

export function People() {
  const [form, setForm] = useState<User | "new">();
  const [setting, setSetting] = useState<User>();
  const [removing, setRemoving] = useState<User>();
  const users = useLoad(() => all<User>("/users", "users"), []);
  const act = useAct();
  const admin = may();
  const path = (user: User) => `/users/${encodeURIComponent(user.name)}`;
  return (
    <>
      <div class="head"><h2>People and roles</h2>{admin && <button type="button" class="primary" onClick={() => setForm("new")}>Add a user</button>}</div>
      {form && <UserForm key={form === "new" ? "" : form.name} of={form === "new" ? undefined : form} done={() => { setForm(undefined); users.again(); }} leave={() => setForm(undefined)} />}
      {act.problem && <Problem of={act.problem} />}
      <Load from={users}>
        {(value) => value.length === 0 ? <p class="empty">No local users. The machine's own user and root are admins; people of an issuer sign in by it.</p> : (
          <table class="cards dense">
            <thead><tr><th>Name</th><th>Roles</th><th>Groups</th><th>E-mail</th><th>Since</th>{admin && <th><span class="hidden-visually">Actions</span></th>}</tr></thead>
            <tbody>{value.map((one) => (
              <tr key={one.name}>
                <td><b><Text of={one.name} /></b>{one.state === "disabled" && <span class="failed"> disabled</span>}{!one.password && <span class="dim"> no password</span>}<br /><a class="dim" href={address(["audit"], { q: one.name, of: "records" })}>in the log</a></td>
                <td data-label="Roles">{one.roles.join(", ")}</td>
                <td data-label="Groups"><Text of={one.groups.join(", ")} /></td>
                <td data-label="E-mail"><Text of={one.email} /></td>
                <td data-label="Since"><Time of={one.created} /></td>
                {admin && <td><span class="row">
                  <button type="button" onClick={() => setForm(one)}>Change<span class="hidden-visually">{" "}<Text of={one.name} /></span></button>
                  <button type="button" onClick={() => setSetting(one)}>Password<span class="hidden-visually">{" of "}<Text of={one.name} /></span></button>
                  <button type="button" disabled={act.busy} onClick={() => void act.run(async () => { await send("POST", path(one) + (one.state === "active" ? "/disable" : "/enable"), { revision: one.revision }); users.again(); })}>
                    {one.state === "active" ? "Disable" : "Enable"}<span class="hidden-visually">{" "}<Text of={one.name} /></span></button>
                  <button type="button" class="danger" onClick={() => setRemoving(one)}>Remove<span class="hidden-visually">{" "}<Text of={one.name} /></span></button>
                </span></td>}
              </tr>
            ))}</tbody>
          </table>
        )}
      </Load>
      {setting && <NewPassword of={setting} onClose={() => setSetting(undefined)} />}
      {removing && (
        <Confirm title={`Remove ${removing.name}`} verb="Remove user" danger typed={removing.name} onClose={() => setRemoving(undefined)}
                 act={async () => { await send("DELETE", path(removing), { revision: removing.revision }); say(`${removing.name} is removed.`); users.again(); }}>
          <p>Their sessions and access tokens end at once. What they did stays in the log.</p>
        </Confirm>
      )}
    </>
  );
}
