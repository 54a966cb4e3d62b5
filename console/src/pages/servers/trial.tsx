import { send } from "../../api.ts";
import type { ServerSettings } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { useState } from "preact/hooks";

interface Tested { ok: boolean; tools: number; steps: { step: string; ok: boolean; detail: string }[] }

const words: Record<string, string> = {
  resolve: "Find its address", connect: "Connect", tls: "Agree on TLS", start: "Start the command", authenticate: "Authenticate",
  handshake: "Speak MCP", list_tools: "List its tools",
};

/** Connects to a server step by step; what is tried is kept nowhere. */
export function Trial(props: { name: string; settings?: ServerSettings; before?: () => boolean }) {
  const act = useAct();
  const [tested, setTested] = useState<Tested>();
  const test = () => {
    if (props.before && !props.before()) return;
    setTested(undefined);
    void act.run(async () => setTested(await send<Tested>("POST", "/servers/test", { name: props.name, settings: props.settings })));
  };
  return (
    <div class="stack">
      <div class="row">
        <button type="button" onClick={test} disabled={act.busy}>{act.busy ? "Connecting…" : "Test connection"}</button>
        {props.settings?.command && props.settings.command.length > 0 && <span class="dim">{"This starts "}<code><Text of={props.settings.command.join(" ")} /></code></span>}
      </div>
      {act.problem && <Problem of={act.problem} />}
      {tested && (
        <div role="status">
          <p>{tested.ok ? `It answers, with ${tested.tools} tools.` : "It does not work. The last step says why."}</p>
          <ol class="steps">
            {tested.steps.map((one) => (
              <li key={one.step}>
                <span class={"sign " + (one.ok ? "ok" : "failed")} aria-hidden="true">{one.ok ? "✓" : "✕"}</span>
                <span>{words[one.step] ?? one.step}<span class="hidden-visually">{one.ok ? ": done" : ": failed"}</span></span>
                {one.detail && <span class={one.ok ? "dim" : "failed"}><Text of={one.detail} /></span>}
              </li>
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}
