import { get } from "../../api.ts";
import { bySeverity } from "../../model.ts";
import { Risk } from "../../parts/decision.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Can, type GrantPermissions, permissionWords, RuleLink } from "../../parts/permission.tsx";
import { Text } from "../../parts/text.tsx";
import { address, place, setQuery, withQuery } from "../../router.ts";

/** Each tool of an agent's servers: what it is answered, and the rule that says so. */
export function WhatItCan(props: { label: string }) {
  const { query } = place.value;
  const can = query.get("can") ?? "";
  const words = (query.get("q") ?? "").toLowerCase();
  const loaded = useLoad((signal) => get<GrantPermissions>(`/grants/${encodeURIComponent(props.label)}/permissions`, {}, signal), [props.label]);
  return (
    <Load from={loaded}>
      {(value) => {
        const tools = value.servers.flatMap((one) => one.tools.map((tool) => ({ ...tool, server: one.server, policy: one.policy })));
        if (tools.length === 0) return <p class="dim">No tools known: the agent has not listed them yet. Its first request fills this table.</p>;
        const rows = tools.filter((one) => (!can || one.decision === can) && (!words || one.tool.toLowerCase().includes(words)))
          .sort((a, b) => bySeverity(a.severity, b.severity) || a.tool.localeCompare(b.tool));
        const several = value.servers.length > 1;
        return (
          <>
            <ul class="chips">
              <li><a class="chip" href={withQuery({ can: null })} aria-current={can ? undefined : "true"}>{`all ${tools.length}`}</a></li>
              {permissionWords.map(([word, text]) => {
                const count = tools.filter((one) => one.decision === word).length;
                return count > 0 && <li key={word}><a class="chip" href={withQuery({ can: word })} aria-current={can === word ? "true" : undefined}>{`${text} ${count}`}</a></li>;
              })}
              <li><input type="search" data-search aria-label="Find a tool" placeholder="find a tool" value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value })} /></li>
            </ul>
            {!value.whole && <p class="banner info">There were too many questions for the engine; what is left is shown as not told.</p>}
            <table class="cards dense">
              <thead><tr><th>Tool</th><th>Risk</th><th>Decision</th><th>Because</th><th>Rule</th></tr></thead>
              <tbody>{rows.map((one) => (
                <tr key={one.server + "/" + one.tool}>
                  <td><a href={address(["tools", one.server, one.tool])}><Text of={one.tool} /></a>{several && <span class="dim">{" "}<Text of={one.server} /></span>}</td>
                  <td data-label="Risk"><Risk severity={one.severity} category={one.category} /></td>
                  <td data-label="Decision"><Can of={one} severity={one.severity} /></td>
                  <td data-label="Because"><Text of={one.why} /></td>
                  <td data-label="Rule"><RuleLink server={one.server} policy={one.policy} of={one} /></td>
                </tr>
              ))}</tbody>
            </table>
          </>
        );
      }}
    </Load>
  );
}
