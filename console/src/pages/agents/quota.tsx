import { ApiError, get } from "../../api.ts";
import { Text } from "../../parts/text.tsx";
import { countdown, useNow } from "../../parts/time.tsx";
import { address } from "../../router.ts";

export interface Gauge {
  grant: string; server: string; policy: string; counter: string; window: string; scope: string;
  used: number; max: number; remaining?: number; resets_at?: string; rule?: string;
}

export async function quotas(query: { grant?: string }, signal?: AbortSignal): Promise<Gauge[]> {
  try {
    return (await get<{ gauges: Gauge[] }>("/quotas", query, signal)).gauges;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return [];
    throw error;
  }
}

function share(gauge: Gauge): number {
  return gauge.max > 0 ? gauge.used / gauge.max : 1;
}

/** One counter: how much of it is used, and when it has room again. */
export function OneGauge(props: { of: Gauge; short?: boolean }) {
  const { of } = props;
  const now = useNow(1000);
  const resets = of.resets_at ? new Date(of.resets_at).getTime() - now : undefined;
  return (
    <div class="gauge">
      <span class="row"><span><Text of={of.counter} />{!props.short && <span class="dim">{` · per ${of.window}, of the ${of.scope}`}</span>}</span>
        <span>{`${of.used.toLocaleString()} / ${of.max.toLocaleString()}`}</span></span>
      <meter min={0} max={of.max || 1} high={of.max * 0.8} optimum={0} value={of.used} aria-label={`${of.counter}: ${of.used} of ${of.max}`} />
      {!props.short && <span class="dim">{resets !== undefined && of.used > 0 ? `resets in ${countdown(resets)}` : "unused"}{" · "}
        <a href={address(["policies", of.policy], { server: of.server, rule: of.rule })}>the limit</a></span>}
    </div>
  );
}

export function Fullest(props: { of: Gauge[] }) {
  const fullest = [...props.of].sort((a, b) => share(b) - share(a))[0];
  return fullest ? <OneGauge of={fullest} short /> : <span class="dim">none</span>;
}

export function Gauges(props: { of: Gauge[] }) {
  if (props.of.length === 0) return <p class="dim">Its policy has no limits.</p>;
  return <div class="grid">{[...props.of].sort((a, b) => share(b) - share(a)).map((one) => <OneGauge key={one.server + one.counter + one.window} of={one} />)}</div>;
}
