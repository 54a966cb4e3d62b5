import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ApiError, ended } from "../api.ts";
import { connected } from "../live.ts";
import { Text } from "./text.tsx";

export interface Loaded<T> {
  value: T | undefined;
  problem: string | undefined;
  loading: boolean;
  /** Asks again; the old value stays until the answer comes. */
  again: () => void;
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    const findings = error.problem.findings.map((one) => (one.line ? `line ${one.line}: ` : "") + one.message);
    return [error.problem.detail, ...findings].join("\n");
  }
  return error instanceof Error ? error.message : String(error);
}

/** Asks when it is first drawn and whenever one of `inputs` changes; a late answer to an old question is dropped. */
export function useLoad<T>(ask: (signal: AbortSignal) => Promise<T>, inputs: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value?: T; problem?: string; loading: boolean }>({ loading: true });
  const [round, setRound] = useState(0);
  // Before the frame is drawn, not after it: what was asked for is there a frame earlier.
  useLayoutEffect(() => {
    const abort = new AbortController();
    setState((old) => ({ value: old.value, loading: true }));
    ask(abort.signal).then(
      (value) => { if (!abort.signal.aborted) setState({ value, loading: false }); },
      (error) => { if (!abort.signal.aborted) setState((old) => ({ value: old.value, problem: messageOf(error), loading: false })); },
    );
    return () => abort.abort();
  }, [...inputs, round]);
  const again = useCallback(() => setRound((old) => old + 1), []);
  // What failed while the gateway was away, or the session over, is asked for again once that has passed.
  const reachable = connected.value && !ended.value;
  useEffect(() => { if (reachable && state.problem) again(); }, [reachable]);
  return { value: state.value, problem: state.problem, loading: state.loading, again };
}

export function Problem(props: { of: string; again?: () => void }) {
  return (
    <div class="banner bad" role="alert">
      <pre><Text of={props.of} whole /></pre>
      {props.again && <button type="button" onClick={props.again}>Try again</button>}
    </div>
  );
}

/** What an answer is drawn as: itself, its problem, or that it is on its way. */
export function Load<T>(props: { from: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const { value, problem, again } = props.from;
  return (
    <>
      {problem && <Problem of={problem} again={again} />}
      {value !== undefined ? props.children(value) : !problem && <p class="dim" role="status">Loading…</p>}
    </>
  );
}
