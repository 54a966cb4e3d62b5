import { get } from "../../api.ts";
import { coverage, type Decided, RuleOf } from "../../parts/decided.tsx";
import { Risk } from "../../parts/decision.tsx";
import { Trail } from "../../parts/facts.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Recommend } from "../../parts/recommend.tsx";
import { State } from "../../parts/state.tsx";
import { Text } from "../../parts/text.tsx";
import { address } from "../../router.ts";
import { DocumentBody, pageDocument } from "./document.tsx";
import { Classified, type Override } from "./override.tsx";
import { Calls } from "./calls.tsx";

interface Known { tool: { server: string; tool: string; category: string; severity: string; confidence: number; override?: Override | null; behind_gateway?: string; reviewed?: boolean } }

function Agents(props: { server: string; tool: string }) {
  const loaded = useLoad((signal) => coverage({ server: props.server, detail: "tools" }, signal), [props.server]);
  return (
    <Load from={loaded}>
      {(value) => {
        const rows = (value.tools ?? []).filter((one) => one.tool === props.tool).flatMap((one) => one.agents.map((agent): [string, Decided] => [agent, one]));
        if (rows.length === 0) return <p class="dim">No agent has a grant for its server, or none has listed it yet.</p>;
        return (
          <table class="cards dense">
            <thead><tr><th>Agent</th><th>Can be used</th><th>Because</th><th>Rule</th></tr></thead>
            <tbody>{rows.map(([agent, one]) => (
              <tr key={agent}>
                <td><a href={address(["agents", agent])}><Text of={agent} /></a></td>
                <td data-label="Can be used"><State of={one.state} decided={one.decided} />{one.observed && <span class="dim"> (observed only)</span>}</td>
                <td data-label="Because"><Text of={one.why} /></td>
                <td data-label="Rule"><RuleOf server={one.server} policy={one.policy} rule={one.rule} /></td>
              </tr>
            ))}</tbody>
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
                  <section><h2>What agents can do with it</h2><Agents server={live} tool={tool} /><Calls server={live} tool={tool} /></section>
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
