import { useState } from "preact/hooks";
import { may, send } from "../../api.ts";
import { categories, severities } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";

export interface Override { category?: string; severity?: string; reason: string; author: string; at_us?: number; at?: string }

/** Who classified a tool, and a person's word in place of the rules. */
export function Classified(props: { server: string; tool: string; category: string; severity: string; confidence: number; override?: Override | null; changed: () => void }) {
  const [open, setOpen] = useState(false);
  const [category, setCategory] = useState(props.category);
  const [severity, setSeverity] = useState(props.severity);
  const [reason, setReason] = useState("");
  const act = useAct();
  const path = `/catalogue/servers/${encodeURIComponent(props.server)}/tools/${encodeURIComponent(props.tool)}/override`;
  const given = props.override;
  const put = async () => {
    if (await act.run(() => send("PUT", path, { category, severity, reason }))) {
      setOpen(false);
      say("Policies go by it from the next call on.");
      props.changed();
    }
  };
  return (
    <div>
      {given
        ? <p>{"Classified by "}<b><Text of={given.author} /></b>{" "}<Time of={given.at ?? (given.at_us ? given.at_us / 1000 : null)} />{": "}<q><Text of={given.reason} /></q></p>
        : <p class="dim">{`Classified by the rules of the catalogue, with ${Math.round(props.confidence * 100)} % confidence.`}</p>}
      {may("policy_manager") && (
        <div class="row">
          {!open && <button type="button" onClick={() => setOpen(true)}>Say otherwise</button>}
          {given && <button type="button" disabled={act.busy} onClick={() => void act.run(() => send("DELETE", path)).then((went) => { if (went) { say("The rules say again."); props.changed(); } })}>Go back to the rules</button>}
        </div>
      )}
      {act.problem && <Problem of={act.problem} />}
      {open && (
        <form class="panel" onSubmit={(event) => { event.preventDefault(); void put(); }}>
          <div class="row">
            <label class="field"><span>Category</span><select value={category} onChange={(event) => setCategory(event.currentTarget.value)}>{categories.map((one) => <option key={one} value={one}>{one}</option>)}</select></label>
            <label class="field"><span>Severity</span><select value={severity} onChange={(event) => setSeverity(event.currentTarget.value)}>{severities.map((one) => <option key={one} value={one}>{one}</option>)}</select></label>
          </div>
          <label class="field"><span>Reason, for whoever reads it later</span><input required maxLength={1000} value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></label>
          <p class="row"><button class="primary" disabled={act.busy}>Classify tool</button><button type="button" onClick={() => setOpen(false)}>Leave it</button></p>
        </form>
      )}
    </div>
  );
}
