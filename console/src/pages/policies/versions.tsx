// Every text that was in force: who, when, why, what it changed; and the way back to it.
import { useState } from "preact/hooks";
import { may } from "../../api.ts";
import { Confirm } from "../../parts/act.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { revertPolicy, showVersion } from "../../parts/policies.ts";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { address, place, setQuery, withQuery } from "../../router.ts";
import { Changed } from "./changed.tsx";
import type { Base } from "./draft.ts";

function Compared(props: { of: Base; from: number; to: number }) {
  const { server, name } = props.of.policy;
  const texts = useLoad(() => Promise.all([props.from > 0 ? showVersion(server, name, props.from) : Promise.resolve(""), showVersion(server, name, props.to)]), [props.from, props.to]);
  return (
    <section aria-labelledby="compared-title">
      <h2 id="compared-title">{props.from > 0 ? `From version ${props.from} to ${props.to}` : `Version ${props.to}, the first`}</h2>
      <Load from={texts}>{([before, after]) => <Changed before={before} after={after} />}</Load>
    </section>
  );
}

export function Versions(props: { live: Base; again: () => void }) {
  const { live } = props;
  const { policy, versions } = live;
  const [back, setBack] = useState<number>();
  const to = Number(place.value.query.get("to") ?? policy.version);
  const from = Number(place.value.query.get("from") ?? to - 1);
  if (policy.owner !== "store") return <p>{"The history of this policy is that of its file: "}<code><Text of={policy.owner} /></code></p>;
  return (
    <>
      <form class="row filters" onSubmit={(event) => event.preventDefault()}>
        {([["from", from, "From"], ["to", to, "To"]] as const).map(([key, value, words]) => (
          <label class="inline" key={key}>{words + " "}
            <select value={String(value)} onChange={(event) => setQuery({ [key]: event.currentTarget.value })}>
              {key === "from" && <option value="0">nothing</option>}
              {versions.map((one) => <option key={one.version} value={String(one.version)}>{`version ${one.version}`}</option>)}
            </select>
          </label>
        ))}
      </form>
      <table class="cards policies">
        <thead><tr><th>Version</th><th>Published</th><th>By</th><th>Why</th><th>Text</th></tr></thead>
        <tbody>
          {versions.map((one) => (
            <tr key={one.version} aria-selected={one.version === to || undefined}>
              <td class="tight" data-label="Version"><strong>{`v${one.version}`}</strong>{one.version === policy.version && <span class="dim"> in force</span>}</td>
              <td class="tight" data-label="Published"><Time of={one.created} /></td>
              <td data-label="By"><Text of={one.author} /></td>
              <td data-label="Why">{one.comment ? <Text of={one.comment} /> : <span class="dim">no comment</span>}</td>
              <td class="tight" data-label="Text">
                <span class="row">
                  <a href={withQuery({ to: String(one.version), from: String(one.version - 1) })}>What it changed</a>
                  <a href={address(["audit"], { policy: one.sha256 })}>Its calls</a>
                  {one.version !== policy.version && <a href={withQuery({ from: String(one.version), to: String(policy.version) })}>Against the present</a>}
                  {one.version !== policy.version && may("policy_manager") && <button type="button" class="plain" onClick={() => setBack(one.version)}>Go back to it<span class="hidden-visually">{`: version ${one.version}`}</span></button>}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {versions.some((one) => one.version === to) && <Compared of={live} from={from} to={to} />}
      {back !== undefined && (
        <Confirm title={`Go back to version ${back}`} verb={`Put the text of version ${back} in force`} onClose={() => setBack(undefined)}
                 act={async () => {
                   const { policy: now } = await revertPolicy(policy.server, policy.name, back, live.tag);
                   say(`Version ${now.version} has the text of version ${back}.`);
                   props.again();
                 }}>
          <p>{`Its text becomes version ${policy.version + 1}; the history stays. The next call of each agent is decided by it.`}</p>
        </Confirm>
      )}
    </>
  );
}
