import { laidOut } from "../../parts/compare.ts";
import { Lines } from "../../parts/lines.tsx";

/** A document on one line is laid out before it is compared; otherwise all of it would differ. */
export function Changed(props: { before: string; after: string }) {
  const flat = !props.before.trim().includes("\n") || !props.after.trim().includes("\n");
  const shown = (text: string) => (flat ? laidOut(text) : text);
  return (
    <>
      {flat && <p class="dim small">The document stands on one line; it is laid out here to be compared.</p>}
      <Lines before={shown(props.before)} after={shown(props.after)} label="Changes of the document" />
    </>
  );
}
