import { useEffect } from "preact/hooks";
import { Load, useLoad } from "../parts/load.tsx";
import { Text } from "../parts/text.tsx";
import { go, place, segments } from "../router.ts";
import "../style/policies.css";
import { listPolicies } from "./policies/api.ts";
import { Editor } from "./policies/editor.tsx";
import { PolicyList } from "./policies/list.tsx";
import { NewPolicy } from "./policies/new_policy.tsx";

/** A policy by its name: to the page of the one that has it. */
function ByName(props: { name: string }) {
  const server = place.value.query.get("server");
  const found = useLoad(() => listPolicies(), [props.name]);
  const fits = (found.value ?? []).filter((one) => one.name === props.name && (!server || one.server === server));
  useEffect(() => {
    if (fits.length !== 1) return;
    const query = new URLSearchParams(place.value.query);
    query.delete("server");
    const text = query.toString();
    go(`/policies/${encodeURIComponent(fits[0]!.server)}/${encodeURIComponent(props.name)}` + (text ? "?" + text : ""), true);
  }, [found.value]);
  return (
    <Load from={found}>{() => fits.length === 1 ? <p class="dim" role="status">Loading…</p> : (
      <>
        <h1>{fits.length === 0 ? "There is no such policy" : "Which one?"}</h1>
        {fits.length === 0 ? <p><Text of={props.name} />{" is not in force. "}<a href="/policies">See those that are</a></p>
          : <ul>{fits.map((one) => <li key={one.server}><a href={`/policies/${encodeURIComponent(one.server)}/${encodeURIComponent(one.name)}`}><Text of={`${one.name} on ${one.server}`} /></a></li>)}</ul>}
      </>
    )}</Load>
  );
}

/** /policies, /policies/new, /policies/<server>/<name>; /policies/<name> leads to the one of that name. */
export default function Policies() {
  return <div class="policy-page"><Page /></div>;
}

function Page() {
  const [, server, name] = segments();
  if (server !== undefined && name !== undefined) return <Editor key={server + "/" + name} server={server} name={name} />;
  if (server === "new") return <NewPolicy />;
  return server === undefined ? <PolicyList /> : <ByName key={server} name={server} />;
}
