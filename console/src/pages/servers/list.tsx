import { all, get, may } from "../../api.ts";
import { type Bundle, type Grant, plural, type Server } from "../../model.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { address } from "../../router.ts";
import { authOf, changedTools, type Drift, eraOf, grantsOf, transportOf, wayTo } from "./facts.ts";
import { Health } from "./health.tsx";

export function ServerList() {
  const loaded = useLoad(async (signal) => {
    const [servers, list, grants, drift] = await Promise.all([
      all<Server>("/servers", "servers"),
      get<{ bundles: Bundle[] }>("/servers", { limit: 1 }, signal),
      all<Grant>("/grants", "grants"),
      get<{ servers: Drift[] }>("/catalogue/drift", {}, signal),
    ]);
    return { servers, bundles: list.bundles, grants, drift: new Map(drift.servers.map((one) => [one.server, one])) };
  }, []);
  return (
    <>
      <div class="head">
        <h1>Servers</h1>
        {may() && <span class="row"><a class="button" href="/servers?secrets=1">Secrets</a><a class="button primary" href="/servers?add=url">Add a server</a></span>}
      </div>
      <Load from={loaded}>
        {({ servers, bundles, grants, drift }) => servers.length === 0 ? (
          <div class="empty">
            <p>No servers yet. Agents reach what is added here, through policies.</p>
            <p class="row"><a class="button" href="/servers?add=import">Import from a client's configuration</a><a class="button" href="/servers?add=url">Add by URL</a><a class="button" href="/start">Start with the demo server</a></p>
          </div>
        ) : (
          <>
            <table class="cards">
              <thead><tr><th>Server</th><th>State</th><th>Tools</th><th>Transport</th><th>Era</th><th>Credentials</th><th class="number">Grants</th></tr></thead>
              <tbody>
                {servers.map((one) => {
                  const changed = changedTools(drift.get(one.name));
                  const tools = drift.get(one.name)?.tools;
                  return (
                    <tr key={one.name}>
                      <td><a href={address(["servers", one.name])}><b><Text of={one.name} /></b></a><br /><span class="dim mono"><Text of={wayTo(one.settings)} /></span></td>
                      <td data-label="State"><Health server={one.name} /></td>
                      <td data-label="Tools">
                        {tools === undefined ? <span class="dim">not listed yet</span> : <a href={address(["tools"], { server: one.name })}>{tools}</a>}
                        {changed > 0 && <>{", "}<a class="failed" href={address(["servers", one.name])}>{`${changed} changed`}</a></>}
                      </td>
                      <td data-label="Transport">{transportOf(one.settings)}</td>
                      <td data-label="Era">{eraOf(one.settings)}</td>
                      <td data-label="Credentials"><Text of={authOf(one.settings)} /></td>
                      <td data-label="Grants" class="number"><a href={address(["agents"], { server: one.name })}>{grantsOf(one, grants, bundles).length}</a></td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
            {bundles.length > 0 && (
              <section>
                <h2>Bundles</h2>
                <ul>{bundles.map((one) => <li key={one.name}><b><Text of={one.name} /></b>{`: ${plural(one.members.length, "server")} under one address, `}
                  {one.members.map((member, index) => <span key={index}>{index > 0 ? ", " : ""}<a href={address(["servers", member.server])}><Text of={member.server} /></a>{member.policy ? "" : " (no policy)"}</span>)}</li>)}</ul>
              </section>
            )}
          </>
        )}
      </Load>
    </>
  );
}
