import type { ComponentChildren } from "preact";

/** Names with their values, one a line. What is undefined is left out. */
export function Facts(props: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {props.of.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

/** The way back to the list that a page belongs to. */
export function Trail(props: { to: string; children: ComponentChildren }) {
  return <p class="trail"><a href={props.to}>{"← "}{props.children}</a></p>;
}

/** Parts of a whole as one bar, and their names with numbers below it: nothing is told by colour alone. */
export function Shares(props: { label: string; of: { name: string; kind: string; count: number; href?: string }[] }) {
  const all = props.of.reduce((sum, one) => sum + one.count, 0);
  let from = 0;
  return (
    <div class="shares">
      {all > 0 && (
        <svg viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={props.label}>
          {props.of.filter((one) => one.count > 0).map((one) => {
            const width = (one.count / all) * 100;
            const x = from;
            from += width;
            return <rect key={one.name} class={"share " + one.kind} x={x} y="0" width={Math.max(width - 0.3, 0.4)} height="4" />;
          })}
        </svg>
      )}
      <ul>
        {props.of.map((one) => {
          const text = <><span class={"swatch " + one.kind} aria-hidden="true" />{`${one.name} `}<b>{one.count.toLocaleString()}</b></>;
          return <li key={one.name}>{one.href ? <a href={one.href}>{text}</a> : <span>{text}</span>}</li>;
        })}
      </ul>
    </div>
  );
}
