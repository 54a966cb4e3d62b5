// The five decision words, and the two beside them, as the API spells them; a word and a sign each, never a colour alone.
export const decisions = {
  "allowed": { word: "Allowed", sign: "·" },
  "denied": { word: "Denied", sign: "✕" },
  "hidden": { word: "Hidden", sign: "◌" },
  "rate_limited": { word: "Rate-limited", sign: "◔" },
  "needs_approval": { word: "Needs approval", sign: "?" },
  "would_deny": { word: "Would deny", sign: "▨" },
  "error": { word: "Error", sign: "!" },
} as const;

export type DecisionWord = keyof typeof decisions;

export function Decision(props: { of: DecisionWord }) {
  const { word, sign } = decisions[props.of];
  return <span class={"decision " + props.of.replace("_", "-")}><span aria-hidden="true">{sign}</span>{word}</span>;
}

export function Risk(props: { severity: string; category?: string }) {
  return <span class={"risk " + props.severity}>{props.category ? `${props.category} · ${props.severity}` : props.severity}</span>;
}
