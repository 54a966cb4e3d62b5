// The tests that stand in a document: examples that must hold before it is published.
import { useEffect, useState } from "preact/hooks";
import { messageOf, Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { removeAt } from "../../policy/edit.ts";
import { pathOfPointer } from "../../policy/json_text.ts";
import { visible } from "../../visible.ts";
import { type Tested, testPolicy } from "./api.ts";
import type { Draft } from "./draft.ts";

export function TestResults(props: { of: Tested; remove?: (pointer: string) => void; open?: (pointer: string) => void }) {
  if (props.of.tests.length === 0) return <p class="dim small">The document has no tests. One for each rule that matters keeps the next change honest.</p>;
  return (
    <ul class="test-results">
      {props.of.tests.map((one) => (
        <li key={one.pointer} class="row spread">
          <span class={one.passed ? undefined : "bad-text"}>
            <span aria-hidden="true">{one.passed ? "✓ " : "✕ "}</span><span class="hidden-visually">{one.passed ? "Holds: " : "Fails: "}</span>
            <Text of={one.name} most={200} />
            {one.passed ? <span class="dim">{` · ${one.expected}`}</span> : <span>{` · expects ${one.expected}, got `}<Text of={one.got} /></span>}
          </span>
          <span class="row nowrap">
            {props.open && <button type="button" class="plain" onClick={() => props.open!(one.pointer)}>Edit<span class="hidden-visually">{` test ${visible(one.name)}`}</span></button>}
            {props.remove && <button type="button" class="plain" onClick={() => props.remove!(one.pointer)}>Remove<span class="hidden-visually">{` test ${visible(one.name)}`}</span></button>}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Runs the draft's tests a moment after its last change. */
export function useTests(text: string, server: string, valid: boolean): { tested?: Tested; problem?: string } {
  const [state, setState] = useState<{ tested?: Tested; problem?: string }>({});
  useEffect(() => {
    if (!valid) return;
    let over = false;
    const timer = setTimeout(() => {
      testPolicy({ text, server }).then((tested) => { if (!over) setState({ tested }); }, (error) => { if (!over) setState({ problem: messageOf(error) }); });
    }, 500);
    return () => { over = true; clearTimeout(timer); };
  }, [text, server, valid]);
  return state;
}

export function Tests(props: { draft: Draft; tested: Tested | undefined; problem: string | undefined; openJson: (path: string[]) => void }) {
  const { tested, draft } = props;
  return (
    <section class="panel" aria-labelledby="tests-title">
      <div class="row spread"><h2 id="tests-title">Tests</h2>
        {tested && tested.tests.length > 0 && <span class={tested.failed > 0 ? "bad-text" : "dim"}>{tested.failed > 0 ? `${tested.failed} of ${tested.tests.length} fail` : `${tested.passed} hold`}</span>}
      </div>
      {props.problem && <Problem of={props.problem} />}
      {tested ? <TestResults of={tested} open={(pointer) => props.openJson(pathOfPointer(pointer))}
        remove={(pointer) => draft.set(removeAt(draft.text.value, ["tests", Number(pathOfPointer(pointer)[1])]))} /> : <p class="dim" role="status">Running…</p>}
      <p class="dim small">A test that fails blocks publishing, unless a reason is recorded. “Try a call” saves its answer as a test.</p>
    </section>
  );
}
