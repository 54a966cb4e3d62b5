// Charts in hand-written SVG: themed by the style, printable, with their numbers as a table for who cannot see them.
import type { ComponentChildren } from "preact";
import { go } from "../router.ts";
import { Brush } from "./brush.tsx";
import { decisions, type DecisionWord } from "./decision.tsx";
import { Text } from "./text.tsx";
import "./chart.css";

export interface Column {
  /** What the column is of: a time. */
  label: string;
  counts: Partial<Record<DecisionWord, number>>;
}

/** A column of a chart over time: what stands below it, and where it begins and ends, in words and as RFC 3339. */
export interface TimeColumn extends Column {
  day: string;
  /** The hour within the day; empty where a column is a day. */
  hour: string;
  begins: string;
  ends: string;
  at: string;
  until: string;
}

const longDay = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const hours = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** What the gateway counted step by step, `step_s` seconds each, as columns. */
export function overTime<T extends Partial<Record<DecisionWord, number>> & { at: string }>(series: T[], step_s: number): TimeColumn[] {
  const daily = step_s >= 86_400;
  return series.map((one) => {
    const from = new Date(one.at);
    const to = new Date(from.getTime() + step_s * 1000);
    const [day, begin, end] = [longDay.format(from), hours.format(from), hours.format(to)];
    return { label: daily ? day : `${day}, ${begin}–${end}`, day: shortDay.format(from), hour: daily ? "" : begin,
      begins: daily ? day : `${day}, ${begin}`, ends: daily ? day : `${longDay.format(to)}, ${end}`, at: one.at, until: to.toISOString(), counts: one };
  });
}

/** The order in which they are stacked, from below. */
export const order: DecisionWord[] = ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "would_deny", "error"];

/** Those that keep a call from its server: together `refused`. */
export const refusals: DecisionWord[] = ["denied", "hidden", "rate_limited", "needs_approval"];

function sum(column: Column, words: DecisionWord[]): number {
  return words.reduce((all, word) => all + (column.counts[word] ?? 0), 0);
}

/** A round number that is no less. */
export function ceiling(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= most) ?? 1;
}

function Numbers(props: { columns: Column[]; words: DecisionWord[]; title: string; of: string }) {
  return (
    <div class="hidden-visually"><table>
      <caption>{props.title}</caption>
      <thead><tr><th scope="col">{props.of}</th>{props.words.map((word) => <th key={word} scope="col">{decisions[word].word}</th>)}</tr></thead>
      <tbody>{props.columns.filter((column) => sum(column, props.words) > 0).map((column) => (
        <tr key={column.label}><th scope="row">{column.label}</th>{props.words.map((word) => <td key={word}>{column.counts[word] ?? 0}</td>)}</tr>
      ))}</tbody>
    </table></div>
  );
}

/** Below columns over time: the hour of every few, with the day where a new one begins. */
function TimeAxis(props: { columns: TimeColumn[] }) {
  const { columns } = props;
  const every = Math.max(1, Math.ceil(columns.length / 6));
  // A word at the right end would stand beside the chart.
  const marked = columns.filter((_, i) => i % every === 0 && (i === 0 || i < columns.length * 0.93));
  return (
    <div class="axis" aria-hidden="true">
      {marked.map((one, i) => {
        const newDay = one.day !== marked[i - 1]?.day;
        return <span key={one.at} style={{ left: `${((i * every) / columns.length) * 100}%` }}>{!one.hour ? one.day : newDay ? <>{one.hour}<b>{one.day}</b></> : one.hour}</span>;
      })}
    </div>
  );
}

/** Columns over time, with axes: each leads to what it counts, and a range of them can be chosen. `range`: the address of the
    records of a time. `low`: without a scale. */
export function TimeColumns(props: { title: string; columns: TimeColumn[]; words: DecisionWord[]; range: (since: string, until: string) => string; low?: boolean }) {
  const { columns, words } = props;
  const top = topOf(columns, words);
  return (
    <div class={"plot" + (props.low ? " low" : "")}>
      {!props.low && <div class="scale" aria-hidden="true"><span>{top.toLocaleString()}</span>{top % 2 === 0 && <span>{(top / 2).toLocaleString()}</span>}<span>0</span></div>}
      <Brush title={props.title} columns={columns} choose={(since, until) => go(props.range(since, until))}>
        <Columns {...props} plain={props.low} hrefs={columns.map((one) => props.range(one.at, one.until))} />
      </Brush>
      <TimeAxis columns={columns} />
    </div>
  );
}

function topOf(columns: Column[], words: DecisionWord[]): number {
  return ceiling(Math.max(1, ...columns.map((column) => sum(column, words))));
}

/** Stacked columns. With addresses, each leads to what it counts. */
export function Columns(props: { title: string; columns: Column[]; words: DecisionWord[]; plain?: boolean; of?: string; hrefs?: string[] }) {
  const { columns, words } = props;
  const height = 100;
  const width = 600;
  const top = topOf(columns, words);
  const each = width / Math.max(1, columns.length);
  const gap = Math.min(2, each / 4);
  const bars = columns.map((column, i) => {
    let from = height;
    const title = `${column.label}: ${words.filter((word) => column.counts[word]).map((word) => `${column.counts[word]} ${decisions[word].word.toLowerCase()}`).join(", ") || "none"}`;
    const rects = words.filter((word) => column.counts[word]).map((word) => {
      const high = Math.max(1, (column.counts[word]! / top) * height);
      from -= high;
      return <rect key={word} class={"bar-" + word} x={i * each + gap / 2} y={from} width={Math.max(1, each - gap)} height={high} />;
    });
    if (rects.length === 0) return null;
    const drawn = <><title>{title}</title>{rects}</>;
    return props.hrefs ? <a key={i} href={props.hrefs[i]} tabindex={-1}>{drawn}</a> : <g key={i}>{drawn}</g>;
  });
  return (
    <>
      <svg class={"bars" + (props.plain ? "" : " tall")} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {!props.plain && [0, 0.5, 1].map((at) => <line key={at} class="grid-line" x1={0} x2={width} y1={height - at * height} y2={height - at * height} />)}
        {bars}
      </svg>
      <Numbers columns={columns} words={words} title={props.title} of={props.of ?? "Time"} />
    </>
  );
}

export function Legend(props: { words: DecisionWord[] }) {
  return (
    <ul class="legend">
      {props.words.map((word) => <li key={word}><svg viewBox="0 0 10 10" aria-hidden="true"><rect class={"bar-" + word} width="10" height="10" /></svg>{decisions[word].word}</li>)}
    </ul>
  );
}

export interface Bar {
  name: string;
  href?: string;
  value: number;
  /** Shown at the right; else the value. */
  shown?: string;
  more?: ComponentChildren;
}

/** A list of named bars, the longest first as given; the names are the links. */
export function BarList(props: { bars: Bar[]; word: DecisionWord; mono?: boolean }) {
  const most = Math.max(1, ...props.bars.map((bar) => bar.value));
  return (
    <ul class="bar-list">
      {props.bars.map((bar) => (
        <li key={bar.name}>
          <div class="name">
            {bar.href ? <a class={props.mono ? "mono" : ""} href={bar.href}><Text of={bar.name} /></a> : <span class={props.mono ? "mono" : ""}><Text of={bar.name} /></span>}
            <span>{bar.shown ?? bar.value.toLocaleString()}</span>
          </div>
          <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class={"bar-" + props.word} width={(bar.value / most) * 100} height="4" /></svg>
          {bar.more && <div class="why">{bar.more}</div>}
        </li>
      ))}
    </ul>
  );
}
