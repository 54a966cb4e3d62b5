// What an agent can do with a tool: the five states of coverage, as the decision words that pages use.
const states: Record<string, { word: string; sign: string }> = {
  "open": { word: "Open", sign: "○" },
  "limited": { word: "Limited", sign: "◔" },
  "depends": { word: "Depends on arguments", sign: "◐" },
  "needs-person": { word: "Needs a person", sign: "?" },
  "blocked": { word: "Blocked", sign: "✕" },
  "not-applicable": { word: "Not applicable", sign: "–" },
};

export function stateWord(state: string): string {
  return states[state]?.word ?? state;
}

export function State(props: { of: string; decided?: boolean }) {
  const known = states[props.of];
  return (
    <span class={"state " + props.of}>
      <span aria-hidden="true">{(known?.sign ?? "") + " "}</span>{known?.word ?? props.of}
      {props.decided === false && <span title="It could not be decided, so it counts as open">{" ?"}<span class="hidden-visually">, not decided</span></span>}
    </span>
  );
}
