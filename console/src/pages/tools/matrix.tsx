import { all, get } from "../../api.ts";
import { bySeverity, type Grant, plural, type Server, severities } from "../../model.ts";
import { coverage } from "../../parts/coverage.ts";
import { Risk } from "../../parts/decision.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Can, type Permission, type PermissionPolicy, permissionWords, RuleLink, type ServerPermissions } from "../../parts/permission.tsx";
import { Text } from "../../parts/text.tsx";
import { address, place, setQuery, withQuery } from "../../router.ts";
import { visible } from "../../visible.ts";

const mostRows = 300;

interface Cell extends Permission { policy: PermissionPolicy | null }
interface Row { server: string; tool: string; category: string; severity: string; by: Map<string, Cell> }

/** One row a tool, the riskiest first; in it what each agent can do. */
function rowsOf(servers: ServerPermissions[]): Row[] {
  const rows = servers.flatMap((one) => one.tools.map((tool, at): Row => ({ server: one.server, tool: tool.tool, category: tool.category, severity: tool.severity,
    by: new Map(one.agents.flatMap((agent): [string, Cell][] => {
      const column = one.columns[agent.column];
      const cell = column?.cells[at];
      return cell ? [[agent.grant, { ...cell, policy: column.policy }]] : [];
    })) })));
  return rows.sort((a, b) => bySeverity(a.severity, b.severity) || a.server.localeCompare(b.server) || a.tool.localeCompare(b.tool));
}

function Filters(props: { servers: Server[]; grants: Grant[] }) {
  const { query } = place.value;
  const select = (name: string, label: string, empty: string, options: [string, string][]) => (
    <label>{label}
      <select value={query.get(name) ?? ""} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        <option value="">{empty}</option>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>Tool<input type="search" data-search value={query.get("q") ?? ""} placeholder="name" onInput={(event) => setQuery({ q: event.currentTarget.value })} /></label>
      {select("server", "Server", "all servers", props.servers.map((one) => [one.name, one.name]))}
      {select("agent", "Agent", "all agents", props.grants.filter((one) => one.state === "active").map((one) => [one.label, visible(one.label)]))}
      {select("least", "Severity at least", "any", severities.map((one) => [one, one]))}
      {select("can", "An agent is", "any", permissionWords.map(([value, text]) => [value, text]))}
    </form>
  );
}

function Matrix(props: { rows: Row[]; agents: string[] }) {
  return (
    <div class="matrix-scroll" role="region" tabIndex={0} aria-label="Tools and agents">
      <table class="matrix dense">
        <thead><tr><th scope="col">Tool</th><th scope="col">Risk</th>{props.agents.map((agent) => <th key={agent} scope="col"><a href={address(["agents", agent])}><Text of={agent} /></a></th>)}</tr></thead>
        <tbody>{props.rows.map((row) => (
          <tr key={row.server + "/" + row.tool}>
            <th scope="row"><a href={address(["tools", row.server, row.tool])}><Text of={row.tool} /></a>{" "}<span class="dim"><Text of={row.server} /></span></th>
            <td><Risk severity={row.severity} category={row.category} /></td>
            {props.agents.map((agent) => {
              const one = row.by.get(agent);
              return <td key={agent} title={one ? visible(one.why) : undefined}>{one ? <Can of={one} severity={row.severity} /> : <span class="dim"><span aria-hidden="true">–</span><span class="hidden-visually">no grant</span></span>}</td>;
            })}
          </tr>
        ))}</tbody>
      </table>
    </div>
  );
}

function List(props: { rows: Row[]; agents: string[] }) {
  return (
    <table class="cards dense">
      <thead><tr><th>Tool</th><th>Risk</th><th>Agent</th><th>Can be used</th><th>Because</th><th>Rule</th></tr></thead>
      <tbody>{props.rows.flatMap((row) => props.agents.filter((agent) => row.by.has(agent)).map((agent) => {
        const one = row.by.get(agent)!;
        return (
          <tr key={row.server + "/" + row.tool + "/" + agent}>
            <td><a href={address(["tools", row.server, row.tool])}><Text of={row.tool} /></a>{" "}<span class="dim"><Text of={row.server} /></span></td>
            <td data-label="Risk"><Risk severity={row.severity} category={row.category} /></td>
            <td data-label="Agent"><a href={address(["agents", agent])}><Text of={agent} /></a></td>
            <td data-label="Can be used"><Can of={one} severity={row.severity} /></td>
            <td data-label="Because"><Text of={one.why} /></td>
            <td data-label="Rule"><RuleLink server={row.server} policy={one.policy} of={one} /></td>
          </tr>
        );
      }))}</tbody>
    </table>
  );
}

/** Tools and agents: what each can do with each, the riskiest tool first. */
export function ToolMatrix() {
  const { query } = place.value;
  const server = query.get("server") ?? "";
  const agent = query.get("agent") ?? "";
  const loaded = useLoad(async (signal) => {
    const [servers, grants] = await Promise.all([all<Server>("/servers", "servers"), all<Grant>("/grants", "grants")]);
    const asked = servers.filter((one) => !server || one.name === server);
    const answers = await Promise.all(asked.map((one) => get<ServerPermissions>(`/servers/${encodeURIComponent(one.name)}/permissions`, {}, signal)));
    return { rows: rowsOf(answers), whole: answers.every((one) => one.whole), servers, grants };
  }, [server]);
  const sentence = useLoad((signal) => coverage({ server: server || undefined, grant: agent || undefined }, signal), [server, agent]);
  const asList = query.get("view") === "list";
  return (
    <Load from={loaded}>
      {({ rows: all, whole, servers, grants }) => {
        const words = (query.get("q") ?? "").toLowerCase().replace(/^mcp__[^_]+__/, "");
        const least = query.get("least");
        const can = query.get("can");
        const found = all.filter((row) => (!words || row.tool.toLowerCase().includes(words)) && (!least || bySeverity(row.severity, least) <= 0) &&
          (!agent || row.by.has(agent)) && (!can || [...row.by].some(([label, one]) => one.decision === can && (!agent || label === agent))));
        const rows = found.slice(0, mostRows);
        const agents = [...new Set(rows.flatMap((row) => [...row.by.keys()]))].filter((one) => !agent || one === agent).sort();
        return (
          <>
            <p class="lead">{sentence.value ? <Text of={sentence.value.sentence} /> : "…"}{" "}<a href="/coverage">Which attacks that leaves open</a></p>
            <Filters servers={servers} grants={grants} />
            {found.length === 0 ? (
              <div class="empty">{all.length === 0
                ? <p>{"No tools known yet: no agent with a grant has listed any. "}<a href="/servers">Servers</a>{" · "}<a href={address(["tools"], { view: "catalogue" })}>Catalogue</a></p>
                : <p>{"No tool is like that. "}<a href={withQuery({ q: null, least: null, can: null, agent: null, server: null })}>Show all</a></p>}</div>
            ) : (
              <>
                <p class="row spread"><span class="dim">{`${plural(found.length, "tool")}, ${plural(agents.length, "agent")}`}{found.length > mostRows ? `; the ${mostRows} riskiest are shown` : ""}{whole ? "" : "; some were not asked about, for there were too many questions"}</span>
                  <a class="button" href={withQuery({ view: asList ? null : "list" })}>{asList ? "Show as matrix" : "Show as list"}</a></p>
                {asList ? <List rows={rows} agents={agents} /> : <Matrix rows={rows} agents={agents} />}
              </>
            )}
          </>
        );
      }}
    </Load>
  );
}
