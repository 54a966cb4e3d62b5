import { useState } from "preact/hooks";
import { send } from "../../api.ts";
import type { SecretReference, ServerSettings } from "../../model.ts";
import { plural } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Trail } from "../../parts/facts.tsx";
import { messageOf, Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { address, go, place, withQuery } from "../../router.ts";
import { Trial } from "./trial.tsx";
import { serverName, wordsOfCommand } from "./words.ts";

type Source = "sealed" | "env" | "file" | "value";
interface Row { name: string; source: Source; text: string; prefix: string }

const sources: [Source, string][] = [
  ["sealed", "a secret, kept sealed here"], ["env", "a variable of the gateway"], ["file", "a file"], ["value", "plain, no secret"],
];

/** Stores the values that are secrets, and gives what the settings refer to them by. */
async function referencesOf(server: string, rows: Row[]): Promise<Record<string, SecretReference> | undefined> {
  const out: Record<string, SecretReference> = {};
  for (const row of rows.filter((one) => one.name)) {
    const prefix = row.prefix ? { prefix: row.prefix } : {};
    if (row.source !== "sealed") {
      out[row.name] = { [row.source]: row.text, ...prefix };
      continue;
    }
    const name = serverName(`${server}-${row.name}`);
    await send("PUT", `/secrets/${encodeURIComponent(name)}`, { value: row.text });
    out[row.name] = { sealed: name, ...prefix };
  }
  return Object.keys(out).length ? out : undefined;
}

function Values(props: { legend: string; of: Row[]; set: (rows: Row[]) => void; prefixes?: boolean }) {
  const { of, set } = props;
  const change = (index: number, part: Partial<Row>) => set(of.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {of.map((row, index) => (
        <div class="row" key={index}>
          <label class="field"><span>Name</span><input value={row.name} onInput={(event) => change(index, { name: event.currentTarget.value })} /></label>
          {props.prefixes && <label class="field"><span>Before it</span><input size={8} placeholder="Bearer " value={row.prefix} onInput={(event) => change(index, { prefix: event.currentTarget.value })} /></label>}
          <label class="field"><span>Its value is</span>
            <select value={row.source} onChange={(event) => change(index, { source: event.currentTarget.value as Source })}>
              {sources.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
            </select>
          </label>
          <label class="field"><span>{row.source === "env" ? "Variable" : row.source === "file" ? "Path" : "Value"}</span>
            {row.source === "sealed"
              ? <input type="password" autocomplete="off" value={row.text} onInput={(event) => change(index, { text: event.currentTarget.value })} />
              : <input value={row.text} onInput={(event) => change(index, { text: event.currentTarget.value })} />}
          </label>
          <button type="button" class="plain" onClick={() => set(of.filter((_, at) => at !== index))}>Leave out<span class="hidden-visually">{" " + row.name}</span></button>
        </div>
      ))}
      <button type="button" onClick={() => set([...of, { name: "", source: "sealed", text: "", prefix: "" }])}>Add one</button>
    </fieldset>
  );
}

function ByHand(props: { how: "url" | "command" }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [command, setCommand] = useState("");
  const [folder, setFolder] = useState("");
  const [rows, setRows] = useState<Row[]>([]);
  const act = useAct();
  const byUrl = props.how === "url";
  // What is tried has no stored secret: those are stored when the server is added.
  const plain = (): ServerSettings => {
    const values = Object.fromEntries(rows.filter((one) => one.name).map((one) => [one.name,
      { [one.source === "sealed" ? "value" : one.source]: one.text, ...(one.prefix ? { prefix: one.prefix } : {}) }]));
    const some = rows.some((one) => one.name);
    return byUrl ? { url, ...(some ? { headers: values } : {}) }
      : { command: wordsOfCommand(command), ...(some ? { env: values } : {}), ...(folder ? { cwd: folder } : {}) };
  };
  const add = () => act.run(async () => {
    const values = await referencesOf(name, rows);
    const settings: ServerSettings = plain();
    delete settings.headers;
    delete settings.env;
    if (values) settings[byUrl ? "headers" : "env"] = values;
    await send("POST", "/servers", { name, settings });
    say(`${name} is added. No agent reaches it before it has a grant.`);
    go(address(["servers", name]));
  });
  return (
    <form class="panel" onSubmit={(event) => { event.preventDefault(); void add(); }}>
      <label class="field"><span>Name</span>
        <input required pattern="[a-z0-9\-]{1,64}" title="1 to 64 of a-z, 0-9 and -" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      {byUrl ? (
        <label class="field"><span>URL of its MCP endpoint</span>
          <input required type="url" placeholder="https://example.com/mcp" value={url} onInput={(event) => setUrl(event.currentTarget.value)} />
        </label>
      ) : (
        <>
          <label class="field"><span>Command</span>
            <input required class="mono" placeholder="npx -y @modelcontextprotocol/server-filesystem /srv/files" value={command} onInput={(event) => setCommand(event.currentTarget.value)} />
          </label>
          <p class="dim">{wordsOfCommand(command).length > 0 && <>{"Words: "}{wordsOfCommand(command).map((one, index) => <code key={index} class="chip"><Text of={one} /></code>)}{" "}</>}The gateway runs it as its own user; no shell reads it.</p>
          <label class="field"><span>Folder (absolute; none: that of the gateway)</span><input value={folder} onInput={(event) => setFolder(event.currentTarget.value)} /></label>
        </>
      )}
      <Values legend={byUrl ? "Headers that the gateway sends" : "Variables that the command gets"} of={rows} set={setRows} prefixes={byUrl} />
      <Trial name={name || "new-server"} settings={plain()} before={() => (byUrl ? url !== "" : command.trim() !== "")} />
      {act.problem && <Problem of={act.problem} />}
      <p class="row finish"><button class="primary" disabled={act.busy}>Add server</button><a class="button" href="/servers">Leave it</a></p>
    </form>
  );
}

interface Found { name: string; settings?: ServerSettings; literals: { in: "env" | "headers"; name: string }[]; flaw?: string; line: number }
interface ReadText { client: string; label: string; servers: Found[]; notes: { line: number; text: string }[] }

/** Every literal value of settings sealed, so that no secret stays in them. */
async function sealed(name: string, found: Found, keep: Set<string>): Promise<ServerSettings> {
  const settings = structuredClone(found.settings ?? {});
  for (const one of found.literals) {
    const part = settings[one.in] as Record<string, SecretReference>;
    const value = part[one.name]?.value;
    if (value === undefined || keep.has(`${found.name}/${one.name}`)) continue;
    const secret = serverName(`${name}-${one.name}`);
    await send("PUT", `/secrets/${encodeURIComponent(secret)}`, { value });
    part[one.name] = { sealed: secret };
  }
  return settings;
}

function Import() {
  const [text, setText] = useState("");
  const [found, setFound] = useState<ReadText>();
  const [names, setNames] = useState<Record<string, string>>({});
  const [left, setLeft] = useState<Set<string>>(new Set());
  const [plain, setPlain] = useState<Set<string>>(new Set());
  const [done, setDone] = useState<Record<string, string>>({});
  const act = useAct();
  const read = () => act.run(async () => {
    const answer = await send<ReadText>("POST", "/clients/read", { text });
    setFound(answer);
    setNames(Object.fromEntries(answer.servers.map((one) => [one.name, serverName(one.name)])));
    setDone({});
  });
  const flip = (set: Set<string>, member: string) => {
    const next = new Set(set);
    if (!next.delete(member)) next.add(member);
    return next;
  };
  const add = () => act.run(async () => {
    const results: Record<string, string> = { ...done };
    for (const one of found!.servers) {
      if (one.flaw || left.has(one.name) || results[one.name] === "added") continue;
      const name = names[one.name] ?? serverName(one.name);
      try {
        await send("POST", "/servers", { name, settings: await sealed(name, one, plain) });
        results[one.name] = "added";
      } catch (error) {
        results[one.name] = messageOf(error);
      }
    }
    setDone(results);
    const added = Object.values(results).filter((one) => one === "added").length;
    if (added) say(`${plural(added, "server")} added.`);
  });
  return (
    <div class="panel stack">
      <p>{"Paste a client's configuration (JSON with comments, TOML or YAML). Nothing of it is started, and it stays as it is; "}<code>doorward init</code>{" edits the files of this computer for you."}</p>
      <label class="field"><span>Configuration text</span>
        <textarea rows={10} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} placeholder={'{"mcpServers": {"files": {"command": "npx", "args": ["…"]}}}'} />
      </label>
      <p><button type="button" class="primary" disabled={act.busy || text.trim() === ""} onClick={read}>Read it</button></p>
      {act.problem && <Problem of={act.problem} />}
      {found && (
        <>
          <p role="status">{`${plural(found.servers.length, "server")} found, as ${found.label} writes them.`}</p>
          {found.notes.map((one, index) => <p key={index} class="dim">{`Line ${one.line}: `}<Text of={one.text} /></p>)}
          {found.servers.map((one) => (
            <article class="change" key={one.name} aria-label={one.name}>
              <header>
                <label><input type="checkbox" checked={!left.has(one.name) && !one.flaw} disabled={Boolean(one.flaw)} onChange={() => setLeft(flip(left, one.name))} />{" "}<b><Text of={one.name} /></b></label>
                {done[one.name] && (done[one.name] === "added" ? <a class="ok" href={address(["servers", names[one.name]!])}>added</a> : <span class="failed"><Text of={done[one.name]} /></span>)}
              </header>
              {one.flaw ? <p class="failed"><Text of={one.flaw} /></p> : (
                <>
                  <p><code><Text of={one.settings?.command?.join(" ") ?? one.settings?.url ?? ""} /></code></p>
                  <label class="field"><span>Name in the gateway</span>
                    <input value={names[one.name] ?? ""} onInput={(event) => setNames({ ...names, [one.name]: event.currentTarget.value })} /></label>
                  {one.literals.map((value) => (
                    <label key={value.name} class="row">
                      <input type="checkbox" checked={!plain.has(`${one.name}/${value.name}`)} onChange={() => setPlain(flip(plain, `${one.name}/${value.name}`))} />
                      {"Keep the value of "}<code><Text of={value.name} /></code>{" sealed"}
                    </label>
                  ))}
                </>
              )}
            </article>
          ))}
          {found.servers.length > 0 && <p><button type="button" class="primary" disabled={act.busy} onClick={add}>Add the chosen servers</button></p>}
        </>
      )}
    </div>
  );
}

const ways = [["url", "By URL"], ["command", "By command"], ["import", "From a client's configuration"]] as const;

export function AddServer() {
  const way = place.value.query.get("add") ?? "url";
  return (
    <>
      <Trail to="/servers">Servers</Trail>
      <h1>Add a server</h1>
      <ul class="tabs">{ways.map(([id, title]) => <li key={id}><a href={withQuery({ add: id })} aria-current={id === way ? "page" : undefined}>{title}</a></li>)}</ul>
      {way === "import" ? <Import /> : <ByHand key={way} how={way === "command" ? "command" : "url"} />}
    </>
  );
}
