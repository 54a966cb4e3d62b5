// How the calls of the filter lie in time, above their list; a click on a column goes into it, a range that is dragged too.
import { get } from "../../api.ts";
import { Legend, order, overTime, refusals, TimeColumns } from "../../parts/chart.tsx";
import type { DecisionWord } from "../../parts/decision.tsx";
import { useLoad } from "../../parts/load.tsx";
import { withQuery } from "../../router.ts";
import type { Filter } from "./filter.ts";

interface Series {
  step_s: number;
  series: ({ at: string } & Record<DecisionWord, number>)[];
}

const steps: [number, string][] = [[3600, "1m"], [6 * 3600, "5m"], [26 * 3600, "30m"], [8 * 86_400, "4h"]];

function seconds(since: string, until: string | undefined): number {
  const span = /^(\d+)([smhd])$/.exec(since);
  if (span) return Number(span[1]) * { s: 1, m: 60, h: 3600, d: 86_400 }[span[2] as "s" | "m" | "h" | "d"];
  return (Date.parse(until ?? new Date().toISOString()) - Date.parse(since)) / 1000;
}

export function Histogram(props: { filter: Filter }) {
  const { filter } = props;
  // Statistics know these filters alone; a chart of more calls than the list has would mislead.
  const told = !filter.q && !filter.rule && !filter.code && !filter.event && filter.of !== "records";
  const since = filter.since ?? "24h";
  const step = steps.find(([most]) => seconds(since, filter.until) <= most)?.[1] ?? "1d";
  const found = useLoad(async (signal) => (told ? get<Series>("/stats",
    { since, until: filter.until, step, agent: filter.agent, server: filter.server, tool: filter.tool, policy: filter.policy }, signal) : undefined),
  [since, filter.until, filter.agent, filter.server, filter.tool, filter.policy, told]);
  if (!told || !found.value) return null;
  const words = order.filter((word) => filter.decision === "refused" ? refusals.includes(word) : filter.decision ? word === filter.decision : word !== "error");
  const columns = overTime(found.value.series, found.value.step_s);
  if (columns.length < 2 || !columns.some((one) => words.some((word) => one.counts[word]))) return null;
  return (
    <figure class="histogram panel" aria-label={`Calls of the filter over time${filter.since ? "" : ", the last 24 hours"}`}>
      <TimeColumns low title="Calls over time" columns={columns} words={words} range={(from, to) => withQuery({ since: from, until: to })} />
      <figcaption><Legend words={words.filter((word) => columns.some((one) => one.counts[word]))} /></figcaption>
    </figure>
  );
}
