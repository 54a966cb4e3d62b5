import { useState } from "preact/hooks";
import { pieces } from "../visible.ts";

function Pieces(props: { of: string }) {
  return <>{pieces(props.of).map((piece) => (piece.name ? <span class="token" title={piece.name}>{piece.text}</span> : piece.text))}</>;
}

/**
 * Text that an agent, a server or a person made. One that is longer than `most` is cut at the end, with its length and a way
 * to all of it.
 */
export function Text(props: { of: string | null | undefined; whole?: boolean; most?: number }) {
  const [open, setOpen] = useState(false);
  const text = props.of ?? "";
  const most = props.most ?? 2000;
  if (props.whole || open || text.length <= most) return <bdi><Pieces of={text} /></bdi>;
  return (
    <bdi>
      <Pieces of={text.slice(0, most)} />
      {"… "}
      <button type="button" class="plain" onClick={() => setOpen(true)}>{`Show all ${text.length.toLocaleString()} characters`}</button>
    </bdi>
  );
}

/** A block of text that a server wrote, fenced and labelled, so that nobody takes it for ours. */
export function Fenced(props: { of: string; whose: string }) {
  return (
    <div class="fenced">
      <span class="whose">{"Written by "}<Text of={props.whose} /></span>
      <pre><Text of={props.of} /></pre>
    </div>
  );
}

/** JSON as it is, for reading. */
export function Json(props: { of: unknown; label?: string }) {
  return <pre class="fenced" tabIndex={0} aria-label={props.label ?? "JSON"}><Text of={JSON.stringify(props.of, null, 2) ?? ""} /></pre>;
}
