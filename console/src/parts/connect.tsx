// What a client's configuration holds so that it reaches a server through the gateway, as the gateway writes it.
import { useState } from "preact/hooks";
import { get } from "../api.ts";
import { Copy } from "./copy.tsx";
import { Load, useLoad } from "./load.tsx";

export interface Snippet { client: string; title: string; format: "json" | "toml" | "command"; file: string; text: string }
interface Snippets { url: string; token_place: string; clients: Snippet[] }

/** How each client takes a change of its configuration. */
const after: Record<string, string> = {
  "claude-code": "In a session, /mcp reconnects.", "claude-desktop": "Quit Claude Desktop fully and start it.", "cursor": "Cursor reloads it by itself.",
  "vscode": "VS Code asks to start the server.", "codex": "Start Codex anew.", "windsurf": "Refresh the servers in Windsurf.", "gemini-cli": "Start Gemini CLI anew.",
};

/** What clients need for a grant, with the token in its place where it is known. */
export async function snippetsOf(label: string, token: string | undefined, signal?: AbortSignal): Promise<Snippet[]> {
  const answer = await get<Snippets>(`/grants/${encodeURIComponent(label)}/connect`, {}, signal);
  return token === undefined ? answer.clients : answer.clients.map((one) => ({ ...one, text: one.text.replaceAll(answer.token_place, token) }));
}

export function SnippetOf(props: { of: Snippet; secret?: boolean }) {
  const { of } = props;
  const where = of.format === "command" ? "in a terminal" : of.file || "its configuration";
  return (
    <>
      <Copy text={of.text} label={`${of.title}: ${where}`} secret={props.secret} />
      <p class="dim">{after[of.client] ?? "Every client that speaks MCP over HTTP takes the URL and the header."}</p>
    </>
  );
}

/** One client at a time, with what to put where. */
export function Connect(props: { label: string; token?: string }) {
  const [chosen, setChosen] = useState("claude-code");
  const loaded = useLoad((signal) => snippetsOf(props.label, props.token, signal), [props.label, props.token]);
  return (
    <Load from={loaded}>
      {(value) => {
        const one = value.find((each) => each.client === chosen) ?? value[0];
        return one && (
          <div class="stack">
            <label class="row">{"Client "}
              <select value={one.client} onChange={(event) => setChosen(event.currentTarget.value)}>
                {value.map((each) => <option key={each.client} value={each.client}>{each.title}</option>)}
              </select>
            </label>
            <div><SnippetOf of={one} secret={props.token !== undefined} /></div>
            {props.token === undefined && <p class="dim">The token was shown once, when the grant was made. Rotate it for another one.</p>}
          </div>
        );
      }}
    </Load>
  );
}
