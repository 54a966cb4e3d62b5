import { get } from "../../api.ts";
import { Risk } from "../../parts/decision.tsx";
import { Trail } from "../../parts/facts.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Can, RuleLink, type ServerPermissions } from "../../parts/permission.tsx";
import { Recommend } from "../../parts/recommend.tsx";
import { Text } from "../../parts/text.tsx";
import { address } from "../../router.ts";
import { DocumentBody, pageDocument } from "./document.tsx";
import { Classified, type Override } from "./override.tsx";
import { Calls } from "./calls.tsx";

interface Known { tool: { server: string; tool: string; category: string; severity: string; confidence: number; override?: Override | null; behind_gateway?: string; reviewed?: boolean } }

function Agents(props: { server: string; tool: string; severity: string }) {
  const loaded = useLoad((signal) => get<ServerPermissions>(`/servers/${encodeURIComponent(props.server)}/permissions`, { tool: props.tool }, signal), [props.server, props.tool]);
  return (
    <Load from={loaded}>
      {(value) => {
        const at = value.tools.findIndex((one) => one.tool === props.tool);
        if (at < 0 || value.agents.length === 0) return <p class="dim">No agent has a grant for its server, or none has listed it yet.</p>;
        return (
          <table class="cards dense">
            <thead><tr><th>Agent</th><th>Can be used</th><th>Because</th><th>Rule</th></tr></thead>
            <tbody>{value.agents.map((agent) => {
              const column = value.columns[agent.column]!;
              const one = column.cells[at]!;
              return (
                <tr key={agent.grant}>
                  <td><a href={address(["agents", agent.grant])}><Text of={agent.grant} /></a>{" "}<span class="dim"><Text of={agent.owner} /></span></td>
                  <td data-label="Can be used"><Can of={one} severity={props.severity} /></td>
                  <td data-label="Because"><Text of={one.why} /></td>
                  <td data-label="Rule"><RuleLink server={props.server} policy={column.policy} of={one} /></td>
                </tr>
              );
            })}</tbody>
          </table>
        );
      }}
    </Load>
  );
}

export function ToolPage(props: { server: string; tool: string }) {
  const { tool } = props;
  const loaded = useLoad(async (signal) => {
    const known = await get<Known>(`/catalogue/servers/${encodeURIComponent(props.server)}/tools/${encodeURIComponent(tool)}`, {}, signal);
    const document = await pageDocument("tool", `${known.tool.server}/${tool}`, signal);
    return { known: known.tool, document };
  }, [props.server, tool]);
  return (
    <>
      <Trail to={address(["tools", props.server])}><Text of={props.server} /></Trail>
      <h1 class="mono"><Text of={tool} /></h1>
      <Load from={loaded}>
        {({ known, document }) => {
          const live = known.behind_gateway;
          return (
            <>
              <div class="row"><Risk severity={known.severity} category={known.category} />
                {known.reviewed === false && live && <a class="failed" href={address(["servers", live])}>Not reviewed: every call is refused</a>}</div>
              <Classified server={known.server} tool={tool} category={known.category} severity={known.severity} confidence={known.confidence} override={known.override} changed={loaded.again} />
              {live && (
                <>
                  <section><h2>What agents can do with it</h2><Agents server={live} tool={tool} severity={known.severity} /><Calls server={live} tool={tool} /></section>
                  <details class="panel"><summary><b>Apply the recommended rule</b>{" to the policy of "}<Text of={live} /></summary>
                    <Recommend servers={[live]} tool={tool} done={loaded.again} /></details>
                </>
              )}
              <DocumentBody of={document} />
            </>
          );
        }}
      </Load>
    </>
  );
}
