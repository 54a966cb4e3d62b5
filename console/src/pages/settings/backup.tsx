import { useState } from "preact/hooks";
import { send } from "../../api.ts";
import { Confirm } from "../../parts/act.tsx";
import { say } from "../../parts/toast.tsx";

/** What touches everything at once. */
export function Backup() {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <h2>Reload</h2>
      <p>The configuration and the policies that it names are read anew. Where something in them is wrong, the old ones stay in force, and the findings are shown.</p>
      <p><button type="button" class="danger" onClick={() => setAsked(true)}>Reload the configuration</button></p>
      {asked && (
        <Confirm title="Reload the configuration" verb="Reload configuration" danger typed="reload" onClose={() => setAsked(false)}
                 act={async () => { await send("POST", "/reload"); say("The configuration is read anew."); }}>
          <p>Servers, policies and grants of the file count as they stand there now, for every agent, from the next call on.</p>
        </Confirm>
      )}
    </>
  );
}
