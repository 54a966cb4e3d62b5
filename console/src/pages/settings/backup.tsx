import { useState } from "preact/hooks";
import { apiPath, get, send } from "../../api.ts";
import { Confirm, useAct } from "../../parts/act.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";

interface Made { file: string; files: number; bytes: number }

/** A file beside the state directory, with the day in its name. */
function proposed(state: string): string {
  const day = new Date().toISOString().slice(0, 10);
  return `${state.replace(/\/+$/, "")}-${day}.backup`;
}

function BackupForm(props: { state: string }) {
  const [file, setFile] = useState(proposed(props.state));
  const [made, setMade] = useState<Made>();
  const act = useAct();
  const back = () => act.run(async () => setMade(await send<Made>("POST", "/backups", { file })));
  return (
    <form class="panel" onSubmit={(event) => { event.preventDefault(); void back(); }}>
      <p>{"The state directory is copied into a new file of the gateway's machine: policies, grants, the log, and the keys, so that whoever has the file has every secret. "}<code>doorward restore</code>{" puts it back."}</p>
      <label class="field"><span>File, as an absolute path</span><input required class="mono" pattern="/.+" value={file} onInput={(event) => setFile(event.currentTarget.value)} /></label>
      {act.problem && <Problem of={act.problem} />}
      {made && <p class="banner good" role="status">{`${made.files.toLocaleString()} files, ${made.bytes.toLocaleString()} bytes are in `}<code><Text of={made.file} /></code>.</p>}
      <p><button class="primary" disabled={act.busy}>{act.busy ? "Copying…" : "Make a backup"}</button></p>
    </form>
  );
}

interface Offered { id: string; name: string; bytes: number; until: string }

/** A backup that this browser keeps: made first, so that what does not work is told here. */
function Download() {
  const [offered, setOffered] = useState<Offered>();
  const act = useAct();
  return (
    <div class="panel">
      <p>Or take it with you: it is made, waits ten minutes for one download, and is gone here after that. Who downloads it is recorded.</p>
      {act.problem && <Problem of={act.problem} />}
      <p class="row">
        <button type="button" disabled={act.busy} onClick={() => void act.run(async () => setOffered(await send<Offered>("POST", "/backups/downloads")))}>{act.busy ? "Copying…" : "Make a backup to download"}</button>
        {offered && <a class="button primary" href={apiPath(`/backups/downloads/${offered.id}`)} download={offered.name}
          onClick={() => setTimeout(() => setOffered(undefined))}>{`Save ${offered.name}, ${offered.bytes.toLocaleString()} bytes`}</a>}
      </p>
    </div>
  );
}

/** What touches everything at once. */
export function Backup() {
  const status = useLoad((signal) => get<{ state?: string }>("/status", {}, signal), []);
  const [asked, setAsked] = useState(false);
  return (
    <>
      <h2>Backup</h2>
      <Load from={status}>{(value) => <BackupForm state={value.state ?? "/var/lib/doorward"} />}</Load>
      <Download />
      <h2 class="later">Reload</h2>
      <p>The configuration and the policies that it names are read anew. Where something in them is wrong, the old ones stay in force, and the findings are shown.</p>
      <p><button type="button" class="danger" onClick={() => setAsked(true)}>Reload the configuration</button></p>
      {asked && (
        <Confirm title="Reload the configuration" verb="Reload configuration" danger typed="reload" onClose={() => setAsked(false)}
                 act={async () => { await send("POST", "/reload"); say("The configuration is read anew."); }}>
          <p>Servers, policies and grants of the file count as they stand there now, for every agent, from the next call on.</p>
        </Confirm>
      )}
    </>
  );
}
