import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { messageOf, Problem } from "./load.tsx";

export interface Act {
  busy: boolean;
  problem: string | undefined;
  /** Runs once at a time; what goes wrong becomes `problem`. True when it went well. */
  run: (what: () => Promise<unknown>) => Promise<boolean>;
  forget: () => void;
}

/** Something that a person sets going: under way, done, or failed with its words. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const run = async (what: () => Promise<unknown>) => {
    if (busy) return false;
    setBusy(true);
    setProblem(undefined);
    try {
      await what();
      return true;
    } catch (error) {
      setProblem(messageOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, run, forget: () => setProblem(undefined) };
}

/** Says what will happen, and does it. `typed`: a name that has to be typed, where it cannot be taken back. */
export function Confirm(props: {
  title: string;
  verb: string;
  danger?: boolean;
  typed?: string;
  /** False: it cannot be done now, as `children` say. */
  ready?: boolean;
  children: ComponentChildren;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const act = useAct();
  const [typed, setTyped] = useState("");
  const ready = props.ready !== false && (props.typed === undefined || typed === props.typed);
  const go = async () => { if (ready && await act.run(props.act)) props.onClose(); };
  return (
    <Dialog title={props.title} onClose={props.onClose}
            actions={<>
              <button type="button" onClick={props.onClose}>Keep as it is</button>
              <button type="button" class={props.danger ? "danger" : "primary"} disabled={!ready || act.busy} onClick={go}>{props.verb}</button>
            </>}>
      <div class="stack">
        <div>{props.children}</div>
        {props.typed !== undefined && (
          <label class="field"><span>{"Type "}<code><bdi>{props.typed}</bdi></code>{" to go on"}</span>
            <input value={typed} autocomplete="off" spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        )}
        {act.problem && <Problem of={act.problem} />}
      </div>
    </Dialog>
  );
}
