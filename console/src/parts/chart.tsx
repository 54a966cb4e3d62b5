// Charts in hand-written SVG: themed by the style, printable, with their numbers as a table for who cannot see them.
import type { ComponentChildren } from "preact";
import { decisions, type DecisionWord } from "./decision.tsx";
import { Text } from "./text.tsx";
import "./chart.css";

export interface Column {
  /** What the column is of: a time. */
  label: string;
  /** Where its records are. */
  href?: string;
  counts: Partial<Record<DecisionWord, number>>;
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

/** Stacked columns over time. With addresses, each leads to what it counts. */
export function Columns(props: { title: string; columns: Column[]; words: DecisionWord[]; plain?: boolean; of?: string }) {
  const { columns, words } = props;
  const height = 100;
  const width = 600;
  const top = ceiling(Math.max(1, ...columns.map((column) => sum(column, words))));
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
    return column.href ? <a key={i} href={column.href} tabindex={-1}>{drawn}</a> : <g key={i}>{drawn}</g>;
  });
  return (
    <>
      <svg class={"bars" + (props.plain ? "" : " tall")} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {!props.plain && [0, 0.5, 1].map((at) => <line key={at} class="grid-line" x1={0} x2={width} y1={height - at * height} y2={height - at * height} />)}
        {bars}
      </svg>
      {!props.plain && columns.length > 0 && (
        <div class="axis" aria-hidden="true"><span>{columns[0]!.label}</span><span>{`top line: ${top.toLocaleString()}`}</span><span>{columns[columns.length - 1]!.label}</span></div>
      )}
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
