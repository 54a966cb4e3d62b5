import { get, may, send } from "../../api.ts";
import { bySeverity, plural, type Server, severities } from "../../model.ts";
import { useAct } from "../../parts/act.tsx";
import { Risk } from "../../parts/decision.tsx";
import { Shares } from "../../parts/facts.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import type { ServerPermissions } from "../../parts/permission.tsx";
import { Text } from "../../parts/text.tsx";
import { address } from "../../router.ts";

type Known = { server: string; tools: ServerPermissions["tools"] };

export function CanDo(props: { servers: Server[] }) {
  const loaded = useLoad(async (signal) => {
    const answers = await Promise.all(props.servers.map((one) => get<ServerPermissions>(`/servers/${encodeURIComponent(one.name)}/permissions`, {}, signal)));
    return answers.map((one): Known => ({ server: one.server, tools: one.tools }));
  }, [props.servers.map((one) => one.name).join()]);
  const act = useAct();
  const scan = (names: string[]) => act.run(async () => {
    const wrong: string[] = [];
    for (const name of names) {
      const answer = await send<{ ok: boolean; steps: { step: string; detail: string }[] }>("POST", `/servers/${encodeURIComponent(name)}/scan`);
      if (!answer.ok) wrong.push(`${name}: ${answer.steps.at(-1)?.detail ?? "no answer"}`);
    }
    loaded.again();
    if (wrong.length) throw new Error(wrong.join("\n"));
  });
  return (
    <Load from={loaded}>
      {(value) => {
        const unknown = value.filter((one) => one.tools.length === 0).map((one) => one.server);
        const tools = value.flatMap((one) => one.tools.map((tool) => ({ ...tool, server: one.server })));
        const worst = [...tools].sort((a, b) => bySeverity(a.severity, b.severity)).filter((one) => one.severity === "critical" || one.severity === "high").slice(0, 3);
        const changing = tools.filter((one) => one.category !== "Read" && one.category !== "Other").length;
        return (
          <>
            {tools.length > 0 && (
              <>
                <p class="lead">{`Agents could call ${plural(tools.length, "tool")}; ${changing} of them change something.`}</p>
                <Shares label={`${tools.length} tools by severity`} of={severities.map((kind) => ({ name: kind, kind, count: tools.filter((one) => one.severity === kind).length, href: address(["tools"], { least: kind }) }))} />
                {worst.length > 0 && (
                  <>
                    <h2>{worst.length === 1 ? "The worst one" : `The worst ${worst.length}`}</h2>
                    <ul>{worst.map((one) => <li key={one.server + one.tool}><a href={address(["tools", one.server, one.tool])} class="mono"><Text of={one.tool} /></a>{" of "}<Text of={one.server} />{" "}<Risk severity={one.severity} category={one.category} /></li>)}</ul>
                  </>
                )}
              </>
            )}
            {act.problem && <Problem of={act.problem} />}
            {unknown.length > 0 && (
              <p>{"The tools of "}<Text of={unknown.join(", ")} />{" are not known yet. "}
                {may() && <button type="button" class="primary" disabled={act.busy} onClick={() => void scan(unknown)}>{act.busy ? "Asking…" : unknown.length === 1 ? "Ask it for its tools" : "Ask them for their tools"}</button>}
                <span class="dim">{" This connects to the server, and calls no tool."}</span></p>
            )}
          </>
        );
      }}
    </Load>
  );
}
