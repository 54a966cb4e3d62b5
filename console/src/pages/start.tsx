import { all } from "../api.ts";
import { type Grant, type PolicyItem, type Server } from "../model.ts";
import { Load, useLoad } from "../parts/load.tsx";
import { place, withQuery } from "../router.ts";
import { CanDo } from "./start/can_do.tsx";
import { ConnectClients } from "./start/connect.tsx";
import { Found } from "./start/found.tsx";
import { ChooseMode } from "./start/mode.tsx";
import { Prove } from "./start/prove.tsx";

const steps = ["What is there", "What it can do", "Choose a mode", "Connect", "Prove it", "Done"] as const;

function Done() {
  return (
    <>
      <p class="lead">Agents now reach their tools through policies.</p>
      <ul>
        <li><b>What happened</b>{" stands in the "}<a href="/audit">audit log</a>{", as it happens on "}<a href="/live">Live</a>{"."}</li>
        <li><b>To allow something</b>{" that was refused: open the call in the log, follow its rule into the "}<a href="/policies">policy</a>{", and publish the change. It counts from the next call on."}</li>
        <li><b>To undo</b>{" a policy: every version stays, and one press puts an older one in force. "}<code>doorward uninit</code>{" puts the clients' files back as they were."}</li>
        <li><b>What is still open</b>{": "}<a href="/coverage">coverage</a>{" says which attacks the policies leave."}</li>
      </ul>
      <p><a class="button primary" href="/">Go to the overview</a></p>
    </>
  );
}

/** The first run in five steps. The step and every choice stand in the address, so that it can be left and taken up again. */
export default function Start() {
  const step = Math.min(Math.max(Number(place.value.query.get("step") ?? 1) || 1, 1), steps.length);
  const loaded = useLoad(async () => {
    const [servers, policies, grants] = await Promise.all([all<Server>("/servers", "servers"), all<PolicyItem>("/policies", "policies"), all<Grant>("/grants", "grants")]);
    return { servers: servers.filter((one) => !one.settings.builtin), policies, grants };
  }, []);
  const to = (number: number) => withQuery({ step: String(number) });
  return (
    <>
      <div class="head"><h1>{steps[step - 1]}</h1><a href="/">Leave this for later</a></div>
      <ol class="path" aria-label="Steps">
        {steps.map((title, index) => <li key={title}><a href={to(index + 1)} aria-current={index + 1 === step ? "step" : undefined}>{title}</a></li>)}
      </ol>
      <Load from={loaded}>
        {({ servers, policies, grants }) => (
          <>
            {step === 1 && <Found servers={servers} changed={loaded.again} />}
            {step > 1 && step < 5 && servers.length === 0 && <p class="banner warn">{"There is no server yet. "}<a href={to(1)}>Add one first</a></p>}
            {step === 2 && servers.length > 0 && <CanDo servers={servers} />}
            {step === 3 && servers.length > 0 && <ChooseMode servers={servers} policies={policies} changed={loaded.again} />}
            {step === 4 && servers.length > 0 && <ConnectClients servers={servers} policies={policies} grants={grants} changed={loaded.again} />}
            {step === 5 && <Prove none={servers.length === 0} />}
            {step === 6 && <Done />}
          </>
        )}
      </Load>
      {step < steps.length && (
        <p class="row step-on">
          {step > 1 && <a class="button" href={to(step - 1)}>Back</a>}
          <a class="button primary" href={to(step + 1)}>{step === 5 ? "Finish" : `Next: ${steps[step]}`}</a>
        </p>
      )}
    </>
  );
}
