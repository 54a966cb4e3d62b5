import { compareLines } from "./compare.ts";
import { Text } from "./text.tsx";

const signs = { same: " ", added: "+", removed: "−", gap: " " };

export function Lines(props: { before: string; after: string; label: string }) {
  const lines = compareLines(props.before, props.after);
  if (!lines.some((one) => one.kind === "added" || one.kind === "removed")) return <p class="dim">No line changes.</p>;
  return (
    <div class="lines" role="region" tabIndex={0} aria-label={props.label}>
      {lines.map((line, at) => (
        <div key={at} class={line.kind}>
          {`${signs[line.kind]} `}
          {line.kind === "added" && <span class="hidden-visually">added: </span>}
          {line.kind === "removed" && <span class="hidden-visually">removed: </span>}
          <Text of={line.text} />
        </div>
      ))}
    </div>
  );
}
