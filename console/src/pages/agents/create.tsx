import { useState } from "preact/hooks";
import { all, get, send } from "../../api.ts";
import { type Bundle, type Grant, type PolicyItem, type Server } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Connect } from "../../parts/connect.tsx";
import { Copy } from "../../parts/copy.tsx";
import { Trail } from "../../parts/facts.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { address, place } from "../../router.ts";
import { visible } from "../../visible.ts";

export interface Made { token: string; grant: Grant }

/** A token, this once, and where it goes. */
export function Shown(props: { of: Made }) {
  const { of } = props;
  return (
    <div class="stack">
      <p class="banner good">{"The token of "}<b><Text of={of.grant.label} /></b>{" is shown this once; only its hash is kept. Copy it now."}</p>
      <Copy text={of.token} label="Token" secret />
      <Connect label={of.grant.label} token={of.token} />
      <p><a class="button" href={address(["agents", of.grant.label])}>{"What "}<Text of={of.grant.label} />{" can do"}</a></p>
    </div>
  );
}

export function CreateGrant() {
  const server = place.value.query.get("server") ?? "";
  const loaded = useLoad(async (signal) => {
    const [policies, servers, first] = await Promise.all([all<PolicyItem>("/policies", "policies"), all<Server>("/servers", "servers"),
      get<{ bundles: Bundle[] }>("/servers", { limit: 1 }, signal)]);
    return { policies, servers, bundles: first.bundles };
  }, []);
  const [label, setLabel] = useState("");
  const [owner, setOwner] = useState("");
  const [chosen, setChosen] = useState("");
  const [expires, setExpires] = useState("");
  const [made, setMade] = useState<Made>();
  const act = useAct();
  return (
    <>
      <Trail to="/agents">Agents and grants</Trail>
      <h1>Create a grant</h1>
      <Load from={loaded}>
        {({ policies, servers, bundles }) => {
          if (made) return <Shown of={made} />;
          const choices: [string, string, object][] = [
            ...policies.map((one): [string, string, object] => [`p/${one.server}/${one.name}`, `${one.name}, for ${one.server}${one.mode === "observe" ? " (observes only)" : ""}`, { server: one.server, policy: one.name }]),
            ...bundles.map((one): [string, string, object] => [`b/${one.name}`, `bundle ${one.name}, by the policies of its members`, { server: one.name }]),
            ...servers.map((one): [string, string, object] => [`s/${one.name}`, `none, for ${one.name}: every call is refused`, { server: one.name }]),
          ];
          const start = chosen || choices.find(([key]) => key.startsWith(`p/${server}/`))?.[0] || choices[0]?.[0] || "";
          if (choices.length === 0) return <p class="empty">{"There is no server yet. "}<a href="/servers?add=url">Add one first</a></p>;
          const create = () => act.run(async () => {
            const members = choices.find(([key]) => key === start)![2];
            setMade(await send<Made>("POST", "/grants", { label, ...members, ...(owner ? { owner } : {}), ...(expires ? { expires } : {}) }));
          });
          return (
            <form class="panel" onSubmit={(event) => { event.preventDefault(); void create(); }}>
              <label class="field"><span>Name of the agent</span><input required pattern="[A-Za-z0-9._\-]{1,64}" title="1 to 64 letters, digits, . _ or -" value={label} onInput={(event) => setLabel(event.currentTarget.value)} /></label>
              <label class="field"><span>Owner, who answers for it and may not approve its calls</span><input value={owner} placeholder="a user's name or e-mail address" onInput={(event) => setOwner(event.currentTarget.value)} /></label>
              <label class="field"><span>Policy</span>
                <select value={start} onChange={(event) => setChosen(event.currentTarget.value)}>{choices.map(([key, text]) => <option key={key} value={key}>{visible(text)}</option>)}</select></label>
              <details><summary>Let it end</summary><label class="field"><span>Expires</span><input placeholder="30d, or 2027-01-31T14:00:00Z" value={expires} onInput={(event) => setExpires(event.currentTarget.value)} /></label></details>
              {act.problem && <Problem of={act.problem} />}
              <p class="row"><button class="primary" disabled={act.busy}>Create grant</button><a class="button" href="/agents">Leave it</a></p>
            </form>
          );
        }}
      </Load>
    </>
  );
}
