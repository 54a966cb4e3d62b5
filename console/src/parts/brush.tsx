// A range of time that is chosen on a chart: dragged over, or by the arrow keys and Enter.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

export interface Brushed {
  label: string;
  /** Its begin and its end in words. */
  begins: string;
  ends: string;
  /** The same, RFC 3339. */
  at: string;
  until: string;
}

interface Range {
  /** Where it began, and where it has come to; each the number of a column. */
  anchor: number;
  head: number;
}

/** `title`: of the chart. `choose` gets the begin and the end of what was chosen. */
export function Brush(props: { title: string; columns: Brushed[]; choose: (since: string, until: string) => void; children: ComponentChildren }) {
  const { columns } = props;
  const last = columns.length - 1;
  const own = useRef<HTMLDivElement>(null);
  const pressed = useRef<number | undefined>(undefined);
  const [range, setRange] = useState<Range | undefined>();
  const columnAt = (event: PointerEvent) => {
    const box = own.current!.getBoundingClientRect();
    return Math.min(last, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * columns.length)));
  };
  const choose = (of: Range | undefined) => {
    setRange(undefined);
    if (of) props.choose(columns[Math.min(of.anchor, of.head)]!.at, columns[Math.max(of.anchor, of.head)]!.until);
  };
  const down = (event: PointerEvent) => { if (event.button === 0) pressed.current = columnAt(event); };
  const move = (event: PointerEvent) => {
    if (pressed.current === undefined) return;
    const head = columnAt(event);
    // Within one column it is a click, which follows the column's own link.
    if (head === pressed.current && !range) return;
    own.current!.setPointerCapture(event.pointerId);
    setRange({ anchor: pressed.current, head });
  };
  const up = () => {
    pressed.current = undefined;
    if (range) choose(range);
  };
  const key = (event: KeyboardEvent) => {
    const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: 6, PageDown: -6, Home: -columns.length, End: columns.length };
    const step = by[event.key];
    if (step !== undefined) {
      const from = range ?? { anchor: last, head: step < 0 ? last + 1 : last };
      const head = Math.min(last, Math.max(0, from.head + step));
      setRange({ anchor: event.shiftKey ? Math.min(last, from.anchor) : head, head });
    } else if (event.key === "Enter") choose(range);
    else if (event.key === "Escape" && range) setRange(undefined);
    else return;
    event.preventDefault();
  };
  const left = range ? Math.min(range.anchor, range.head) : 0;
  const right = range ? Math.max(range.anchor, range.head) : 0;
  const words = !range ? "Nothing is chosen" : left === right ? columns[left]!.label : `${columns[left]!.begins} to ${columns[right]!.ends}`;
  return (
    <div class="brush" ref={own} onPointerDown={down} onPointerMove={move} onPointerUp={up}
         onPointerCancel={() => { pressed.current = undefined; setRange(undefined); }} onDragStart={(event) => event.preventDefault()}>
      {props.children}
      <span class="brush-keys" role="slider" tabIndex={0} aria-label={`${props.title}: arrow keys choose a time, with Shift a range, Enter shows its calls`}
            aria-valuemin={0} aria-valuemax={last} aria-valuenow={range?.head ?? last} aria-valuetext={words} onKeyDown={key} onBlur={() => setRange(undefined)} />
      {range && (
        <>
          <span class="brushed" aria-hidden="true" style={{ left: `${(left / columns.length) * 100}%`, width: `${((right - left + 1) / columns.length) * 100}%` }} />
          <span class={"brushed-words" + (left + right > last ? " at-right" : "")} aria-hidden="true">{words}</span>
        </>
      )}
    </div>
  );
}
