import { helpOpen, pageKeys, places } from "../keys.ts";
import { Dialog } from "./dialog.tsx";

function Keys(props: { rows: [string, string][] }) {
  return <dl class="keys">{props.rows.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>;
}

/** What the keys do, here and everywhere. */
export function Help() {
  if (!helpOpen.value) return null;
  const own = pageKeys.value.map((one): [string, string] => [one.key, one.what]);
  return (
    <Dialog title="Keys" onClose={() => { helpOpen.value = false; }}>
      {own.length > 0 && <><h3>On this page</h3><Keys rows={own} /></>}
      <h3>Everywhere</h3>
      <Keys rows={[["/", "search on this page"], ["j  k", "next and previous row"], ["Enter", "open the row"], ["?", "this list"],
        ...places.map(([key, , title]): [string, string] => ["g " + key, title])]} />
    </Dialog>
  );
}
