import { useState } from "preact/hooks";
import { all, get, may, send } from "../../api.ts";
import { bySeverity, type Bundle, type Grant, isLocked, plural, type PolicyItem, type Server } from "../../model.ts";
import { Confirm } from "../../parts/act.tsx";
import { Facts, Shares, Trail } from "../../parts/facts.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Json, Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { address, go } from "../../router.ts";
import { Accounts } from "./account.tsx";
import { authOf, type Drift, eraOf, grantsOf, transportOf, wayTo } from "./facts.ts";
import { ReviewOf } from "./review.tsx";
import { Health } from "./health.tsx";
import { Trial } from "./trial.tsx";

interface Known { server: { slug: string; tools: number; by_severity: Record<string, number> } }

function Remove(props: { server: Server; grants: Grant[]; policies: PolicyItem[]; bundles: Bundle[] }) {
  const { server } = props;
  const [asked, setAsked] = useState(false);
  const grants = props.grants.filter((one) => one.server === server.name && one.state !== "revoked");
  const bundles = props.bundles.filter((one) => one.members.some((member) => member.server === server.name));
  const uses = [
    ...grants.map((one) => ({ key: "g" + one.id, what: "grant", name: one.label, href: address(["agents", one.label]) })),
    ...props.policies.map((one) => ({ key: "p" + one.name, what: "policy", name: one.name, href: address(["policies", one.name], { server: server.name }) })),
    ...bundles.map((one) => ({ key: "b" + one.name, what: "bundle", name: one.name, href: "" })),
  ];
  if (isLocked(server.owner)) return <p class="dim">{"It stands in "}<code><Text of={server.owner} /></code>{" and is removed there."}</p>;
  return (
    <>
      {uses.length > 0 && (
        <>
          <p>{`${plural(uses.length, "object")} of the gateway ${uses.length === 1 ? "uses" : "use"} it. Remove these first:`}</p>
          <ul class="chips">{uses.map((one) => <li key={one.key}>{one.href ? <a class="chip" href={one.href}>{one.what + " "}<Text of={one.name} /></a> : <span class="chip">{one.what + " "}<Text of={one.name} /></span>}</li>)}</ul>
        </>
      )}
      <p><button type="button" class="danger" disabled={uses.length > 0 || !may()} onClick={() => setAsked(true)}>{"Remove "}<Text of={server.name} /></button></p>
      {asked && (
        <Confirm title={`Remove ${server.name}`} verb="Remove server" danger typed={server.name} onClose={() => setAsked(false)}
                 act={async () => { await send("DELETE", `/servers/${encodeURIComponent(server.name)}`); go("/servers"); say(`${server.name} is removed.`); }}>
          <p>No agent reaches it through the gateway any more. What was reviewed of its tools is forgotten; the log keeps every call.</p>
        </Confirm>
      )}
    </>
  );
}

export function ServerPage(props: { name: string }) {
  const { name } = props;
  const path = encodeURIComponent(name);
  const loaded = useLoad(async (signal) => {
    const [shown, list, grants, policies] = await Promise.all([
      get<{ server: Server }>(`/servers/${path}`, {}, signal),
      get<{ bundles: Bundle[] }>("/servers", { limit: 1 }, signal),
      all<Grant>("/grants", "grants"),
      all<PolicyItem>("/policies", "policies", { server: name }),
    ]);
    return { server: shown.server, bundles: list.bundles, grants, policies };
  }, [name]);
  const known = useLoad(async (signal) => {
    const met = await get<{ servers: Drift[] }>("/catalogue/drift", { server: name }, signal);
    return met.servers.some((one) => one.tools > 0) ? get<Known>(`/catalogue/servers/${path}`, {}, signal) : null;
  }, [name]);
  return (
    <>
      <Trail to="/servers">Servers</Trail>
      <h1><Text of={name} /></h1>
      <Load from={loaded}>
        {({ server, bundles, grants, policies }) => {
          const own = grantsOf(server, grants, bundles);
          return (
            <>
              <p class="lead"><Health server={name} /></p>
              <Facts of={[
                ["Reached by", <code><Text of={wayTo(server.settings)} /></code>],
                ["Transport", transportOf(server.settings)],
                ["Protocol era", eraOf(server.settings)],
                ["Credentials", <Text of={authOf(server.settings)} />],
                ["Owned by", isLocked(server.owner) ? <><code><Text of={server.owner} /></code>{" (locked)"}</> : "this gateway"],
                ["Agents connect to", <code>{`/mcp/${name}/`}</code>],
              ]} />
              {!server.settings.builtin && may() && (
                <section><h2>Connection</h2><Trial name={name} /></section>
              )}
              <section>
                <h2>Tools</h2>
                <Load from={known}>
                  {(value) => value === null ? <p class="dim">None known yet: no agent has listed them.</p> : (
                    <>
                      <Shares label={`${value.server.tools} tools by severity`} of={Object.entries(value.server.by_severity)
                        .sort(([a], [b]) => bySeverity(a, b))
                        .map(([kind, count]) => ({ name: kind, kind, count, href: address(["tools"], { server: name, least: kind }) }))} />
                      <p class="row"><a href={address(["tools"], { server: name })}>{`What agents can do with its ${plural(value.server.tools, "tool")}`}</a>
                        <a href={address(["tools", value.server.slug])}>Page of the server</a></p>
                    </>
                  )}
                </Load>
              </section>
              <section><h2>Changed tools</h2><ReviewOf server={name} done={known.again} /></section>
              {server.settings.oauth && <section><h2>Accounts</h2><Accounts server={name} /></section>}
              <section>
                <h2>Grants that use it</h2>
                {own.length === 0 ? <p class="dim">{"None. "}<a href={address(["agents"], { create: "1", server: name })}>Create a grant</a></p> : (
                  <ul class="chips">{own.map((one) => <li key={one.id}><a class="chip" href={address(["agents", one.label])}><Text of={one.label} /></a></li>)}</ul>
                )}
              </section>
              <section>
                <h2>Policies</h2>
                {policies.length === 0 ? <p class="dim">{"None, so every call is refused. "}<a href={address(["tools", name], { apply: "recommended" })}>Look at the recommended policy</a></p> : (
                  <ul class="chips">{policies.map((one) => <li key={one.name}><a class="chip" href={address(["policies", one.name], { server: name })}><Text of={one.name} />{one.mode === "observe" ? " (observes)" : ""}</a></li>)}</ul>
                )}
              </section>
              <details><summary>Settings as the gateway holds them</summary><Json of={server.settings} label="Settings" /></details>
              <section><h2>Remove</h2><Remove server={server} grants={grants} policies={policies} bundles={bundles} /></section>
            </>
          );
        }}
      </Load>
    </>
  );
}
