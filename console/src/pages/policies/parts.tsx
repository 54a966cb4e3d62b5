import { Text } from "../../parts/text.tsx";
import type { Part } from "../../policy/sentence.ts";
import type { Path } from "../../policy/json_text.ts";
import { visible } from "../../visible.ts";

/** A rule in words. */
export function Sentence(props: { of: Part[] }) {
  return <>{props.of.map((part, index) => (part.code ? <code key={index}><Text of={part.text} most={200} /></code> : part.text))}</>;
}

/** Where something stands in the document, as people say it: `tools.read_*`. */
export function placeText(path: Path): string {
  return path.length === 0 ? "default" : path[0] === "hide" ? "the hide list" : visible(path.map(String).join("."));
}

/** What the visual view has no controls for, as it is spelled. */
export function RawBlock(props: { name: string; text: string; open?: () => void; remove?: () => void }) {
  return (
    <div class="raw-block">
      <div class="row spread">
        <span class="small"><code><Text of={props.name} /></code><span class="dim">{" · kept as written"}</span></span>
        <span class="row">
          {props.open && <button type="button" class="plain" onClick={props.open}>Edit in JSON<span class="hidden-visually">{": " + visible(props.name)}</span></button>}
          {props.remove && <button type="button" class="plain" onClick={props.remove}>Remove<span class="hidden-visually">{" " + visible(props.name)}</span></button>}
        </span>
      </div>
      <pre tabIndex={0} aria-label={visible(props.name)}><Text of={props.text} /></pre>
    </div>
  );
}
