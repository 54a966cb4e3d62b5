import { useState } from "preact/hooks";
import { all } from "../../api.ts";
import { Load, messageOf, Problem, useLoad } from "../../parts/load.tsx";
import { putPolicy } from "../../parts/policies.ts";
import { address, go, place } from "../../router.ts";
import { visible } from "../../visible.ts";
import { listPolicies, toolsOf } from "./api.ts";
import { recommendedText } from "./recommended.tsx";

const beginnings = {
  read: { title: "Read-only", text: "Tools that read are allowed; everything else is denied." },
  recommended: { title: "Recommended", text: "What the catalogue recommends for each tool of the server by its risk." },
  observe: { title: "Observe and learn", text: "Nothing is refused. What agents do is recorded, and a policy can be suggested from it." },
  blank: { title: "Blank", text: "Every tool is denied until a rule names it." },
} as const;
type Beginning = keyof typeof beginnings;

/** The text that a policy begins with. */
export async function beginning(kind: Beginning, server: string, description: string): Promise<string> {
  const write = (members: Record<string, unknown>) => JSON.stringify({ version: "1", ...(description ? { description } : {}), ...members }, null, 2) + "\n";
  switch (kind) {
    case "read": return write({ default: "deny", risk: { Read: {} } });
    case "observe": return write({ mode: "observe", default: "deny" });
    case "blank": return write({ default: "deny", tools: {} });
    case "recommended": {
      if ((await toolsOf(server)).length === 0) throw new Error("The catalogue knows no tools of this server yet: nothing can be recommended. Begin with another policy, and let an agent list the tools.");
      return recommendedText(server, "recommended");
    }
  }
}

export function NewPolicy() {
  const query = place.value.query;
  const servers = useLoad(() => all<{ name: string }>("/servers", "servers"), []);
  const policies = useLoad(() => listPolicies(), []);
  const [server, setServer] = useState(query.get("server") ?? "");
  const [name, setName] = useState(query.get("name") ?? "");
  const [description, setDescription] = useState("");
  const [kind, setKind] = useState<Beginning>("recommended");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  return (
    <>
      <p class="trail"><a href="/policies">← Policies</a></p>
      <h1>New policy</h1>
      <Load from={servers}>{(found) => {
        const chosen = server || found[0]?.name || "";
        const taken = (policies.value ?? []).some((one) => one.server === chosen && one.name === name);
        const make = async (event: Event) => {
          event.preventDefault();
          setBusy(true);
          setProblem(undefined);
          try {
            const text = await beginning(kind, chosen, description.trim());
            await putPolicy(chosen, name, text, `Begun as ${beginnings[kind].title.toLowerCase()}`);
            go(address(["policies", chosen, name]));
          } catch (error) {
            setProblem(messageOf(error));
            setBusy(false);
          }
        };
        if (found.length === 0) return <p class="empty">{"A policy is for one server, and there is none yet. "}<a href="/servers">Add a server</a></p>;
        return (
          <form class="panel new-policy" onSubmit={(event) => void make(event)}>
            <div class="grid">
              <label class="field"><span>Server</span>
                <select value={chosen} onChange={(event) => setServer(event.currentTarget.value)}>{found.map((one) => <option key={one.name} value={one.name}>{visible(one.name)}</option>)}</select>
              </label>
              <label class="field"><span>Name</span>
                <input required pattern="[A-Za-z0-9._\-]{1,64}" title="1 to 64 letters, digits, dots, underscores and hyphens" value={name} aria-invalid={taken || undefined} onInput={(event) => setName(event.currentTarget.value)} />
                {taken && <span class="bad-text small">This server has a policy of that name.</span>}
              </label>
            </div>
            <label class="field"><span>Description</span><input value={description} placeholder="Which agents it is for" onInput={(event) => setDescription(event.currentTarget.value)} /></label>
            <fieldset><legend>Begin with</legend>
              {(Object.keys(beginnings) as Beginning[]).map((one) => (
                <label key={one} class="begin-with"><input type="radio" name="beginning" value={one} checked={kind === one} onChange={() => setKind(one)} />
                  <span><strong>{beginnings[one].title}</strong><span class="dim">{" " + beginnings[one].text}</span></span></label>
              ))}
            </fieldset>
            {problem && <Problem of={problem} />}
            <p class="dim small">It decides nothing until a grant carries it.</p>
            <button type="submit" class="primary" disabled={busy || taken || !name}>Make the policy</button>
          </form>
        );
      }}</Load>
    </>
  );
}
