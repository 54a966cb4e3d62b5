// The tests that stand in a document: examples that must hold before it is published.
import { Text } from "../../parts/text.tsx";
import type { Tested } from "./api.ts";

export function TestResults(props: { of: Tested }) {
  if (props.of.tests.length === 0) return <p class="dim small">The document has no tests. One for each rule that matters keeps the next change honest.</p>;
  return (
    <ul class="test-results">
      {props.of.tests.map((one) => (
        <li key={one.pointer} class={one.passed ? undefined : "bad-text"}>
          <span aria-hidden="true">{one.passed ? "✓ " : "✕ "}</span><span class="hidden-visually">{one.passed ? "Holds: " : "Fails: "}</span>
          <Text of={one.name} />
          {one.passed ? <span class="dim">{` · ${one.expected}`}</span> : <span>{` · expects ${one.expected}, got `}<Text of={one.got} /></span>}
        </li>
      ))}
    </ul>
  );
}
