import { useState } from "preact/hooks";
import { may } from "../../api.ts";
import { plural, type PolicyItem, type Server } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Load, messageOf, Problem, useLoad } from "../../parts/load.tsx";
import { State } from "../../parts/state.tsx";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { address, place, setQuery } from "../../router.ts";
import { type Mode, modes, planOf, putInForce } from "./modes.ts";

export function ChooseMode(props: { servers: Server[]; policies: PolicyItem[]; changed: () => void }) {
  const chosen = (place.value.query.get("mode") ?? "observe") as Mode;
  const names = props.servers.filter((one) => !one.settings.builtin).map((one) => one.name);
  const [round, setRound] = useState(0);
  const plan = useLoad(() => planOf(chosen, names, props.policies), [chosen, names.join(), round]);
  const act = useAct();
  const again = () => { setRound((old) => old + 1); props.changed(); };
  const put = () => act.run(async () => {
    const undo = await putInForce(chosen, plan.value!);
    say("The policies are in force.", () => void undo().then(() => { say("The policies are as they were."); again(); }, (error) => say(messageOf(error))));
    again();
  });
  return (
    <>
      <fieldset>
        <legend>How strict shall the gateway be?</legend>
        <div class="stack">
          {modes.map((one) => (
            <label class="choice" key={one.id}>
              <input type="radio" name="mode" value={one.id} checked={one.id === chosen} onChange={() => setQuery({ mode: one.id })} /><b>{one.title}</b><br />
              <span>{one.says}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <Load from={plan}>
        {(value) => (
          <div class="stack">
            {value.policies.map((one) => {
              const present = props.policies.find((each) => each.server === one.server && each.name === one.policy);
              return (
                <article class="change" key={one.server} aria-label={one.server}>
                  <header><h2><Text of={one.server} /></h2><span class="dim">{"policy "}{present ? <a href={address(["policies", one.policy], { server: one.server })}><Text of={one.policy} /></a> : <Text of={one.policy} />}{present ? `, v${present.version} ${present.mode === "observe" ? "observes" : "enforces"}` : ", new"}</span></header>
                  {chosen === "observe" && <p>Nothing is refused. This is what would be:</p>}
                  <ul>{one.why.map((line, index) => <li key={index}><Text of={line} /></li>)}</ul>
                  {chosen !== "observe" && one.changes.length > 0 && (
                    <details><summary>{`${plural(one.changes.length, "tool")} that agents can use otherwise`}</summary>
                      <ul>{one.changes.map((each) => <li key={each.tool}><code><Text of={each.tool} /></code>{": "}<State of={each.before} />{" → "}<State of={each.after} /></li>)}</ul></details>
                  )}
                </article>
              );
            })}
            {value.left.map((one) => <p class="banner warn" key={one.server}><b><Text of={one.server} /></b>{": "}<Text of={one.why} /></p>)}
            {act.problem && <Problem of={act.problem} again={() => { act.forget(); again(); }} />}
            {value.policies.length === 0 ? null : may("policy_manager")
              ? <p class="row"><button type="button" class="primary" disabled={act.busy || plan.loading} onClick={put}>{value.policies.length === 1 ? "Put this policy in force" : `Put these ${value.policies.length} policies in force`}</button>
                <span class="dim">It can be undone at once, and every version stays.</span></p>
              : <p class="dim">A policy manager puts them in force.</p>}
          </div>
        )}
      </Load>
    </>
  );
}
