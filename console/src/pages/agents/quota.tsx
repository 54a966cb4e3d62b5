import { Text } from "../../parts/text.tsx";
import { countdown } from "../../parts/time.tsx";
import { address } from "../../router.ts";

export interface Gauge {
  server: string; policy: string; counter: string; rule: string; pointer: string; line: number; window: string; scope: string; counts: string;
  used: number; max: number; used_percent: number; resets_in_s: number;
}

/** What counts, in words: `calls a minute`, `args.amount a day`. */
function what(of: Gauge): string {
  return `${of.counts} per ${of.window}${of.scope === "grant" ? "" : `, of the ${of.scope}`}`;
}

/** One limit: how much of it is used, and when it has room again. */
export function OneGauge(props: { of: Gauge; short?: boolean }) {
  const { of } = props;
  const max = of.max || 1;
  return (
    <div class="gauge">
      <span class="row"><span><Text of={of.counter} />{!props.short && <span class="dim">{` · ${what(of)}`}</span>}</span>
        <span>{`${of.used.toLocaleString()} / ${of.max.toLocaleString()}`}</span></span>
      <meter min={0} max={max} low={max * 0.8} high={max * 0.99} optimum={0} value={Math.min(of.used, max)} aria-label={`${of.counter}: ${of.used} of ${of.max}`} />
      {!props.short && <span class="dim">{of.resets_in_s > 0 ? `resets in ${countdown(of.resets_in_s * 1000)}` : "unused"}{" · "}
        <a href={address(["policies", of.policy], { server: of.server, at: of.pointer })}>{of.line ? `line ${of.line} of ` : ""}<Text of={of.policy} /></a></span>}
    </div>
  );
}

export function Gauges(props: { of: Gauge[] }) {
  if (props.of.length === 0) return <p class="dim">Its policy has no limits.</p>;
  return <div class="grid">{props.of.map((one) => <OneGauge key={one.server + one.counter + one.window + one.pointer} of={one} />)}</div>;
}
