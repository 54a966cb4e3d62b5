// What a client's configuration holds so that it reaches a server through the gateway.
import { useState } from "preact/hooks";
import { Copy } from "./copy.tsx";

interface Client { id: string; label: string; file: string; after: string; text: (name: string, url: string, token: string) => string }

const json = (value: unknown) => JSON.stringify(value, null, 2);
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

export const clients: Client[] = [
  { id: "claude-code", label: "Claude Code", file: "in a terminal", after: "In a session, /mcp reconnects.",
    text: (name, url, token) => `claude mcp add --transport http ${name} ${url} --header "Authorization: Bearer ${token}"` },
  { id: "cursor", label: "Cursor", file: "~/.cursor/mcp.json", after: "Cursor reloads it by itself.",
    text: (name, url, token) => json({ mcpServers: { [name]: { url, headers: bearer(token) } } }) },
  { id: "vscode", label: "VS Code", file: ".vscode/mcp.json", after: "VS Code asks to start the server.",
    text: (name, url, token) => json({ servers: { [name]: { type: "http", url, headers: bearer(token) } } }) },
  { id: "codex", label: "Codex", file: "~/.codex/config.toml", after: "Start Codex anew.",
    text: (name, url, token) => `[mcp_servers.${name}]\nurl = "${url}"\nhttp_headers = { Authorization = "Bearer ${token}" }\ntool_timeout_sec = 300` },
  { id: "windsurf", label: "Windsurf", file: "~/.codeium/windsurf/mcp_config.json", after: "Refresh the servers in Windsurf.",
    text: (name, url, token) => json({ mcpServers: { [name]: { serverUrl: url, headers: bearer(token) } } }) },
  { id: "gemini", label: "Gemini CLI", file: "~/.gemini/settings.json", after: "Start Gemini CLI anew.",
    text: (name, url, token) => json({ mcpServers: { [name]: { httpUrl: url, headers: bearer(token) } } }) },
  { id: "claude-desktop", label: "Claude Desktop", file: "claude_desktop_config.json", after: "Quit Claude Desktop fully and start it.",
    text: (name) => json({ mcpServers: { [name]: { command: "doorward", args: ["connect", name] } } }) },
  { id: "http", label: "Anything else", file: "HTTP", after: "Every client that speaks MCP over HTTP takes the URL and the header.",
    text: (_, url, token) => `URL: ${url}\nHeader: Authorization: Bearer ${token}` },
];

export function endpoint(gateway: string | undefined, server: string): string {
  return `${(gateway ?? location.origin).replace(/\/+$/, "")}/mcp/${server}/`;
}

/** One client at a time, with what to put where. Without a token, a place for it. */
export function Connect(props: { gateway: string | undefined; server: string; token?: string }) {
  const [chosen, setChosen] = useState("claude-code");
  const client = clients.find((one) => one.id === chosen)!;
  return (
    <div class="stack">
      <label class="row">{"Client "}
        <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
          {clients.map((one) => <option key={one.id} value={one.id}>{one.label}</option>)}
        </select>
      </label>
      <Copy text={client.text(props.server, endpoint(props.gateway, props.server), props.token ?? "TOKEN")} label={`${client.label}: ${client.file}`} secret={props.token !== undefined} />
      <p class="dim">{client.after}{props.token === undefined && client.id !== "claude-desktop" && " TOKEN stands for the grant's token, which was shown once when it was made."}</p>
    </div>
  );
}
