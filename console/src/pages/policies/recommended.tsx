// What the catalogue recommends, taken into the draft: tool by tool, beside what stands there already, or in its place.
import { useState } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { laidOut } from "../../parts/compare.ts";
import { Lines } from "../../parts/lines.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { type Posture, recommended } from "../../parts/recommend.tsx";
import { say } from "../../parts/toast.tsx";
import { append, setAt, Written } from "../../policy/edit.ts";
import { rootOf } from "../../policy/document.ts";
import { memberOf, type Node, nodeAt } from "../../policy/json_text.ts";
import { toolState } from "../../policy/tool_state.ts";
import type { Draft } from "./draft.ts";

/** The document that is recommended for a server. */
export async function recommendedText(server: string, posture: Posture): Promise<string> {
  const found = (await recommended([server], posture)).policies[0];
  if (!found) throw new Error("The catalogue recommends nothing for this server.");
  return found.text;
}

/** Adds what is recommended for tools of which the draft itself says nothing; what it says stays. */
export function withRecommended(text: string, advice: string): string {
  const from = rootOf(advice);
  const hidden = nodeAt(from, ["hide"]);
  const tools = nodeAt(from, ["tools"]);
  const says = (of: string, tool: string) => {
    const root: Node = rootOf(of);
    return memberOf(nodeAt(root, ["tools"]), tool) !== undefined || toolState(root, tool).state === "hide";
  };
  let out = text;
  for (const item of hidden?.kind === "array" ? hidden.items : []) {
    if (item.kind === "string" && !says(text, item.value)) out = append(out, ["hide"], item.value);
  }
  for (const member of tools?.kind === "object" ? tools.members : []) {
    if (!says(text, member.key)) out = setAt(out, ["tools", member.key], new Written(advice.slice(member.value.from, member.value.to)));
  }
  return out;
}

export function Recommended(props: { draft: Draft; server: string; onClose: () => void }) {
  const { draft } = props;
  const [posture, setPosture] = useState<Posture>("recommended");
  const [whole, setWhole] = useState(false);
  const advice = useLoad(() => recommendedText(props.server, posture), [posture]);
  const text = draft.text.value;
  const taken = advice.value === undefined ? text : whole ? advice.value : withRecommended(text, advice.value);
  return (
    <Dialog title="Take what is recommended into the draft" onClose={props.onClose} actions={
      <>
        <button type="button" onClick={props.onClose}>Keep the draft</button>
        <button type="button" class="primary" disabled={advice.loading || taken === text} onClick={() => { draft.set(taken); say("Taken into the draft; nothing is published yet."); props.onClose(); }}>Take it into the draft</button>
      </>
    }>
      <div class="row">
        <label class="inline">{"Posture "}
          <select value={posture} onChange={(event) => setPosture(event.currentTarget.value as Posture)}>
            <option value="permissive">permissive: limits only</option>
            <option value="recommended">recommended</option>
            <option value="strict">strict: people agree to every change</option>
          </select>
        </label>
        <label class="inline"><input type="checkbox" checked={whole} onChange={(event) => setWhole(event.currentTarget.checked)} />{" in place of the whole draft"}</label>
      </div>
      <p class="dim small">{whole ? "Everything that the draft says is replaced." : "Tools of which the draft says nothing get their rule; what it says of the others stays."}</p>
      <Load from={advice}>{() => <Lines before={laidOut(text)} after={laidOut(taken)} label="Lines that change in the draft" />}</Load>
    </Dialog>
  );
}
