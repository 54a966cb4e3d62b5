import { useState } from "preact/hooks";
import { ApiError, get, may, send } from "../../api.ts";
import { useAct } from "../../parts/act.tsx";
import { type Explanation, ExplanationView } from "../../parts/explanation.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { address, place, setQuery } from "../../router.ts";

/** The explanation of a decision, once the log holds its record. */
async function explanationOf(id: string, signal: AbortSignal): Promise<Explanation> {
  for (let tries = 0; ; tries++) {
    try {
      return await get<Explanation>(`/records/${encodeURIComponent(id)}/explanation`, {}, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.problem.status !== 404 || tries >= 20) throw error;
      await new Promise((ready) => setTimeout(ready, 150));
    }
  }
}

function Explained(props: { id: string }) {
  const loaded = useLoad((signal) => explanationOf(props.id, signal), [props.id]);
  return (
    <Load from={loaded}>
      {(value) => (
        <>
          <p class="banner good">The call was refused. It was judged by the engine that judges every call, it stands in the log, and it reached no server.</p>
          <div class="panel"><ExplanationView of={value} /></div>
        </>
      )}
    </Load>
  );
}

export function Prove(props: { none: boolean }) {
  const id = place.value.query.get("proof");
  const act = useAct();
  const [round, setRound] = useState(0);
  const call = () => act.run(async () => {
    const made = await send<{ id: string }>("POST", "/demo/refused");
    setQuery({ proof: made.id });
    setRound(round + 1);
  });
  return (
    <>
      <p class="lead">See a refusal as it happens: a test agent calls a tool that the policy refuses.</p>
      {props.none && <p class="banner warn">There is no server yet, so there is nothing to refuse.</p>}
      {may("policy_manager") ? <p><button type="button" class="primary" disabled={act.busy || props.none} onClick={call}>Send a call that must be blocked</button></p>
        : <p class="dim">A policy manager can send one.</p>}
      {act.problem && <Problem of={act.problem} />}
      {id && <Explained key={id} id={id} />}
      {id && <p class="row"><a class="button" href={address(["audit", id])}>See it in the audit log</a></p>}
    </>
  );
}
